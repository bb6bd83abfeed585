"""What can be done with stock: promise it, give it back, let it leave, count and adjust it.

An item's lock is what all changes of it and of its reservations wait for. Whoever locks several
does so in the order of their ids, and after the order that they are for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import select

from domain.errors import ReasonNeeded
from domain.events import Kind
from domain.inventory import watching
from domain.inventory.model import Item, ItemNotFound, NotThatMany, Reservation, as_key
from domain.money import Money
from domain.orders.model import Line, Order
from domain.people import Can, Member
from domain.store import Work
from domain.tables import among

_LARGEST = 1_000_000


async def reserve(work: Work, order: Order) -> None:
    """Promise a locked order what is available of each of its lines; the rest is a back-order.

    Lines whose SKU is no item are left alone, and so are those that are promised already.
    """
    lines = (
        await work.session.scalars(
            select(Line).where(Line.order_id == order.id).order_by(Line.position)
        )
    ).all()
    items = await locked(work, (line.sku for line in lines))
    held = await _held(work, [order.id])
    for line in lines:
        item = items.get(as_key(line.sku) or "")
        if item is None or line.id in held or line.quantity < 1:
            continue
        quantity = max(min(line.quantity, item.available), 0)
        item.reserved += quantity
        work.session.add(
            Reservation(
                order_id=order.id,
                line_id=line.id,
                item_id=item.id,
                wanted=line.quantity,
                quantity=quantity,
            )
        )
    await watching.look(work, items.values())


async def end(work: Work, *, cancelled: Collection[int] = (), left: Collection[int] = ()) -> None:
    """End what orders were promised: cancelled ones give it back, others have left the house.

    Those were shipped whole by somebody else, as by the source that tells of it.
    """
    order_ids = {*cancelled, *left}
    if not order_ids:
        return
    items = await _lock(work, {one.item_id for one in (await _held(work, order_ids)).values()})
    # As they stand under the items' locks: a back-order may have been filled meanwhile.
    for one in (await _held(work, order_ids)).values():
        if one.order_id in left:
            await _let_go(work, items[one.item_id], one, one.wanted)
        else:
            items[one.item_id].reserved -= one.quantity
            await work.session.delete(one)
    await work.session.flush()
    await fill(work, items.values())


async def ship(work: Work, order_id: int, quantities: Mapping[int, int]) -> None:
    """Let so many of an order's lines leave the house, by the lines' ids; the order is locked."""
    held = await _held(work, [order_id])
    shipped = {line_id: count for line_id, count in quantities.items() if line_id in held}
    items = await _lock(work, {held[line_id].item_id for line_id in shipped})
    for line_id, count in shipped.items():
        await _let_go(work, items[held[line_id].item_id], held[line_id], count)
    await fill(work, items.values())


async def lose(
    work: Work,
    order_id: int,
    quantities: Mapping[int, int],
    why: str,
    *,
    left: Mapping[int, int] | None = None,
) -> frozenset[int]:
    """Take pieces off the books that were promised to lines and are not there, or no good.

    They go on back-order. `left` says by item how many there still are at most, where somebody
    looked. Returns the lines that have an item.
    """
    held = await _held(work, [order_id])
    lost = {line_id: count for line_id, count in quantities.items() if line_id in held and count}
    items = await _lock(work, {held[line_id].item_id for line_id in lost})
    for line_id, count in lost.items():
        one = held[line_id]
        item, gone = items[one.item_id], min(count, one.quantity)
        one.quantity -= gone
        item.reserved -= gone
        was, now = item.on_hand, max(item.on_hand - gone, 0)
        item.on_hand = min(now, (left or {}).get(item.id, now))
        work.record(Kind.STOCK_COUNTED, item, order_id=None, why=why, was=was, now=item.on_hand)
    await fill(work, items.values())
    return frozenset(lost)


async def count(work: Work, member: Member, sku: str, counted: int, why: str) -> Item:
    """Say how many there are: what was counted is a fact, also if fewer than were promised.

    Raises:
        ItemNotFound, NotThatMany, ReasonNeeded: see each.
    """
    return await _set(work, member, sku, why, Kind.STOCK_COUNTED, counted=counted)


async def adjust(work: Work, member: Member, sku: str, by: int, why: str) -> Item:
    """Add or take away so many.

    Raises:
        ItemNotFound, NotThatMany, ReasonNeeded: see each.
    """
    return await _set(work, member, sku, why, Kind.STOCK_ADJUSTED, by=by)


async def restock(work: Work, quantities: Mapping[str, int], why: str) -> None:
    """Put goods back on the shelf that came in by a record of their own, by SKU."""
    items = await locked(work, quantities)
    arrived: dict[str, int] = defaultdict(int)
    for sku, quantity in quantities.items():
        arrived[as_key(sku) or ""] += quantity
    for key, item in items.items():
        was, item.on_hand = item.on_hand, item.on_hand + arrived[key]
        work.record(Kind.STOCK_ADJUSTED, item, order_id=None, why=why, was=was, now=item.on_hand)
    await fill(work, items.values())


async def describe(
    work: Work,
    member: Member,
    sku: str,
    *,
    location: str | None,
    low_at: int | None,
    price: Money | None,
) -> Item:
    """Say where an item lies, when it counts as low, and what it sells for."""
    member.must(Can.STOCK)
    item = await _one(work, sku)
    if low_at is not None:
        _check(low_at)
    item.location, item.low_at = location, low_at
    item.list_price, item.currency = (price.minor, price.currency) if price else (None, None)
    work.record(
        Kind.STOCK_DESCRIBED,
        item,
        order_id=None,
        location=location,
        low_at=low_at,
        price=str(price) if price else None,
    )
    await watching.look(work, [item])
    return item


async def locked(work: Work, skus: Iterable[str | None]) -> dict[str, Item]:
    """Return the items of these SKUs by their keys, as they stand, locked until the work ends."""
    keys = {key for sku in skus if (key := as_key(sku))}
    if not keys:
        return {}
    found = await work.session.scalars(
        select(Item)
        .where(among(work.session, Item.key, keys))
        .order_by(Item.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {item.key: item for item in found}


async def _set(
    work: Work,
    member: Member,
    sku: str,
    why: str,
    kind: Kind,
    *,
    counted: int | None = None,
    by: int = 0,
) -> Item:
    member.must(Can.STOCK)
    if not why.strip():
        raise ReasonNeeded("change what is in stock")
    item = await _one(work, sku)
    was = item.on_hand
    wanted = was + by if counted is None else counted
    if wanted < 0:
        raise NotThatMany(
            f"Only {was} of {item.sku} are on hand, so {-by} can't be taken away. Count them."
            if counted is None
            else f"{counted} can't be counted: 0 is the least there can be."
        )
    _check(wanted)
    item.on_hand = wanted
    work.record(kind, item, order_id=None, why=why.strip(), was=was, now=wanted)
    await fill(work, [item])
    return item


def _check(quantity: int) -> None:
    if not 0 <= quantity <= _LARGEST:
        raise NotThatMany(f"{quantity} is not a number of pieces from 0 to {_LARGEST:,}.")


async def _one(work: Work, sku: str) -> Item:
    items = await locked(work, [sku])
    if not items:
        raise ItemNotFound(sku)
    return next(iter(items.values()))


async def _lock(work: Work, item_ids: Collection[int]) -> dict[int, Item]:
    if not item_ids:
        return {}
    found = await work.session.scalars(
        select(Item)
        .where(among(work.session, Item.id, item_ids))
        .order_by(Item.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {item.id: item for item in found}


async def _held(work: Work, order_ids: Collection[int]) -> dict[int, Reservation]:
    """Return what these orders are promised, by line."""
    found = await work.session.scalars(
        select(Reservation)
        .where(among(work.session, Reservation.order_id, order_ids))
        .order_by(Reservation.id)
        .execution_options(populate_existing=True)
    )
    return {one.line_id: one for one in found}


async def _let_go(work: Work, item: Item, held: Reservation, count: int) -> None:
    """Take pieces out of the house; what was on back-order leaves from what nobody was promised.

    More may have left than the books know of: then they were wrong, and nothing is left.
    """
    count = min(count, held.wanted)
    promised = min(count, held.quantity)
    item.reserved -= promised
    item.on_hand = max(item.on_hand - count, 0)
    held.quantity -= promised
    held.wanted -= count
    if not held.wanted:
        await work.session.delete(held)


async def fill(work: Work, items: Collection[Item]) -> None:
    """Promise what is available now to the back-orders that wait for it, the oldest first."""
    for item in items:
        if item.available <= 0:
            continue
        waiting = await work.session.scalars(
            select(Reservation)
            .where(Reservation.item_id == item.id, Reservation.quantity < Reservation.wanted)
            .order_by(Reservation.id)
            .limit(item.available)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        for one in waiting:
            more = min(one.missing, item.available)
            if more <= 0:
                break
            one.quantity += more
            item.reserved += more
    await watching.look(work, items)
