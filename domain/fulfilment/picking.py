"""Pick lists: which orders somebody fetches next, and what was found of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from domain import merchants
from domain.errors import Conflict, Invalid
from domain.events import Kind
from domain.fulfilment import backlog, policy, progress, steps
from domain.fulfilment.model import Fulfilment, Pick, PickList, Problem
from domain.fulfilment.progress import Progress
from domain.inventory import queries as stock
from domain.inventory import service as inventory
from domain.inventory.model import Reservation, as_key
from domain.orders.model import Line, Order
from domain.people import Can, Member
from domain.shipping.model import Content
from domain.store import Work
from domain.tables import among

#: What one form can ask about: a view has 100 blocks, https://docs.slack.dev/surfaces/modals
MOST_PICKS = 90


class NothingToPick(Conflict):
    """No order can be fetched now."""


class AlreadyFound(Conflict):
    """Somebody said already what was found of a list."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Somebody has said already what was found of {name}. Nothing was changed."
        )


class NotOnTheList(Invalid):
    """More than the list asks for, or fewer than none; `field` is the pick's."""

    def __init__(self, pick: Pick, said: int) -> None:
        self.field = f"found:{pick.id}"
        super().__init__(
            f"{said} can't have been found of {pick.quantity} on the list. Say a number from 0 "
            f"to {pick.quantity}."
        )


async def ask(work: Work, member: Member) -> PickList:
    """Put the most urgent orders on a list for one person; nobody else gets these.

    Whoever asks at the same time gets the next ones.

    Raises:
        NothingToPick: no confirmed order has anything in the house.
    """
    member.must(Can.SHIP)
    most = (await merchants.settings(work.session))["shipping.pick_list_orders"]
    taken: list[tuple[Order, Sequence[Progress]]] = []
    seen: set[int] = set()
    pieces = 0
    while len(taken) < most and pieces < MOST_PICKS:
        orders = await _next(work, seen, most=most - len(taken))
        if not orders:
            break
        seen |= {order.id for order in orders}
        await steps.promise(work, orders)
        for order in orders:
            lines = await _to_pick(work, order)
            if lines and (not taken or pieces + len(lines) <= MOST_PICKS):
                taken.append((order, lines[:MOST_PICKS]))
                pieces += len(lines)
    if not taken:
        raise NothingToPick(
            "Nothing waits to be picked: no confirmed order has anything in the house that "
            "nobody fetches already."
        )
    return await _listed(work, member, taken)


async def ask_for(work: Work, member: Member, order_id: int) -> PickList:
    """Put one order on a list of its own, with what was looked for in vain before.

    Raises:
        WrongState: it is pending, cancelled, or gone.
        NothingToPick: it waits for stock, or is fetched already.
    """
    member.must(Can.SHIP)
    order = await steps.lock(work, order_id, "picked")
    await steps.promise(work, [order])
    for one in await work.session.scalars(
        select(Fulfilment).where(Fulfilment.order_id == order.id, Fulfilment.missing > 0)
    ):
        one.missing = 0
    lines = await _to_pick(work, order)
    if not lines:
        every = await progress.of(work.session, order.id)
        waiting = sum(line.waiting for line in every)
        raise NothingToPick(
            f"Order {order.number} waits for stock: {waiting} pieces are on back-order."
            if waiting
            else f"All of order {order.number} is on a list, picked or gone already."
        )
    return await _listed(work, member, [(order, lines[:MOST_PICKS])])


async def find(
    work: Work, member: Member, pick_list_id: int, found: Mapping[int, int] | None = None
) -> PickList:
    """Say what was found, by pick; what is not mentioned was all there.

    What is missing is a packing problem, comes off the books, and goes on back-order. Orders
    that were cancelled or went elsewhere meanwhile are left alone.

    Raises:
        AlreadyFound: somebody was first.
        NotOnTheList: a number makes no sense.
    """
    member.must(Can.SHIP)
    orders = await _lock_orders(work, pick_list_id)
    pick_list = await work.lock(PickList, pick_list_id)
    if pick_list.ended_at is not None:
        raise AlreadyFound(pick_list.name)
    picks = await work.session.scalars(
        select(Pick).where(Pick.pick_list_id == pick_list_id).order_by(Pick.id)
    )
    by_order: dict[int, list[Pick]] = {order_id: [] for order_id in orders}
    for pick in picks:
        said = (found or {}).get(pick.id, pick.quantity)
        if not 0 <= said <= pick.quantity:
            raise NotOnTheList(pick, said)
        by_order[pick.order_id].append(pick)
    # All of them at once, in the order of their ids: order by order, two could wait in a circle.
    await inventory.locked(work, await _skus(work, by_order, found or {}))
    missing = 0
    for order_id, mine in by_order.items():
        missing += await _found(work, orders[order_id], mine, found or {})
    pick_list.ended_at = work.now
    work.record(Kind.PICK_LIST_ENDED, pick_list, order_id=None, missing=missing)
    return pick_list


