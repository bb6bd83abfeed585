"""What one person has had refunded without an approver lately, counted so that none is missed."""

from __future__ import annotations

from sqlalchemy import func, select

from domain import people
from domain.merchants import Settings
from domain.money import Money
from domain.people import Member
from domain.refunds.model import HOLDING, Refund
from domain.refunds.policy import CAPPED
from domain.store import Work


async def used(work: Work, member: Member, currency: str, settings: Settings) -> Money:
    """Return what a member's requests were paid automatically, 0 where no cap is set.

    Their requests wait for each other here, on whatever orders they are. Whoever comes here
    holds their order already and locks nothing afterwards, so none waits in a circle.
    """
    if settings.amount("refund.daily_cap", currency) is None:
        return Money(0, currency)
    await people.take_turns(work, member.member_id)
    total = await work.session.scalar(
        select(func.coalesce(func.sum(Refund.amount), 0)).where(
            Refund.requested_by == member.member_id,
            Refund.requested_at > work.now - CAPPED,
            Refund.approvers_needed == 0,
            Refund.currency == currency,
            Refund.state.in_(HOLDING),
        )
    )
    return Money(int(total or 0), currency)
