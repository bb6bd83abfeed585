"""What can be asked of an order: its id, and all that its card shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.complaints.model import CLOSED
from domain.complaints.model import State as ComplaintState
from domain.errors import OrderNotFound
from domain.fulfilment import progress
from domain.fulfilment.policy import Step, next_step
from domain.fulfilment.progress import Progress
from domain.money import Money
from domain.orders.model import Order, State
from domain.orders.search import clean, is_numbered, nearest
from domain.orders.surroundings import surroundings
from domain.refunds.model import HOLDING, PENDING
from domain.refunds.model import State as RefundState
from domain.returns.model import ENDED
from domain.returns.model import State as ReturnState
from domain.rows import Row, at, moment
from domain.shipping.model import ParcelState, Trouble

#: What a card takes from its order's row as it is.
_OWN = (
    "id",
    "number",
    "channel",
    "source",
    "state",
    "marketplace_status",
    "currency",
    "placed_at",
    "ship_by",
    "deliver_by",
    "shipped_at",
    "delivered_at",
    "buyer_name",
    "buyer_email",
    "ship_to_name",
    "ship_to_street",
    "ship_to_region",
    "ship_to_city",
    "ship_to_postcode",
    "ship_to_country",
    "payment_provider",
    "received_at",
    "complete_due_at",
)


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
    seen = tuple(_refund(row, currency) for row in refunds)
    return OrderView(
        **{name: getattr(order, name) for name in _OWN},
        total=order.total_money,
        captured=order.captured_money,
        held=_sum(seen, HOLDING, currency),
        refunded=_sum(seen, (RefundState.SUCCEEDED,), currency),
        lines=tuple(_line(row, currency) for row in lines),
        parcels=tuple(_parcel(row) for row in parcels),
        refunds=seen,
        complaints=tuple(_complaint(row) for row in complaints),
        returns=tuple(_return(row) for row in returns),
        history=tuple(_event(row) for row in history),
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


def _refund(row: Row, currency: str) -> RefundView:
    return RefundView(
        row["id"],
        RefundState(row["state"]),
        Money(row["amount"], currency),
        row["requested_by"],
        at(row["requested_at"]),
        row["complaint_id"],
    )


def _complaint(row: Row) -> ComplaintView:
    return ComplaintView(
        row["id"],
        ComplaintState(row["state"]),
        row["level"],
        row["text"],
        at(row["opened_at"]),
        row["merged_into"],
    )


def _return(row: Row) -> ReturnView:
    return ReturnView(row["id"], ReturnState(row["state"]), at(row["requested_at"]))


def _event(row: Row) -> HistoryView:
    return HistoryView(row["kind"], at(row["at"]), row["actor"], row["why"])


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)


def _sum(refunds: Sequence[RefundView], states: Sequence[RefundState], currency: str) -> Money:
    return Money(sum(one.money.minor for one in refunds if one.state in states), currency)
