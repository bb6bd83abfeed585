"""What is said to Stripe, and what is made of its answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from bot.config import Config
from bot.connectors.stripe.objects import (
    RESULTS,
    UnreadableRefund,
    from_units,
    outcome,
    to_units,
)
from bot.connectors.stripe.payments import KeyRefused, Stripe, StripeSilent
from bot.partners import connected
from domain.money import Money
from domain.refunds.payment import Instruction, Outcome, OutcomeUnknown, Result
from tests.connectors.conftest import Till


def instruction(key: str = "k1", reference: str = "pi_1", minor: int = 1_250) -> Instruction:
    return Instruction(key, Money(minor, "USD"), "1042", reference)


@pytest.mark.parametrize("status", RESULTS)
def test_each_status_has_one_meaning(status: str) -> None:
    told = outcome({"id": "re_1", "status": status, "failure_reason": None})
    assert (told.result, told.reference) == (RESULTS[status], "re_1")
    assert (told.failure is None) == (told.result is not Result.FAILED)


def test_a_failure_says_why_and_a_new_status_waits() -> None:
    refund: dict[str, Any] = {"id": "re_1", "status": "canceled"}
    assert outcome(refund) == Outcome(Result.FAILED, "re_1", "canceled at Stripe: no reason given")
    assert outcome({**refund, "status": "pondered"}) == Outcome(Result.WAITING, "re_1")


@pytest.mark.parametrize(
    ("minor", "currency", "units"),
    [
        (1_250, "USD", 1_250),
        (1_250, "JPY", 1_250),
        (12_500, "KWD", 12_500),
        (1_250, "ISK", 125_000),
        (1_250, "UGX", 125_000),
        (1_200, "MGA", 12),
    ],
)
def test_amounts_are_in_stripes_smallest_units(minor: int, currency: str, units: int) -> None:
    assert to_units(Money(minor, currency)) == units
    assert from_units(units, currency.lower()) == Money(minor, currency)


async def test_fractions_that_stripe_does_not_take_are_said_so() -> None:
    assert to_units(Money(1_250, "MGA")) is None
    provider = Stripe("sk", "http://127.0.0.1:1")
    answer = await provider.refund(Instruction("k", Money(1_250, "MGA"), "1042", "pi_1"))
    await provider.close()
    assert answer.failure == "Stripe can't pay 12.50 MGA: it takes whole MGA."


async def test_one_key_pays_once_and_is_found_however_many_refunds_there_are(till: Till) -> None:
    till.stripe.deliver = None
    till.stripe.payments[0].captured = 1_000_000
    first = await till.provider.refund(instruction())
    for _ in range(230):
        till.stripe.by_console(1)

    assert first == Outcome(Result.SUCCEEDED, "re_1")
    assert await till.provider.refund(instruction()) == first
    assert await till.provider.find(instruction()) == first
    assert await till.provider.find(instruction(reference="ch_1")) == first
    assert await till.provider.find(instruction("k2")) is None
    assert await till.provider.find(instruction(reference="PAY-77")) is None


async def test_a_key_that_was_used_with_other_words_is_never_guessed(till: Till) -> None:
    till.stripe.deliver = None
    await till.provider.refund(instruction())
    with pytest.raises(OutcomeUnknown, match=r"HTTP 400"):
        await till.provider.refund(instruction(minor=1))


async def test_a_payment_that_another_account_has_is_not_taken_for_unpaid(till: Till) -> None:
    with pytest.raises(OutcomeUnknown, match=r"HTTP 404"):
        await till.provider.find(instruction(reference="pi_other"))


async def test_faults_without_end_leave_it_unknown(till: Till) -> None:
    for repeated in range(6):
        # Under the keys so far the fault is repeated, and the next key meets another one.
        till.stripe.mishaps.extend([*[""] * repeated, "500 before"])
        with pytest.raises(OutcomeUnknown):
            await till.provider.refund(instruction())
    assert till.stripe.paid == 0
    assert len({one["key"] for one in till.stripe.requests}) == 5


async def test_all_that_was_made_since_is_told_whoever_made_it(till: Till) -> None:
    till.stripe.deliver = None
    till.stripe.payments[0].captured = 1_000_000
    till.stripe.by_console(7)
    till.stripe.now += 60
    await till.provider.refund(instruction())
    for _ in range(230):
        till.stripe.by_console(1, status="pending")

    since = datetime.fromtimestamp(till.stripe.now, UTC)
    told = [one async for one in till.provider.refunds_since(since)]
    assert len({one.reference for one in told}) == len(told) == 231
    assert (told[-1].key, told[-1].money) == ("k1", Money(1_250, "USD"))
    assert (told[0].key, told[0].outcome.result) == (None, Result.WAITING)
    assert told[0].payments == ["pi_1", "ch_1"]


async def test_a_stripe_that_tells_nothing_is_said_so(till: Till, now: datetime) -> None:
    till.stripe.by_console(1)["amount"] = None
    with pytest.raises(UnreadableRefund):
        _ = [one async for one in till.provider.refunds_since(now)]
    for mishap, error in (("list 500", StripeSilent), ("list 401", KeyRefused)):
        till.stripe.mishaps.append(mishap)
        with pytest.raises(error):
            _ = [one async for one in till.provider.refunds_since(now)]


async def test_a_key_is_checked(till: Till) -> None:
    assert await till.provider.check() == "test"
    address = str(till.provider._stripe._requestor.base_addresses["api"])
    for provider, error in (
        (Stripe("sk_test_other", address), KeyRefused),
        (Stripe("sk_test_deskhand", "http://127.0.0.1:1/"), StripeSilent),
    ):
        with pytest.raises(error):
            await provider.check()
        await provider.close()


async def test_the_desk_is_connected_when_there_is_a_key() -> None:
    bare = Config(_env_file=None, stripe_api_key=None)  # type: ignore[call-arg]
    async with connected(bare) as found:
        assert found.providers == {}
    async with connected(bare.model_copy(update={"stripe_api_key": SecretStr("sk")})) as found:
        assert [*found.providers] == ["stripe"]
