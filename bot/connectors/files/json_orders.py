"""Read orders from JSON: streamed, merged by number, whoever's they are."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.connectors.files import amazon_orders, amazon_orders_v0, documents, shopify_orders
from bot.connectors.files.spill import Spill, scratch
from bot.connectors.files.values import BadValue, Rejected, checked, moment, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.connectors.files.progress import Progress
    from bot.connectors.files.sniffing import Source
    from domain.orders.intake import OrderDraft

#: The key that tells whose order it is, and makes one of it.
_MAKERS = {
    "orderId": amazon_orders.draft,
    "AmazonOrderId": amazon_orders_v0.draft,
    "id": shopify_orders.draft,
}
#: What says when an order was last changed, which is not when it was written to the file.
_CHANGED = ("lastUpdatedTime", "LastUpdateDate", "updated_at")
#: What tells the members of a list apart, so that two tellings of one can be merged.
_IDENTITIES = ("orderItemId", "OrderItemId", "packageReferenceId", "id")


def read(sources: Sequence[Source], progress: Progress) -> Iterator[OrderDraft | Rejected]:
    """Yield the orders of JSON files, each once, however many times it is told.

    What was changed last wins; what only an earlier telling has is kept. A file that breaks
    off, or is no JSON from some point on, gives all that is complete before it.
    """
    with scratch() as database:
        spill = Spill(database)
        broken: list[Rejected] = []
        position = before = 0
        for source in sources:
            try:
                for piece, done in _pieces(source):
                    progress.read(before + done)
                    if amazon_orders_v0.is_aside(piece):
                        continue
                    position += 1
                    spill.add(_key(piece, position), position, piece)
            except documents.BrokenOff:
                broken.append(
                    Rejected(
                        position + 1,
                        {},
                        f"{source.path.name} breaks off, or is not JSON, after order {position}; export it again",
                    )
                )
            before += source.path.stat().st_size
        for share, group in spill.groups():
            yield _made(group)
            progress.handed_out(share)
    yield from broken
    progress.handed_out(1)


def _pieces(source: Source) -> Iterator[tuple[dict[str, Any], int]]:
    whole = source.prefix in {"", "item"}
    for found, done in documents.items(source.path, source.encoding, source.prefix):
        for piece in documents.pieces(found) if whole else [found]:
            if isinstance(piece, dict):
                yield piece, done


def _key(piece: dict[str, Any], position: int) -> str:
    for key in _MAKERS:
        if number := text(piece.get(key)):
            return f"{key} {number}"
    return f"nothing {position}"


def _made(group: list[tuple[int, dict[str, Any]]]) -> OrderDraft | Rejected:
    position = group[0][0]
    order: dict[str, Any] = {}
    for telling in sorted((piece for _, piece in group), key=_changed):
        order = _merged(order, telling)
    try:
        return checked(_draft(order))
    except BadValue as bad:
        return Rejected(position, order, f"order {position} of the file: {bad}")


def _draft(order: dict[str, Any]) -> OrderDraft:
    for key, make in _MAKERS.items():
        if text(order.get(key)):
            return make(order)
    raise BadValue("it is no order of Amazon's or Shopify's")


def _changed(piece: dict[str, Any]) -> datetime:
    for key in _CHANGED:
        with suppress(BadValue):
            if at := moment(piece.get(key), key):
                return at
    return datetime.min.replace(tzinfo=UTC)


def _merged(old: Any, new: Any) -> Any:
    """Lay a later telling over an earlier one; nothing known is lost to something empty."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
    if isinstance(old, list) and isinstance(new, list):
        return _merged_lists(old, new)
    return old if new in (None, "", [], {}) and old is not None else new


def _merged_lists(old: list[Any], new: list[Any]) -> list[Any]:
    ids = {_identity(item): item for item in old}
    if not new or None in ids or any(_identity(item) is None for item in new):
        return new or old
    for item in new:
        ids[_identity(item)] = _merged(ids.get(_identity(item)), item)
    return list(ids.values())


def _identity(item: Any) -> str | None:
    if not isinstance(item, dict):
        return None
    return next((f"{key} {item[key]}" for key in _IDENTITIES if item.get(key)), None)
