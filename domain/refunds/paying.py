"""What happens to an approved refund: submitted, settled, or lost from sight."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import Conflict
from domain.events import Kind
from domain.money import Money
from domain.orders.model import Line, Order
from domain.refunds import covered, reconciliation
from domain.refunds.model import PAYING, Part, Refund, State
from domain.refunds.payment import Instruction, Outcome, Portion, Result
from domain.refunds.recording import record
from domain.store import Work


async def submit(work: Work, refund_id: int, provider: str) -> Instruction | None:
    """Commit to paying an approved refund through this provider.

    Returns what to pay, None if it is settled already, or goes in a batch. A refund that was
    submitted before is given out again: its key makes the provider pay once. One that the
    order, as it stands now, does not cover any more fails here, before any money moves.
    """
    order, refund = await covered.lock(work, refund_id)
    if refund.state is State.APPROVED:
        try:
            # Not what is merely approved beside it: the first to be paid wins.
            await covered.check(work, order, refund, PAYING)
        except Conflict as why:
            _settle(work, refund, Outcome(Result.FAILED, failure=str(why)))
            return None
        refund.move(State.SUBMITTED)
        refund.provider, refund.payment_reference = provider, order.payment_reference
        await reconciliation.follow(work, refund)
        record(work, refund, Kind.REFUND_SUBMITTED, None, provider=provider)
    elif refund.state not in (State.SUBMITTED, State.UNKNOWN) or refund.batch_id is not None:
        return None
    return await instruction(work.session, refund)


async def instruction(session: AsyncSession, refund: Refund) -> Instruction:
    """Return what its provider is told to pay, the same at every attempt."""
    order = await session.get_one(Order, refund.order_id)
    return Instruction(
        refund.key,
        refund.money,
        order.number,
        refund.payment_reference,
        await portions(session, refund),
    )


async def portions(session: AsyncSession, refund: Refund) -> tuple[Portion, ...]:
    """Return what the money of a refund is for."""
    found = await session.execute(
        select(Part.kind, Part.amount, Line.external_id, Part.quantity)
        .outerjoin(Line, Line.id == Part.line_id)
        .where(Part.refund_id == refund.id)
        .order_by(Part.id)
    )
    return tuple(
        Portion(kind, Money(amount, refund.currency), item, quantity)
        for kind, amount, item, quantity in found
    )


async def resubmit(work: Work, refund_id: int) -> bool:
    """Commit to paying again what the provider never heard of; False if it is settled by now.

    From here on it is in the provider's hands, and can't be paid by hand as well.
    """
    refund = await work.lock(Refund, refund_id)
    if refund.state is State.UNKNOWN:
        refund.move(State.SUBMITTED)
        record(work, refund, Kind.REFUND_SUBMITTED, None, provider=refund.provider)
    return refund.state is State.SUBMITTED


async def settle(work: Work, refund_id: int, outcome: Outcome) -> Refund:
    """Take note of what the provider said; a repeated answer changes nothing.

    Its word stands above a person's who marked the refund as failed.

    Raises:
        WrongState: it was never submitted, or the answer contradicts an earlier one.
    """
    refund = await work.lock(Refund, refund_id)
    if outcome.result is Result.WAITING:
        _wait(work, refund, outcome)
        return refund
    _settle(work, refund, outcome)
    return refund


async def lose_sight(work: Work, refund_id: int, why: str) -> Refund:
    """Mark as unknown: the provider has to be asked what became of it."""
    refund = await work.lock(Refund, refund_id)
    if refund.state is State.SUBMITTED:
        refund.move(State.UNKNOWN)
        record(work, refund, Kind.REFUND_UNKNOWN, why)
    return refund


def _settle(work: Work, refund: Refund, outcome: Outcome) -> None:
    target = State.SUCCEEDED if outcome.result is Result.SUCCEEDED else State.FAILED
    if refund.state is target:
        return
    # What somebody said of it by mistake stays to be seen.
    said = refund.failure if refund.failed_by_hand else None
    refund.move(target)
    refund.provider_reference = outcome.reference or refund.provider_reference
    refund.failure = outcome.failure or said
    refund.settled_at = work.now
    kind = Kind.REFUND_SUCCEEDED if target is State.SUCCEEDED else Kind.REFUND_FAILED
    record(
        work,
        refund,
        kind,
        outcome.failure,
        reference=outcome.reference,
        requested_by=refund.requested_by,
    )


def _wait(work: Work, refund: Refund, outcome: Outcome) -> None:
    """Note that the provider has it in hand; one that was lost from sight is found again.

    One that went in part is unknown until a person has paid the rest.
    """
    under_way = refund.state in (State.SUBMITTED, State.UNKNOWN)
    if not refund.failed_by_hand and (not under_way or refund.failure):
        return
    refund.provider_reference = outcome.reference or refund.provider_reference
    if outcome.failure:
        refund.failure = outcome.failure
        if refund.state is State.SUBMITTED:
            refund.move(State.UNKNOWN)
        record(work, refund, Kind.REFUND_UNKNOWN, outcome.failure)
    elif refund.state is not State.SUBMITTED:
        refund.move(State.SUBMITTED)
        record(work, refund, Kind.REFUND_SUBMITTED, None, provider=refund.provider)
