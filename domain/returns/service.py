"""What can be done with a return: ask, answer, track, receive, inspect, refund, dispose, close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

from domain import links, merchants, people
from domain.errors import Conflict, Invalid, ReasonNeeded, RecordNotFound, WrongState
from domain.events import Kind
from domain.links import Linked
from domain.money import Money
from domain.orders.model import Line, Order
from domain.people import Can, Member
from domain.refunds import service as refunds
from domain.refunds.model import Reason as RefundReason
from domain.refunds.model import Refund
from domain.returns import arrivals, policy, queries
from domain.returns.arrivals import record
from domain.returns.model import (
    MOST_LINES,
    TRANSITIONS,
    Disposal,
    Reason,
    Return,
    ReturnLine,
    State,
    Verdict,
)
from domain.shipping.model import ENDED, Parcel, ParcelState, as_tracked
from domain.store import Subject, Work

_ON_ITS_WAY = (State.AUTHORISED, State.IN_TRANSIT)


class NothingChosen(Invalid):
    """A form in which no line was chosen."""

    def __init__(self) -> None:
        super().__init__("Nothing is chosen. Say how many of which line come back.")


class TooManyLines(Invalid):
    """More lines than one form can be inspected in."""

    def __init__(self) -> None:
        super().__init__(f"One return takes up to {MOST_LINES} lines. Ask for two returns.")


class CantBeTracked(Invalid):
    """A tracking number that names no parcel, or another one."""

    field = "number"


class NothingToRefund(Conflict):
    """Nothing was accepted, or a refund took it already."""


class AlreadyDisposed(Conflict):
    """Somebody said before what became of the goods."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Somebody has said already what became of these goods of {name}. Nothing was changed."
        )


class NotDisposed(Conflict):
    """Goods that were accepted, and nobody knows where they are."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Goods of {name} were accepted. Restock them or write them off, then close it."
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """What a buyer wants to send back, and why: quantities by the order's line id."""

    reason: Reason
    note: str | None = None
    lines: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """What the inspection of a line found: how many arrived, and what they are like."""

    received: int
    verdict: Verdict | None = None
    note: str = ""


async def request(
    work: Work, member: Member, order_id: int, ask: Ask, *, about: Sequence[Subject | Linked] = ()
) -> Return:
    """Ask for a return; somebody has to answer in time.

    The order's row is locked while what can still come back is counted. What was refunded
    already may come back, too: a refund of it finds what is left. It belongs to what it is
    `about`, such as a complaint.

    Raises:
        NotReturnable, TooMany, NothingChosen, TooManyLines, ReasonNeeded: it can't come back.
        NoRole, RoleNeeded: the person may not ask.
    """
    member.must(Can.RETURN)
    note = (ask.note or "").strip()
    if ask.reason is Reason.OTHER and not note:
        raise ReasonNeeded("ask for a return")
    wanted = {line_id: quantity for line_id, quantity in ask.lines.items() if quantity}
    if len(wanted) > MOST_LINES:
        raise TooManyLines
    order = await work.lock(Order, order_id)
    policy.check_returnable(order.number, order.state)
    if not wanted:
        raise NothingChosen
    await arrivals.check_room(work, order_id, wanted)
    answer_by = work.now + policy.answer_within(await merchants.settings(work.session))
    rma = Return(
        order_id=order_id,
        state=State.REQUESTED,
        reason=ask.reason,
        note=note or None,
        requested_by=member.member_id,
        requested_at=work.now,
        answer_by=answer_by,
        warning_due_at=policy.remind_to_answer(work.now, answer_by),
        lines=[
            ReturnLine(merchant_id=work.merchant_id, line_id=line_id, quantity=quantity)
            for line_id, quantity in wanted.items()
        ],
    )
    work.session.add(rma)
    await work.session.flush()
    await links.tie(work, rma, about)
    # The note may name the buyer, so the log keeps only the reason from the list.
    record(work, rma, Kind.RETURN_REQUESTED, reason=ask.reason, quantity=sum(wanted.values()))
    return rma


