"""Who must agree to a refund, and whether it can be given at all: pure decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.errors import AboveLimit, AlreadyDecided, MoreThanRefundable, NotRefundable, OwnRequest
from domain.merchants import Settings
from domain.money import Money
from domain.orders.model import Order
from domain.orders.model import State as OrderState
from domain.people import Can, Member
from domain.refunds.model import Refund

#: The span of time that `refund.daily_cap` is about: the 24 hours before a request.
CAPPED = timedelta(hours=24)


class Step(StrEnum):
    """What the clock does about a refund that nobody decides."""

    REMINDER = "reminder"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many different approvers are needed, and why, as it stands on the card."""

    approvers: int
    explanation: str


def judge(amount: Money, settings: Settings, lately: Money | None = None) -> Verdict:
    """Say how many people must approve the amount under the merchant's settings.

    `lately` is what whoever asks had refunded without an approver in the time that is `CAPPED`.
    """
    auto = settings.amount("refund.auto_limit", amount.currency)
    two = settings.amount("refund.two_approvers_above", amount.currency)
    cap = settings.amount("refund.daily_cap", amount.currency)
    if two is not None and amount > two:
        return Verdict(2, f"needs two approvers: {amount} is above {two}")
    if auto is None:
        return Verdict(1, "needs one approver")
    if amount > auto:
        return Verdict(1, f"needs one approver: {amount} is above {auto}")
    together = amount + (lately or Money(0, amount.currency))
    if cap is not None and together > cap:
        return Verdict(
            1,
            f"needs one approver: with it, {together} would be automatic for this agent in "
            f"24 hours, above {cap}",
        )
    return Verdict(0, f"needs no approver: {amount} is within {auto}")


def expires_at(settings: Settings, asked_at: datetime) -> datetime:
    """Return when a refund that nobody decided expires."""
    return asked_at + timedelta(hours=settings["refund.expires_after_hours"])


def steps(
    settings: Settings, asked_at: datetime, expires_at: datetime
) -> Sequence[tuple[datetime, Step]]:
    """Return what happens when, in this order, while nobody decides.

    A fallback that would be called at the expiry or later is called at half of the time to
    it, and a reminder that would not come before the fallback is left out.
    """
    pass_on = asked_at + timedelta(hours=settings["refund.fallback_after_hours"])
    if pass_on >= expires_at:
        pass_on = asked_at + (expires_at - asked_at) / 2
    remind = asked_at + timedelta(hours=settings["refund.remind_after_hours"])
    first = [(remind, Step.REMINDER)] if remind < pass_on else []
    return [*first, (pass_on, Step.FALLBACK)]


def check_refundable(order: Order, amount: Money, held: int) -> None:
    """Raise unless the order still has this much to give back.

    `held` is what pending and succeeded refunds took already, in minor units.

    Raises:
        NotRefundable: the order is cancelled, or nothing is known to be paid.
        MoreThanRefundable: less than the amount is left.
    """
    if order.state == OrderState.CANCELLED:
        raise NotRefundable(
            f"Order {order.number} is cancelled, so there is nothing to refund. If the buyer "
            "did pay, sort it out with the payment provider and finance."
        )
    captured = order.captured_money
    if captured is None:
        raise NotRefundable(
            f"What the buyer paid for order {order.number} is unknown, so a refund can't be "
            "checked. Import the order again from a source that has its payment."
        )
    if captured.minor == 0:
        raise NotRefundable(
            f"Nothing was paid for order {order.number} yet, so there is nothing to refund."
        )
    left = captured - Money(held, order.currency)
    if left < amount:
        raise MoreThanRefundable(amount, left)


def check_approver(refund: Refund, member: Member) -> None:
    """Raise unless this person may approve this refund.

    Raises:
        NoRole: nobody gave them a role.
        RoleNeeded: they are no approver.
        OwnRequest: they asked for it themselves.
        AlreadyDecided: they approved it already, and somebody else has to.
        AboveLimit: it is above their limit, or they have limits but none in its currency.
    """
    member.must(Can.DECIDE_REFUND)
    if refund.requested_by == member.member_id:
        raise OwnRequest
    if any(approval.member_id == member.member_id for approval in refund.approvals):
        raise AlreadyDecided(f"Refund {refund.name}", "approved", member.member_id)
    limit = member.limit(refund.currency)
    if member.limits and (limit is None or limit < refund.money):
        raise AboveLimit(refund.money, limit)
