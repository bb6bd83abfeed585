from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.errors import (
    AlreadyDecided,
    MoreThanRefundable,
    ReasonNeeded,
    RoleNeeded,
    WrongState,
)
from domain.events import Kind
from domain.people import Member
from domain.refunds import by_hand, paying
from domain.refunds.model import PartKind, Refund, State
from domain.refunds.payment import ByHand, Instruction, Outcome, Portion, Result
from tests.domain.desk import (
    APPROVER,
    FINANCE,
    PAID,
    REFUSED,
    Desk,
    usd,
)


@pytest.fixture
async def order_id(desk: Desk) -> int:
    """Two mugs at 12.00 and a pot at 36.00, paid with 60.00 USD."""
    return await desk.order()


async def test_submitting_commits_to_one_key_however_often(desk: Desk, order_id: int) -> None:
    refund = await desk.request(order_id, 1000)
    async with desk.work("worker") as work:
        assert await paying.submit(work, refund.id, "stripe") is None
    await desk.approve(refund.id)
    instructions = []
    for _ in range(2):
        async with desk.work("worker") as work:
            instructions.append(await paying.submit(work, refund.id, "stripe"))
    portion = Portion(PartKind.AMOUNT, usd(1000))
    assert instructions == [Instruction(refund.key, usd(1000), "1001", "pi_1", (portion,))] * 2
    assert (await desk.refund(refund.id)).provider == "stripe"
    assert len(await desk.events(Kind.REFUND_SUBMITTED)) == 1
    await desk.settle(refund.id, PAID)
    async with desk.work("worker") as work:
        assert await paying.submit(work, refund.id, "stripe") is None


async def test_an_answer_of_the_provider_counts_once(desk: Desk, order_id: int) -> None:
    refund_id = await desk.paying(order_id, 1000)
    for outcome in (Outcome(Result.WAITING), PAID, PAID, Outcome(Result.WAITING)):
        refund = await desk.settle(refund_id, outcome)
    assert (refund.state, refund.provider_reference) == (State.SUCCEEDED, "re_1")
    assert refund.settled_at == desk.now
    assert len(await desk.events(Kind.REFUND_SUCCEEDED)) == 1


async def test_what_went_in_part_waits_for_a_person_whatever_is_told_after(
    desk: Desk, order_id: int
) -> None:
    torn = Outcome(Result.WAITING, "re_1", "Only 4.00 USD went.")
    refund_id = await desk.paying(order_id, 1000)
    for outcome in (Outcome(Result.WAITING), torn, torn, Outcome(Result.WAITING)):
        refund = await desk.settle(refund_id, outcome)
    assert (refund.state, refund.failure) == (State.UNKNOWN, "Only 4.00 USD went.")
    assert len(await desk.events(Kind.REFUND_UNKNOWN)) == 1
    assert (await desk.card()).held.minor == 1000
    async with desk.work(FINANCE.member_id) as work:
        await by_hand.mark_paid(work, FINANCE, refund_id, "SEPA 7")
    assert (await desk.refund(refund_id)).state is State.SUCCEEDED


async def test_a_refusal_of_the_provider_says_why(desk: Desk, order_id: int) -> None:
    refund_id = await desk.paying(order_id, 1000)
    refund = await desk.settle(refund_id, REFUSED)
    assert (refund.state, refund.failure) == (State.FAILED, "The card is closed")
    assert (await desk.events(Kind.REFUND_FAILED))[0].why == "The card is closed"
    with pytest.raises(WrongState, match="is failed, so it can't be succeeded"):
        await desk.settle(refund_id, PAID)


async def test_an_answer_before_the_submission_is_refused(desk: Desk, order_id: int) -> None:
    refund = await desk.request(order_id, 1000)
    says = "is awaiting approval, so it can't be succeeded. It can be approved, declined, expired"
    with pytest.raises(WrongState, match=says):
        await desk.settle(refund.id, PAID)


@pytest.mark.parametrize("outcome", [PAID, REFUSED])
async def test_a_refund_lost_from_sight_holds_its_money_until_it_is_found(
    desk: Desk, order_id: int, outcome: Outcome
) -> None:
    refund_id = await desk.paying(order_id, 6000)
    for _ in range(2):
        async with desk.work("worker") as work:
            await paying.lose_sight(work, refund_id, "no answer in 30 s")
    assert (await desk.refund(refund_id)).state is State.UNKNOWN
    assert [one.why for one in await desk.events(Kind.REFUND_UNKNOWN)] == ["no answer in 30 s"]
    with pytest.raises(MoreThanRefundable):
        await desk.request(order_id, 1)
    assert (await desk.settle(refund_id, outcome)).settled_at == desk.now