async def authorise(work: Work, member: Member, return_id: int) -> Return:
    """Let it come; what never does expires."""
    member.must(Can.RETURN)
    rma = await work.lock(Return, return_id)
    rma.move(State.AUTHORISED)
    settings = await merchants.settings(work.session)
    rma.decided_by, rma.decided_at = member.member_id, work.now
    rma.warning_due_at = None
    rma.expires_due_at = work.now + timedelta(days=settings["return.expires_after_days"])
    record(work, rma, Kind.RETURN_AUTHORISED)
    return rma


async def decline(work: Work, member: Member, return_id: int, why: str) -> Return:
    """Turn a request down; raises `ReasonNeeded` without a reason."""
    member.must(Can.RETURN)
    rma = await work.lock(Return, return_id)
    rma.move(State.DECLINED)
    if not why.strip():
        raise ReasonNeeded("decline a return")
    rma.decided_by, rma.decided_at = member.member_id, work.now
    _end(work, rma, why, member.member_id)
    record(work, rma, Kind.RETURN_DECLINED, rma.ending, requested_by=rma.requested_by)
    return rma


async def withdraw(work: Work, member: Member, return_id: int, why: str) -> Return:
    """Say that nothing comes back after all, whether it was authorised or not."""
    member.must(Can.RETURN)
    rma = await work.lock(Return, return_id)
    rma.move(State.WITHDRAWN)
    if not why.strip():
        raise ReasonNeeded("withdraw a return")
    _end(work, rma, why, member.member_id)
    record(work, rma, Kind.RETURN_WITHDRAWN, rma.ending)
    return rma


async def track(
    work: Work, member: Member, return_id: int, number: str, carrier: str | None = None
) -> Parcel:
    """Follow the parcel it comes back in; a number that no scan has confirmed yet is corrected.

    Raises:
        CantBeTracked: there is no number, or it is another parcel's.
        WrongState: it is not on its way.
    """
    member.must(Can.RECEIVE)
    tracked = as_tracked(number)
    if tracked is None:
        raise CantBeTracked("Give the number that the carrier tracks the parcel by.")
    order, rma = await _locked(work, return_id)
    if rma.state not in _ON_ITS_WAY:
        raise WrongState(f"Return {rma.name}", rma.state, "tracked", TRANSITIONS[rma.state])
    parcels = (
        await work.session.scalars(select(Parcel).where(Parcel.tracking_number == tracked))
    ).all()
    for parcel in parcels:
        if parcel.order_id == order.id or parcel.state not in ENDED:
            whose = "brought this order" if parcel.return_id is None else "comes back already"
            raise CantBeTracked(
                f"{tracked} is the number of a parcel that {whose}, or belongs to another order. "
                "Give the number of the parcel that this return comes in."
            )
    parcel = await _unscanned(work, rma) or Parcel(
        order_id=order.id, return_id=rma.id, state=ParcelState.PENDING, contents=[]
    )
    parcel.tracking_number, parcel.carrier = tracked, (carrier or "").strip() or None
    work.session.add(parcel)
    rma.expires_due_at = None
    await work.session.flush()
    record(work, rma, Kind.RETURN_TRACKED, carrier=parcel.carrier, number=tracked)
    return parcel


async def receive(work: Work, member: Member, return_id: int) -> Return:
    """Say that it arrived, tracked or not; its lines are counted when they are inspected."""
    member.must(Can.RECEIVE)
    _, rma = await _locked(work, return_id)
    await arrivals.check_room_again(work, rma)
    await arrivals.arrive(work, rma, work.now)
    return rma


async def inspect(
    work: Work, member: Member, return_id: int, findings: Mapping[int, Finding]
) -> Return:
    """Say of every line (by the return line's id) how many arrived, and whether they are accepted.

    As long as a line needs a look, all of it can be inspected anew.

    Raises:
        MoreThanAuthorised, VerdictNeeded, ReasonNeeded: a finding makes no sense.
        RecordNotFound: a line of another return.
        WrongState: it has not arrived, or was inspected already.
    """
    member.must(Can.RECEIVE)
    _, rma = await _locked(work, return_id)
    if State.ACCEPTED not in TRANSITIONS[rma.state]:
        raise WrongState(f"Return {rma.name}", rma.state, "inspected", TRANSITIONS[rma.state])
    for stranger in findings.keys() - {line.id for line in rma.lines}:
        raise RecordNotFound("return line", stranger)
    for line in rma.lines:
        found = findings.get(line.id)
        if found is None:
            raise policy.VerdictNeeded(line.id)
        policy.check_finding(line, found.verdict, found.received, found.note)
        line.received, line.note = found.received, found.note.strip() or None
        line.verdict = found.verdict if found.received else None
    rma.move(policy.outcome(rma.lines))
    rma.inspected_by, rma.inspected_at = member.member_id, work.now
    if rma.state is State.REJECTED:
        _stop_clock(rma)
    record(work, rma, Kind.RETURN_INSPECTED, None, **_counts(rma))
    return rma


