"""What can be asked of the warehouse: a pick list, an order's lines, and what waits."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import OrderNotFound, RecordNotFound
from domain.events import Event, Kind
from domain.fulfilment import backlog, policy, progress
from domain.fulfilment.model import Pick, PickList, Problem
from domain.fulfilment.policy import Step
from domain.fulfilment.progress import Progress
from domain.orders.model import GONE, UNSHIPPED, Line, Order, State
from domain.shipping.reshipment import IS_OPEN, Reshipment

#: Stops that a message shows; the printed list has them all.
SHOWN = 20
_MOST_OPEN = 5
_MOST_PROBLEMS = 3
#: Whether what a pick is for is sent again, although its order has left.
_IS_AGAIN = and_(
    Order.state.in_(GONE),
    select(Reshipment.id).where(Reshipment.line_id == Pick.line_id, IS_OPEN).exists(),
)
_Row = tuple[Pick, Line, Order, bool]


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a product one order gets, by the pick's id.

    `found` is how many there were, None until somebody looked.
    """

    id: int
    order_id: int
    number: str
    quantity: int
    found: int | None
    #: The order was cancelled, or went elsewhere, after it was put on the list.
    is_off: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """A product at one place, and the orders that it is for."""

    location: str | None
    sku: str | None
    title: str | None
    shares: tuple[Share, ...]

    @property
    def name(self) -> str:
        """What people call the product."""
        return self.title or self.sku or "an item without a name"

    @property
    def quantity(self) -> int:
        """How many to fetch in all."""
        return sum(share.quantity for share in self.shares if not share.is_off)


#: A location, None for what has none, and what to fetch there.
Place = tuple[str | None, tuple[Stop, ...]]


@dataclass(frozen=True, slots=True)
class PickListCard:
    """A list as it is walked: place by place, without anything about the buyers."""

    pick_list: PickList
    stops: tuple[Stop, ...]

    @property
    def wanted(self) -> tuple[tuple[Stop, Share], ...]:
        """Return each product with each order that it is still wanted for."""
        every = ((stop, share) for stop in self.stops for share in stop.shares)
        return tuple({one[1].id: one for one in every if not one[1].is_off}.values())

    @property
    def orders(self) -> tuple[tuple[int, str], ...]:
        """Return id and number of each order that is still wanted, the most urgent first."""
        found = {share.order_id: (share.id, share.number) for _, share in self.wanted}
        ranked = sorted(found.items(), key=lambda one: one[1])
        return tuple((order_id, number) for order_id, (_, number) in ranked)

    @property
    def walk(self) -> tuple[Place, ...]:
        """Return all stops by their places; what has none comes last."""
        return _by_place(self.stops)

    @property
    def places(self) -> tuple[Place, ...]:
        """Return the first stops by their places: as many as a message shows."""
        return _by_place(self.stops[:SHOWN])

    @property
    def quantity(self) -> int:
        """How many pieces to fetch."""
        return sum(stop.quantity for stop in self.stops)

    @property
    def missing(self) -> int:
        """How many pieces nobody found."""
        return sum(
            share.quantity - share.found for _, share in self.wanted if share.found is not None
        )


@dataclass(frozen=True, slots=True)
class ProblemView:
    """Something that was wrong with an order's box; `quantity` 0 for all of it."""

    problem: Problem
    quantity: int
    note: str | None


@dataclass(frozen=True, slots=True)
class OrderCard:
    """An order as the warehouse sees it: how far each line is, and nothing about its buyer."""

    id: int
    number: str
    state: State
    lines: tuple[Progress, ...]
    problems: tuple[ProblemView, ...] = ()

    @property
    def step(self) -> Step | None:
        """What is to be done next."""
        return policy.next_step(self.state, self.lines)

    @property
    def shippable(self) -> tuple[tuple[Progress, int], ...]:
        """Each line of which something can go into a parcel now, and how many."""
        most = policy.shippable(self.lines)
        return tuple((line, most[line.id]) for line in self.lines if most[line.id])


