"""The complaint, the states it may pass through, and what people say in its thread."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from domain.errors import WrongState
from domain.tables import Base, Id, Owned

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(StrEnum):
    """Where a case stands; `escalated` goes with a level from 1."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    REOPENED = "reopened"


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.OPEN: frozenset({State.ACKNOWLEDGED, State.ESCALATED, State.RESOLVED}),
    State.ACKNOWLEDGED: frozenset({State.ESCALATED, State.RESOLVED}),
    State.ESCALATED: frozenset({State.ACKNOWLEDGED, State.ESCALATED, State.RESOLVED}),
    State.RESOLVED: frozenset({State.REOPENED}),
    State.REOPENED: frozenset({State.ACKNOWLEDGED, State.ESCALATED, State.RESOLVED}),
}


class Category(StrEnum):
    """What the buyer complains of."""

    DAMAGED = "damaged"
    NOT_ARRIVED = "not_arrived"
    WRONG_ITEM = "wrong_item"
    NOT_AS_DESCRIBED = "not_as_described"
    SERVICE = "service"
    OTHER = "other"


class Severity(StrEnum):
    """How much hangs on it; `high` halves the time to answer."""

    NORMAL = "normal"
    HIGH = "high"


class Outcome(StrEnum):
    """How a case ended."""

    REFUNDED = "refunded"
    REPLACED = "replaced"
    EXPLAINED = "explained"
    COMPENSATED = "compensated"
    UNFOUNDED = "unfounded"


class Complaint(Owned, Base):
    """What a buyer complains of, on one order; `level` counts the escalations."""

    __tablename__ = "complaints"
    __table_args__ = (
        Index(None, "merchant_id", "order_id"),
        Index(None, "answer_due_at"),
        Index(None, "warning_due_at"),
    )

    order_id: Mapped[int] = mapped_column(Id, ForeignKey("orders.id", ondelete="RESTRICT"))
    state: Mapped[State] = mapped_column(default=State.OPEN)
    level: Mapped[int] = mapped_column(default=0)
    category: Mapped[Category] = mapped_column(default=Category.OTHER)
    severity: Mapped[Severity] = mapped_column(default=Severity.NORMAL)
    text: Mapped[str]
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]
    #: Who has it: whoever acknowledged it last, or whom it was handed to since.
    owner: Mapped[str | None]
    acknowledged_by: Mapped[str | None]
    acknowledged_at: Mapped[datetime | None]
    #: When a person first answered: by the button, in the thread, or by resolving it.
    answered_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None]
    resolution: Mapped[str | None]
    #: When the clock escalates it; None while somebody has it in hand.
    answer_due_at: Mapped[datetime | None]
    #: When the time to answer began.
    clock_started_at: Mapped[datetime | None]
    #: When the clock reminds its thread next; None once it has, twice.
    warning_due_at: Mapped[datetime | None]

    @property
    def name(self) -> str:
        """What people call it, as in “Complaint C-7”."""
        return f"C-{self.id}"

    @property
    def awaits_answer(self) -> bool:
        """Whether nobody has it in hand."""
        return State.ACKNOWLEDGED in TRANSITIONS[self.state]

    def move(self, to: State) -> None:
        """Pass to another state; raises `WrongState` if the table has no such arrow."""
        if to not in TRANSITIONS[self.state]:
            raise WrongState(f"Complaint {self.name}", self.state, to, TRANSITIONS[self.state])
        self.state = to


class Reply(Owned, Base):
    """What a person said in a case's thread: `place` is a channel's id, `reference` a message's.

    One that was deleted keeps who and when, not the words.
    """

    __tablename__ = "complaint_replies"
    __table_args__ = (
        UniqueConstraint("merchant_id", "place", "reference"),
        Index(None, "merchant_id", "complaint_id"),
    )

    complaint_id: Mapped[int] = mapped_column(Id, ForeignKey("complaints.id", ondelete="CASCADE"))
    place: Mapped[str]
    reference: Mapped[str]
    author: Mapped[str]
    text: Mapped[str]
    said_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