async def refund(
    work: Work,
    member: Member,
    return_id: int,
    *,
    shipping: Money | None = None,
    amount: Money | None = None,
    note: str | None = None,
) -> Refund:
    """Ask for a refund of what was accepted, as far as no refund took it already.

    It is a refund as any other: its policy, its limits, its approvers. Where the price of a
    line is unknown, one `amount` stands in for the lines, in the order's currency.

    Raises:
        NothingToRefund: nothing is accepted, or left to refund.
        AmountNeeded: a price is unknown, so somebody has to say how much.
        What `refunds.service.request` raises.
    """
    member.must(Can.REQUEST_REFUND)
    _, rma = await _locked(work, return_id)
    card = await queries.card(work.session, return_id)
    _check_refund(card)
    if card.total is None and amount is None:
        raise AmountNeeded
    by_line = {} if card.total is None else {one.line_id: one.to_refund for one in card.lines}
    ask = refunds.Ask(
        reason=RefundReason.RETURNED,
        note=(note or "").strip() or None,
        lines=by_line,
        shipping=shipping,
        amount=amount if card.total is None else None,
    )
    made = await refunds.request(work, member, rma.order_id, ask, about=[rma])
    record(work, rma, Kind.RETURN_REFUND_ASKED, refund=made.name)
    _close_if_done(work, rma, refunded=True)
    return made


class AmountNeeded(Invalid):
    """Lines without a price: their refund is a sum that somebody names."""

    field = "amount"

    def __init__(self) -> None:
        super().__init__("The price of a line is unknown. Say how much goes back for all of them.")


async def dispose(
    work: Work, member: Member, return_id: int, disposals: Mapping[int, Disposal]
) -> Return:
    """Say what becomes of accepted goods, by the return line's id; stock is counted by these.

    With the last of them, a return that has its refund closes.

    Raises:
        NothingChosen: no line is named.
        AlreadyDisposed: somebody was first.
        RecordNotFound: a line of another return, or one that was not accepted.
        WrongState: it is not accepted.
    """
    member.must(Can.RECEIVE)
    _, rma = await _locked(work, return_id)
    if rma.state is not State.ACCEPTED:
        raise WrongState(f"Return {rma.name}", rma.state, "restocked", TRANSITIONS[rma.state])
    if not disposals:
        raise NothingChosen
    accepted = {line.id: line for line in rma.accepted}
    skus = await _skus(work, rma)
    for line_id, disposal in disposals.items():
        if line_id not in accepted:
            raise RecordNotFound("return line", line_id)
        line = accepted[line_id]
        if line.disposal is not None:
            raise AlreadyDisposed(rma.name)
        line.disposal, line.disposed_by, line.disposed_at = disposal, member.member_id, work.now
        restocked = disposal is Disposal.RESTOCKED
        kind = Kind.RETURN_RESTOCKED if restocked else Kind.RETURN_WRITTEN_OFF
        sku = skus[line.line_id]
        record(work, rma, kind, line_id=line.line_id, sku=sku, quantity=line.received)
    card = await queries.card(work.session, return_id)
    _close_if_done(work, rma, refunded=card.is_refunded)
    return rma


async def close(work: Work, member: Member, return_id: int, why: str) -> Return:
    """End it without a refund, with the reason: rejected, exchanged, refunded elsewhere.

    Raises:
        ReasonNeeded: nothing says why.
        NotDisposed: goods were accepted, and nobody said what became of them.
        WrongState: it is not inspected.
    """
    member.must(Can.RETURN)
    rma = await work.lock(Return, return_id)
    if rma.state is State.ACCEPTED and rma.to_dispose:
        raise NotDisposed(rma.name)
    rma.move(State.CLOSED)
    if not why.strip():
        raise ReasonNeeded("close a return without a refund")
    _end(work, rma, why, member.member_id)
    record(work, rma, Kind.RETURN_CLOSED, rma.ending)
    return rma


