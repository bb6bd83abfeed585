"""What a payment provider tells by itself: how our refunds went, and those made over there."""

from __future__ import annotations

from sqlalchemy import select

from domain.events import Kind
from domain.money import Money
from domain.orders.model import Order
from domain.refunds import covered, matching, paying
from domain.refunds.model import Part, PartKind, Reason, Refund, State
from domain.refunds.payment import Report
from domain.refunds.recording import record
from domain.store import Work


async def hear(work: Work, report: Report) -> Refund | None:
    """Settle the refund that a report is about, or count one that was made elsewhere.

    Reports may come before the answer to our own call, again, and in any order. Returns None
    if the payment is of no order on this desk.

    Raises:
        WrongState: it is about a refund that was not submitted yet; try again later.
        CurrencyMismatch: it was made in another currency than the order's.
    """
    ours = await _ours(work, report)
    if ours is not None:
        return await _settle(work, ours, report)
    order = await _order(work, report)
    if order is None:
        return None
    # The order's lock makes the first report of a refund the one that enters it.
    known = await work.session.scalar(
        select(Refund).where(
            Refund.order_id == order.id, Refund.provider_reference == report.reference
        )
    )
    if known is None and report.key is None:
        known = await matching.claim(work, order.id, report)
        if known is not None and not await matching.is_whole(work, known.id):
            return known
    if known is None:
        known = await _enter(work, order, report)
    return await _settle(work, known, report)


async def _ours(work: Work, report: Report) -> Refund | None:
    """Return the refund whose key the report carries, unless this is another payment under it."""
    if report.key is None:
        return None
    refund_id = await work.session.scalar(select(Refund.id).where(Refund.key == report.key))
    if refund_id is None:
        return None
    _, refund = await covered.lock(work, refund_id)
    refused = (
        refund.state is State.FAILED
        and refund.provider_reference is None
        and not refund.failed_by_hand
    )
    same = refund.provider_reference in (None, report.reference) and not refused
    return refund if same else None


async def _order(work: Work, report: Report) -> Order | None:
    order_id = await work.session.scalar(
        select(Order.id)
        .where(
            Order.payment_provider == report.provider,
            Order.payment_reference.in_(report.payments),
        )
        .order_by(Order.id)
        .limit(1)
    )
    return None if order_id is None else await work.lock(Order, order_id)


async def _settle(work: Work, refund: Refund, report: Report) -> Refund:
    if refund.state is State.FAILED and not refund.failed_by_hand:
        # Nothing follows a failure: this report was overtaken on its way.
        return refund
    return await paying.settle(work, refund.id, report.outcome)


async def _enter(work: Work, order: Order, report: Report) -> Refund:
    money = Money(0, order.currency) + report.money
    refund = Refund(
        order_id=order.id,
        key=report.own_key,
        state=State.SUBMITTED,
        amount=money.minor,
        currency=money.currency,
        reason=Reason.OTHER,
        approvers_needed=0,
        explanation=f"made in {report.provider.capitalize()}'s console",
        requested_by=report.provider,
        requested_at=work.now,
        provider=report.provider,
        submitted_at=work.now,
        payment_reference=order.payment_reference,
        provider_reference=report.reference,
        parts=[Part(merchant_id=work.merchant_id, kind=PartKind.AMOUNT, amount=money.minor)],
        approvals=[],
    )
    work.session.add(refund)
    await work.session.flush()
    record(
        work,
        refund,
        Kind.REFUND_FOUND,
        refund.explanation,
        provider=refund.provider,
        reference=refund.provider_reference,
    )
    return refund
