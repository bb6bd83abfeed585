"""What can be done with a refund: ask, approve, decline, withdraw, expire, pay, settle."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import links, merchants
from domain.errors import (
    Conflict,
    Invalid,
    MalformedAmount,
    OwnRequest,
    ReasonNeeded,
    RecordNotFound,
    RoleNeeded,
)
from domain.events import Kind
from domain.money import Money
from domain.orders.model import Line, Order
from domain.people import Can, Member
from domain.refunds import allowance, policy, reconciliation, undecided
from domain.refunds.model import (
    HOLDING,
    PAYING,
    Approval,
    Part,
    PartKind,
    Reason,
    Refund,
    State,
)
from domain.refunds.payment import Instruction, Outcome, Portion, Result
from domain.refunds.recording import record
from domain.store import Subject, Work


class QuantityExceeded(Invalid):
    """More of a line than was bought and not yet refunded."""

    field = "lines"

    def __init__(self, title: str, asked: int, left: int) -> None:
        super().__init__(f"{asked} × {title} is more than the {left} that can still be refunded.")


class NoteNeeded(ReasonNeeded):
    """Another reason than those listed says nothing by itself."""

    field = "note"

    def __init__(self) -> None:
        super().__init__("ask for a refund that is for none of the listed reasons")


class NoLongerCovered(Conflict):
    """The order was edited after somebody asked, and what was paid does not cover it now."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{why} Decline refund {name}, and have the right amount asked for anew.")


