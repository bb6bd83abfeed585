"""The alert: one trouble of a parcel, or of an order not yet shipped, and what people did about it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from domain.errors import WrongState
from domain.orders.model import UNSHIPPED, Order
from domain.shipping.model import Parcel, Trouble
from domain.tables import Base, Id, Owned

if TYPE_CHECKING:
    from collections.abc import Mapping


class AlertState(StrEnum):
    """Where an alert stands; one that is `over` ended by itself, as when the parcel moved."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    OVER = "over"


#: States in which there may be something left to do.
GOING_ON = (AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.SNOOZED)
_ENDS = frozenset({AlertState.RESOLVED, AlertState.OVER})
TRANSITIONS: Mapping[AlertState, frozenset[AlertState]] = {
    AlertState.OPEN: _ENDS | {AlertState.ACKNOWLEDGED, AlertState.SNOOZED},
    # In other hands, it is acknowledged as before.
    AlertState.ACKNOWLEDGED: _ENDS | {AlertState.ACKNOWLEDGED, AlertState.SNOOZED},
    AlertState.SNOOZED: _ENDS | {AlertState.ACKNOWLEDGED, AlertState.SNOOZED, AlertState.OPEN},
    AlertState.RESOLVED: frozenset(),
    AlertState.OVER: frozenset(),
}


class Outcome(StrEnum):
    """What was done about an alert."""

    REFUNDED = "refunded"
    RESHIPPED = "reshipped"
    FOUND = "found"
    BUYER_HAS_IT = "buyer_has_it"
    OTHER = "other"


class Alert(Owned, Base):
    """One trouble, from when it was noticed until it is resolved or over.

    Without a `parcel_id` it is about an order that nobody shipped. With a `storm_id` the storm's
    message speaks for it, and it has no card of its own.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        Index(None, "merchant_id", "parcel_id"),
        Index(None, "merchant_id", "order_id"),
        Index(None, "merchant_id", "state"),
        Index(None, "answer_due_at"),
        Index(None, "wake_due_at"),
    )

    order_id: Mapped[int] = mapped_column(Id, ForeignKey("orders.id", ondelete="CASCADE"))
    parcel_id: Mapped[int | None] = mapped_column(Id, ForeignKey("parcels.id", ondelete="CASCADE"))
    storm_id: Mapped[int | None] = mapped_column(Id)
    trouble: Mapped[Trouble]
    #: When it was noticed: the parcel's `troubled_at` while it is in this trouble.
    noticed_at: Mapped[datetime]
    state: Mapped[AlertState] = mapped_column(default=AlertState.OPEN)
    #: Who has it, or had it before they put it off.
    owner: Mapped[str | None]
    #: Since when it waits for somebody: since it was noticed, or woke.
    waiting_since: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    #: When the clock has to look whether somebody has it in hand; None once it need not.
    answer_due_at: Mapped[datetime | None]
    #: Who put it off, until when, and why; None while it is awake.
    snoozed_by: Mapped[str | None]
    wake_due_at: Mapped[datetime | None]
    snooze_reason: Mapped[str | None]
    resolved_by: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None]
    note: Mapped[str | None]

    @property
    def is_closed(self) -> bool:
        """Whether it is resolved, or ended by itself."""
        return self.state not in GOING_ON

    def is_about(self, subject: Parcel | Order) -> bool:
        """Whether its parcel still is in this trouble, or its order is still not shipped."""
        if self.is_closed:
            return False
        if isinstance(subject, Order):
            return subject.state in UNSHIPPED
        return (subject.trouble, subject.troubled_at) == (self.trouble, self.noticed_at)

    def move(self, to: AlertState) -> None:
        """Pass to another state; raises `WrongState` if the table has no such arrow."""
        if to not in TRANSITIONS[self.state]:
            raise WrongState("This alert", self.state, to, TRANSITIONS[self.state])
        self.state = to
        if to is not AlertState.OPEN:
            self.answer_due_at = None
        if to is not AlertState.SNOOZED:
            self.snoozed_by = self.wake_due_at = self.snooze_reason = None
