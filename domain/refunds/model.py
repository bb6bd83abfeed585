"""The refund, its parts, its approvals, and the states it may pass through."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.errors import AlreadyDecided, Conflict, WrongState
from domain.money import Money
from domain.refunds.batches import Batch
from domain.tables import Base, Id, Json, Owned

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(StrEnum):
    """Where a refund stands; `unknown` while its provider has to be asked what happened."""

    REQUESTED = "requested"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    SUBMITTED = "submitted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.REQUESTED: frozenset({State.AWAITING_APPROVAL, State.APPROVED}),
    State.AWAITING_APPROVAL: frozenset(
        {State.APPROVED, State.DECLINED, State.EXPIRED, State.WITHDRAWN}
    ),
    # An order that was edited meanwhile may not cover it any more when it is to be paid.
    State.APPROVED: frozenset({State.SUBMITTED, State.FAILED}),
    State.SUBMITTED: frozenset({State.SUCCEEDED, State.FAILED, State.UNKNOWN}),
    # Back in its provider's hands, once that says that it is under way.
    State.UNKNOWN: frozenset({State.SUBMITTED, State.SUCCEEDED, State.FAILED}),
    # A buyer's bank may send the money back weeks later.
    State.SUCCEEDED: frozenset({State.FAILED}),
    State.FAILED: frozenset(),
    State.DECLINED: frozenset(),
    State.EXPIRED: frozenset(),
    State.WITHDRAWN: frozenset(),
}
#: Where one may still go that a person marked as failed: its provider's word counts for more.
CORRECTIONS = frozenset({State.SUBMITTED, State.SUCCEEDED})
#: What counts against the refundable amount: everything not refused, lapsed or failed.
HOLDING = (
    State.REQUESTED,
    State.AWAITING_APPROVAL,
    State.APPROVED,
    State.SUBMITTED,
    State.UNKNOWN,
    State.SUCCEEDED,
)
#: What is not over yet: undecided, or on its way.
PENDING = tuple(state for state in HOLDING if state is not State.SUCCEEDED)
#: What its provider was asked to pay, and did not refuse.
PAYING = (State.SUBMITTED, State.UNKNOWN, State.SUCCEEDED)


#: What came of an approved refund, for who decides too late.
_SINCE = {
    State.SUBMITTED: "is being paid",
    State.UNKNOWN: "may or may not be paid",
    State.SUCCEEDED: "is paid",
    State.FAILED: "failed since",
}


class Expired(AlreadyDecided):
    """Nobody decided in time."""

    def __init__(self, name: str) -> None:
        Conflict.__init__(
            self,
            f"Refund {name} has expired already. Nothing was changed. Ask for it again if it is "
            "still due.",
        )


class Reason(StrEnum):
    """Why money goes back; free text stands beside it."""

    DAMAGED = "damaged"
    NOT_RECEIVED = "not_received"
    WRONG_ITEM = "wrong_item"
    NOT_AS_DESCRIBED = "not_as_described"
    LATE = "late"
    RETURNED = "returned"
    GOODWILL = "goodwill"
    OTHER = "other"


class PartKind(StrEnum):
    """What a part of a refund is for; `amount` is a sum that nobody broke down."""

    ITEM = "item"
    SHIPPING = "shipping"
    GOODWILL = "goodwill"
    AMOUNT = "amount"


class Refund(Owned, Base):
    """Money to give back on one order; `amount` is minor units in the order's currency.

    `key` is the idempotency key that goes to the payment provider, `payment_reference` the
    payment to take it from as it stood when the refund was submitted: an order that is edited
    meanwhile must not turn a repeated attempt into a second payment. `settled_by` is who
    said by hand that it was paid or failed, None where the provider did.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        UniqueConstraint("merchant_id", "key"),
        Index(None, "merchant_id", "order_id"),
        Index(None, "merchant_id", "requested_at"),
        Index(None, "merchant_id", "submitted_at"),
        Index(None, "expires_due_at"),
        Index(None, "reminder_due_at"),
        Index(None, "batch_id"),
        Index(None, "silent_due_at"),
    )

    order_id: Mapped[int] = mapped_column(Id, ForeignKey("orders.id", ondelete="RESTRICT"))
    key: Mapped[str]
    state: Mapped[State] = mapped_column(default=State.REQUESTED)
    amount: Mapped[int] = mapped_column(Id)
    currency: Mapped[str]
    reason: Mapped[Reason]
    note: Mapped[str | None]
    approvers_needed: Mapped[int]
    explanation: Mapped[str]
    #: The version of the merchant's policy that it was judged under; None where none was asked.
    policy_version: Mapped[int | None]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str | None]
    provider: Mapped[str | None]
    submitted_at: Mapped[datetime | None]
    payment_reference: Mapped[str | None]
    provider_reference: Mapped[str | None]
    failure: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]
    #: The batch that it goes to its provider in, where that takes batches.
    batch_id: Mapped[int | None] = mapped_column(Id, ForeignKey(Batch.id))
    #: When the clock lets it expire; None once it is decided.
    expires_due_at: Mapped[datetime | None]
    #: When the clock reminds of it or passes it on next; None once neither is to come.
    reminder_due_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    passed_on_at: Mapped[datetime | None]
    #: The members and user groups who were called then.
    passed_on_to: Mapped[list[str] | None] = mapped_column(Json)
    #: When the clock has its provider asked for news; None where there is none to ask.
    silent_due_at: Mapped[datetime | None]

    parts: Mapped[list[Part]] = relationship(lazy="selectin", cascade="all, delete-orphan")
    approvals: Mapped[list[Approval]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="Approval.id"
    )

    @property
    def name(self) -> str:
        """What people call it, as in “Refund R-12”."""
        return f"R-{self.id}"

    @property
    def money(self) -> Money:
        """The amount to give back."""
        return Money(self.amount, self.currency)

    @property
    def failed_by_hand(self) -> bool:
        """Whether it counts as failed on a person's word alone."""
        return self.state is State.FAILED and self.settled_by is not None

    def move(self, to: State) -> None:
        """Pass to another state.

        Raises:
            AlreadyDecided: it was decided, how and by whom.
            Expired: nobody decided it in time.
            WrongState: the table has no such arrow for another cause.
        """
        if self.failed_by_hand and to in CORRECTIONS:
            self.settled_at = self.settled_by = None
            self.state = to
        elif to in TRANSITIONS[self.state]:
            self.state = to
        elif self.state != State.REQUESTED and to in TRANSITIONS[State.AWAITING_APPROVAL]:
            if self.state is State.EXPIRED:
                raise Expired(self.name)
            refused = self.state in TRANSITIONS[State.AWAITING_APPROVAL]
            decision = self.state if refused else State.APPROVED
            since = _SINCE.get(self.state)
            raise AlreadyDecided(f"Refund {self.name}", decision, self.decided_by, since)
        else:
            raise WrongState(f"Refund {self.name}", self.state, to, TRANSITIONS[self.state])


class Part(Owned, Base):
    """What an amount within a refund is for; a line and a quantity where it is an item."""

    __tablename__ = "refund_parts"
    __table_args__ = (Index(None, "refund_id"), Index(None, "line_id"))

    refund_id: Mapped[int] = mapped_column(Id, ForeignKey("refunds.id", ondelete="CASCADE"))
    kind: Mapped[PartKind]
    line_id: Mapped[int | None] = mapped_column(Id, ForeignKey("order_lines.id"))
    quantity: Mapped[int | None]
    amount: Mapped[int] = mapped_column(Id)


class Approval(Owned, Base):
    """One approver's yes; two different ones are two rows."""

    __tablename__ = "refund_approvals"
    __table_args__ = (UniqueConstraint("refund_id", "member_id"),)

    refund_id: Mapped[int] = mapped_column(Id, ForeignKey("refunds.id", ondelete="CASCADE"))
    member_id: Mapped[str]
    at: Mapped[datetime]
