"""An order and what surrounds it, as its card shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.complaints.model import CLOSED
from domain.complaints.model import State as ComplaintState
from domain.fulfilment.policy import Step, next_step
from domain.fulfilment.progress import Progress
from domain.money import Money
from domain.orders.model import State
from domain.refunds.model import PENDING
from domain.refunds.model import State as RefundState
from domain.returns.model import ENDED
from domain.returns.model import State as ReturnState
from domain.shipping.model import ParcelState, Trouble


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
