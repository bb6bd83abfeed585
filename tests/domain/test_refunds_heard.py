"""What a provider tells by itself: known and unknown refunds, in any order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from domain.errors import CurrencyMismatch, MoreThanRefundable, WrongState
from domain.events import Kind
from domain.money import Money
from domain.refunds import by_hand, heard, paying
from domain.refunds.model import Refund, State
from domain.refunds.payment import Outcome, Report, Result
from handlers.alerts import called_for, route
from tests.domain.desk import FINANCE, REFUSED, Desk, usd

PENDING, PAID, BACK = (
    Outcome(Result.WAITING, "re_7"),
    Outcome(Result.SUCCEEDED, "re_7"),
    Outcome(Result.FAILED, "re_7", "account closed"),
)


async def hear(desk: Desk, outcome: Outcome, **changes: Any) -> Refund | None:
    facts: dict[str, Any] = {
        "provider": "stripe",
        "reference": "re_7",
        "payments": ["pi_1", "ch_1"],
        "money": usd(1_000),
        **changes,
    }
    async with desk.work("stripe") as work:
        return await heard.hear(work, Report(outcome=outcome, **facts))


@pytest.mark.parametrize(
    ("order", "state"),
    [
        ((PENDING, PAID), State.SUCCEEDED),
        ((PAID, PENDING), State.SUCCEEDED),
        ((PAID, BACK, PAID, PENDING), State.FAILED),
        ((BACK, PENDING, PAID), State.FAILED),
        ((PENDING,), State.SUBMITTED),
    ],
)
async def test_a_refund_made_elsewhere_is_entered_once_in_any_order(
    desk: Desk, order: tuple[Outcome, ...], state: State
) -> None:
    await desk.order()
    for outcome in order:
        await hear(desk, outcome)
    [refund] = await desk.all(select(Refund))
    assert refund.state is state
    assert (refund.provider, refund.provider_reference) == ("stripe", "re_7")
    assert len(await desk.events(Kind.REFUND_FOUND)) == 1
    card = await desk.card()
    assert card.held.minor == (0 if state is State.FAILED else 1_000)


async def test_merchants_who_share_an_account_both_hear_of_it(desk: Desk, other_desk: Desk) -> None:
    for one in (desk, other_desk):
        await one.order()
        await hear(one, PAID)
        [refund] = await one.all(select(Refund))
        assert refund.key == "stripe:re_7"


async def test_reports_at_once_enter_it_once(desk: Desk) -> None:
    await desk.order()
    await asyncio.gather(*(hear(desk, PAID) for _ in range(6)))
    [refund] = await desk.all(select(Refund))
    assert refund.state is State.SUCCEEDED


async def test_it_counts_against_what_can_be_refunded_here(desk: Desk) -> None:
    order_id = await desk.order()
    await hear(desk, PAID, money=usd(5_000))
    with pytest.raises(MoreThanRefundable, match=r"At most 10\.00 USD"):
        await desk.request(order_id, 1_001)


async def test_it_may_take_what_a_refund_here_waits_for(desk: Desk) -> None:
    await desk.request(await desk.order(), 3_000)
    await hear(desk, PAID, money=usd(4_000))
    card = await desk.card()
    assert (card.held, card.refundable) == (usd(7_000), usd(0))


async def test_nobody_is_told_what_they_did_themselves(desk: Desk) -> None:
    desk.store.alerts = route
    await desk.order()
    await hear(desk, PAID)
    await hear(desk, BACK)
    jobs = [
        event.kind
        for event in await desk.events()
        for job in called_for(event)
        if job.kind == "tell"
    ]
    assert jobs == []


async def test_ours_is_known_by_its_key(desk: Desk) -> None:
    refund = await desk.refund(await desk.paying(await desk.order(), 1_000))
    assert (await hear(desk, PAID, key=refund.key, payments=[])) is not None
    [only] = await desk.all(select(Refund))
    assert (only.id, only.state, only.provider_reference) == (refund.id, State.SUCCEEDED, "re_7")


async def test_a_second_payment_under_our_key_counts_by_itself(desk: Desk) -> None:
    refund = await desk.refund(await desk.paying(await desk.order(), 1_000))
    await hear(desk, PAID, key=refund.key)
    await hear(desk, Outcome(Result.SUCCEEDED, "re_8"), key=refund.key, reference="re_8")
    assert (await desk.card()).refunded == usd(2_000)


async def test_a_payment_of_what_was_refused_counts_by_itself(desk: Desk) -> None:
    refund_id = await desk.paying(await desk.order(), 1_000)
    refund = await desk.settle(refund_id, Outcome(Result.FAILED, failure=REFUSED.failure))
    await hear(desk, PAID, key=refund.key)
    ours, other = await desk.all(select(Refund).order_by(Refund.id))
    assert (ours.state, other.state) == (State.FAILED, State.SUCCEEDED)


async def test_a_key_of_another_desk_is_a_refund_made_elsewhere(desk: Desk) -> None:
    await desk.order()
    await hear(desk, PAID, key="of another desk")
    assert (await desk.card()).refunded == usd(1_000)


async def test_what_finance_marked_as_paid_is_not_counted_again(desk: Desk) -> None:
    refund_id = await desk.paying(await desk.order(), 1_000, "manual")
    async with desk.work(FINANCE.member_id) as work:
        await by_hand.mark_paid(work, FINANCE, refund_id, "re_7")
    await hear(desk, PAID)
    assert len(await desk.all(select(Refund))) == 1


async def _marked_failed(desk: Desk, *, reference: str | None = None) -> Refund:
    refund_id = await desk.paying(await desk.order(), 1_000)
    await desk.settle(refund_id, Outcome(Result.WAITING, reference))
    async with desk.work("worker") as work:
        await paying.lose_sight(work, refund_id, "no answer")
    async with desk.work(FINANCE.member_id) as work:
        return await by_hand.mark_failed(work, FINANCE, refund_id, "Not in the list")


@pytest.mark.parametrize("reference", [None, "re_7"])
async def test_what_was_marked_as_failed_and_is_paid_after_all_counts(
    desk: Desk, reference: str | None
) -> None:
    refund = await _marked_failed(desk, reference=reference)
    assert (await desk.card()).held == usd(0)
    for _ in range(2):
        await hear(desk, PAID, key=refund.key)

    [only] = await desk.all(select(Refund))
    assert (only.state, only.provider_reference) == (State.SUCCEEDED, "re_7")
    assert (only.failure, only.settled_by) == ("Not in the list", None)
    assert (await desk.card()).refunded == usd(1_000)
    assert len(await desk.events(Kind.REFUND_SUCCEEDED)) == 1
    # From here on nothing but its provider's word counts.
    await hear(desk, BACK, key=refund.key)
    await hear(desk, PAID, key=refund.key)
    assert (await desk.card()).refunded == usd(0)


async def test_what_was_marked_as_failed_and_is_under_way_holds_its_money(desk: Desk) -> None:
    refund = await _marked_failed(desk)
    await hear(desk, PENDING, key=refund.key)
    assert (await desk.refund(refund.id)).state is State.SUBMITTED
    assert (await desk.card()).held == usd(1_000)
    await hear(desk, BACK, key=refund.key)
    assert (await desk.refund(refund.id)).failure == "account closed"


async def test_what_was_marked_as_failed_and_did_fail_is_left_alone(desk: Desk) -> None:
    refund = await _marked_failed(desk)
    await hear(desk, BACK, key=refund.key)
    [only] = await desk.all(select(Refund))
    assert (only.state, only.failure) == (State.FAILED, "Not in the list")
    assert len(await desk.events(Kind.REFUND_FAILED)) == 1


async def test_money_asked_for_anew_counts_beside_what_was_paid_after_all(desk: Desk) -> None:
    refund = await _marked_failed(desk)
    again = await desk.request(await desk.identify("1001"), 6_000)
    await hear(desk, PAID, key=refund.key)
    card = await desk.card()
    assert (card.held, card.refundable) == (usd(7_000), usd(0))
    assert again.state is State.AWAITING_APPROVAL


async def test_a_report_before_the_refund_was_submitted_comes_again(desk: Desk) -> None:
    refund = await desk.request(await desk.order(), 1_000)
    with pytest.raises(WrongState):
        await hear(desk, PAID, key=refund.key)


async def test_payments_that_nobody_knows_are_left_alone(desk: Desk) -> None:
    await desk.order(payment_provider="shopify")
    assert await hear(desk, PAID) is None
    assert await hear(desk, PAID, payments=[]) is None


async def test_another_currency_is_not_added_up(desk: Desk) -> None:
    await desk.order()
    with pytest.raises(CurrencyMismatch):
        await hear(desk, PAID, money=Money(1_000, "EUR"))
