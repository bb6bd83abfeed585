"""Several people at the same moment, on real databases."""

from __future__ import annotations

import asyncio

from domain.errors import AlreadyDecided, MoreThanRefundable
from domain.events import Kind
from domain.people import Member
from domain.refunds import paying, service
from domain.refunds.model import Reason, Refund, State
from domain.refunds.payment import Instruction, Outcome, Result
from tests.domain.desk import APPROVER, OTHER_APPROVER, Desk


async def test_of_two_approvals_at_once_exactly_one_wins(desk: Desk) -> None:
    refund = await desk.request(await desk.order(), 1000)
    answers = await asyncio.gather(
        *(
            desk.approve(refund.id, Member(f"U0APPROVER{number}", "approver"))
            for number in range(8)
        ),
        return_exceptions=True,
    )
    won = [one for one in answers if isinstance(one, Refund)]
    lost = [one for one in answers if isinstance(one, AlreadyDecided)]
    assert (len(won), len(lost)) == (1, 7)
    assert all(f"by @{won[0].decided_by}" in str(one) for one in lost)
    assert len(await desk.events(Kind.REFUND_APPROVED)) == 1


async def test_an_approval_and_a_refusal_at_once_do_not_both_count(desk: Desk) -> None:
    refund = await desk.request(await desk.order(), 1000)

    async def decline() -> Refund:
        async with desk.work(OTHER_APPROVER.member_id) as work:
            return await service.decline(work, OTHER_APPROVER, refund.id, "No")

    answers = await asyncio.gather(desk.approve(refund.id), decline(), return_exceptions=True)
    assert sorted(isinstance(one, AlreadyDecided) for one in answers) == [False, True]


async def test_one_approver_twice_at_once_is_one_of_two(desk: Desk) -> None:
    await desk.setting("refund.two_approvers_above", "0 USD")
    refund = await desk.request(await desk.order(), 1000)
    answers = await asyncio.gather(
        *(desk.approve(refund.id, APPROVER) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, AlreadyDecided) for one in answers) == 3
    assert (await desk.refund(refund.id)).state is State.AWAITING_APPROVAL


async def test_20_partial_requests_at_once_never_exceed_what_was_paid(desk: Desk) -> None:
    order_id = await desk.order()
    answers = await asyncio.gather(
        *(desk.request(order_id, 1100) for _ in range(20)), return_exceptions=True
    )
    assert sum(isinstance(one, Refund) for one in answers) == 5
    assert sum(isinstance(one, MoreThanRefundable) for one in answers) == 15
    assert (await desk.card()).held.minor == 5500


async def test_requests_for_a_line_at_once_never_exceed_what_was_bought(desk: Desk) -> None:
    order_id = await desk.order()
    mug = (await desk.card()).lines[0].id
    ask = service.Ask(Reason.DAMAGED, lines={mug: 1})
    answers = await asyncio.gather(
        *(desk.request(order_id, ask) for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(one, Refund) for one in answers) == 2
    assert sum(isinstance(one, service.QuantityExceeded) for one in answers) == 8


async def test_submissions_at_once_give_out_one_key(desk: Desk) -> None:
    refund = await desk.request(await desk.order(), 1000)
    await desk.approve(refund.id)

    async def submit() -> Instruction | None:
        async with desk.work("worker") as work:
            return await paying.submit(work, refund.id, "stripe")

    instructions = await asyncio.gather(*(submit() for _ in range(6)))
    assert {one.key for one in instructions if one} == {refund.key}
    assert len(await desk.events(Kind.REFUND_SUBMITTED)) == 1


async def test_asking_paying_and_settling_at_once_get_out_of_each_others_way(desk: Desk) -> None:
    order_id = await desk.order()
    under_way = [await desk.paying(order_id, 100) for _ in range(6)]

    async def settle(refund_id: int) -> None:
        async with desk.work("worker") as work:
            await paying.submit(work, refund_id, "stripe")
            await paying.settle(work, refund_id, Outcome(Result.SUCCEEDED, "re"))

    await asyncio.gather(
        *(settle(refund_id) for refund_id in under_way),
        *(desk.request(order_id, 100) for _ in range(6)),
        *(desk.receive() for _ in range(3)),
    )
    card = await desk.card()
    assert (card.refunded.minor, card.held.minor) == (600, 1200)
