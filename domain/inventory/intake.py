"""Taking in what a file says is in stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.events import Kind
from domain.inventory import service
from domain.inventory.model import Item, as_key
from domain.orders.service import Counts
from domain.store import Work


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """An item as its source tells it; None is not told, the price minor units of `currency`."""

    sku: str
    on_hand: int
    title: str | None = None
    location: str | None = None
    low_at: int | None = None
    list_price: int | None = None
    currency: str | None = None


async def receive(work: Work, drafts: Sequence[ItemDraft], *, source: str) -> Counts:
    """Take in a batch of items: a quantity counts as a count, what is not told stays.

    A SKU that stands twice counts once, as its last row tells it.
    """
    latest = {as_key(draft.sku) or "": draft for draft in drafts}
    known = await service.locked(work, (draft.sku for draft in latest.values()))
    counts, changed = Counts(), []
    for key, draft in latest.items():
        item = known.get(key)
        if item is None:
            item = Item(key=key, sku=draft.sku, on_hand=0, reserved=0)
            work.session.add(item)
            await work.session.flush()
            counts.added += 1
        elif all(getattr(item, name) == value for name, value in _told(draft).items()):
            counts.unchanged += 1
            continue
        else:
            counts.changed += 1
        was = item.on_hand
        for name, value in _told(draft).items():
            setattr(item, name, value)
        work.record(Kind.STOCK_COUNTED, item, order_id=None, why=source, was=was, now=item.on_hand)
        changed.append(item)
    await service.fill(work, changed)
    return counts


def _told(draft: ItemDraft) -> dict[str, Any]:
    facts = {
        "on_hand": draft.on_hand,
        "title": draft.title,
        "location": draft.location,
        "low_at": draft.low_at,
        "list_price": draft.list_price,
        "currency": draft.currency,
    }
    return {name: value for name, value in facts.items() if value is not None}
