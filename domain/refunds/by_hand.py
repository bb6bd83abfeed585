"""What only a person can end: a refund that was paid by hand, or that nobody tells of."""

from __future__ import annotations

from domain.errors import AlreadyDecided, Conflict, Invalid, ReasonNeeded, WrongState
from domain.events import Kind
from domain.people import Can, Member
from domain.refunds.model import TRANSITIONS, Refund, State
from domain.refunds.payment import ByHand
from domain.refunds.recording import record
from domain.store import Work


class PaymentReferenceNeeded(Invalid):
    """Without a reference nobody finds the payment again."""

    field = "reference"

    def __init__(self) -> None:
        super().__init__("Give the payment's reference, so that it can be found again.")


class AlreadyPaid(Conflict):
    """The money went back before, by whatever hand."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Refund {name} was already paid. Nothing was changed.")


class PaidElsewhere(Conflict):
    """A provider has the refund in its hands: paying it by hand too would pay it twice."""

    def __init__(self, name: str, provider: str | None) -> None:
        super().__init__(
            f"Refund {name} is being paid through {provider}. Wait for its answer: paid by "
            "hand as well, the buyer would get it twice."
        )


async def mark_paid(work: Work, member: Member, refund_id: int, reference: str) -> Refund:
    """Say that finance paid it by hand; `reference` is the payment's own.

    Raises:
        RoleNeeded: only finance and admins may.
        Invalid: there is no reference to find the payment by.
        AlreadyPaid, PaidElsewhere, WrongState: it does not wait for a payment by hand.
    """
    member.must(Can.PAY_REFUND)
    if not reference.strip():
        raise PaymentReferenceNeeded
    refund = await work.lock(Refund, refund_id)
    _check(refund)
    refund.move(State.SUCCEEDED)
    refund.provider_reference = reference.strip()
    refund.settled_at, refund.settled_by = work.now, member.member_id
    record(work, refund, Kind.REFUND_SUCCEEDED, None, reference=refund.provider_reference)
    return refund


async def mark_failed(work: Work, member: Member, refund_id: int, why: str) -> Refund:
    """Say that no money moved, where nobody else will; it can be asked for again then.

    If its provider tells later that it did pay, that counts (`Refund.failed_by_hand`).

    Raises:
        RoleNeeded: only finance and admins may.
        ReasonNeeded: nothing says how that is known.
        AlreadyDecided: it failed before.
        AlreadyPaid, PaidElsewhere, WrongState: it neither waits by hand nor is unknown.
    """
    member.must(Can.PAY_REFUND)
    if not why.strip():
        raise ReasonNeeded("mark a refund as failed")
    refund = await work.lock(Refund, refund_id)
    _check(refund)
    if refund.state is State.FAILED:
        raise AlreadyDecided(f"Refund {refund.name}", "marked as failed", refund.settled_by)
    if refund.state not in (State.SUBMITTED, State.UNKNOWN):
        allowed = TRANSITIONS[refund.state] - {State.FAILED}
        raise WrongState(f"Refund {refund.name}", refund.state, State.FAILED, allowed)
    refund.move(State.FAILED)
    refund.failure = why.strip()
    refund.settled_at, refund.settled_by = work.now, member.member_id
    record(
        work,
        refund,
        Kind.REFUND_FAILED,
        refund.failure,
        provider=refund.provider,
        requested_by=refund.requested_by,
    )
    return refund


def _check(refund: Refund) -> None:
    """Raise `AlreadyPaid` or `PaidElsewhere` unless a person's word is what it lacks."""
    if refund.state is State.SUCCEEDED:
        raise AlreadyPaid(refund.name)
    if refund.state is State.SUBMITTED and refund.provider != ByHand.name:
        raise PaidElsewhere(refund.name, refund.provider)
