"""How known orders follow what their source says now: forwards, and forgetting nothing.

Partners' messages are half-known and out of order, and several of them speak of one order.
So what a source does not say stays as it was, states move forwards only, and a deadline is
set again only if its promise changed: whoever was warned once is not warned of it again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain.events import Kind
from domain.inventory import service as inventory
from domain.orders.additions import Told, add_contents, add_parcels, facts, line_facts
from domain.orders.clocks import Clocks
from domain.orders.intake import LineDraft, OrderDraft, ParcelDraft
from domain.orders.model import OVER, TRANSITIONS, UNSHIPPED, Line, Order, State
from domain.shipping import reshipping
from domain.shipping import service as shipping
from domain.shipping.model import ENDED, Parcel, ParcelState, as_tracked
from domain.shipping.policy import trouble_of
from domain.store import Work
from domain.tables import among

#: How far along a parcel is. A shop knows less of it than the carrier who scans it, so what
#: the shop says counts only where it is further along.
_PROGRESS = {
    ParcelState.UNKNOWN: 0,
    ParcelState.PENDING: 1,
    ParcelState.PICKED_UP: 2,
    ParcelState.IN_TRANSIT: 3,
    ParcelState.OUT_FOR_DELIVERY: 4,
    ParcelState.READY_FOR_PICKUP: 4,
    ParcelState.DELIVERY_DELAYED: 4,
    ParcelState.DELIVERY_FAILED: 4,
    ParcelState.ON_HOLD: 4,
    ParcelState.RETURN_TO_SENDER: 4,
    ParcelState.DELIVERED: 5,
    ParcelState.CANCELLED: 5,
}


@dataclass(frozen=True, slots=True)
class _Before:
    """What an order's deadlines were made of, before its source spoke again."""

    ship_by: datetime | None
    deliver_by: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None


@dataclass(slots=True)
class _News:
    """What sources say that is new, to be written and followed for all orders of a batch at once."""

    changed: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list)
    parcels: list[tuple[int, OrderDraft]] = field(default_factory=list)
    contents: list[Told] = field(default_factory=list)
    troubled: list[shipping.Found] = field(default_factory=list)
    to_ship: list[int] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)


