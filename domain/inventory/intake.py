"""Taking in what a file says is in stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.events import Kind
from domain.inventory import filling, queries, service
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

    A SKU that stands twice counts once, as its last row tells it. What orders to ship want of
    an item that is new here is promised to them first, as it lies there for them.
    """
    latest = {as_key(draft.sku) or "": draft for draft in drafts}
    known = await queries.by_sku(work.session, (draft.sku for draft in latest.values()))
    # Orders are locked before items.
    owed = await service.owed(work, latest.keys() - known.keys())
    known = await service.locked(work, (draft.sku for draft in latest.values()))
    new = {
        key: Item(key=key, sku=draft.sku, on_hand=0, reserved=0)
        for key, draft in latest.items()
        if key not in known
    }
    work.session.add_all(new.values())
    await work.session.flush()
    changed, risen = [], [*new.values()]
    for key, draft in latest.items():
        item = new.get(key) or known[key]
        told = _told(draft)
        if key in known and all(getattr(item, name) == value for name, value in told.items()):
            continue
        was = item.on_hand
        for name, value in told.items():
            setattr(item, name, value)
        work.record(Kind.STOCK_COUNTED, item, order_id=None, why=source, was=was, now=item.on_hand)
        changed.append(item)
        if item.on_hand > was:
            risen.append(item)
    await service.promise(work, owed, new)
    await filling.fill(work, changed)
    await filling.rise(work, risen)
    return Counts(len(new), len(changed) - len(new), len(latest) - len(changed))


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
