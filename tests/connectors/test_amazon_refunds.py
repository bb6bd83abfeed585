"""From the request to Finances: paid once at Amazon, whatever goes wrong on the way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bot.connectors.amazon.refunds import Amazon
from domain.money import Money
from domain.orders.intake import LineDraft
from domain.refunds.batches import Batch, BatchState
from domain.refunds.batching import LOST_AFTER, STUCK_AFTER
from domain.refunds.model import Refund, State
from tests.connectors.amazon_emulator import ORDER
from tests.connectors.counter import Counter

OTHER = "113-7654321-7654321"
#: What each operation may do instead of what it should, before it is told well.
MISHAPS = {
    "too many requests": ("create", ["429"]),
    "a fault before the feed was made": ("create", ["500 before"]),
    "a fault after the feed was made": ("create", ["500 after"]),
    "the line dies before": ("create", ["dropped before"]),
    "the line dies after": ("create", ["dropped after"]),
    "an answer that says nothing, before": ("create", ["html"]),
    "one after the other": ("create", ["429", "dropped before", "500 after"]),
    "the feed's document is refused": ("create", ["400"]),
    "an upload that fails": ("upload", ["500 before", "dropped after"]),
    "a document that is not made": ("document", ["503", "429"]),
    "no word of how it goes": ("get", ["500 before", "dropped after", "429", "html"]),
    "a report that does not come": ("report", ["500 before", "429"]),
    "a download that breaks off": ("download", ["dropped before", "500 before"]),
    "Finances is away": ("finances", ["500 before", "dropped after"]),
    "no token": ("token", ["500 before", "dropped before"]),
}


class Crash(BaseException):
    """The process goes down."""


def goes_down(provider: Amazon, step: str, moment: str) -> None:
    """Have the process go down once, before or after a call to Amazon."""
    real = getattr(provider, step)

    async def call(*arguments: Any) -> Any:
        setattr(provider, step, real)
        if moment == "after":
            await real(*arguments)
        raise Crash

    setattr(provider, step, call)


@pytest.mark.parametrize(("operation", "mishaps"), MISHAPS.values(), ids=MISHAPS)
async def test_a_refund_is_paid_once_whatever_goes_wrong(
    counter: Counter, operation: str, mishaps: list[str]
) -> None:
    counter.amazon.mishaps[operation].extend(mishaps)
    refund_id = await counter.approved()

    await counter.work(rounds=18)

    [refund] = await counter.all(Refund)
    assert (refund.id, refund.state) == (refund_id, State.SUCCEEDED)
    [posted] = counter.amazon.transactions
    assert (refund.provider, refund.provider_reference) == ("amazon", posted["transactionId"])
    assert len(counter.amazon.feeds) == 1
    assert counter.amazon.paid == Decimal("12.50")
    order = await counter.card()
    assert order.refunded.minor == 1_250
    [batch] = await counter.all(Batch)
    assert batch.state is BatchState.DONE
    assert await counter.open_jobs() == []


async def test_many_refunds_are_one_feed_and_those_that_come_later_the_next(
    counter: Counter,
) -> None:
    numbers = [f"113-1234567-{number:07}" for number in range(12)]
    for number in numbers:
        await counter.approved(number=number)
    await counter.work(rounds=1)
    assert len(counter.amazon.feeds) == 1
    assert [row["order-id"] for row in counter.amazon.rows()] == numbers
    assert set(counter.amazon.rows()[0].values()) == {
        *(numbers[0], "111", "GeneralAdjustment", "USD", "12.50", "0.00", "")
    }
    await counter.approved(number="113-7777777-7777777")
    await counter.work(rounds=30)

    assert {one.state for one in await counter.all(Refund)} == {State.SUCCEEDED}
    assert [len(counter.amazon.rows(feed)) for feed in (0, 1)] == [12, 1]
    assert counter.amazon.paid == Decimal("12.50") * 13


async def test_two_refunds_of_one_order_never_share_a_feed(counter: Counter) -> None:
    order_id = await counter.order()
    for _ in range(2):
        await counter.desk.approved_refund(order_id, 1_000)
    await counter.work(rounds=30)
    assert [len(counter.amazon.rows(feed)) for feed in range(len(counter.amazon.feeds))] == [1, 1]
    # What the first took of the mug's price is no more there for the second.
    items = [counter.amazon.rows(feed)[0]["order-item-id"] for feed in (0, 1)]
    assert items == ["111", "222"]
    paid = await counter.all(Refund)
    assert [one.state for one in paid] == [State.SUCCEEDED] * 2
    assert len({one.provider_reference for one in paid}) == 2


@pytest.mark.parametrize("zipped", [True, False])
async def test_a_feed_may_be_taken_in_part(counter: Counter, zipped: bool) -> None:
    counter.amazon.zipped = zipped
    counter.amazon.refusals["333"] = "The amount is more than was paid – ask for less."
    good = await counter.approved()
    bad_number = "113-0000000-0000001"
    bad_order = await counter.order(bad_number, LineDraft(1, "CUP", "Cup", 2_000, 0, "333"))
    bad = await counter.desk.approved_refund(bad_order, 2_000)
    await counter.work(rounds=20)

    assert await counter.state(good) is State.SUCCEEDED
    refused = await counter.desk.refund(bad)
    assert refused.state is State.FAILED
    assert refused.failure == (
        "Amazon refuses it: The amount is more than was paid – ask for less. (18028)"
    )
    assert (await counter.card(bad_number)).refundable == Money(4_750, "USD")
    assert counter.amazon.paid == Decimal("12.50")


async def test_a_feed_that_is_stuck_is_told_of_and_never_sent_again(counter: Counter) -> None:
    counter.amazon.ending = "IN_PROGRESS"
    refund_id = await counter.approved()
    await counter.work(rounds=3)
    assert await counter.state(refund_id) is State.SUBMITTED
    await counter.work(rounds=3, after=STUCK_AFTER)
    [batch] = await counter.all(Batch)
    assert batch.state is BatchState.UNKNOWN
    refund = await counter.desk.refund(refund_id)
    assert refund.state is State.UNKNOWN
    assert (refund.failure or "").startswith(
        f"Amazon has not worked through the batch that it is in ({batch.reference}) for hours."
    )

    counter.amazon.ending = "DONE"
    await counter.work(rounds=10)
    assert await counter.state(refund_id) is State.SUCCEEDED
    assert len(counter.amazon.feeds) == 1


async def test_a_cancelled_feed_fails_its_refunds_and_frees_their_money(counter: Counter) -> None:
    counter.amazon.ending = "CANCELLED"
    refund_id = await counter.approved()
    await counter.work(rounds=5)
    refund = await counter.desk.refund(refund_id)
    assert refund.state is State.FAILED
    assert refund.failure == "Amazon cancelled it before it began. Ask for it again"
    assert (await counter.card()).refundable == Money(4_750, "USD")
    assert counter.amazon.paid == 0
    assert await counter.open_jobs() == []


@pytest.mark.parametrize("refused", [True, False])
async def test_a_fatal_feed_is_what_its_report_says(counter: Counter, refused: bool) -> None:
    counter.amazon.ending = "FATAL"
    if refused:
        counter.amazon.refusals["111"] = "The header row is missing or invalid."
    refund_id = await counter.approved()
    await counter.work(rounds=20)
    assert await counter.state(refund_id) is (State.FAILED if refused else State.SUCCEEDED)


async def test_a_report_whose_lines_nobody_knows_leaves_it_to_finances(counter: Counter) -> None:
    counter.amazon.misnumbered = True
    counter.amazon.refusals["222"] = "Not eligible."
    good = await counter.approved()
    other_order = await counter.order(OTHER)
    bad = await counter.desk.approved_refund(other_order, 3_000)
    await counter.work(rounds=15)
    assert await counter.state(good) is State.SUCCEEDED
    refund = await counter.desk.refund(bad)
    assert refund.state is State.UNKNOWN
    assert (refund.failure or "").startswith("Amazon's report does not say what became of it.")
    assert counter.amazon.paid == (await counter.card()).refunded.decimal


async def test_a_feed_that_shows_late_is_adopted_before_another_is_made(counter: Counter) -> None:
    counter.amazon.mishaps["create"].append("dropped after")
    counter.amazon.hidden = True
    refund_id = await counter.approved()
    await counter.work(rounds=3)
    counter.amazon.hidden = False
    await counter.work(rounds=20)
    assert await counter.state(refund_id) is State.SUCCEEDED
    assert len(counter.amazon.feeds) == 1


async def test_a_batch_that_surely_was_not_made_is_sent_again_after_a_while(
    counter: Counter,
) -> None:
    counter.amazon.mishaps["create"].append("dropped before")
    refund_id = await counter.approved()
    await counter.work(rounds=1)
    [tried] = [one.tried_at for one in await counter.all(Batch)]
    while not counter.amazon.feeds:
        await counter.work(rounds=1)
    assert counter.now - tried >= LOST_AFTER
    assert counter.amazon.calls.count("list") >= 4
    await counter.work(rounds=10)
    assert await counter.state(refund_id) is State.SUCCEEDED
    assert len(counter.amazon.feeds) == 1


async def test_of_several_feeds_that_may_be_ours_none_is_guessed(counter: Counter) -> None:
    counter.amazon.mishaps["create"].append("dropped after")
    refund_id = await counter.approved()
    await counter.work(rounds=1)
    ours, stray = counter.amazon.feeds[0], counter.amazon.stray()
    await counter.work(rounds=3)
    refund = await counter.desk.refund(refund_id)
    assert refund.state is State.UNKNOWN
    assert stray in (refund.failure or "")

    counter.amazon._process(ours)
    await counter.work(rounds=20)
    assert await counter.state(refund_id) is State.SUCCEEDED
    assert counter.amazon.paid == Decimal("12.50")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["refund", "upload", "send", "progress", "verdicts"])
async def test_a_process_that_goes_down_at_any_step_pays_once(
    counter: Counter, step: str, moment: str
) -> None:
    goes_down(counter.provider, step, moment)
    refund_id = await counter.approved()
    with pytest.raises(Crash):
        await counter.work(rounds=8)
    # Another process starts, and takes over when the lease is over.
    counter.start()
    await counter.work(rounds=16)
    assert await counter.state(refund_id) is State.SUCCEEDED
    assert len(counter.amazon.feeds) == 1
    assert counter.amazon.paid == Decimal("12.50")
    assert await counter.open_jobs() == []


async def test_a_slow_answer_is_not_waited_for_and_its_feed_is_found(counter: Counter) -> None:
    counter.amazon.mishaps["create"].append("slow")
    refund_id = await counter.approved()
    await counter.work(rounds=2)
    assert counter.amazon.feeds == []
    counter.amazon.released.set()
    await counter.amazon.made.wait()
    await counter.work(rounds=12)
    assert await counter.state(refund_id) is State.SUCCEEDED
    assert len(counter.amazon.feeds) == 1


async def test_a_token_that_ends_early_is_renewed(counter: Counter) -> None:
    refund_id = await counter.approved()
    for _ in range(12):
        counter.amazon.tokens.clear()
        await counter.work(rounds=1)
    assert await counter.state(refund_id) is State.SUCCEEDED
    assert counter.amazon.calls.count("token") > 1


@pytest.mark.parametrize(
    ("reference", "external_id", "amount", "words"),
    [
        ("PAY-77", "111", 1_250, "“PAY-77” is no order of Amazon's: a number like"),
        (ORDER, None, 1_250, "The order does not have the sales channel's own ids of its items"),
        (ORDER, "111", 1_300, "13.00 USD is more than the 12.50 USD that is left of what its"),
    ],
)
async def test_what_can_not_be_said_to_amazon_fails_before_anything_is_sent(
    counter: Counter, reference: str, external_id: str | None, amount: int, words: str
) -> None:
    line = LineDraft(1, "MUG", "Alpine mug", 1_250, 0, external_id)
    order_id = await counter.order(ORDER, line, payment_reference=reference)
    refund_id = await counter.desk.approved_refund(order_id, amount)
    await counter.work(rounds=5)
    refund = await counter.desk.refund(refund_id)
    assert refund.state is State.FAILED
    assert (refund.failure or "").startswith(words)
    assert counter.amazon.calls == []
    assert await counter.open_jobs() == []
