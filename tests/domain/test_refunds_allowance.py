"""What one person may have refunded without an approver, and the policy's number."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from domain import merchants, people
from domain.events import Event, Kind
from domain.merchants import Merchant
from domain.money import Money
from domain.refunds import paying, service
from domain.refunds.model import Refund, State
from tests.domain.desk import (
    ADMIN,
    AGENT,
    APPROVER,
    OTHER_AGENT,
    REFUSED,
    Desk,
    asking,
    usd,
)


@pytest.fixture
async def orders(desk: Desk) -> list[int]:
    """Twelve orders of 60.00 USD, on a desk that pays up to 20.00 at once, 50.00 a day."""
    await desk.setting("refund.auto_limit", "20.00")
    await desk.setting("refund.daily_cap", "50.00 USD")
    return [await desk.order(number=str(number)) for number in range(2000, 2012)]


async def test_above_the_cap_one_approver_is_needed_and_the_card_says_why(
    desk: Desk, orders: list[int]
) -> None:
    small = [await desk.request(order_id, 1700) for order_id in orders[:3]]
    assert [one.approvers_needed for one in small] == [0, 0, 1]
    assert small[2].explanation == (
        "needs one approver: with it, 51.00 USD would be automatic for this agent in 24 hours, "
        "above 50.00 USD"
    )
    # What an approver has to see does not use anything up, and what still fits is automatic.
    assert (await desk.request(orders[3], 1600)).approvers_needed == 0
    assert (await desk.request(orders[4], 1)).approvers_needed == 1


async def test_the_cap_is_one_person_s_in_24_hours_in_a_currency(
    desk: Desk, orders: list[int]
) -> None:
    for order_id in orders[:2]:
        await desk.later(hours=1).request(order_id, 2000)
    assert (await desk.later(hours=2).request(orders[2], 1001)).approvers_needed == 1
    assert (await desk.later(hours=2).request(orders[2], 2000, OTHER_AGENT)).approvers_needed == 0
    euros = await desk.order(number="3000", currency="EUR")
    asked = asking(0, amount=Money(2000, "EUR"))
    assert (await desk.later(hours=2).request(euros, asked)).approvers_needed == 0
    assert (await desk.later(hours=24.9).request(orders[3], 1001)).approvers_needed == 1
    assert (await desk.later(hours=25).request(orders[3], 1001)).approvers_needed == 0


async def test_what_was_approved_or_failed_does_not_count(desk: Desk, orders: list[int]) -> None:
    await desk.approve((await desk.request(orders[0], 3000)).id)
    failed = await desk.request(orders[1], 2000)
    async with desk.work("worker") as work:
        await paying.submit(work, failed.id, "stripe")
    await desk.settle(failed.id, REFUSED)
    assert [(await desk.request(one, 2000)).approvers_needed for one in orders[2:5]] == [0, 0, 1]


@pytest.mark.parametrize("known", [True, False])
async def test_requests_at_once_on_several_orders_never_exceed_the_cap(
    desk: Desk, orders: list[int], *, known: bool
) -> None:
    if known:
        async with desk.work(ADMIN.member_id) as work:
            await people.set_role(work, AGENT.member_id, "agent")
    asked = await asyncio.gather(*(desk.request(order_id, 1100) for order_id in orders))
    automatic = [one for one in asked if one.approvers_needed == 0]
    assert len(automatic) == 4
    assert sum(one.amount for one in automatic) == 4400
    assert all(one.state is State.APPROVED for one in automatic)


async def test_people_at_once_on_the_same_orders_get_out_of_each_others_way(
    desk: Desk, orders: list[int]
) -> None:
    """Orders are locked first and people second, so nobody waits in a circle."""
    agents = [people.Member(f"U0AGENT{number}", "agent") for number in range(4)]

    async def role(agent: people.Member) -> None:
        async with desk.work(ADMIN.member_id) as work:
            await people.set_role(work, agent.member_id, "agent")

    asked = await asyncio.gather(
        *(desk.request(order, 1000, agent) for agent in agents for order in orders[:6]),
        *(desk.request(order, 1000, agent) for agent in agents for order in orders[5::-1]),
        *map(role, agents),
        return_exceptions=True,
    )
    made = [one for one in asked if isinstance(one, Refund) and one.approvers_needed == 0]
    by_agent = {
        one.member_id: [a for a in made if a.requested_by == one.member_id] for one in agents
    }
    assert all(sum(one.amount for one in found) <= 5000 for found in by_agent.values())
    failed = [one for one in asked if isinstance(one, Exception)]
    assert {type(one).__name__ for one in failed} <= {"MoreThanRefundable"}


async def _versions(desk: Desk) -> list[int | None]:
    changes: list[Event] = await desk.events(Kind.SETTING_CHANGED)
    return [one.data.get("policy_version") for one in changes]


async def test_each_change_of_the_policy_begins_a_version(desk: Desk) -> None:
    order_id = await desk.order()
    assert (await desk.request(order_id, 100)).policy_version == 1
    await desk.setting("refund.auto_limit", "20 USD")
    await desk.setting("channel.refunds", "C0REFUNDS")
    await desk.setting("refund.fallback", "U0BOSS")
    async with desk.work(ADMIN.member_id) as work:
        await merchants.unset(work, "refund.fallback")
        await merchants.unset(work, "refund.daily_cap")
    assert await _versions(desk) == [2, None, 3, 4]
    assert (await desk.one(select(Merchant))).policy_version == 4
    assert (await desk.request(order_id, 100)).policy_version == 4


async def test_a_refund_and_its_decisions_keep_the_version_it_was_judged_under(desk: Desk) -> None:
    order_id = await desk.order()
    await desk.setting("refund.two_approvers_above", "50 USD")
    approved, declined = [await desk.request(order_id, 1000) for _ in range(2)]
    await desk.setting("refund.two_approvers_above", "5 USD")
    await desk.approve(approved.id)
    async with desk.work(APPROVER.member_id) as work:
        await service.decline(work, APPROVER, declined.id, "No")
    kinds = (Kind.REFUND_REQUESTED, Kind.REFUND_APPROVED, Kind.REFUND_DECLINED)
    decided = [one for one in await desk.events() if one.kind in kinds]
    assert [one.data["policy_version"] for one in decided] == [2, 2, 2, 2]
    assert (await desk.request(order_id, 1000)).policy_version == 3


async def test_changes_at_once_begin_a_version_each(desk: Desk) -> None:
    keys = ("refund.auto_limit", "refund.two_approvers_above", "refund.daily_cap")
    await asyncio.gather(*(desk.setting(keys[each % 3], str(usd(each))) for each in range(12)))
    assert sorted(await _versions(desk), key=int) == list(range(2, 14))  # type: ignore[arg-type]
    assert (await desk.one(select(Merchant))).policy_version == 13


async def test_settings_changed_together_in_any_order_do_not_wait_in_a_circle(desk: Desk) -> None:
    keys = ["refund.auto_limit", "refund.daily_cap", "refund.expires_after_hours"]

    async def change(each: int) -> None:
        async with desk.work(ADMIN.member_id) as work:
            for key in keys if each % 2 else keys[::-1]:
                await merchants.change_setting(work, key, str(each + 1))

    await asyncio.gather(*(change(each) for each in range(8)))
    assert (await desk.one(select(Merchant))).policy_version == 25


async def test_another_merchant_has_a_policy_of_its_own(desk: Desk, other_desk: Desk) -> None:
    await desk.setting("refund.auto_limit", "20 USD")
    assert (await other_desk.request(await other_desk.order(), 100)).policy_version == 1
