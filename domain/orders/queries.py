"""What can be asked of orders: one order in full, the nearest numbers, a search."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.complaints.model import CLOSED
from domain.complaints.model import State as ComplaintState
from domain.errors import OrderNotFound
from domain.fulfilment import progress
from domain.fulfilment.policy import Step, next_step
from domain.fulfilment.progress import Progress
from domain.money import Money
from domain.orders.model import Line, Order, State, fold
from domain.orders.surroundings import surroundings
from domain.refunds.model import HOLDING, PENDING
from domain.refunds.model import State as RefundState
from domain.returns.model import ENDED
from domain.returns.model import State as ReturnState
from domain.rows import Row, at, moment
from domain.shipping.model import Parcel, ParcelState, Trouble, as_tracked

PAGE = 8


@dataclass(frozen=True, slots=True)
class LineView:
    """A line as a card shows it."""

    id: int
    sku: str | None
    title: str | None
    quantity: int
    unit_price: Money | None
    shipping_price: Money | None
    refunded_quantity: int
    returned_quantity: int
    #: How far it is in the warehouse.
    progress: Progress | None = None

    @property
    def refundable_quantity(self) -> int:
        """How many of it no refund has taken yet."""
        return max(self.quantity - self.refunded_quantity, 0)

    @property
    def returnable_quantity(self) -> int:
        """How many of it no return has taken yet."""
        return max(self.quantity - self.returned_quantity, 0)


@dataclass(frozen=True, slots=True)
class ScanView:
    """One scan of a parcel."""

    at: datetime
    state: ParcelState
    description: str | None
    place: str | None


@dataclass(frozen=True, slots=True)
class ParcelView:
    """A parcel with its latest scans, latest first; with a `return_id` it comes back."""

    id: int
    return_id: int | None
    carrier: str | None
    tracking_number: str | None
    state: ParcelState
    trouble: Trouble | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    last_event_at: datetime | None
    scans: tuple[ScanView, ...]
    #: How many pieces in it are sent again.
    again: int = 0


@dataclass(frozen=True, slots=True)
class RefundView:
    """A refund of the order, in a line."""

    id: int
    state: RefundState
    money: Money
    requested_by: str
    at: datetime
    #: The case that it answers.
    complaint_id: int | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return f"R-{self.id}"


@dataclass(frozen=True, slots=True)
class ComplaintView:
    """A complaint about the order, in a line."""

    id: int
    state: ComplaintState
    level: int
    text: str
    at: datetime
    merged_into: int | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return f"C-{self.id}"


@dataclass(frozen=True, slots=True)
class ReturnView:
    """A return of the order, in a line."""

    id: int
    state: ReturnState
    at: datetime

    @property
    def name(self) -> str:
        """What people call it."""
        return f"RMA-{self.id}"


@dataclass(frozen=True, slots=True)
class HistoryView:
    """One event of the order's history; `kind` is an `events.Kind`."""

    kind: str
    at: datetime
    actor: str
    why: str | None


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order in full, as its card shows it; history and scans are the latest few."""

    id: int
    number: str
    channel: str
    source: str
    state: State
    marketplace_status: str | None
    currency: str
    total: Money | None
    captured: Money | None
    held: Money
    refunded: Money
    placed_at: datetime | None
    ship_by: datetime | None
    deliver_by: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    buyer_name: str | None
    buyer_email: str | None
    ship_to_name: str | None
    ship_to_street: str | None
    ship_to_region: str | None
    ship_to_city: str | None
    ship_to_postcode: str | None
    ship_to_country: str | None
    payment_provider: str | None
    received_at: datetime
    lines: tuple[LineView, ...]
    parcels: tuple[ParcelView, ...]
    refunds: tuple[RefundView, ...]
    complaints: tuple[ComplaintView, ...]
    returns: tuple[ReturnView, ...]
    history: tuple[HistoryView, ...]
    #: When the clock looks whether it is over; None for what is not delivered, or is over.
    complete_due_at: datetime | None = None

    @property
    def step(self) -> Step | None:
        """What the warehouse does with it next."""
        return next_step(self.state, self.progress)

    @property
    def progress(self) -> tuple[Progress, ...]:
        """How far its lines are in the warehouse."""
        return tuple(line.progress for line in self.lines if line.progress)

    @property
    def again(self) -> int:
        """How many pieces are still to be sent again."""
        return sum(line.again for line in self.progress)

    @property
    def waits_for(self) -> tuple[str, ...]:
        """What keeps a delivered order from being completed, as people call it."""
        if self.state is not State.DELIVERED:
            return ()
        return (
            *(one.name for one in self.complaints if one.state not in CLOSED),
            *(one.name for one in self.returns if one.state not in ENDED),
            *(one.name for one in self.refunds if one.state in PENDING),
            *(("what is sent again",) if self.again else ()),
        )

    @property
    def refundable(self) -> Money | None:
        """What is left to refund, None where the captured amount is unknown."""
        if self.captured is None:
            return None
        # A refund made elsewhere may take what others here wait for.
        return max(self.captured - self.held, Money(0, self.currency))

    @property
    def days_late(self) -> int | None:
        """Whole days between promise and delivery, negative when early, None if open."""
        if self.deliver_by is None or self.delivered_at is None:
            return None
        return (self.delivered_at.date() - self.deliver_by.date()).days


@dataclass(frozen=True, slots=True)
class Hit:
    """An order that a search found."""

    id: int
    number: str
    channel: str
    state: State
    total: Money | None
    placed_at: datetime | None
    buyer_name: str | None
    ship_to_city: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a search: hits, where it starts, and whether more follow."""

    text: str
    start: int
    hits: tuple[Hit, ...]
    more: bool