class SumAndParts(Invalid):
    """One sum and its parts at once: which of them is meant can't be known."""

    field = "amount"

    def __init__(self) -> None:
        super().__init__(
            "Give either one sum, or quantities, shipping and goodwill: together they would add up."
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants given back: lines, shipping and goodwill, or else one `amount`.

    `lines` are quantities by line id; the sums are in the order's currency.
    """

    reason: Reason
    note: str | None = None
    lines: Mapping[int, int] = field(default_factory=dict)
    shipping: Money | None = None
    goodwill: Money | None = None
    amount: Money | None = None


async def request(
    work: Work, member: Member, order_id: int, ask: Ask, *, about: Sequence[Subject] = ()
) -> Refund:
    """Ask for a refund; the policy says at once who must agree.

    The order's row is locked while what is left is counted, so that two requests at once
    can't take the same money. It belongs to what it is `about`, such as a complaint.

    Raises:
        NotRefundable, MoreThanRefundable, QuantityExceeded, MalformedAmount, SumAndParts,
        NoteNeeded: it can't be.
        NoRole, RoleNeeded: the person may not ask.
    """
    member.must(Can.REQUEST_REFUND)
    if ask.reason is Reason.OTHER and not (ask.note or "").strip():
        raise NoteNeeded
    if ask.amount and (ask.shipping or ask.goodwill or any(ask.lines.values())):
        raise SumAndParts
    order = await work.lock(Order, order_id)
    parts = [*await _item_parts(work, order, ask), *_sum_parts(order, ask)]
    total = Money(sum(part.amount for part in parts), order.currency)
    if total.minor <= 0:
        raise MalformedAmount("0", "choose what to give back, it must be more than zero")
    policy.check_refundable(order, total, await _held(work, order_id))
    settings = await merchants.settings(work.session)
    lately = await allowance.used(work, member, total.currency, settings)
    verdict = policy.judge(total, settings, lately)
    refund = Refund(
        order_id=order_id,
        key=uuid.uuid4().hex,
        state=State.REQUESTED,
        amount=total.minor,
        currency=total.currency,
        reason=ask.reason,
        note=ask.note or None,
        approvers_needed=verdict.approvers,
        explanation=verdict.explanation,
        policy_version=settings.policy_version,
        requested_by=member.member_id,
        requested_at=work.now,
        parts=parts,
        approvals=[],
    )
    for part in parts:
        part.merchant_id = work.merchant_id
    work.session.add(refund)
    if verdict.approvers:
        refund.move(State.AWAITING_APPROVAL)
        undecided.start(refund, settings)
    await work.session.flush()
    await links.tie(work, refund, about)
    record(
        work,
        refund,
        Kind.REFUND_REQUESTED,
        ask.note,
        reason=ask.reason,
        policy=verdict.explanation,
        policy_version=refund.policy_version,
        **links.as_data(about),
    )
    if not verdict.approvers:
        refund.move(State.APPROVED)
        refund.decided_at = work.now
        _record_verdict(work, refund, Kind.REFUND_APPROVED, verdict.explanation)
    return refund


async def approve(work: Work, member: Member, refund_id: int) -> Refund:
    """Give one approval; with the last one needed, the refund is approved and will be paid.

    Raises:
        OwnRequest, AboveLimit, NoRole, RoleNeeded: this person may not.
        AlreadyDecided, WrongState, RecordNotFound: it is not to be decided any more.
        NoLongerCovered: the order was edited, and what was paid for it does not cover this.
    """
    order, refund = await lock(work, refund_id)
    if refund.state is not State.AWAITING_APPROVAL:
        refund.move(State.APPROVED)
    policy.check_approver(refund, member)
    try:
        await _check_covered(work, order, refund, (State.APPROVED, *PAYING))
    except Conflict as why:
        raise NoLongerCovered(refund.name, str(why)) from why
    refund.approvals.append(
        Approval(merchant_id=work.merchant_id, member_id=member.member_id, at=work.now)
    )
    if len(refund.approvals) >= refund.approvers_needed:
        refund.move(State.APPROVED)
        _decide(work, refund, member)
    await work.session.flush()
    _record_verdict(work, refund, Kind.REFUND_APPROVED, None)
    return refund


async def decline(work: Work, member: Member, refund_id: int, why: str) -> Refund:
    """Turn a refund down; raises `ReasonNeeded` without a reason, else as `approve`."""
    refund = await work.lock(Refund, refund_id)
    if refund.state is not State.AWAITING_APPROVAL:
        refund.move(State.DECLINED)
    member.must(Can.DECIDE_REFUND)
    if refund.requested_by == member.member_id:
        raise OwnRequest
    if not why.strip():
        raise ReasonNeeded("decline a refund")
    refund.move(State.DECLINED)
    refund.decision_note = why.strip()
    _decide(work, refund, member)
    _record_verdict(work, refund, Kind.REFUND_DECLINED, refund.decision_note)
    return refund


async def withdraw(work: Work, member: Member, refund_id: int) -> Refund:
    """Take back one's own request before anyone decided it."""
    refund = await work.lock(Refund, refund_id)
    if refund.requested_by != member.member_id:
        raise RoleNeeded("withdraw this refund", ["the person who asked for it"])
    refund.move(State.WITHDRAWN)
    _decide(work, refund, member)
    record(work, refund, Kind.REFUND_WITHDRAWN, None)
    return refund


async def sweep_expired(work: Work, *, most: int) -> int:
    """Let undecided refunds expire that are due; returns how many."""
    due = await work.due(Refund, "expires_due_at", most=most)
    for refund in due:
        if refund.state is State.AWAITING_APPROVAL:
            refund.move(State.EXPIRED)
            refund.decided_at = work.now
            undecided.stop(refund)
            record(work, refund, Kind.REFUND_EXPIRED, "nobody decided in time")
    return len(due)


async def submit(work: Work, refund_id: int, provider: str) -> Instruction | None:
    """Commit to paying an approved refund through this provider.

    Returns what to pay, None if it is settled already, or goes in a batch. A refund that was
    submitted before is given out again: its key makes the provider pay once. One that the
    order, as it stands now, does not cover any more fails here, before any money moves.
    """
    order, refund = await lock(work, refund_id)
    if refund.state is State.APPROVED:
        try:
            # Not what is merely approved beside it: the first to be paid wins.
            await _check_covered(work, order, refund, PAYING)
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


async def lock(work: Work, refund_id: int) -> tuple[Order, Refund]:
    """Return a refund and its order, locked: the order first, as whoever asks for one does.

    Raises:
        RecordNotFound: there is no such refund.
    """
    order_id = await work.session.scalar(select(Refund.order_id).where(Refund.id == refund_id))
    if order_id is None:
        raise RecordNotFound("refund", refund_id)
    return await work.lock(Order, order_id), await work.lock(Refund, refund_id)


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


async def _check_covered(
    work: Work, order: Order, refund: Refund, ahead: Collection[State]
) -> None:
    """Raise as `request` would, if what was paid by now does not cover it and what is ahead."""
    policy.check_refundable(order, refund.money, await _held(work, order.id, ahead))


async def _held(work: Work, order_id: int, states: Collection[State] = HOLDING) -> int:
    held = await work.session.scalar(
        select(func.coalesce(func.sum(Refund.amount), 0)).where(
            Refund.order_id == order_id, Refund.state.in_(states)
        )
    )
    return int(held or 0)


async def _item_parts(work: Work, order: Order, ask: Ask) -> list[Part]:
    wanted = {line_id: quantity for line_id, quantity in ask.lines.items() if quantity}
    if not wanted:
        return []
    lines = await work.session.scalars(
        select(Line).where(Line.order_id == order.id, Line.id.in_(wanted))
    )
    taken = dict(
        (
            await work.session.execute(
                select(Part.line_id, func.sum(Part.quantity))
                .join(Refund, Refund.id == Part.refund_id)
                .where(Part.line_id.in_(wanted), Refund.state.in_(HOLDING))
                .group_by(Part.line_id)
            )
        ).all()
    )
    parts = []
    for line in lines:
        quantity, left = wanted.pop(line.id), line.quantity - int(taken.get(line.id) or 0)
        title = line.title or line.sku or f"line {line.position}"
        if not 0 < quantity <= left:
            raise QuantityExceeded(title, quantity, max(left, 0))
        if line.unit_price is None:
            raise MalformedAmount(
                title, "its price is unknown, so give an amount instead of a quantity"
            )
        parts.append(
            Part(
                kind=PartKind.ITEM,
                line_id=line.id,
                quantity=quantity,
                amount=quantity * line.unit_price,
            )
        )
    if wanted:
        raise RecordNotFound("order line", next(iter(wanted)))
    return parts


def _sum_parts(order: Order, ask: Ask) -> list[Part]:
    parts = []
    for kind, money in (
        (PartKind.SHIPPING, ask.shipping),
        (PartKind.GOODWILL, ask.goodwill),
        (PartKind.AMOUNT, ask.amount),
    ):
        if money is None:
            continue
        if money.minor <= 0:
            raise MalformedAmount(str(money), "it must be more than zero")
        # Adding checks the currency.
        same = Money(0, order.currency) + money
        parts.append(Part(kind=kind, amount=same.minor))
    return parts


def _decide(work: Work, refund: Refund, member: Member) -> None:
    refund.decided_by, refund.decided_at = member.member_id, work.now
    undecided.stop(refund)


def _record_verdict(work: Work, refund: Refund, kind: Kind, why: str | None) -> None:
    record(work, refund, kind, why, policy_version=refund.policy_version)
