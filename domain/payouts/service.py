"""What can be done with a settlement: take it in from its provider, compare it with the books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select, update

from domain import merchants
from domain.events import Kind
from domain.orders.model import Order
from domain.payouts.differences import compare
from domain.payouts.model import LineDraft, Origin, PayoutLine, Settlement, SettlementDraft
from domain.store import BULK, Work
from domain.tables import among, upsert

#: Lines come in batches: a settlement is compared once there was no new one for so long.
QUIET = timedelta(minutes=1)
#: A settlement that differs is compared again each day: refunds and orders may still come in.
EVERY = timedelta(days=1)
#: After so long what differs is left as it is, and a settlement that is so old when it comes in
#: is history, which nobody is told of.
FOLLOWED = timedelta(days=31)
#: More differences than this are counted, and not kept one by one.
_MOST = 50


@dataclass(slots=True)
class Taken:
    """How many lines a settlement brought, and how many of them were known already."""

    lines: int = 0
    known: int = 0

    def add(self, other: Taken) -> None:
        """Count another batch in."""
        self.lines += other.lines
        self.known += other.known


async def take_in(work: Work, draft: SettlementDraft, lines: Sequence[LineDraft]) -> Taken:
    """Take in lines of a settlement, any number of times; the clock compares it soon.

    A report is the last word on the orders that it tells of: what an API told of them until
    its end is left out, whichever of the two comes first.
    """
    settlement = await _enter(work, draft)
    told = {line.payment for line in lines if line.payment}
    if draft.origin is Origin.REPORT:
        await _leave_out(work, draft, told)
        wanted = list(lines)
    else:
        ended = await _reported(work, draft.provider, told)
        wanted = [one for one in lines if not _is_reported(one, ended)]
    added = await _add(work, settlement, draft.origin, wanted)
    if added or settlement.compared_at is None:
        settlement.due_at = work.now + QUIET
    return Taken(len(lines), len(lines) - added)


async def sweep(work: Work, *, most: int) -> int:
    """Compare the settlements whose time has come; returns how many were due."""
    due = await work.due(Settlement, "due_at", most=most)
    # All of them first: what an order was paid is in several settlements.
    for settlement in due:
        await _match(work, settlement)
    for settlement in due:
        await _conclude(work, settlement)
    return len(due)


async def _enter(work: Work, draft: SettlementDraft) -> Settlement:
    """Return the settlement's row, locked, with what its provider says of it by now."""
    await work.session.execute(
        upsert(work.session, Settlement)
        .values(
            merchant_id=work.merchant_id,
            provider=draft.provider,
            reference=draft.reference,
            origin=draft.origin,
            currency=draft.currency,
            ended_at=draft.ended_at,
            received_at=work.now,
            counted=0,
            differing=0,
            differences=[],
        )
        .on_conflict_do_nothing(index_elements=["merchant_id", "provider", "reference"])
    )
    found = await work.session.scalars(
        select(Settlement)
        .where(Settlement.provider == draft.provider, Settlement.reference == draft.reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    settlement = found.one()
    if draft.origin is Origin.REPORT:
        settlement.origin = draft.origin
    settlement.total = draft.total.minor if draft.total else settlement.total
    settlement.started_at = draft.started_at or settlement.started_at
    settlement.ended_at = max(draft.ended_at, settlement.ended_at)
    settlement.paid_at = draft.paid_at or settlement.paid_at
    return settlement


async def _add(
    work: Work, settlement: Settlement, origin: Origin, lines: Sequence[LineDraft]
) -> int:
    """Write the lines that are not known yet; returns how many were not."""
    if not lines:
        return 0
    statement = upsert(work.session, PayoutLine).on_conflict_do_nothing(
        index_elements=["merchant_id", "provider", "key"]
    )
    rows = [
        {
            "merchant_id": work.merchant_id,
            "settlement_id": settlement.id,
            "provider": settlement.provider,
            "origin": origin,
            "key": line.key,
            "payment": line.payment,
            "kind": line.kind,
            "what": line.what,
            "amount": line.money.minor,
            "currency": line.money.currency,
            "posted_at": line.posted_at,
        }
        # In one order everywhere: who takes in the same lines must not wait for us in a circle.
        for line in sorted(lines, key=lambda line: line.key)
    ]
    added = await work.session.execute(
        statement.returning(PayoutLine.id), rows, execution_options=BULK
    )
    return len(added.all())


async def _leave_out(work: Work, draft: SettlementDraft, payments: set[str]) -> None:
    """Drop what an API told of these orders until the report's end."""
    await work.session.execute(
        delete(PayoutLine)
        .where(
            PayoutLine.provider == draft.provider,
            PayoutLine.origin == Origin.API,
            among(work.session, PayoutLine.payment, payments),
            PayoutLine.posted_at <= draft.ended_at,
        )
        .execution_options(synchronize_session=False)
    )


async def _reported(work: Work, provider: str, payments: set[str]) -> dict[str, object]:
    """Return until when reports have told of these orders."""
    found = await work.session.execute(
        select(PayoutLine.payment, func.max(Settlement.ended_at))
        .join(Settlement, Settlement.id == PayoutLine.settlement_id)
        .where(
            PayoutLine.provider == provider,
            PayoutLine.origin == Origin.REPORT,
            among(work.session, PayoutLine.payment, payments),
        )
        .group_by(PayoutLine.payment)
    )
    return {str(payment): ended_at for payment, ended_at in found}


def _is_reported(line: LineDraft, ended: dict[str, object]) -> bool:
    until = ended.get(line.payment or "")
    return bool(until and line.posted_at and line.posted_at <= until)  # type: ignore[operator]


async def _conclude(work: Work, settlement: Settlement) -> None:
    """Keep in what a settlement differs, and put what is news before a person."""
    found = await compare(work.session, settlement, await merchants.settings(work.session))
    before = settlement.differences
    settlement.differences = [one.as_json() for one in found[:_MOST]]
    settlement.differing = sum(max(one.count, 1) for one in found)
    settlement.counted = await _orders(work, settlement)
    is_first, settlement.compared_at = settlement.compared_at is None, work.now
    if found and work.now < settlement.received_at + FOLLOWED:
        settlement.due_at = work.now + EVERY
    if not is_first and settlement.differences == before:
        return
    is_history = settlement.ended_at < settlement.received_at - FOLLOWED
    work.record(
        Kind.PAYOUTS_DIFFER if found and not is_history else Kind.PAYOUTS_COMPARED,
        settlement,
        order_id=None,
        provider=settlement.provider,
        reference=settlement.reference,
        counted=settlement.counted,
        differing=settlement.differing,
        differences=settlement.differences,
    )


async def _match(work: Work, settlement: Settlement) -> None:
    """Tie lines to the orders that came in since: by their payment, else by their number."""
    for names in (
        (Order.payment_provider == PayoutLine.provider, Order.payment_reference),
        (Order.channel == PayoutLine.provider, Order.number),
    ):
        same, name = names
        order_id = (
            select(Order.id)
            # An update's subquery is not narrowed to the merchant by itself.
            .where(Order.merchant_id == PayoutLine.merchant_id, same, name == PayoutLine.payment)
            .order_by(Order.id)
            .limit(1)
            .correlate(PayoutLine)
            .scalar_subquery()
        )
        await work.session.execute(
            update(PayoutLine)
            .where(
                PayoutLine.settlement_id == settlement.id,
                PayoutLine.payment.is_not(None),
                PayoutLine.order_id.is_(None),
                # What stays unknown is not written again.
                order_id.is_not(None),
            )
            .values(order_id=order_id)
            .execution_options(synchronize_session=False)
        )


async def _orders(work: Work, settlement: Settlement) -> int:
    return (
        await work.session.scalar(
            select(func.count(PayoutLine.payment.distinct())).where(
                PayoutLine.settlement_id == settlement.id
            )
        )
    ) or 0
