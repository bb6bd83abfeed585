"""Settlements, and their lines: what a marketplace says it paid out, and for what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from domain.money import Money
from domain.tables import Base, Id, Json, Owned


class LineKind(StrEnum):
    """What an amount in a settlement is.

    `tax` is what the marketplace took from the buyer and hands to the state itself; `other`
    is between it and the seller, such as a reserve, a subscription or a label.
    """

    SALE = "sale"
    REFUND = "refund"
    FEE = "fee"
    TAX = "tax"
    OTHER = "other"


class Origin(StrEnum):
    """Where a settlement's lines are from; a report is the last word on what it tells of."""

    REPORT = "report"
    API = "api"


class Settlement(Owned, Base):
    """What a provider pays out at once; `reference` is its own name of it.

    Amounts are minor units. `total` is what it says it paid, None where it does not say;
    `differing` counts what differs, of which only so many `differences` are kept.
    """

    __tablename__ = "settlements"
    __table_args__ = (
        UniqueConstraint("merchant_id", "provider", "reference"),
        Index(None, "merchant_id", "ended_at"),
        Index(None, "due_at"),
    )

    provider: Mapped[str]
    reference: Mapped[str]
    origin: Mapped[Origin]
    currency: Mapped[str]
    total: Mapped[int | None] = mapped_column(Id)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    compared_at: Mapped[datetime | None]
    counted: Mapped[int] = mapped_column(Id, default=0)
    differing: Mapped[int] = mapped_column(Id, default=0)
    differences: Mapped[Any] = mapped_column(Json, default=list)
    #: When the clock compares it with the desk's books; None once nothing more is expected.
    due_at: Mapped[datetime | None]


class PayoutLine(Owned, Base):
    """One amount of a settlement, signed as the seller sees it: what it keeps is negative.

    `key` is the provider's own id of it, or a digest of it. `payment` is its name of the order,
    None where it is about none; `order_id` the order here, None as long as it is not known.
    """

    __tablename__ = "payout_lines"
    __table_args__ = (
        UniqueConstraint("merchant_id", "provider", "key"),
        Index(None, "merchant_id", "settlement_id"),
        Index(None, "merchant_id", "order_id"),
        Index(None, "merchant_id", "payment"),
    )

    settlement_id: Mapped[int] = mapped_column(Id, ForeignKey("settlements.id", ondelete="CASCADE"))
    provider: Mapped[str]
    origin: Mapped[Origin]
    key: Mapped[str]
    payment: Mapped[str | None]
    # No foreign key: to check it locks the orders of many lines, in another order than theirs.
    order_id: Mapped[int | None] = mapped_column(Id)
    kind: Mapped[LineKind]
    what: Mapped[str]
    amount: Mapped[int] = mapped_column(Id)
    currency: Mapped[str]
    posted_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class SettlementDraft:
    """A settlement as its provider tells it; `total` is None where it does not say."""

    provider: str
    reference: str
    origin: Origin
    currency: str
    ended_at: datetime
    total: Money | None = None
    started_at: datetime | None = None
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LineDraft:
    """A line as its provider tells it; `payment` is its name of the order, None of none."""

    key: str
    kind: LineKind
    what: str
    money: Money
    payment: str | None = None
    posted_at: datetime | None = None


def gathered(
    told: Iterable[tuple[SettlementDraft, list[LineDraft]]],
) -> list[tuple[SettlementDraft, list[LineDraft]]]:
    """Put together what was told of the same settlement bit by bit; the latest end is its end."""
    settlements: dict[str, tuple[SettlementDraft, list[LineDraft]]] = {}
    for draft, lines in told:
        known, before = settlements.get(draft.reference, (draft, []))
        latest = max(known, draft, key=lambda one: one.ended_at)
        settlements[draft.reference] = (latest, [*before, *lines])
    return list(settlements.values())