async def change(
    work: Work, drafts: Mapping[int, OrderDraft], clocks: Clocks, added: Collection[int] = ()
) -> int:
    """Take over what the source says now of orders by their ids, under their rows' locks.

    Returns how many say something else than before. What is older than what is known by now
    changes nothing. Stock follows those and the orders that were just `added`, all at once.
    """
    if not drafts:
        await inventory.follow(work, to_ship=added)
        return 0
    orders = await work.session.scalars(
        select(Order)
        .where(among(work.session, Order.id, drafts))
        .order_by(Order.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    lines = await _by_order(work, select(Line).where(among(work.session, Line.order_id, drafts)))
    parcels = await _by_order(
        work,
        select(Parcel)
        # A source speaks of what it sent, not of what comes back.
        .where(among(work.session, Parcel.order_id, drafts), Parcel.return_id.is_(None))
        .with_for_update(),
    )
    speaks = any(draft.tells_contents for draft in drafts.values())
    gone = await inventory.gone(work, drafts) if speaks else {}
    known = [one for held in parcels.values() for one in held]
    numbers = {one.tracking_number for one in known}
    troublesome = [one for one in known if one.trouble and one.state not in ENDED]
    news = _News(to_ship=[*added])
    for order in orders:
        draft = drafts[order.id]
        if _is_news(order, draft):
            _hear(work, order, draft, lines[order.id], parcels[order.id], clocks, news)
    await work.insert(Line, news.lines)
    await add_parcels(work, news.parcels, clocks)
    if news.contents:
        await add_contents(work, news.contents)
    moved = Counter(await inventory.gone(work, drafts) if speaks else {})
    moved.subtract(gone)
    await _follow(work, news, moved)
    await shipping.troubles_over(work, [one for one in troublesome if one.state in ENDED])
    await shipping.troubles_found(work, news.troubled)
    await shipping.match(work, {one.tracking_number for one in known} - numbers)
    return news.changed


def _is_news(order: Order, draft: OrderDraft) -> bool:
    """Tell whether the draft says something else than before, and nothing older than is known."""
    if order.changed_at and draft.changed_at and draft.changed_at < order.changed_at:
        return False
    if order.fingerprint == draft.fingerprint:
        order.changed_at = draft.changed_at or order.changed_at
        return False
    return True


def _hear(
    work: Work,
    order: Order,
    draft: OrderDraft,
    lines: list[Line],
    parcels: list[Parcel],
    clocks: Clocks,
    news: _News,
) -> None:
    """Have the order be what the draft says; adds what follows from that to the news."""
    news.changed += 1
    was = order.state
    before = _Before(order.ship_by, order.deliver_by, order.shipped_at, order.delivered_at)
    _change_order(order, draft, before, clocks)
    positions = _change_lines(order, lines, draft.lines, news.lines)
    fresh = _change_parcels(work, order, parcels, draft, before, clocks, news.troubled)
    news.contents += _told(order, parcels, draft, positions)
    news.parcels.append((order.id, replace(draft, parcels=_placed(fresh, positions))))
    if was in UNSHIPPED and order.state not in UNSHIPPED:
        ended = news.cancelled if order.state is State.CANCELLED else news.left
        ended.append(order.id)
    else:
        news.to_ship.append(order.id)
    _record(work, order, was)


async def _follow(work: Work, news: _News, moved: Mapping[int, int]) -> None:
    """Let what is to be sent again and the stock follow the orders."""
    await reshipping.end(work, news.cancelled)
    await inventory.follow(
        work, to_ship=news.to_ship, cancelled=news.cancelled, left=news.left, moved=moved
    )


async def _by_order(work: Work, query: Any) -> dict[int, list[Any]]:
    found = defaultdict(list)
    for row in await work.session.scalars(query.execution_options(populate_existing=True)):
        found[row.order_id].append(row)
    return found


def _record(work: Work, order: Order, was: State) -> None:
    """Record the change; what may show in the message that announced the order says which."""
    shown = was is State.PENDING and order.arrival_id is not None
    data: dict[str, Any] = {"arrival_id": order.arrival_id} if shown else {}
    work.record(Kind.ORDER_CHANGED, order, order_id=order.id, was=was, state=order.state, **data)


def _change_order(order: Order, draft: OrderDraft, before: _Before, clocks: Clocks) -> None:
    was, said = order.state, facts(draft)
    said["state"] = draft.reached if _moves(order, draft) else order.state
    _take_over(order, said)
    if order.arrival_id is not None:
        order.confirm_due_at = clocks.now if order.state is State.PENDING else None
    if order.state not in UNSHIPPED:
        order.ship_by_due_at = None
    elif order.ship_by != before.ship_by:
        order.ship_by_due_at = clocks.ship_by(draft)
    if order.state is not State.DELIVERED:
        order.complete_due_at = None
    elif was is not State.DELIVERED or order.delivered_at != before.delivered_at:
        order.complete_due_at = clocks.inspected(order.delivered_at)


def _change_lines(
    order: Order,
    held: Sequence[Line],
    drawn: Sequence[LineDraft],
    new_lines: list[dict[str, Any]],
) -> dict[int, int]:
    """Change the lines in place; returns where each of the draft's positions stands."""
    named = {line.external_id: line for line in held if line.external_id}
    placed = {line.position: line for line in held}
    positions: dict[int, int] = {}
    for position, line in enumerate(drawn, 1):
        known = named.get(line.external_id) if line.external_id else None
        there = placed.get(position)
        if known is None and there and not (line.external_id and there.external_id):
            known = there
        if known:
            _take_over(known, line_facts(line))
            positions[position] = known.position
            continue
        positions[position] = max([*placed, *positions.values()], default=0) + 1
        new_lines.append(
            {"order_id": order.id, "position": positions[position], **line_facts(line)}
        )
    return positions


def _change_parcels(
    work: Work,
    order: Order,
    held: Sequence[Parcel],
    draft: OrderDraft,
    before: _Before,
    clocks: Clocks,
    troubled: list[shipping.Found],
) -> list[ParcelDraft]:
    """Change the parcels that are known; returns those that are new."""
    fresh = []
    for drawn, parcel in _matched(held, draft.parcels):
        if parcel is None:
            fresh.append(drawn)
        else:
            _change_parcel(work, parcel, drawn, draft, before, clocks, troubled)
    if order.state in OVER:
        for parcel in held:
            parcel.late_due_at = parcel.silent_due_at = parcel.stuck_due_at = None
    return fresh


def _told(
    order: Order, held: Sequence[Parcel], draft: OrderDraft, positions: Mapping[int, int]
) -> list[Told]:
    """Return what the draft says is in parcels that were known before."""
    return [
        (parcel.id, order.id, _places(drawn.lines, positions))
        for drawn, parcel in _matched(held, draft.parcels)
        if parcel is not None and drawn.lines
    ]


def _places(
    lines: Sequence[tuple[int, int]], positions: Mapping[int, int]
) -> tuple[tuple[int, int], ...]:
    return tuple((positions[position], quantity) for position, quantity in lines)


def _matched(
    held: Sequence[Parcel], drawn: Sequence[ParcelDraft]
) -> list[tuple[ParcelDraft, Parcel | None]]:
    """Pair parcels by tracking number, then those that one side has no number of yet."""
    numbers = [as_tracked(draft.tracking_number) for draft in drawn]
    named = {parcel.tracking_number: parcel for parcel in held if parcel.tracking_number}
    pairs = [named.pop(number, None) if number else None for number in numbers]
    left = [parcel for parcel in held if parcel not in pairs]
    for index, number in enumerate(numbers):
        unnamed = (one for one in left if None in (number, one.tracking_number))
        if pairs[index] is None and (match := next(unnamed, None)):
            pairs[index] = match
            left.remove(match)
    return list(zip(drawn, pairs, strict=True))


def _change_parcel(
    work: Work,
    parcel: Parcel,
    drawn: ParcelDraft,
    draft: OrderDraft,
    before: _Before,
    clocks: Clocks,
    troubled: list[shipping.Found],
) -> None:
    was_shipped = parcel.shipped_at or before.shipped_at
    if drawn.tracking_number and as_tracked(drawn.tracking_number) != parcel.tracking_number:
        parcel.track_due_at = clocks.untracked(draft, drawn)
    parcel.carrier = drawn.carrier or parcel.carrier
    parcel.tracking_number = as_tracked(drawn.tracking_number) or parcel.tracking_number
    if parcel.state in ENDED:
        return
    parcel.shipped_at = drawn.shipped_at or parcel.shipped_at
    if draft.deliver_by and draft.deliver_by != before.deliver_by:
        parcel.late_due_at = clocks.late(draft, drawn)
    if not was_shipped:
        parcel.silent_due_at = clocks.silent(draft, drawn)
    if _PROGRESS[drawn.state] > _PROGRESS[parcel.state]:
        parcel.state = drawn.state
        _tell(work, parcel, drawn, troubled)


def _tell(work: Work, parcel: Parcel, drawn: ParcelDraft, troubled: list[shipping.Found]) -> None:
    """Record what a person who follows the parcel has to know."""
    if trouble := trouble_of(parcel, parcel.state):
        if trouble is not parcel.trouble:
            troubled.append(shipping.Found(parcel, trouble, None))
    elif parcel.state in ENDED:
        parcel.delivered_at = drawn.delivered_at
        parcel.late_due_at = parcel.silent_due_at = parcel.stuck_due_at = None
        delivered = parcel.state is ParcelState.DELIVERED
        kind = Kind.PARCEL_DELIVERED if delivered else Kind.PARCEL_MOVED
        work.record(kind, parcel, order_id=parcel.order_id, state=parcel.state)


def _placed(
    parcels: Sequence[ParcelDraft], positions: Mapping[int, int]
) -> tuple[ParcelDraft, ...]:
    return tuple(
        replace(
            parcel,
            lines=_places(parcel.lines, positions),
        )
        for parcel in parcels
    )


def _take_over(row: Order | Line, said: Mapping[str, Any]) -> None:
    for name, value in said.items():
        if value is not None:
            setattr(row, name, value)


def _moves(order: Order, draft: OrderDraft) -> bool:
    """Tell whether a source may move the order; what was announced and stays here, we confirm."""
    to = draft.reached
    ours = order.arrival_id is not None and to is State.CONFIRMED
    # Somebody is out for the rest of it.
    busy = order.state is State.PICKING and to is State.PACKED
    return not (ours or busy) and _may_follow(order.state, to)


def _may_follow(before: State, after: State) -> bool:
    """Tell whether a source may move the order there: forwards by any number of steps."""
    reachable, frontier = {before}, [before]
    while frontier:
        for state in TRANSITIONS[frontier.pop()] - reachable:
            reachable.add(state)
            frontier.append(state)
    return after in reachable
