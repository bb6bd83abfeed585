"""Refunds that go to their provider together: the batch, and what each item in it gets back."""

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


class BatchState(StrEnum):
    """Where a batch stands.

    `sending` is the intent, committed before the call: whoever finds it there has to ask the
    provider what came of it. `confirming` has been worked through, and its refunds are looked
    for in the provider's books. `unknown` is to be told to somebody, and looked after as before.
    """

    OPEN = "open"
    GATHERED = "gathered"
    UPLOADED = "uploaded"
    SENDING = "sending"
    SENT = "sent"
    CONFIRMING = "confirming"
    UNKNOWN = "unknown"
    DONE = "done"


BATCH_TRANSITIONS: Mapping[BatchState, frozenset[BatchState]] = {
    BatchState.OPEN: frozenset({BatchState.GATHERED, BatchState.DONE}),
    BatchState.GATHERED: frozenset({BatchState.UPLOADED}),
    # A document that the provider refuses is written anew.
    BatchState.UPLOADED: frozenset({BatchState.SENDING, BatchState.GATHERED}),
    # Back where the provider surely has nothing of it.
    BatchState.SENDING: frozenset(
        {
            BatchState.SENT,
            BatchState.UPLOADED,
            BatchState.GATHERED,
            BatchState.UNKNOWN,
            BatchState.DONE,
        }
    ),
    BatchState.SENT: frozenset({BatchState.CONFIRMING, BatchState.UNKNOWN, BatchState.DONE}),
    BatchState.UNKNOWN: frozenset({BatchState.CONFIRMING, BatchState.DONE}),
    BatchState.CONFIRMING: frozenset({BatchState.DONE}),
    BatchState.DONE: frozenset(),
}


class Batch(Owned, Base):
    """Refunds that are sent to a provider in one go, which has no idempotency key for it.

    `document` and `reference` are the provider's names of what was uploaded and of what was
    made of it. `attempted_at` is when it was first sent, `tried_at` when last, and `looks`
    how often it was looked for since. `due_at` is when to go on with it.
    """

    __tablename__ = "refund_batches"
    __table_args__ = (
        UniqueConstraint("merchant_id", "provider", "reference"),
        Index(None, "merchant_id", "provider", "state"),
    )

    provider: Mapped[str]
    state: Mapped[BatchState] = mapped_column(default=BatchState.OPEN)
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    document: Mapped[str | None]
    attempted_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    looks: Mapped[int] = mapped_column(default=0)
    reference: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    problem: Mapped[str | None]

    def move(self, to: BatchState) -> None:
        """Pass to another state; raises `WrongState` if the table has no such arrow."""
        if to not in BATCH_TRANSITIONS[self.state]:
            allowed = BATCH_TRANSITIONS[self.state]
            raise WrongState(f"Batch {self.id} of refunds", self.state, to, allowed)
        self.state = to


class Share(Owned, Base):
    """What one item gets back of a refund, as its provider is told; amounts are minor units.

    `position` is its place in the batch, from 1. `accepted` and `refusal` are what the
    provider's report said, `reference` the provider's own refund that paid it.
    """

    __tablename__ = "refund_shares"
    __table_args__ = (UniqueConstraint("refund_id", "item"),)

    refund_id: Mapped[int] = mapped_column(Id, ForeignKey("refunds.id", ondelete="CASCADE"))
    item: Mapped[str]
    price: Mapped[int] = mapped_column(Id)
    shipping: Mapped[int] = mapped_column(Id)
    position: Mapped[int | None]
    accepted: Mapped[bool | None]
    refusal: Mapped[str | None]
    reference: Mapped[str | None]

    @property
    def amount(self) -> int:
        """What the item gets back in all."""
        return self.price + self.shipping