async def test_finance_pays_by_hand_with_a_reference(desk: Desk, order_id: int) -> None:
    refund_id = await desk.paying(order_id, 1000, ByHand.name)
    with pytest.raises(by_hand.PaymentReferenceNeeded, match="Give the payment's reference"):
        await _pay_by_hand(desk, refund_id, reference=" ")
    with pytest.raises(
        RoleNeeded, match="To mark a refund as paid or failed you need to be admin or fin"
    ):
        await _pay_by_hand(desk, refund_id, APPROVER)
    refund = await _pay_by_hand(desk, refund_id)
    assert (refund.state, refund.provider_reference) == (State.SUCCEEDED, "WIRE-7")
    assert (await desk.events(Kind.REFUND_SUCCEEDED))[0].actor == FINANCE.member_id
    with pytest.raises(by_hand.AlreadyPaid, match="was already paid"):
        await _pay_by_hand(desk, refund_id)


async def test_what_a_provider_pays_is_not_paid_by_hand_too(desk: Desk, order_id: int) -> None:
    refund_id = await desk.paying(order_id, 1000)
    with pytest.raises(by_hand.PaidElsewhere, match="is being paid through stripe"):
        await _pay_by_hand(desk, refund_id)
    async with desk.work("worker") as work:
        await paying.lose_sight(work, refund_id, "no answer")
    assert (await _pay_by_hand(desk, refund_id)).state is State.SUCCEEDED


@pytest.mark.parametrize("provider", ["stripe", ByHand.name])
async def test_a_person_ends_what_nobody_tells_of(desk: Desk, order_id: int, provider: str) -> None:
    refund_id = await desk.paying(order_id, 6000, provider)
    if provider == "stripe":
        with pytest.raises(by_hand.PaidElsewhere, match="is being paid through stripe"):
            await _mark_failed(desk, refund_id)
        async with desk.work("worker") as work:
            await paying.lose_sight(work, refund_id, "no answer")
    with pytest.raises(ReasonNeeded, match="a reason is needed to mark a refund as failed"):
        await _mark_failed(desk, refund_id, why=" ")
    with pytest.raises(RoleNeeded, match="you need to be admin or finance"):
        await _mark_failed(desk, refund_id, APPROVER)

    refund = await _mark_failed(desk, refund_id)
    assert (refund.state, refund.failure) == (State.FAILED, "Not in the list")
    assert (refund.settled_by, refund.settled_at) == (FINANCE.member_id, desk.now)
    [event] = await desk.events(Kind.REFUND_FAILED)
    assert (event.actor, event.why) == (FINANCE.member_id, "Not in the list")
    assert (event.data["amount"], event.data["currency"]) == (6000, "USD")
    with pytest.raises(AlreadyDecided, match="was already marked as failed by @U0FINANCE"):
        await _mark_failed(desk, refund_id)
    assert (await desk.request(order_id, 6000)).state is State.AWAITING_APPROVAL


async def test_what_is_paid_or_undecided_is_not_marked_as_failed(desk: Desk, order_id: int) -> None:
    paid = await desk.paying(order_id, 1000)
    await desk.settle(paid, PAID)
    with pytest.raises(by_hand.AlreadyPaid):
        await _mark_failed(desk, paid)
    for state in ("awaiting approval", "approved"):
        refund_id = (await desk.request(order_id, 1000)).id
        if state == "approved":
            await desk.approve(refund_id)
        with pytest.raises(WrongState, match=f"is {state}, so it can't be failed"):
            await _mark_failed(desk, refund_id)


async def test_an_undecided_refund_is_not_to_be_paid(desk: Desk, order_id: int) -> None:
    refund = await desk.request(order_id, 1000)
    with pytest.raises(WrongState, match="is awaiting approval, so it can't be succeeded"):
        await _pay_by_hand(desk, refund.id)


async def test_paying_by_hand_waits_for_a_person() -> None:
    finance = ByHand()
    instruction = Instruction("k", usd(1), "1", None)
    assert await finance.refund(instruction) == Outcome(Result.WAITING)
    assert await finance.find(instruction) is None
    assert [told async for told in finance.refunds_since(datetime.now(UTC))] == []


async def _mark_failed(
    desk: Desk, refund_id: int, member: Member = FINANCE, why: str = " Not in the list "
) -> Refund:
    async with desk.work(member.member_id) as work:
        return await by_hand.mark_failed(work, member, refund_id, why)


async def _pay_by_hand(
    desk: Desk, refund_id: int, member: Member = FINANCE, reference: str = " WIRE-7 "
) -> Refund:
    async with desk.work(member.member_id) as work:
        return await by_hand.mark_paid(work, member, refund_id, reference)
