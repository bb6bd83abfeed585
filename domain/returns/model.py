"""The return, its lines, and the states it may pass through."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, UniqueConstraint, and_, func, or_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.errors import AlreadyDecided, WrongState
from domain.tables import Base, Id, Owned

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A form has room for no more lines than this, with three fields for each.
MOST_LINES = 30


class State(StrEnum):
    """Where a return stands; to have arrived and to be accepted are two things."""

    REQUESTED = "requested"
    AUTHORISED = "authorised"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NEEDS_A_LOOK = "needs_a_look"
    CLOSED = "closed"


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.REQUESTED: frozenset({State.AUTHORISED, State.DECLINED, State.WITHDRAWN}),
    State.AUTHORISED: frozenset({State.IN_TRANSIT, State.RECEIVED, State.WITHDRAWN, State.EXPIRED}),
    State.IN_TRANSIT: frozenset({State.RECEIVED, State.WITHDRAWN}),
    # Some buyers take their time.
    State.EXPIRED: frozenset({State.RECEIVED}),
    State.RECEIVED: frozenset({State.ACCEPTED, State.REJECTED, State.NEEDS_A_LOOK}),
    State.NEEDS_A_LOOK: frozenset({State.ACCEPTED, State.REJECTED, State.NEEDS_A_LOOK}),
    State.ACCEPTED: frozenset({State.CLOSED}),
    State.REJECTED: frozenset({State.CLOSED}),
    State.DECLINED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.CLOSED: frozenset(),
}
#: In these nothing comes back, so that it may be asked for again.
LAPSED = (State.DECLINED, State.WITHDRAWN, State.EXPIRED)
#: Nothing is left to do on these.
ENDED = (*LAPSED, State.CLOSED)


class Reason(StrEnum):
    """Why a buyer sends something back; free text stands beside it."""

    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    NOT_AS_DESCRIBED = "not_as_described"
    DOES_NOT_FIT = "does_not_fit"
    NO_LONGER_WANTED = "no_longer_wanted"
    LATE = "late"
    OTHER = "other"


class Verdict(StrEnum):
    """What the inspection of a line came to."""

    ACCEPT = "accept"
    REJECT = "reject"
    NEEDS_A_LOOK = "needs_a_look"


class Disposal(StrEnum):
    """What became of accepted goods: they can be sold again, or they can't."""

    RESTOCKED = "restocked"
    WRITTEN_OFF = "written_off"


class Return(Owned, Base):
    """What a buyer sends back of one order (an RMA), and two clocks: to answer, to refund.

    `answer_by` and `refund_by` are promises and stay; what ends in `due_at` is the clock's,
    None once it has looked. Times are UTC.
    """

    __tablename__ = "returns"
    __table_args__ = (
        Index(None, "merchant_id", "order_id"),
        Index(None, "warning_due_at"),
        Index(None, "overdue_due_at"),
        Index(None, "expires_due_at"),
    )

    order_id: Mapped[int] = mapped_column(Id, ForeignKey("orders.id", ondelete="RESTRICT"))
    state: Mapped[State] = mapped_column(default=State.REQUESTED)
    reason: Mapped[Reason]
    note: Mapped[str | None]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    #: Who authorised or declined it.
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    #: Until when the refund is due, counted in business days from when it arrived.
    refund_by: Mapped[datetime | None]
    inspected_by: Mapped[str | None]
    inspected_at: Mapped[datetime | None]
    #: Who ended it, and why where that is a decision: declined, withdrawn, closed unrefunded.
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    ending: Mapped[str | None]
    #: When the clock reminds its thread: of the answer, then of the refund.
    warning_due_at: Mapped[datetime | None]
    #: When the clock calls somebody, because the refund is overdue.
    overdue_due_at: Mapped[datetime | None]
    #: When the clock gives up on what was authorised and never came.
    expires_due_at: Mapped[datetime | None]

    lines: Mapped[list[ReturnLine]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="ReturnLine.id"
    )

    @property
    def name(self) -> str:
        """What people call it, as in “Return RMA-12”."""
        return f"RMA-{self.id}"

    @property
    def accepted(self) -> list[ReturnLine]:
        """The lines that were accepted, where any of it arrived."""
        return [line for line in self.lines if line.is_accepted]

    @property
    def to_dispose(self) -> list[ReturnLine]:
        """The accepted lines of which nobody has said yet what becomes of the goods."""
        return [line for line in self.accepted if line.disposal is None]

    def move(self, to: State) -> None:
        """Pass to another state.

        Raises:
            AlreadyDecided: somebody authorised or declined it before.
            WrongState: the table has no such arrow for another cause.
        """
        if to not in TRANSITIONS[self.state]:
            if self.decided_by and to in TRANSITIONS[State.REQUESTED] - {State.WITHDRAWN}:
                declined = self.state is State.DECLINED
                decision = State.DECLINED if declined else State.AUTHORISED
                raise AlreadyDecided(f"Return {self.name}", decision, self.decided_by)
            raise WrongState(f"Return {self.name}", self.state, to, TRANSITIONS[self.state])
        self.state = to


class ReturnLine(Owned, Base):
    """How many of an order's line come back, how many did, and what became of them."""

    __tablename__ = "return_lines"
    __table_args__ = (UniqueConstraint("return_id", "line_id"), Index(None, "line_id"))

    return_id: Mapped[int] = mapped_column(Id, ForeignKey("returns.id", ondelete="CASCADE"))
    line_id: Mapped[int] = mapped_column(Id, ForeignKey("order_lines.id"))
    quantity: Mapped[int]
    #: How many arrived, None until somebody has counted.
    received: Mapped[int | None]
    verdict: Mapped[Verdict | None]
    note: Mapped[str | None]
    disposal: Mapped[Disposal | None]
    disposed_by: Mapped[str | None]
    disposed_at: Mapped[datetime | None]

    @property
    def is_accepted(self) -> bool:
        """Whether it was accepted, and any of it arrived."""
        return self.verdict is Verdict.ACCEPT and bool(self.received)


#: Of an order's line, returns hold what arrived of it or is yet to come. What was rejected goes
#: back to the buyer, and may be sent again.
IS_HELD = and_(
    Return.state.not_in(LAPSED),
    or_(ReturnLine.verdict.is_(None), ReturnLine.verdict != Verdict.REJECT),
)
QUANTITY_HELD = func.coalesce(func.sum(func.coalesce(ReturnLine.received, ReturnLine.quantity)), 0)
