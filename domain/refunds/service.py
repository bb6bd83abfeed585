"""What can be done with a refund: ask, approve, decline, withdraw, expire, pay, settle."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select

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
from domain.refunds import allowance, covered, policy, undecided
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
    _check(ask)
    order = await work.lock(Order, order_id)
    parts, total = await _parts(work, order, ask)
    refund = _requested(work, member, order, ask, parts, total)
    await _judge(work, member, refund)
    work.session.add(refund)
    await work.session.flush()
    await links.tie(work, refund, about)
    record(
        work,
        refund,
        Kind.REFUND_REQUESTED,
        ask.note,
        reason=ask.reason,
        policy=refund.explanation,
        policy_version=refund.policy_version,
        **links.as_data(about),
    )
    if not refund.approvers_needed:
        refund.move(State.APPROVED)
        refund.decided_at = work.now
        _record_verdict(work, refund, Kind.REFUND_APPROVED, refund.explanation)
    return refund


async def approve(work: Work, member: Member, refund_id: int) -> Refund:
    """Give one approval; with the last one needed, the refund is approved and will be paid.

    Raises:
        OwnRequest, AboveLimit, NoRole, RoleNeeded: this person may not.
        AlreadyDecided, WrongState, RecordNotFound: it is not to be decided any more.
        NoLongerCovered: the order was edited, and what was paid for it does not cover this.
    """
    order, refund = await covered.lock(work, refund_id)
    if refund.state is not State.AWAITING_APPROVAL:
        refund.move(State.APPROVED)
    policy.check_approver(refund, member)
    try:
        await covered.check(work, order, refund, (State.APPROVED, *PAYING))
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


def check_decline(refund: Refund, member: Member) -> None:
    """Raise unless this person may turn this refund down, as before they are asked why.

    Raises:
        OwnRequest, NoRole, RoleNeeded: this person may not.
        AlreadyDecided, WrongState: it is not to be decided any more.
    """
    if refund.state is not State.AWAITING_APPROVAL:
        refund.move(State.DECLINED)
    member.must(Can.DECIDE_REFUND)
    if refund.requested_by == member.member_id:
        raise OwnRequest


async def decline(work: Work, member: Member, refund_id: int, why: str) -> Refund:
    """Turn a refund down; raises `ReasonNeeded` without a reason, else as `check_decline`."""
    refund = await work.lock(Refund, refund_id)
    check_decline(refund, member)
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


def _check(ask: Ask) -> None:
    if ask.reason is Reason.OTHER and not (ask.note or "").strip():
        raise NoteNeeded
    if ask.amount and (ask.shipping or ask.goodwill or any(ask.lines.values())):
        raise SumAndParts


def _requested(
    work: Work, member: Member, order: Order, ask: Ask, parts: list[Part], total: Money
) -> Refund:
    for part in parts:
        part.merchant_id = work.merchant_id
    return Refund(
        order_id=order.id,
        key=uuid.uuid4().hex,
        state=State.REQUESTED,
        amount=total.minor,
        currency=total.currency,
        reason=ask.reason,
        note=ask.note or None,
        requested_by=member.member_id,
        requested_at=work.now,
        parts=parts,
        approvals=[],
    )


async def _judge(work: Work, member: Member, refund: Refund) -> None:
    """Have the policy say who must agree, and start the clocks if somebody must."""
    settings = await merchants.settings(work.session)
    lately = await allowance.used(work, member, refund.currency, settings)
    verdict = policy.judge(refund.money, settings, lately)
    refund.approvers_needed, refund.explanation = verdict.approvers, verdict.explanation
    refund.policy_version = settings.policy_version
    if verdict.approvers:
        refund.move(State.AWAITING_APPROVAL)
        undecided.start(refund, settings)


async def _parts(work: Work, order: Order, ask: Ask) -> tuple[list[Part], Money]:
    """Return what is asked for, and what it comes to, which the order still has to give."""
    parts = [*await _item_parts(work, order, ask), *_sum_parts(order, ask)]
    total = Money(sum(part.amount for part in parts), order.currency)
    if total.minor <= 0:
        raise MalformedAmount("0", "choose what to give back, it must be more than zero")
    policy.check_refundable(order, total, await covered.held(work, order.id))
    return parts, total


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
    parts = [
        _item_part(line, wanted.pop(line.id), line.quantity - int(taken.get(line.id) or 0))
        for line in lines
    ]
    if wanted:
        raise RecordNotFound("order line", next(iter(wanted)))
    return parts


def _item_part(line: Line, quantity: int, left: int) -> Part:
    title = line.title or line.sku or f"line {line.position}"
    if not 0 < quantity <= left:
        raise QuantityExceeded(title, quantity, max(left, 0))
    if line.unit_price is None:
        raise MalformedAmount(
            title, "its price is unknown, so give an amount instead of a quantity"
        )
    return Part(
        kind=PartKind.ITEM,
        line_id=line.id,
        quantity=quantity,
        amount=quantity * line.unit_price,
    )


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