async def _next(work: Work, seen: set[int], *, most: int) -> Sequence[Order]:
    """Lock the most urgent orders that something may be fetched of, and nobody else looks at."""
    found = await work.session.scalars(
        select(Order)
        .where(await backlog.to_pick(work.session), Order.id.not_in(seen))
        .order_by(Order.ship_by.asc().nulls_last(), Order.id)
        .limit(most)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return found.all()


async def _to_pick(work: Work, order: Order) -> Sequence[Progress]:
    await work.session.flush()
    return [line for line in await progress.of(work.session, order.id) if line.to_pick]


async def _listed(
    work: Work, member: Member, taken: Sequence[tuple[Order, Sequence[Progress]]]
) -> PickList:
    items = await stock.by_sku(work.session, [line.sku for _, lines in taken for line in lines])
    pick_list = PickList(asked_by=member.member_id, asked_at=work.now, picks=[])
    for order, lines in taken:
        for line in lines:
            item = items.get(as_key(line.sku) or "")
            pick_list.picks.append(
                Pick(
                    merchant_id=work.merchant_id,
                    order_id=order.id,
                    line_id=line.id,
                    location=item.location if item else None,
                    quantity=line.to_pick,
                )
            )
    work.session.add(pick_list)
    await work.session.flush()
    for order, _ in taken:
        await steps.follow(work, order)
        work.record(
            Kind.ORDER_LISTED, order, order_id=order.id, state=order.state, pick_list=pick_list.name
        )
    work.record(
        Kind.PICK_LIST_ASKED,
        pick_list,
        order_id=None,
        orders=len(taken),
        quantity=sum(pick.quantity for pick in pick_list.picks),
    )
    return pick_list


async def _skus(
    work: Work, picks: Mapping[int, Sequence[Pick]], found: Mapping[int, int]
) -> Sequence[str | None]:
    """Return the SKUs of which fewer were found than there should be."""
    short = [
        pick.line_id
        for mine in picks.values()
        for pick in mine
        if found.get(pick.id, pick.quantity) < pick.quantity
    ]
    lines = await work.session.scalars(select(Line.sku).where(among(work.session, Line.id, short)))
    return lines.all()


async def _lock_orders(work: Work, pick_list_id: int) -> dict[int, Order]:
    ids = select(Pick.order_id).where(Pick.pick_list_id == pick_list_id)
    found = await work.session.scalars(
        select(Order)
        .where(Order.id.in_(ids))
        .order_by(Order.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {order.id: order for order in found}


async def _found(work: Work, order: Order, picks: Sequence[Pick], found: Mapping[int, int]) -> int:
    """Write what was found of an order, and take off stock what was not; returns how many."""
    lines = await progress.of(work.session, order.id)
    if not policy.is_open(order.state, lines):
        for pick in picks:
            pick.found = 0
        return 0
    held = await steps.written(work, order, lines)
    missing: dict[int, int] = {}
    for pick in picks:
        pick.found = found.get(pick.id, pick.quantity)
        held[pick.line_id].picked += pick.found
        if pick.found < pick.quantity:
            missing[pick.line_id] = pick.quantity - pick.found
    await work.session.flush()
    if missing:
        left = await _left_in_house(work, missing)
        why = f"not found for order {order.number}"
        known = await inventory.lose(work, order.id, missing, why, left=left)
        for line_id in missing.keys() - known:
            held[line_id].missing += missing[line_id]
    steps.problems(work, order, lines, missing, Problem.MISSING)
    await steps.follow(work, order)
    work.record(
        Kind.ORDER_PICKED,
        order,
        order_id=order.id,
        state=order.state,
        quantity=sum(pick.found or 0 for pick in picks),
        missing=sum(missing.values()),
    )
    return sum(missing.values())


async def _left_in_house(work: Work, line_ids: Mapping[int, int]) -> dict[int, int]:
    """Return how many there are of the items that these lines found too few of.

    Their place is empty, so it is what was fetched and has not left, and what others are out
    for and may have found.
    """
    items = select(Reservation.item_id).where(among(work.session, Reservation.line_id, line_ids))
    gone = func.coalesce(progress.in_parcels(Content.quantity), 0)
    fetched = func.coalesce(Fulfilment.picked, 0) - gone
    found = await work.session.execute(
        select(Reservation.item_id, fetched, func.coalesce(Pick.quantity, 0))
        .join(Line, Line.id == Reservation.line_id)
        .outerjoin(Fulfilment, Fulfilment.line_id == Line.id)
        .outerjoin(Pick, (Pick.line_id == Line.id) & Pick.found.is_(None))
        .where(Reservation.item_id.in_(items))
    )
    left: dict[int, int] = {}
    for item_id, in_hand, listed in found:
        left[item_id] = left.get(item_id, 0) + max(in_hand, 0) + listed
    return left
