"""What can be done with a batch: send it once, find it again, read its report, confirm it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from domain.events import Kind
from domain.money import Money
from domain.refunds import paying
from domain.refunds.batches import Batch, BatchState, Share
from domain.refunds.gathering import GATHER_FOR, record, shares_of
from domain.refunds.matching import SKEW
from domain.refunds.model import Refund, State
from domain.refunds.payment import Entry, Outcome, Result, Sending, Verdict
from domain.store import Work

#: A batch that may have been sent is looked for this often, at least so many times and this
#: long, before it counts as never sent: lists of what was made just now may lag behind.
LOOK_EVERY = timedelta(minutes=3)
LOOKS = 4
LOST_AFTER = timedelta(minutes=10)
#: How often a batch is written anew that the provider refuses.
MOST_ATTEMPTS = 3
#: How long a batch may be on its way before somebody is told.
STUCK_AFTER = timedelta(hours=6)
#: Books follow within two days, as a rule: https://developer-docs.amazon.com/sp-api/docs/finances-api
CONFIRM_WITHIN = timedelta(days=4)
FORGET_AFTER = timedelta(days=30)

_UNDER_WAY = (State.SUBMITTED, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Awaited:
    """The payments whose refunds are not in the provider's books yet, and since when to look."""

    payments: Sequence[str]
    since: datetime


async def entries(work: Work, batch: Batch) -> list[Entry]:
    """Return what the batch says, in its order; the same at every attempt."""
    refunds = {refund.id: refund for refund in await _refunds(work, batch)}
    return [
        Entry(
            payment=refunds[share.refund_id].payment_reference or "",
            item=share.item,
            reason=refunds[share.refund_id].reason,
            price=Money(share.price, refunds[share.refund_id].currency),
            shipping=Money(share.shipping, refunds[share.refund_id].currency),
        )
        for share in await shares_of(work, batch)
    ]


async def uploaded(work: Work, batch: Batch, document: str) -> None:
    """Note where the provider finds the batch's content."""
    batch.move(BatchState.UPLOADED)
    batch.document, batch.due_at = document, work.now


async def intend(work: Work, batch_id: int) -> bool:
    """Commit to sending an uploaded batch; False if an earlier one has to be clear first.

    Of two batches that may both have been sent, a stray one could be either.
    """
    batch = await work.lock(Batch, batch_id)
    earlier = await work.session.scalar(
        select(Batch.id)
        .where(Batch.provider == batch.provider, Batch.id < batch.id)
        .where(Batch.state.in_((BatchState.UPLOADED, BatchState.SENDING)))
        .limit(1)
    )
    if earlier is not None:
        return False
    batch.move(BatchState.SENDING)
    batch.attempts += 1
    batch.looks = 0
    batch.tried_at = work.now
    batch.attempted_at = batch.attempted_at or work.now
    batch.due_at = work.now + GATHER_FOR
    return True


async def sent(work: Work, batch: Batch, reference: str) -> None:
    """Note the reference under which the provider has the batch."""
    batch.move(BatchState.SENT)
    batch.reference, batch.sent_at = reference, work.now
    batch.due_at = work.now + GATHER_FOR
    record(work, batch, Kind.BATCH_SENT, None)


async def looked(work: Work, batch: Batch, found: Sequence[Sending]) -> None:
    """Take note of what the provider has got since a batch was tried, to adopt or to try again."""
    references = await work.session.scalars(
        select(Batch.reference).where(Batch.provider == batch.provider)
    )
    known, since = set(references), (batch.attempted_at or work.now) - SKEW
    strays = [one for one in found if one.reference not in known and one.at >= since]
    batch.looks += 1
    if len(strays) == 1:
        await sent(work, batch, strays[0].reference)
    elif strays:
        batch.move(BatchState.UNKNOWN)
        batch.due_at = work.now
        named = ", ".join(one.reference for one in strays)
        await doubt(
            work,
            batch,
            f"its answer was lost, and {batch.provider.capitalize()} has several batches that may "
            f"be it ({named}). Look there whether it was paid",
        )
    elif batch.looks >= LOOKS and work.now - (batch.tried_at or work.now) >= LOST_AFTER:
        batch.move(BatchState.UPLOADED)
        batch.due_at = work.now
    else:
        batch.due_at = work.now + LOOK_EVERY


async def not_sent(work: Work, batch: Batch, after: timedelta) -> None:
    """Note that the provider surely did nothing of it, and may be asked again."""
    batch.move(BatchState.UPLOADED)
    batch.due_at = work.now + after


async def refused(work: Work, batch: Batch, words: str) -> None:
    """Write a batch anew that the provider will not have; in the end its refunds fail."""
    if batch.attempts < MOST_ATTEMPTS:
        batch.move(BatchState.GATHERED)
        batch.document, batch.due_at = None, work.now + GATHER_FOR
        return
    await fail(work, batch, words)


async def fail(work: Work, batch: Batch, words: str) -> None:
    """Close a batch of which nothing was done; what the books confirmed before stays."""
    for refund in await _refunds(work, batch, lock=True):
        if refund.state in _UNDER_WAY and not any(one.reference for one in await _of(work, refund)):
            await paying.settle(work, refund.id, Outcome(Result.FAILED, failure=words))
    await close(work, batch)