async def card(session: AsyncSession, number: str) -> OrderView:
    """Read an order and all that surrounds it, in one query.

    Where two sales channels share a number, the latest order is meant.

    Raises:
        OrderNotFound: no such order; carries the nearest numbers.
    """
    return await _card(session, is_numbered(number), number)


async def card_by_id(session: AsyncSession, order_id: int) -> OrderView:
    """Read an order in full by its id; raises `OrderNotFound`."""
    return await _card(session, Order.id == order_id, str(order_id))


async def identify(session: AsyncSession, number: str) -> int:
    """Return the id of the order with this number; raises `OrderNotFound`."""
    order_id = await session.scalar(
        select(Order.id).where(is_numbered(number)).order_by(Order.id.desc()).limit(1)
    )
    if order_id is None:
        raise OrderNotFound(number, await nearest(session, clean(number)))
    return order_id


async def nearest(session: AsyncSession, number: str, *, most: int = 3) -> list[str]:
    """Return the numbers most like this one, else its neighbours; an empty desk has none."""
    bare = number.lstrip("#")
    half = max(len(bare) // 2, 2)
    alike = await session.scalars(
        select(Order.number)
        .where(
            or_(
                Order.number.startswith(bare[:half], autoescape=True),
                Order.number.startswith(f"#{bare[:half]}", autoescape=True),
                Order.number.endswith(bare[-half:], autoescape=True),
            )
        )
        .order_by(Order.id.desc())
        .limit(500)
    )
    close = difflib.get_close_matches(number, dict.fromkeys(alike), n=most, cutoff=0.5)
    if close:
        return close
    before = select(Order.number).where(Order.number < number).order_by(Order.number.desc())
    after = select(Order.number).where(Order.number > number).order_by(Order.number)
    return [
        neighbour
        for query in (before, after)
        for neighbour in await session.scalars(query.limit(1))
    ]


async def find(session: AsyncSession, text: str, start: int = 0) -> Page:
    """Search by number, buyer, e-mail, SKU, tracking number or city; latest orders first.

    Names, places and numbers match from their beginning, names also by their later words.
    """
    wanted = text.strip()
    if not wanted:
        return Page(wanted, start, (), more=False)
    folded = fold(wanted) or ""
    by_line = select(Line.order_id).where(func.lower(Line.sku) == wanted.lower())
    by_parcel = select(Parcel.order_id).where(Parcel.tracking_number == as_tracked(wanted))
    found = await session.scalars(
        select(Order)
        .where(
            or_(
                *(
                    Order.number.startswith(number, autoescape=True)
                    for number in _spellings(wanted)
                ),
                Order.buyer_email == folded,
                Order.buyer_name_folded.startswith(folded, autoescape=True),
                Order.buyer_name_folded.contains(f" {folded}", autoescape=True),
                Order.ship_to_city_folded.startswith(folded, autoescape=True),
                Order.id.in_(by_line),
                Order.id.in_(by_parcel),
            )
        )
        .order_by(Order.placed_at.desc().nulls_last(), Order.id.desc())
        .offset(start)
        .limit(PAGE + 1)
    )
    hits = tuple(
        Hit(
            order.id,
            order.number,
            order.channel,
            order.state,
            _money(order.total, order.currency),
            order.placed_at,
            order.buyer_name,
            order.ship_to_city,
        )
        for order in found
    )
    return Page(wanted, start, hits[:PAGE], len(hits) > PAGE)


def clean(number: str) -> str:
    """Take off what people paste around a number: spaces, quotes, backticks."""
    return number.strip().strip("`'\"*").strip()


def is_numbered(number: str) -> ColumnElement[bool]:
    """Match a number as people write it: with or without the hash, in either case."""
    return Order.number.in_(_spellings(number))


def _spellings(number: str) -> list[str]:
    bare = clean(number).lstrip("#")
    cases = sorted({bare, bare.upper(), bare.lower()} - {""})
    return [*cases, *(f"#{one}" for one in cases)]


async def _card(session: AsyncSession, which: ColumnElement[bool], asked: str) -> OrderView:
    row = (
        await session.execute(
            select(Order, *surroundings()).where(which).order_by(Order.id.desc()).limit(1)
        )
    ).first()
    if row is None:
        raise OrderNotFound(asked, await nearest(session, clean(asked)))
    return _view(*tuple(row))


def _view(
    order: Order,
    lines: list[Row],
    parcels: list[Row],
    refunds: list[Row],
    complaints: list[Row],
    returns: list[Row],
    history: list[Row],
) -> OrderView:
    currency = order.currency
    seen = [
        RefundView(
            row["id"],
            RefundState(row["state"]),
            Money(row["amount"], currency),
            row["requested_by"],
            at(row["requested_at"]),
            row["complaint_id"],
        )
        for row in refunds
    ]
    return OrderView(
        id=order.id,
        number=order.number,
        channel=order.channel,
        source=order.source,
        state=order.state,
        marketplace_status=order.marketplace_status,
        currency=currency,
        total=_money(order.total, currency),
        captured=order.captured_money,
        held=_sum(seen, HOLDING, currency),
        refunded=_sum(seen, (RefundState.SUCCEEDED,), currency),
        placed_at=order.placed_at,
        ship_by=order.ship_by,
        deliver_by=order.deliver_by,
        shipped_at=order.shipped_at,
        delivered_at=order.delivered_at,
        buyer_name=order.buyer_name,
        buyer_email=order.buyer_email,
        ship_to_name=order.ship_to_name,
        ship_to_street=order.ship_to_street,
        ship_to_region=order.ship_to_region,
        ship_to_city=order.ship_to_city,
        ship_to_postcode=order.ship_to_postcode,
        ship_to_country=order.ship_to_country,
        payment_provider=order.payment_provider,
        received_at=order.received_at,
        lines=tuple(_line(row, currency) for row in lines),
        parcels=tuple(_parcel(row) for row in parcels),
        refunds=tuple(seen),
        complaints=tuple(
            ComplaintView(
                row["id"],
                ComplaintState(row["state"]),
                row["level"],
                row["text"],
                at(row["opened_at"]),
                row["merged_into"],
            )
            for row in complaints
        ),
        returns=tuple(
            ReturnView(row["id"], ReturnState(row["state"]), at(row["requested_at"]))
            for row in returns
        ),
        history=tuple(
            HistoryView(row["kind"], at(row["at"]), row["actor"], row["why"]) for row in history
        ),
        complete_due_at=order.complete_due_at,
    )


def _line(row: Row, currency: str) -> LineView:
    return LineView(
        id=row["id"],
        sku=row["sku"],
        title=row["title"],
        quantity=row["quantity"],
        unit_price=_money(row["unit_price"], currency),
        shipping_price=_money(row["shipping_price"], currency),
        refunded_quantity=row["refunded_quantity"],
        returned_quantity=row["returned_quantity"],
        progress=progress.read(
            row["id"],
            row["sku"],
            row["title"],
            row["quantity"],
            *(row[name] for name in progress.COUNTED),
        ),
    )


def _parcel(row: Row) -> ParcelView:
    return ParcelView(
        id=row["id"],
        return_id=row["return_id"],
        carrier=row["carrier"],
        tracking_number=row["tracking_number"],
        state=ParcelState(row["state"]),
        trouble=Trouble(row["trouble"]) if row["trouble"] else None,
        shipped_at=moment(row["shipped_at"]),
        delivered_at=moment(row["delivered_at"]),
        last_event_at=moment(row["last_event_at"]),
        scans=tuple(
            ScanView(at(scan["at"]), ParcelState(scan["state"]), scan["description"], scan["place"])
            for scan in row["scans"] or ()
        ),
        again=row["again"] or 0,
    )


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)


def _sum(refunds: Sequence[RefundView], states: Sequence[RefundState], currency: str) -> Money:
    return Money(sum(one.money.minor for one in refunds if one.state in states), currency)
