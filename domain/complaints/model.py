"""The complaint, the states it may pass through, its clocks, and what people say in its thread."""

from __future__ import annotations

from dataclasses import dataclass
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
    """Where a case stands; `escalated` goes with a level from 1, `merged` with another case."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    MERGED = "merged"
    REOPENED = "reopened"


_UNANSWERED = frozenset({State.ACKNOWLEDGED, State.ESCALATED, State.RESOLVED, State.MERGED})
TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.OPEN: _UNANSWERED,
    State.ACKNOWLEDGED: frozenset({State.ESCALATED, State.RESOLVED, State.MERGED}),
    State.ESCALATED: _UNANSWERED,
    State.RESOLVED: frozenset({State.REOPENED}),
    State.MERGED: frozenset({State.REOPENED}),
    State.REOPENED: _UNANSWERED,
}
#: Nothing is left to do on these, and no clock runs.
CLOSED = frozenset({State.RESOLVED, State.MERGED})


class Category(StrEnum):
    """What the buyer complains of."""

    DAMAGED = "damaged"
    NOT_ARRIVED = "not_arrived"
    WRONG_ITEM = "wrong_item"
    NOT_AS_DESCRIBED = "not_as_described"
    SERVICE = "service"
    OTHER = "other"


class Severity(StrEnum):
    """How much hangs on it; `high` halves the times to answer and to resolve it."""

    NORMAL = "normal"
    HIGH = "high"


class Outcome(StrEnum):
    """How a case ended."""

    REFUNDED = "refunded"
    REPLACED = "replaced"
    EXPLAINED = "explained"
    COMPENSATED = "compensated"
    UNFOUNDED = "unfounded"


class Target(StrEnum):
    """What a case is measured by; each target has a clock of its own, see `Complaint.clock`."""

    ANSWER = "answer"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Clock:
    """A time to do something in, and when the thread is reminded next, None once it was twice."""

    started_at: datetime
    due_at: datetime
    warning_due_at: datetime | None


class Complaint(Owned, Base):
    """What a buyer complains of, on one order; `level` counts the escalations."""

    __tablename__ = "complaints"
    __table_args__ = (
        Index(None, "merchant_id", "order_id"),
        Index(None, "merchant_id", "merged_into"),
        Index(None, "answer_due_at"),
        Index(None, "answer_warning_due_at"),
        Index(None, "resolve_due_at"),
        Index(None, "resolve_warning_due_at"),
        Index(None, "wake_due_at"),
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
    #: When it was last opened again; `opened_at` stays.
    reopened_at: Mapped[datetime | None]
    #: The case it goes on in.
    merged_into: Mapped[int | None] = mapped_column(
        Id, ForeignKey("complaints.id", ondelete="RESTRICT")
    )
    merged_by: Mapped[str | None]
    merged_at: Mapped[datetime | None]
    #: Who let it sleep, until when the clock wakes it, and why; None while it is awake.
    snoozed_by: Mapped[str | None]
    wake_due_at: Mapped[datetime | None]
    snooze_reason: Mapped[str | None]
    #: The two clocks. One without a `due_at` does not run: it was met, or is over.
    answer_started_at: Mapped[datetime | None]
    answer_due_at: Mapped[datetime | None]
    answer_warning_due_at: Mapped[datetime | None]
    resolve_started_at: Mapped[datetime | None]
    resolve_due_at: Mapped[datetime | None]
    resolve_warning_due_at: Mapped[datetime | None]

    @property
    def name(self) -> str:
        """What people call it, as in “Complaint C-7”."""
        return f"C-{self.id}"

    @property
    def awaits_answer(self) -> bool:
        """Whether nobody has it in hand."""
        return State.ACKNOWLEDGED in TRANSITIONS[self.state]

    @property
    def is_closed(self) -> bool:
        """Whether it is resolved, or goes on in another case."""
        return self.state in CLOSED

    @property
    def is_snoozed(self) -> bool:
        """Whether it sleeps, and its time to resolve stands still."""
        return self.snoozed_by is not None

    @property
    def is_overdue(self) -> bool:
        """Whether it is open although its time to resolve is over."""
        return not self.is_closed and self.resolve_due_at is None

    @property
    def next_due(self) -> tuple[Target, datetime] | None:
        """What is due next and when, None if nothing is."""
        due = [(at, one) for one in Target if (at := getattr(self, f"{one}_due_at"))]
        return next(((one, at) for at, one in sorted(due)), None)

    def clock(self, target: Target) -> Clock | None:
        """Return a target's clock, None if it does not run."""
        started_at, due_at, warning_due_at = (getattr(self, name) for name in _columns(target))
        return Clock(started_at, due_at, warning_due_at) if started_at and due_at else None

    def set_clock(self, target: Target, clock: Clock | None) -> None:
        """Have a target's clock run like this, or stop it."""
        times = (clock.started_at, clock.due_at, clock.warning_due_at) if clock else (None,) * 3
        for name, time in zip(_columns(target), times, strict=True):
            setattr(self, name, time)

    def move(self, to: State) -> None:
        """Pass to another state; raises `WrongState` if the table has no such arrow."""
        if to not in TRANSITIONS[self.state]:
            raise WrongState(f"Complaint {self.name}", self.state, to, TRANSITIONS[self.state])
        self.state = to


def _columns(target: Target) -> tuple[str, str, str]:
    return f"{target}_started_at", f"{target}_due_at", f"{target}_warning_due_at"


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
