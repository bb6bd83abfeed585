"""Which of our refunds a provider's own refund is, where that carries no key of ours.

Only refunds that went in a batch have no key over there. A report is one of theirs if it is
about the same order, was made after the batch was first sent, and its amount is what is still
missing of the refund, or what one of its items gets back. Each report pays for one refund,
and for each item once: the item keeps the report's reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, or_, select, true

from domain.refunds.batches import Batch, Share
from domain.refunds.model import Refund, State
from domain.refunds.payment import Report
from domain.store import Work

#: A provider's clock may be this far from ours.
SKEW = timedelta(minutes=5)


async def claim(work: Work, order_id: int, report: Report) -> Refund | None:
    """Return the refund that a report is, and keep that it is; the order is locked before.

    None if it is none of ours: somebody made it at the provider.
    """
    found = await work.session.execute(
        select(Share, Refund)
        .join(Refund, Refund.id == Share.refund_id)
        .join(Batch, Batch.id == Refund.batch_id)
        .where(Refund.order_id == order_id, Refund.provider == report.provider)
        .where(Batch.attempted_at.is_not(None))
        .where(_may_be(report))
        .order_by(Refund.id, Share.position)
        .execution_options(populate_existing=True)
    )
    rows = found.all()
    for share, refund in rows:
        if share.reference == report.reference:
            return refund
    # One that is paid, but has no report of it yet, was marked as paid by hand.
    payable = [
        row for row in rows if row[1].state in (State.SUBMITTED, State.UNKNOWN, State.SUCCEEDED)
    ]
    groups = [
        (refund, [share for share, _ in pairs])
        for refund, pairs in groupby(payable, key=lambda row: row[1])
    ]
    for amount in (report.money, *report.also):
        for refund, shares in _candidates(groups, amount.minor):
            if amount.currency == refund.currency:
                for share in shares:
                    share.reference = report.reference
                return refund
    return None


async def is_whole(work: Work, refund_id: int) -> bool:
    """Tell whether each item's share of a refund was paid."""
    await work.session.flush()
    missing = await work.session.scalar(
        select(Share.id).where(Share.refund_id == refund_id, Share.reference.is_(None)).limit(1)
    )
    return missing is None


def _may_be(report: Report) -> ColumnElement[bool]:
    """Match batches that were under way when the report's refund was made."""
    if report.at is None:
        return true()
    return or_(Share.reference.is_not(None), Batch.attempted_at <= report.at + SKEW)


def _candidates(
    groups: Sequence[tuple[Refund, list[Share]]], amount: int
) -> Iterator[tuple[Refund, list[Share]]]:
    """Yield what the amount may pay, likeliest first: a whole refund, an item, one refused before.

    A refused item is paid if somebody made up for it at the provider.
    """
    unpaid = [
        (refund, [one for one in shares if one.reference is None]) for refund, shares in groups
    ]
    for refund, shares in unpaid:
        taken = [one for one in shares if one.accepted is not False]
        if taken and sum(one.amount for one in taken) == amount:
            yield refund, taken
    for refund, shares in unpaid:
        for share in sorted(shares, key=lambda one: one.accepted is False):
            if share.amount == amount:
                yield refund, [share]
    for refund, shares in unpaid:
        if sum(one.amount for one in shares) == amount:
            yield refund, shares
