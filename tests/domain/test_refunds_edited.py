"""Orders that are edited between the request, the approval and the payment of a refund."""

from __future__ import annotations

import asyncio

import pytest

from domain.events import Kind
from domain.money import Money
from domain.orders.model import State as OrderState
from domain.refunds import heard, paying, service
from domain.refunds.model import State
from domain.refunds.payment import Instruction, Outcome, Report, Result
from handlers.alerts import called_for, route
from tests.domain.desk import ADMIN, OTHER_APPROVER, Desk, draft, usd

SHRUNK = "60.00 USD is more than was paid and not yet refunded. At most 20.00 USD can be refunded."


async def submit(desk: Desk, refund_id: int) -> Instruction | None:
    async with desk.work("worker") as work:
        return await paying.submit(work, refund_id, "stripe")


async def test_what_is_not_paid_any_more_is_not_approved(desk: Desk) -> None:
    refund = await desk.request(await desk.order(), 6000)
    await desk.receive(draft(captured=2000))
    with pytest.raises(service.NoLongerCovered) as refused:
        await desk.approve(refund.id)
    assert str(refused.value) == (
        f"{SHRUNK} Decline refund {refund.name}, and have the right amount asked for anew."
    )
    assert (await desk.refund(refund.id)).state is State.AWAITING_APPROVAL
    await desk.receive(draft(captured=6000))
    assert (await desk.approve(refund.id)).state is State.APPROVED


async def test_the_second_approval_looks_at_the_order_too(desk: Desk) -> None:
    await desk.setting("refund.two_approvers_above", "0 USD")
    refund = await desk.request(await desk.order(), 6000)
    await desk.approve(refund.id)
    await desk.receive(draft(state=OrderState.CANCELLED))
    with pytest.raises(service.NoLongerCovered, match=r"Order 1001 is cancelled, .*Decline refund"):
        await desk.approve(refund.id, OTHER_APPROVER)


async def test_of_two_that_were_asked_for_the_first_to_be_approved_is(desk: Desk) -> None:
    order_id = await desk.order()
    one, other = await desk.request(order_id, 3000), await desk.request(order_id, 2500)
    await desk.receive(draft(captured=3500))
    await desk.approve(other.id)
    with pytest.raises(service.NoLongerCovered, match=r"At most 10\.00 USD can be refunded"):
        await desk.approve(one.id)


async def test_what_was_refunded_elsewhere_is_not_approved_again(desk: Desk) -> None:
    refund = await desk.request(await desk.order(), 3000)
    paid = Outcome(Result.SUCCEEDED, "re_7")
    async with desk.work("stripe") as work:
        await heard.hear(work, Report("stripe", "re_7", ["pi_1"], usd(4000), paid))
    with pytest.raises(service.NoLongerCovered, match=r"At most 20\.00 USD can be refunded"):
        await desk.approve(refund.id)


async def test_what_was_approved_fails_unpaid_if_the_order_does_not_cover_it(desk: Desk) -> None:
    desk.store.alerts = route
    refund = await desk.request(await desk.order(), 6000)
    await desk.approve(refund.id)
    await desk.receive(draft(captured=2000))
    assert await submit(desk, refund.id) is None
    failed = await desk.refund(refund.id)
    assert (failed.state, failed.failure) == (State.FAILED, SHRUNK)
    assert (await desk.card()).refundable == usd(2000)
    [event] = await desk.events(Kind.REFUND_FAILED)
    assert {"tell", "refresh"} == {job.kind for job in called_for(event)}


async def test_a_cancelled_order_is_not_paid_back_by_itself(desk: Desk) -> None:
    refund = await desk.request(await desk.order(), 1000)
    await desk.approve(refund.id)
    await desk.receive(draft(state=OrderState.CANCELLED))
    assert await submit(desk, refund.id) is None
    assert "Order 1001 is cancelled" in ((await desk.refund(refund.id)).failure or "")


async def test_of_two_approved_the_first_to_be_paid_is(desk: Desk) -> None:
    order_id = await desk.order()
    approved = [(await desk.request(order_id, 3000)).id for _ in range(2)]
    for refund_id in approved:
        await desk.approve(refund_id)
    await desk.receive(draft(captured=3000))
    instructions = await asyncio.gather(*(submit(desk, refund_id) for refund_id in approved))
    assert sum(one is not None for one in instructions) == 1
    assert (await desk.card()).held == usd(3000)


async def test_what_was_submitted_stays_as_it_was_whatever_the_order_says(desk: Desk) -> None:
    refund_id = await desk.paying(await desk.order(), 6000)
    await desk.receive(draft(captured=100, payment_reference="pi_2"))
    again = await submit(desk, refund_id)
    assert again is not None
    assert (again.money, again.payment_reference) == (usd(6000), "pi_1")


async def test_another_payment_named_before_the_submission_is_the_one_to_pay_from(
    desk: Desk,
) -> None:
    refund = await desk.request(await desk.order(), 1000)
    await desk.approve(refund.id)
    await desk.receive(draft(payment_reference="pi_2"))
    given = await submit(desk, refund.id)
    assert given is not None
    assert given.payment_reference == "pi_2"


async def test_deciding_hearing_and_paying_at_once_do_not_stand_in_each_others_way(
    desk: Desk,
) -> None:
    order_id = await desk.order()
    refunds = [await desk.request(order_id, 100) for _ in range(6)]
    for refund in refunds[:3]:
        await desk.approve(refund.id)

    async def hear(number: int, key: str) -> None:
        outcome = Outcome(Result.SUCCEEDED, f"re_{number}")
        report = Report("stripe", f"re_{number}", ["pi_1"], Money(100, "USD"), outcome, key)
        async with desk.work("stripe") as work:
            await heard.hear(work, report)

    for refund in refunds[:3]:
        await submit(desk, refund.id)
    await asyncio.gather(
        *(hear(number, refunds[number % 3].key) for number in range(9)),
        *(submit(desk, refund.id) for refund in refunds[:3]),
        *(desk.approve(refund.id, ADMIN) for refund in refunds[3:]),
        *(desk.receive(draft(captured=6000 + number)) for number in range(3)),
    )
    card = await desk.card()
    assert (card.refunded, card.held) == (usd(900), usd(1200))
