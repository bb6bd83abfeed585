"""What can be done with stock: promise it, give it back, let it leave, count and adjust it.

An item's lock is what all changes of it and of its reservations wait for. Whoever locks several
does so in the order of their ids, and after the order that they are for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import String, and_, func, or_, select

from domain.errors import ReasonNeeded
from domain.events import Kind
from domain.inventory import queries, watching
from domain.inventory.filling import fill, rise
from domain.inventory.model import Item, ItemNotFound, NotThatMany, Reservation, as_key
from domain.money import Money
from domain.orders.model import GONE, TO_SHIP, Line, Order
from domain.people import Can, Member
from domain.shipping.model import Content, Parcel, ParcelState
from domain.shipping.reshipment import IS_OPEN, Reshipment
from domain.store import Work
from domain.tables import among

_LARGEST = 1_000_000


async def reserve(work: Work, order: Order) -> None:
    """Promise a locked order what is available of each of its lines; the rest is a back-order.

    Lines whose SKU is no item are left alone, and so is what is promised already, or has left.
    """
    await follow(work, to_ship=[order.id])


async def follow(
    work: Work,
    *,
    to_ship: Collection[int] = (),
    cancelled: Collection[int] = (),
    left: Collection[int] = (),
    moved: Mapping[int, int] | None = None,
) -> None:
    """Let stock follow what became of locked orders, by their ids.

    Those to ship are promised what there is, as many as their lines want by now; cancelled ones
    give it back, and others have left the house: whole, by somebody else, as by the source that
    tells of it. `moved` says by line how many left so of orders to ship; fewer than none came
    back, as of a parcel that was called off.
    """
    whose = {*cancelled, *left, *to_ship}
    if not whose or not await queries.is_kept(work.session):
        return
    lines = await _lines(work, to_ship)
    known = await queries.by_sku(work.session, (line.sku for line in lines))
    held = await _held(work, whose)
    # All at once, in the order of their ids.
    items = await _lock(
        work, {item.id for item in known.values()} | {one.item_id for one in held.values()}
    )
    # As they stand under the items' locks: a back-order may have been filled meanwhile.
    held = await _held(work, whose)
    again = await _again(work, left)
    await _move(work, lines, moved or {}, held, items)
    freed, used = await _lower(work, lines, held, items), set()
    for one in held.values():
        if one.order_id in left:
            await _let_go(work, items[one.item_id], one, one.wanted - again.get(one.line_id, 0))
            used.add(one.item_id)
        elif one.order_id in cancelled:
            await _give_back(work, items[one.item_id], one, 0)
            freed.add(one.item_id)
    await work.session.flush()
    await fill(work, [items[item_id] for item_id in used - freed])
    await rise(work, [items[item_id] for item_id in freed])
    await promise(work, lines, {item.key: item for item in items.values()})


async def end(work: Work, *, cancelled: Collection[int] = (), left: Collection[int] = ()) -> None:
    """End what orders were promised: cancelled ones give it back, others have left the house."""
    await follow(work, cancelled=cancelled, left=left)


async def promise(work: Work, lines: Sequence[Line], items: Mapping[str, Item]) -> None:
    """Promise lines of locked orders what is available of locked items, by the items' keys.

    What is promised already becomes more where its line wants more by now.
    """
    if not lines or not items:
        return
    order_ids = {line.order_id for line in lines}
    held = await _held(work, order_ids)
    outstanding = await _outstanding(work, lines)
    for line in lines:
        item = items.get(as_key(line.sku) or "")
        wanted = outstanding[line.id]
        one = held.get(line.id)
        if item is None or wanted <= (one.wanted if one else 0):
            continue
        if one is None:
            one = Reservation(
                order_id=line.order_id, line_id=line.id, item_id=item.id, wanted=0, quantity=0
            )
            work.session.add(one)
        one.wanted = wanted
        more = max(min(one.missing, item.available), 0)
        one.quantity += more
        item.reserved += more
    await watching.look(work, items.values())


async def owed(work: Work, keys: Collection[str]) -> Sequence[Line]:
    """Return the lines with these SKUs of orders to ship, oldest first; locks their orders."""
    if not keys:
        return []
    found = await work.session.execute(
        select(Line.order_id)
        .join(Order, Order.id == Line.order_id)
        .where(
            Order.state.in_(TO_SHIP), among(work.session, func.lower(Line.sku, type_=String), keys)
        )
    )
    order_ids = set(found.scalars())
    if not order_ids:
        return []
    await work.session.execute(
        select(Order.id)
        .where(among(work.session, Order.id, order_ids))
        .order_by(Order.id)
        .with_for_update()
    )
    return [line for line in await _lines(work, order_ids) if as_key(line.sku) in keys]


async def ship(work: Work, order_id: int, quantities: Mapping[int, int]) -> None:
    """Let so many of an order's lines leave the house, by the lines' ids; the order is locked."""
    held, items = await _with_items(work, order_id, quantities)
    shipped = {line_id: count for line_id, count in quantities.items() if line_id in held}
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
    held, items = await _with_items(work, order_id, quantities)
    lost = {line_id: count for line_id, count in quantities.items() if line_id in held and count}
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
    await rise(work, items.values())


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
    was = _described(item)
    item.location, item.low_at = location, low_at
    item.list_price, item.currency = (price.minor, price.currency) if price else (None, None)
    work.record(
        Kind.STOCK_DESCRIBED,
        item,
        order_id=None,
        was=was,
        now=_described(item),
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
    await (rise if wanted > was else fill)(work, [item])
    return item


def _described(item: Item) -> dict[str, str | int | None]:
    price = str(item.price) if item.price else None
    return {"location": item.location, "low_at": item.low_at, "price": price}


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


async def _lines(work: Work, order_ids: Collection[int]) -> Sequence[Line]:
    """Return the lines of these orders of which something is to be shipped, oldest first."""
    if not order_ids:
        return []
    again = and_(
        Order.state.in_(GONE),
        select(Reshipment.id).where(Reshipment.line_id == Line.id, IS_OPEN).exists(),
    )
    found = await work.session.scalars(
        select(Line)
        .join(Order, Order.id == Line.order_id)
        .where(among(work.session, Line.order_id, order_ids), or_(Order.state.in_(TO_SHIP), again))
        .order_by(Line.order_id, Line.position)
    )
    return found.all()


async def _held(work: Work, order_ids: Collection[int]) -> dict[int, Reservation]:
    """Return what these orders are promised, by line."""
    if not order_ids:
        return {}
    found = await work.session.scalars(
        select(Reservation)
        .where(among(work.session, Reservation.order_id, order_ids))
        .order_by(Reservation.id)
        .execution_options(populate_existing=True)
    )
    return {one.line_id: one for one in found}


async def _with_items(
    work: Work, order_id: int, line_ids: Collection[int]
) -> tuple[dict[int, Reservation], dict[int, Item]]:
    """Return what lines of a locked order are promised, by line, and the locked items by id."""
    held = await _held(work, [order_id])
    items = await _lock(work, {one.item_id for at, one in held.items() if at in line_ids})
    # Read again, now that nobody else can fill a back-order meanwhile.
    held = await _held(work, [order_id])
    return {at: one for at, one in held.items() if one.item_id in items}, items


async def gone(work: Work, order_ids: Collection[int]) -> dict[int, int]:
    """Return how many of these orders' lines have left as ordered, by line."""
    found = await work.session.execute(
        select(Content.line_id, func.sum(Content.quantity - Content.again))
        .join(Parcel, Parcel.id == Content.parcel_id)
        .where(
            among(work.session, Parcel.order_id, order_ids),
            Parcel.return_id.is_(None),
            Parcel.state != ParcelState.CANCELLED,
        )
        .group_by(Content.line_id)
    )
    return {line_id: int(quantity) for line_id, quantity in found}


