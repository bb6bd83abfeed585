"""From the request to the money: paid once at Stripe, whatever goes wrong on the way."""

from __future__ import annotations

import asyncio

import pytest

from domain.errors import MoreThanRefundable
from domain.jobs import State as JobState
from domain.refunds.model import State
from tests.connectors.conftest import Till
from tests.connectors.stripe_emulator import Payment

MISHAPS = {
    "too many requests": ["429"],
    "the key is in use": ["409"],
    "a fault before the money moved": ["500 before"],
    "a fault after the money moved": ["500 after"],
    "two faults in a row": ["500 before", "", "500 before"],
    "a fault that is repeated, and another behind it": ["500 before", "", "500 after"],
    "the line dies before": ["dropped before"],
    "the line dies after": ["dropped after"],
    "all of them": ["429", "409", "dropped before", "500 before", "", "dropped after"],
}


@pytest.mark.parametrize("heard", [True, False], ids=["webhooks come", "webhooks are lost"])
@pytest.mark.parametrize("mishaps", MISHAPS.values(), ids=MISHAPS)
async def test_a_refund_is_paid_once_whatever_goes_wrong(
    till: Till, mishaps: list[str], heard: bool
) -> None:
    till.stripe.mishaps.extend(mishaps)
    if not heard:
        till.stripe.deliver = None
    refund_id = await till.approved()

    await till.work(rounds=len(mishaps) + 2)

    [refund] = await till.refunds()
    [paid] = till.stripe.refunds
    assert (refund.id, refund.state) == (refund_id, State.SUCCEEDED)
    assert (refund.provider, refund.provider_reference) == ("stripe", paid["id"])
    assert (paid["amount"], paid["metadata"]) == (1_250, {"deskhand_refund": refund.key})
    order = await till.order()
    assert order.refunded.minor == till.stripe.paid == 1_250
    assert order.refundable is not None
    assert order.refundable.minor == 5_000 - 1_250
    assert await till.open_jobs() == []


async def test_a_refund_is_unknown_until_stripe_says_and_holds_its_money(till: Till) -> None:
    till.stripe.deliver = None
    till.stripe.mishaps.extend(["dropped after", "list 500"])
    refund_id = await till.approved(amount=5_000)
    await till.work(rounds=2)

    assert (await till.desk.refund(refund_id)).state is State.UNKNOWN
    with pytest.raises(MoreThanRefundable):
        await till.desk.asked_refund((await till.order()).id, 1)
    await till.work(rounds=2)
    assert (await till.desk.refund(refund_id)).state is State.SUCCEEDED
    assert len(till.stripe.requests) == 1


async def test_a_slow_answer_is_waited_for_and_nothing_is_paid_beside_it(till: Till) -> None:
    till.stripe.mishaps.append("slow")
    refund_id = await till.approved()
    await till.work(rounds=2)
    assert (await till.desk.refund(refund_id)).state is State.UNKNOWN
    assert till.stripe.refunds == []
    assert len(till.stripe.requests) == 2

    till.stripe.released.set()
    await till.stripe.answered.wait()
    await till.work(rounds=2)

    assert (await till.desk.refund(refund_id)).state is State.SUCCEEDED
    assert till.stripe.paid == 1_250
    assert len(till.stripe.refunds) == 1


async def test_an_event_that_overtakes_the_answer_settles_the_refund_once(till: Till) -> None:
    seen = []
    deliver = till.send

    async def settle_first(body: bytes, header: str) -> None:
        await deliver(body, header)
        await till.worker.work_off()
        seen.append((await till.refunds())[0].state)

    till.stripe.deliver = settle_first
    await till.approved()
    await till.work()

    assert seen == [State.SUCCEEDED] * 5
    [refund] = await till.refunds()
    assert (refund.state, refund.provider_reference) == (State.SUCCEEDED, "re_1")
    assert [one.kind for one in (await till.order()).history].count("RefundSucceeded") == 1
    assert await till.open_jobs() == []


async def test_a_refund_that_takes_its_time_is_settled_by_an_event(till: Till) -> None:
    till.stripe.status = "pending"
    refund_id = await till.approved()
    await till.work()
    refund = await till.desk.refund(refund_id)
    assert (refund.state, refund.provider_reference) == (State.SUBMITTED, "re_1")

    await till.stripe.tell("refund.updated", till.stripe.refunds[0], status="succeeded")
    await till.work()

    assert (await till.desk.refund(refund_id)).state is State.SUCCEEDED


async def test_a_lost_refund_that_is_found_pending_is_in_stripes_hands_again(till: Till) -> None:
    till.stripe.status, till.stripe.deliver = "requires_action", None
    till.stripe.mishaps.append("500 after")
    refund_id = await till.approved()
    await till.work()
    assert (await till.desk.refund(refund_id)).state is State.UNKNOWN
    await till.work(rounds=2)

    refund = await till.desk.refund(refund_id)
    assert (refund.state, refund.provider_reference) == (State.SUBMITTED, "re_1")
    assert await till.open_jobs() == []