async def sweep_warnings(work: Work, *, most: int) -> int:
    """Remind of answers and refunds that are due soon; returns how many were due."""
    due = await work.due(Return, "warning_due_at", most=most)
    for rma in due:
        if rma.state is State.REQUESTED or not await _is_paid(work, rma):
            record(work, rma, Kind.RETURN_REMINDED)
    return len(due)


async def sweep_overdue(work: Work, *, most: int) -> int:
    """Call somebody for refunds that are overdue; returns how many were due."""
    due = await work.due(Return, "overdue_due_at", most=most)
    if due:
        named = (await merchants.settings(work.session))["return.overdue"]
        called = await people.on_duty(work.session, named, work.now)
        for rma in due:
            if not await _is_paid(work, rma):
                # With everyone away, those who were named hear of it when they are back.
                record(work, rma, Kind.RETURN_OVERDUE, called=called or named)
    return len(due)


async def sweep_expired(work: Work, *, most: int) -> int:
    """Let authorised returns expire that never came; returns how many were due."""
    due = await work.due(Return, "expires_due_at", most=most)
    for rma in due:
        if rma.state is State.AUTHORISED:
            rma.move(State.EXPIRED)
            rma.ended_at = work.now
            record(work, rma, Kind.RETURN_EXPIRED, "nothing came in time")
    return len(due)


async def _locked(work: Work, return_id: int) -> tuple[Order, Return]:
    """Lock a return after its order, as everybody does who locks both."""
    order_id = await work.session.scalar(select(Return.order_id).where(Return.id == return_id))
    if order_id is None:
        raise RecordNotFound("return", return_id)
    return await work.lock(Order, order_id), await work.lock(Return, return_id)


async def _unscanned(work: Work, rma: Return) -> Parcel | None:
    """Return the parcel of a number that no carrier has said anything of, if there is one."""
    return await work.session.scalar(
        select(Parcel)
        .where(
            Parcel.order_id == rma.order_id,
            Parcel.return_id == rma.id,
            Parcel.last_event_at.is_(None),
        )
        .order_by(Parcel.id.desc())
        .limit(1)
    )


def _check_refund(card: queries.ReturnCard) -> None:
    rma = card.rma
    if card.is_refunded and card.refund:
        raise NothingToRefund(
            f"Return {rma.name} has refund {card.refund.name} already. Nothing was changed."
        )
    if rma.state is not State.ACCEPTED and not card.may_be_refunded:
        raise WrongState(f"Return {rma.name}", rma.state, "refunded", TRANSITIONS[rma.state])
    if not card.may_be_refunded:
        raise NothingToRefund(
            f"All that was accepted in return {rma.name} is refunded already. Close it without "
            "a refund."
        )


async def _is_paid(work: Work, rma: Return) -> bool:
    return (await queries.card(work.session, rma.id)).is_paid


async def _skus(work: Work, rma: Return) -> dict[int, str | None]:
    found = await work.session.execute(
        select(Line.id, Line.sku).where(Line.id.in_([line.line_id for line in rma.lines]))
    )
    return dict(found.all())


def _counts(rma: Return) -> dict[str, int]:
    """Count an inspection's pieces: what was accepted, rejected, set aside, and what is missing."""
    pieces = {
        verdict.value: sum(line.received or 0 for line in rma.lines if line.verdict is verdict)
        for verdict in Verdict
    }
    return {**pieces, "missing": sum(line.quantity - (line.received or 0) for line in rma.lines)}


def _close_if_done(work: Work, rma: Return, *, refunded: bool) -> None:
    if refunded and rma.state is State.ACCEPTED and not rma.to_dispose:
        rma.move(State.CLOSED)
        rma.ended_by, rma.ended_at = work.actor, work.now
        record(work, rma, Kind.RETURN_CLOSED)


def _end(work: Work, rma: Return, why: str, member_id: str) -> None:
    rma.ended_by, rma.ended_at, rma.ending = member_id, work.now, why.strip()
    _stop_clock(rma)


def _stop_clock(rma: Return) -> None:
    rma.warning_due_at = rma.overdue_due_at = rma.expires_due_at = None
