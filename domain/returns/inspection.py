"""What is done with a return that has arrived: inspected, refunded, restocked, closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from domain import links
from domain.errors import Conflict, Invalid, ReasonNeeded, RecordNotFound, WrongState
from domain.events import Kind
from domain.inventory import service as inventory
from domain.money import Money
from domain.orders.model import Line
from domain.people import Can, Member
from domain.refunds import service as refunds
from domain.refunds.model import Reason as RefundReason
from domain.refunds.model import Refund
from domain.returns import policy, queries
from domain.returns.model import TRANSITIONS, Disposal, Return, State, Verdict
from domain.returns.policy import NothingChosen
from domain.returns.rma import end, lock, record, stop_clock
from domain.store import Work


class NothingToRefund(Conflict):
    """Nothing was accepted, or a refund took it already."""


class AmountNeeded(Invalid):
    """Lines without a price: their refund is a sum that somebody names."""

    field = "amount"

    def __init__(self) -> None:
        super().__init__("The price of a line is unknown. Say how much goes back for all of them.")


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
class Finding:
    """What the inspection of a line found: how many arrived, and what they are like."""

    received: int
    verdict: Verdict | None = None
    note: str = ""


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
    _, rma = await lock(work, return_id)
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
        stop_clock(rma)
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
    _, rma = await lock(work, return_id)
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
    # The case that it came from shows its refund, too.
    cases = [
        one for one in await links.of(work.session, "return", rma.id) if one.subject == "complaint"
    ]
    made = await refunds.request(work, member, rma.order_id, ask, about=[rma, *cases])
    record(work, rma, Kind.RETURN_REFUND_ASKED, refund=made.name)
    _close_if_done(work, rma, refunded=True)
    return made


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
    _, rma = await lock(work, return_id)
    if rma.state is not State.ACCEPTED:
        raise WrongState(f"Return {rma.name}", rma.state, "restocked", TRANSITIONS[rma.state])
    if not disposals:
        raise NothingChosen
    accepted = {line.id: line for line in rma.accepted}
    skus = await _skus(work, rma)
    back: Counter[str] = Counter()
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
        if restocked and sku:
            back[sku] += line.received or 0
    await inventory.restock(work, back, f"return {rma.name}")
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
    end(work, rma, why, member.member_id)
    record(work, rma, Kind.RETURN_CLOSED, rma.ending)
    return rma


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