async def test_a_refund_that_comes_back_later_frees_its_money_and_stays_failed(till: Till) -> None:
    refund_id = await till.approved(amount=5_000)
    await till.work()
    [paid] = till.stripe.refunds
    await till.stripe.tell(
        "refund.failed", paid, status="failed", failure_reason="expired_or_canceled_card"
    )
    await till.work()

    refund = await till.desk.refund(refund_id)
    assert refund.state is State.FAILED
    assert refund.failure == "failed at Stripe: expired or canceled card"
    # An older event that was overtaken changes nothing.
    await till.stripe.tell("refund.updated", dict(paid), status="succeeded")
    await till.work()
    assert [one.state for one in await till.refunds()] == [State.FAILED]
    order = await till.order()
    assert order.refundable is not None
    assert order.refundable.minor == 5_000
    assert await till.open_jobs() == []


@pytest.mark.parametrize(
    ("mishap", "reference", "amount", "words"),
    [
        ("402", "pi_1", 1_250, "The card's bank declined it."),
        ("", "pi_9", 1_250, "No such payment: 'pi_9'"),
        ("", "ch_1", 5_000, "Refund amount ($50.00) is greater than unrefunded amount on charge"),
        ("", "PAY-77", 1_250, "“PAY-77” is no payment of Stripe's: an id that starts with pi_ or"),
        ("", None, 1_250, "The order names no payment of Stripe's: an id that starts with pi_ or"),
    ],
)
async def test_a_refusal_fails_the_refund_in_stripes_own_words(
    till: Till, mishap: str, reference: str | None, amount: int, words: str
) -> None:
    till.stripe.mishaps.append(mishap)
    till.stripe.payments[0].captured = 4_000
    refund_id = await till.approved(amount, reference)
    await till.work()

    refund = await till.desk.refund(refund_id)
    assert refund.state is State.FAILED
    assert (refund.failure or "").startswith(words)
    assert till.stripe.paid == 0
    assert await till.open_jobs() == []


async def test_a_payment_may_be_named_by_its_charge(till: Till) -> None:
    refund_id = await till.approved(reference="ch_1")
    await till.work()
    assert till.stripe.requests[0]["charge"] == "ch_1"
    assert (await till.desk.refund(refund_id)).state is State.SUCCEEDED


@pytest.mark.parametrize("mishap", ["401", "403"])
async def test_a_refused_key_fails_no_refund_and_is_tried_again(till: Till, mishap: str) -> None:
    till.stripe.mishaps.append(mishap)
    refund_id = await till.approved()
    await till.work()
    assert (await till.desk.refund(refund_id)).state is State.SUBMITTED
    [job] = await till.open_jobs()
    assert job.state == JobState.READY
    assert (job.last_error or "").startswith("Stripe refuses STRIPE_API_KEY: it is wrong")

    await till.work(rounds=2)
    assert (await till.desk.refund(refund_id)).state is State.SUCCEEDED
    assert till.stripe.paid == 1_250


async def test_an_order_edited_meanwhile_does_not_move_the_payment(till: Till) -> None:
    till.stripe.payments.append(Payment("pi_2", "ch_2", 5_000))
    till.stripe.deliver = None
    till.stripe.mishaps.append("dropped after")
    refund_id = await till.approved()
    await till.work()
    await till.desk.order(payment_provider="stripe", payment_reference="pi_2")
    await till.work(rounds=2)

    assert (await till.desk.refund(refund_id)).state is State.SUCCEEDED
    assert [one["charge"] for one in till.stripe.refunds] == ["ch_1"]


async def test_a_refund_made_in_the_console_counts_and_shows(till: Till) -> None:
    refund_id = await till.approved(amount=2_000)
    await till.work()
    made = till.stripe.by_console(2_500)
    await till.stripe.tell("refund.created", made)
    await till.stripe.tell("charge.refund.updated", made)
    await till.work()

    ours, found = await till.refunds()
    assert (ours.id, ours.state) == (refund_id, State.SUCCEEDED)
    assert (found.state, found.provider_reference) == (State.SUCCEEDED, "re_2")
    assert (found.requested_by, found.explanation) == ("stripe", "made in Stripe's console")
    assert found.money.minor == 2_500
    order = await till.order()
    assert order.refunded.minor == till.stripe.paid == 4_500
    assert [one.id for one in order.refunds] == [ours.id, found.id]
    with pytest.raises(MoreThanRefundable, match=r"At most 5\.00 USD"):
        await till.desk.asked_refund(order.id, 501)

    await till.stripe.tell("refund.failed", made, status="failed", failure_reason="unknown")
    await till.work()
    assert (await till.refunds())[1].state is State.FAILED
    assert (await till.order()).refunded.minor == till.stripe.paid == 2_000


async def test_a_refund_of_a_payment_nobody_knows_is_left_alone(till: Till) -> None:
    await till.desk.order(payment_provider="stripe", payment_reference="pi_1")
    made = till.stripe.by_console(100, payment_intent="pi_other", charge="ch_other")
    await till.stripe.tell("refund.created", made)
    await till.stripe.tell("customer.created", {"id": "cus_1"})
    await till.work()
    assert await till.refunds() == []
    assert await till.open_jobs() == []


async def test_refunds_at_once_from_both_sides_never_exceed_what_was_paid(till: Till) -> None:
    order_id = await till.desk.order(payment_provider="stripe", payment_reference="pi_1")
    asked = [await till.desk.approved_refund(order_id, 2_000) for _ in range(2)]
    made = till.stripe.by_console(2_500)
    await asyncio.gather(till.stripe.tell("refund.created", made), till.work())
    await till.work(rounds=2)

    states = sorted([(await till.desk.refund(one)).state for one in asked])
    assert states == [State.FAILED, State.SUCCEEDED]
    assert (await till.order()).refunded.minor == till.stripe.paid == 4_500