async def _again(work: Work, order_ids: Collection[int]) -> dict[int, int]:
    """Return how many of these orders' lines are still to be sent again, by line."""
    if not order_ids:
        return {}
    found = await work.session.execute(
        select(Reshipment.line_id, func.sum(Reshipment.quantity - Reshipment.sent))
        .where(among(work.session, Reshipment.order_id, order_ids), IS_OPEN)
        .group_by(Reshipment.line_id)
    )
    return {line_id: int(quantity) for line_id, quantity in found}


async def _outstanding(work: Work, lines: Sequence[Line]) -> dict[int, int]:
    """Return how many of lines are to leave the house, by their ids."""
    order_ids = {line.order_id for line in lines}
    if not order_ids:
        return {}
    left = await gone(work, order_ids)
    again = await _again(work, order_ids)
    to_ship = set(
        await work.session.scalars(
            select(Order.id).where(
                among(work.session, Order.id, order_ids), Order.state.in_(TO_SHIP)
            )
        )
    )
    return {
        line.id: again.get(line.id, 0)
        + (max(line.quantity - left.get(line.id, 0), 0) if line.order_id in to_ship else 0)
        for line in lines
    }


async def _move(
    work: Work,
    lines: Sequence[Line],
    moved: Mapping[int, int],
    held: Mapping[int, Reservation],
    items: Mapping[int, Item],
) -> None:
    """Take from the shelf what left of lines, and put back what did not leave after all."""
    by_key = {item.key: item for item in items.values()}
    for line in lines:
        count, one = moved.get(line.id, 0), held.get(line.id)
        item = by_key.get(as_key(line.sku) or "")
        if count > 0 and one is not None:
            await _let_go(work, items[one.item_id], one, count)
        elif count < 0 and item is not None:
            item.on_hand -= count


async def _lower(
    work: Work,
    lines: Sequence[Line],
    held: Mapping[int, Reservation],
    items: Mapping[int, Item],
) -> set[int]:
    """Give back what lines do not want any more; returns the items that there is more of."""
    freed: set[int] = set()
    outstanding = await _outstanding(work, [line for line in lines if line.id in held])
    for line in lines:
        if (one := held.get(line.id)) is None:
            continue
        item = items[one.item_id]
        # A line may have become another product's.
        is_same = item.key == as_key(line.sku)
        wanted = outstanding[line.id] if is_same else 0
        if wanted < one.wanted:
            await _give_back(work, item, one, wanted)
            freed.add(item.id)
    return freed


async def _give_back(work: Work, item: Item, held: Reservation, wanted: int) -> None:
    """Keep so many promised at most; a line that wants nothing is promised nothing."""
    kept = min(held.quantity, wanted)
    item.reserved -= held.quantity - kept
    held.quantity, held.wanted = kept, wanted
    if not wanted:
        await work.session.delete(held)


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
