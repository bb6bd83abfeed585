"""What a report counts, and what it leaves to other days."""

from __future__ import annotations

from datetime import timedelta

from domain import reports
from domain.money import Money
from domain.refunds import heard, paying, service
from domain.refunds.model import Reason, State
from domain.refunds.payment import Outcome, Report, Result
from domain.reports import Decider, RefundReport, Slice
from tests.domain.desk import (
    AGENT,
    APPROVER,
    OTHER_AGENT,
    OTHER_APPROVER,
    PAID,
    Desk,
    asking,
    statements,
    usd,
)


async def report(desk: Desk, days: int = 30) -> RefundReport:
    async with desk.look() as session:
        return await reports.refunds(session, desk.now, days)


async def pay(desk: Desk, refund_id: int, *, after: float, outcome: Outcome = PAID) -> None:
    async with desk.work("worker") as work:
        await paying.submit(work, refund_id, "stripe")
    await desk.later(seconds=after).settle(refund_id, outcome)


async def test_a_desk_without_refunds_reports_none(desk: Desk) -> None:
    found = await report(desk)
    assert found.total == Slice(None, 0, ())
    assert (found.paid, found.decision, found.payment, found.deciders) == (None, None, None, ())
    assert (found.waiting_total, [*found.reconciliations]) == (0, [])


async def test_refunds_are_counted_and_added_up_by_each_of_their_sides(desk: Desk) -> None:
    await desk.setting("refund.auto_limit", "1.00 USD")
    await desk.setting("refund.two_approvers_above", "50.00")
    order_id = await desk.order()
    other_id = await desk.order(
        number="1002", currency="EUR", captured=9_000, payment_reference="pi_2"
    )
    await pay(desk, (await desk.request(order_id, 100)).id, after=1)
    euros = asking(0, amount=Money(3_000, "EUR"), reason=Reason.LATE)
    one = (await desk.request(other_id, euros)).id
    await desk.approve(one)
    await pay(desk, one, after=3)
    two = (await desk.request(other_id, asking(0, amount=Money(6_000, "EUR")))).id
    await desk.approve(two)
    await desk.approve(two, OTHER_APPROVER)
    three = (await desk.request(order_id, 500, OTHER_AGENT)).id
    async with desk.work(APPROVER.member_id) as work:
        await service.decline(work, APPROVER, three, "Not broken")
    async with desk.work("stripe") as work:
        told = Report("stripe", "re_9", ["pi_1"], usd(50), Outcome(Result.SUCCEEDED, "re_9"))
        await heard.hear(work, told)

    found = await report(desk)
    assert found.total == Slice(None, 5, (Money(9_000, "EUR"), usd(650)))
    assert found.paid == Slice("succeeded", 3, (Money(3_000, "EUR"), usd(150)))
    assert [(one.name, one.count) for one in found.states] == [
        (State.APPROVED, 1),
        (State.SUCCEEDED, 3),
        (State.DECLINED, 1),
    ]
    assert [(one.name, one.count) for one in found.reasons] == [
        ("damaged", 3),
        ("late", 1),
        ("other", 1),
    ]
    assert [(one.name, one.sums) for one in found.providers] == [
        ("stripe", (Money(3_000, "EUR"), usd(150)))
    ]
    assert [(one.name, one.count) for one in found.approval] == [
        ("0", 1),
        ("1", 2),
        ("2", 1),
        (None, 1),
    ]
    assert found.deciders == (
        Decider(APPROVER.member_id, 2, 1),
        Decider(OTHER_APPROVER.member_id, 1, 0),
    )


async def test_half_of_the_times_and_nine_of_ten_are_told_by_nearest_rank(desk: Desk) -> None:
    order_id = await desk.order()
    for minutes in range(1, 11):
        refund_id = (await desk.request(order_id, 10)).id
        decided = desk.later(minutes=minutes)
        await decided.approve(refund_id)
        await pay(decided, refund_id, after=minutes * 1.5)
    found = await report(desk.later(hours=1))
    assert found.decision is not None
    assert found.payment is not None
    assert found.decision.count == found.payment.count == 10
    assert (round(found.decision.median), round(found.decision.p90)) == (5 * 60, 9 * 60)
    assert (round(found.payment.median, 2), round(found.payment.p90, 2)) == (7.5, 13.5)


async def test_what_nobody_decided_has_no_time_to_decision(desk: Desk) -> None:
    order_id = await desk.order()
    await desk.setting("refund.auto_limit", "1.00 USD")
    await desk.request(order_id, 100)
    withdrawn = (await desk.request(order_id, 200)).id
    async with desk.work(AGENT.member_id) as work:
        await service.withdraw(work, AGENT, withdrawn)
    await desk.request(order_id, 300)
    await desk.later(days=4).sweep(service.sweep_expired)
    found = await report(desk.later(days=4))
    assert (found.total.count, found.decision, found.payment) == (3, None, None)


async def test_it_covers_its_days_and_what_waits_from_whenever(desk: Desk) -> None:
    order_id = await desk.order()
    ids = [(await desk.request(order_id, 10)).id for _ in range(7)]
    later = desk.later(days=8)
    found = await report(later, 7)
    assert found.total.count == 0
    assert found.waiting_total == 7
    assert [one.id for one in found.waiting] == ids[: reports.SHOWN]
    assert found.since == later.now - timedelta(days=7)
    assert (await report(later, 9)).total.count == 7


async def test_it_stays_at_home_and_takes_few_statements(desk: Desk, other_desk: Desk) -> None:
    await other_desk.request(await other_desk.order(), 100)
    order_id = await desk.order()
    for _ in range(30):
        await desk.request(order_id, 10)
    with statements(desk.store) as seen:
        found = await report(desk)
    assert found.total.count == 30
    assert len(seen) <= 8
    assert (await report(other_desk)).total.count == 1