async def judge(work: Work, batch: Batch, verdicts: Sequence[Verdict]) -> None:
    """Take in what the provider's report says of each entry, in the batch's order."""
    for share, verdict in zip(await shares_of(work, batch), verdicts, strict=True):
        share.accepted, share.refusal = verdict.accepted, verdict.words
    await work.session.flush()
    for refund in await _refunds(work, batch, lock=True):
        if refund.state in _UNDER_WAY:
            await _judge(work, batch, refund)
    batch.move(BatchState.CONFIRMING)
    batch.problem, batch.due_at = None, work.now


async def wait(work: Work, batch: Batch, after: timedelta) -> None:
    """Go on with a batch later; somebody is told of one that is on its way for hours."""
    batch.due_at = work.now + after
    if batch.problem is not None or work.now - batch.opened_at < STUCK_AFTER:
        return
    if batch.state is BatchState.SENT:
        batch.move(BatchState.UNKNOWN)
    provider = batch.provider.capitalize()
    reference = f" ({batch.reference})" if batch.reference else ""
    await doubt(
        work,
        batch,
        f"{provider} has not worked through the batch that it is in{reference} for hours. It is "
        f"not sent again, and {provider} is being asked",
    )


async def doubt(work: Work, batch: Batch, why: str) -> None:
    """Let finance know that it is not clear what became of a batch's refunds, and why."""
    batch.problem = why
    for refund in await _refunds(work, batch, lock=True):
        if refund.state is State.SUBMITTED:
            await _doubt(work, refund, why)
    record(work, batch, Kind.BATCH_UNKNOWN, why)


async def awaited(work: Work, batch: Batch) -> Awaited:
    """Return which payments the provider's books have to be searched for."""
    payments = {
        refund.payment_reference or ""
        for refund in await _refunds(work, batch)
        if refund.state in _UNDER_WAY
    }
    return Awaited(sorted(payments), (batch.attempted_at or batch.opened_at) - SKEW)


async def confirmed(work: Work, batch: Batch) -> None:
    """Close a batch whose refunds are all settled, or say when to look for them again."""
    under_way = [one for one in await _refunds(work, batch) if one.state in _UNDER_WAY]
    age = work.now - (batch.sent_at or batch.attempted_at or batch.opened_at)
    if not under_way or age > FORGET_AFTER:
        await close(work, batch)
        return
    if age > CONFIRM_WITHIN and batch.problem is None:
        await doubt(
            work,
            batch,
            f"{batch.provider.capitalize()} took it, but has no payment of it in its books. "
            "Look there whether the buyer was paid",
        )
    batch.due_at = work.now + _pause(age)


async def close(work: Work, batch: Batch) -> None:
    """Have nothing more to do with a batch."""
    batch.move(BatchState.DONE)
    record(work, batch, Kind.BATCH_CLOSED, None)


def _pause(age: timedelta) -> timedelta:
    """Return how long to wait until books are read again: seldom, for what takes days."""
    if age < timedelta(hours=1):
        return timedelta(minutes=10)
    return timedelta(hours=1) if age < CONFIRM_WITHIN else timedelta(hours=6)


async def _judge(work: Work, batch: Batch, refund: Refund) -> None:
    shares = await _of(work, refund)
    refused = [one for one in shares if one.accepted is False]
    words = next((one.refusal for one in refused if one.refusal), "no reason given")
    if len(refused) == len(shares) and not any(one.reference for one in shares):
        failure = f"{batch.provider.capitalize()} refuses it: {words}"
        await paying.settle(work, refund.id, Outcome(Result.FAILED, failure=failure))
    elif refused:
        accepted = Money(sum(one.amount for one in shares if one not in refused), refund.currency)
        await _doubt(
            work,
            refund,
            f"{batch.provider.capitalize()} takes {accepted} of {refund.money} and refuses the "
            f"rest: {words}. Refund the rest there, and this counts as paid",
        )
    elif any(one.accepted is None for one in shares):
        await _doubt(
            work,
            refund,
            f"{batch.provider.capitalize()}'s report does not say what became of it. Its books "
            "are being searched",
        )
    elif refund.state is State.UNKNOWN:
        refund.failure = None
        await paying.settle(work, refund.id, Outcome(Result.WAITING))


async def _doubt(work: Work, refund: Refund, why: str) -> None:
    await paying.lose_sight(work, refund.id, why)
    refund.failure = why


async def _refunds(work: Work, batch: Batch, *, lock: bool = False) -> Sequence[Refund]:
    query = select(Refund).where(Refund.batch_id == batch.id).order_by(Refund.id)
    found = await work.session.scalars(
        (query.with_for_update() if lock else query).execution_options(populate_existing=True)
    )
    return found.all()


async def _of(work: Work, refund: Refund) -> Sequence[Share]:
    found = await work.session.scalars(
        select(Share).where(Share.refund_id == refund.id).order_by(Share.id)
    )
    return found.all()
