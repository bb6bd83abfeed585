"""Comparing a payment provider's books with the desk's, day by day.

What a webhook never told of is settled by it, and what the two sides say differently is put
before a person. The provider is asked by a job; what it said is compared here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, UniqueConstraint, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain.cards import Card
from domain.errors import RecordNotFound
from domain.events import Kind
from domain.jobs import NewJob
from domain.refunds.differences import Difference, Span, compare
from domain.refunds.model import Refund, State
from domain.refunds.payment import ByHand, Report
from domain.store import Work
from domain.tables import Base, Id, Json, Owned, upsert

EVERY = timedelta(days=1)
#: Refunds take their days: each comparison looks so far back beyond the one before.
OVERLAP = timedelta(days=7)
#: After so long without news of a refund, its provider is asked what became of it.
ASK_AFTER = timedelta(hours=3)
#: More differences than this are counted, and not kept one by one.
_MOST = 50


class Reconciliation(Owned, Base):
    """One provider whose books are compared with ours, and how that went the last time.

    The next comparison begins with what was made `since`. `counted` is how many refunds the
    provider told of, `differing` how many of them, or of ours, differ.
    """

    __tablename__ = "reconciliations"
    __table_args__ = (UniqueConstraint("merchant_id", "provider"), Index(None, "due_at"))

    provider: Mapped[str]
    since: Mapped[datetime]
    compared_at: Mapped[datetime | None]
    counted: Mapped[int] = mapped_column(Id, default=0)
    differing: Mapped[int] = mapped_column(Id, default=0)
    differences: Mapped[Any] = mapped_column(Json, default=list)
    due_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class ReconciliationCard:
    """How the last comparison with a provider went; only so many `differences` are kept."""

    id: int
    provider: str
    compared_at: datetime | None
    counted: int
    differing: int
    differences: tuple[Difference, ...]


async def follow(work: Work, refund: Refund) -> None:
    """Keep an eye on a refund that goes to its provider now, and on that provider's books."""
    refund.submitted_at = work.now
    if refund.provider is None or refund.provider == ByHand.name:
        return
    refund.silent_due_at = work.now + ASK_AFTER
    await work.session.execute(
        upsert(work.session, Reconciliation)
        .values(
            merchant_id=work.merchant_id,
            provider=refund.provider,
            since=work.now - OVERLAP,
            counted=0,
            differing=0,
            differences=[],
            due_at=work.now + EVERY,
        )
        .on_conflict_do_nothing(index_elements=["merchant_id", "provider"])
    )


async def sweep_silent(work: Work, *, most: int) -> int:
    """Have providers asked that told nothing of a refund for hours; returns how many are due."""
    due = await work.due(Refund, "silent_due_at", most=most)
    for refund in due:
        if refund.state in (State.SUBMITTED, State.UNKNOWN):
            refund.silent_due_at = work.now + ASK_AFTER
            work.enqueue(
                NewJob(
                    key=f"ask:{refund.id}:{work.now:%Y%m%dT%H%M%S}",
                    kind="refund.ask",
                    payload={"refund_id": refund.id},
                )
            )
    return len(due)


async def sweep_due(work: Work, *, most: int) -> int:
    """Have the books compared whose day is over; returns how many are due."""
    due = await work.due(Reconciliation, "due_at", most=most)
    for one in due:
        one.due_at = work.now + EVERY
        work.enqueue(
            NewJob(
                key=f"reconcile:{one.id}:{work.now:%Y%m%dT%H%M%S}",
                kind="refund.reconcile",
                payload={"reconciliation_id": one.id},
            )
        )
    return len(due)


async def span(session: AsyncSession, reconciliation_id: int, now: datetime) -> Span:
    """Return what is to be compared now; raises `RecordNotFound`."""
    one = await session.get(Reconciliation, reconciliation_id)
    if one is None:
        raise RecordNotFound("reconciliation", reconciliation_id)
    return Span(one.provider, one.since, now)


async def conclude(
    work: Work,
    reconciliation_id: int,
    compared: Span,
    reports: Sequence[Report],
    strangers: Collection[Report],
) -> list[Difference]:
    """Keep in what the two sides differ, and record it; what is new is put before a person.

    `reports` are all that the provider told, heard by now except `strangers`, which are of
    payments that no order here names.
    """
    found = await compare(work.session, compared, reports, strangers)
    kept = found[:_MOST]
    one = await work.lock(Reconciliation, reconciliation_id)
    known = {Difference.of(stored).identity for stored in one.differences}
    news = [difference for difference in kept if difference.identity not in known]
    one.since = compared.until - OVERLAP
    one.compared_at = compared.until
    one.counted = len(reports)
    one.differing = sum(difference.count for difference in found)
    one.differences = [difference.as_json() for difference in kept]
    if news:
        # Yesterday's message stays what it was, and today's speaks for both.
        await work.session.execute(
            delete(Card).where(Card.subject == "reconciliation", Card.subject_id == one.id)
        )
    work.record(
        Kind.REFUNDS_DIFFER if news else Kind.REFUNDS_COMPARED,
        one,
        order_id=None,
        provider=one.provider,
        since=compared.since.isoformat(),
        until=compared.until.isoformat(),
        counted=one.counted,
        differing=one.differing,
        strangers=len(strangers),
        differences=one.differences,
    )
    return found


async def card(session: AsyncSession, reconciliation_id: int) -> ReconciliationCard:
    """Read how a comparison went; raises `RecordNotFound`."""
    one = await session.get(Reconciliation, reconciliation_id)
    if one is None:
        raise RecordNotFound("reconciliation", reconciliation_id)
    return _card(one)


async def latest(session: AsyncSession) -> list[ReconciliationCard]:
    """Return how the last comparison with each provider went."""
    found = await session.scalars(select(Reconciliation).order_by(Reconciliation.provider))
    return [_card(one) for one in found]


def _card(one: Reconciliation) -> ReconciliationCard:
    return ReconciliationCard(
        one.id,
        one.provider,
        one.compared_at,
        one.counted,
        one.differing,
        tuple(Difference.of(stored) for stored in one.differences),
    )