@dataclass(frozen=True, slots=True)
class Slip:
    """What lies in an order's box, and whom it goes to: personal data, for its packer alone."""

    order: Order
    lines: tuple[tuple[Line, int], ...]

    @property
    def address(self) -> tuple[str, ...]:
        """Return where it goes, line by line, as far as it is known."""
        order = self.order
        town = " ".join(
            part
            for part in (order.ship_to_postcode, order.ship_to_city, order.ship_to_region)
            if part
        )
        lines = (
            order.ship_to_name or order.buyer_name,
            *(order.ship_to_street or "").splitlines(),
            town,
            order.ship_to_country,
        )
        return tuple(line for line in lines if line)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits in the warehouse: orders to be picked, and lists that somebody is out with."""

    to_pick: int
    lists: tuple[PickList, ...]


async def card(session: AsyncSession, pick_list_id: int) -> PickListCard:
    """Read a pick list in the order it is walked; raises `RecordNotFound`."""
    pick_list = await session.get(PickList, pick_list_id)
    if pick_list is None:
        raise RecordNotFound("pick list", pick_list_id)
    rows = await session.execute(
        select(Pick, Line, Order, _IS_AGAIN)
        .join(Line, Line.id == Pick.line_id)
        .join(Order, Order.id == Pick.order_id)
        .where(Pick.pick_list_id == pick_list_id)
        .order_by(Pick.id)
    )
    stops: dict[tuple[str, str, str], list[_Row]] = {}
    for pick, line, order, is_again in rows:
        place = (pick.location or "", line.sku or "", line.title or "")
        stops.setdefault(place, []).append((pick, line, order, is_again))
    # What has no place is looked for at the end.
    walked = sorted(stops, key=lambda place: (not place[0], place))
    return PickListCard(pick_list, tuple(_stop(stops[place]) for place in walked))


async def order_card(session: AsyncSession, order_id: int) -> OrderCard:
    """Read how far an order is; raises `OrderNotFound`."""
    order = await session.get(Order, order_id)
    if order is None:
        raise OrderNotFound(str(order_id))
    lines = await progress.of(session, order_id)
    wrong = await session.scalars(
        select(Event)
        .where(Event.order_id == order_id, Event.kind == Kind.PACKING_PROBLEM)
        .order_by(Event.id.desc())
        .limit(_MOST_PROBLEMS)
    )
    problems = tuple(
        ProblemView(Problem(one.data["problem"]), one.data["quantity"], one.why) for one in wrong
    )
    return OrderCard(order.id, order.number, order.state, tuple(lines), problems)


async def order_cards(session: AsyncSession, pick_list_id: int) -> Sequence[OrderCard]:
    """Return the orders of a list, the most urgent first, as the warehouse sees them."""
    listed = await card(session, pick_list_id)
    return [await order_card(session, order_id) for order_id, _ in listed.orders]


async def open_list(session: AsyncSession, order_id: int) -> int | None:
    """Return the list that somebody is out with for an order, None if nobody is."""
    return await session.scalar(
        select(Pick.pick_list_id)
        .where(Pick.order_id == order_id, Pick.found.is_(None))
        .order_by(Pick.id.desc())
        .limit(1)
    )


async def slips(session: AsyncSession, pick_list_id: int) -> Sequence[Slip]:
    """Return a packing slip for each order of a list that is still wanted, with its address."""
    rows = await session.execute(
        select(Order, Line, Pick)
        .join(Pick, Pick.order_id == Order.id)
        .join(Line, Line.id == Pick.line_id)
        .where(Pick.pick_list_id == pick_list_id, or_(Order.state.in_(UNSHIPPED), _IS_AGAIN))
        .order_by(Pick.id)
    )
    found: dict[int, tuple[Order, list[tuple[Line, int]]]] = {}
    for order, line, pick in rows:
        quantity = pick.quantity if pick.found is None else pick.found
        if quantity:
            found.setdefault(order.id, (order, []))[1].append((line, quantity))
    return [Slip(order, tuple(lines)) for order, lines in found.values()]


async def waiting(session: AsyncSession) -> Waiting:
    """Return what the warehouse has before it."""
    to_pick = await session.scalar(
        select(func.count()).select_from(Order).where(await backlog.to_pick(session))
    )
    lists = await session.scalars(
        select(PickList).where(PickList.ended_at.is_(None)).order_by(PickList.id).limit(_MOST_OPEN)
    )
    return Waiting(to_pick or 0, tuple(lists))


def _by_place(stops: Sequence[Stop]) -> tuple[Place, ...]:
    groups = itertools.groupby(stops, key=lambda stop: stop.location)
    return tuple((place, tuple(there)) for place, there in groups)


def _stop(rows: Sequence[_Row]) -> Stop:
    pick, line, *_ = rows[0]
    shares = tuple(
        Share(
            pick.id,
            order.id,
            order.number,
            pick.quantity,
            pick.found,
            is_off=_is_off(pick, order) and not is_again,
        )
        for pick, _, order, is_again in rows
    )
    return Stop(pick.location, line.sku, line.title, shares)


def _is_off(pick: Pick, order: Order) -> bool:
    gone = pick.found is None and order.state not in UNSHIPPED
    return gone or order.state is State.CANCELLED
