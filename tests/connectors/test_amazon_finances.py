"""What Amazon's Finances say settles a refund: late, apart, with tax, and whoever made it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.money import Money
from domain.orders import queries
from domain.people import Member
from domain.refunds import by_hand, heard
from domain.refunds.batches import Share
from domain.refunds.model import Refund, State
from tests.connectors.amazon_emulator import ORDER, transaction
from tests.connectors.counter import Counter


async def test_a_refund_taken_in_part_is_neither_paid_nor_failed_until_the_rest_is_made_up(
    counter: Counter,
) -> None:
    counter.amazon.refusals["222"] = "Not eligible."
    order_id = await counter.order()
    async with counter.desk.store.read(counter.desk.merchant) as session:
        lines = (await queries.card_by_id(session, order_id)).lines
    refund_id = await counter.asked(order_id, lines={line.id: 1 for line in lines})
    await counter.work(rounds=20)

    refund = await counter.desk.refund(refund_id)
    assert refund.state is State.UNKNOWN
    assert refund.failure == (
        "Amazon takes 12.50 USD of 42.50 USD and refuses the rest: Not eligible. (18028). "
        "Refund the rest there, and this counts as paid"
    )
    assert (await counter.card()).held.minor == 4_250
    [posted] = counter.amazon.transactions
    assert [one.reference for one in await counter.all(Share)] == [posted["transactionId"], None]

    counter.amazon.by_console("30.00")
    await counter.work(rounds=3, after=timedelta(hours=1))

    assert [one.state for one in await counter.all(Refund)] == [State.SUCCEEDED]
    assert (await counter.card()).refunded.minor == 4_250
    assert await counter.open_jobs() == []


@pytest.mark.parametrize("by_item", [True, False])
async def test_a_refund_of_several_items_may_be_posted_together_or_apart(
    counter: Counter, by_item: bool
) -> None:
    counter.amazon.by_item = by_item
    order_id = await counter.order()
    refund_id = await counter.asked(order_id, amount=Money(4_000, "USD"))
    await counter.work(rounds=20)
    assert await counter.state(refund_id) is State.SUCCEEDED
    assert [row["item-price-adj"] for row in counter.amazon.rows()] == ["12.50", "27.50"]
    assert len(counter.amazon.transactions) == (2 if by_item else 1)
    assert len(await counter.all(Refund)) == 1


async def test_the_tax_that_amazon_adds_does_not_hide_a_refund(counter: Counter) -> None:
    counter.amazon.tax = Decimal("1.03")
    refund_id = await counter.approved()
    await counter.work(rounds=20)
    assert await counter.state(refund_id) is State.SUCCEEDED
    assert len(await counter.all(Refund)) == 1


async def test_what_is_late_in_finances_is_waited_for_and_told_of_after_days(
    counter: Counter,
) -> None:
    counter.amazon.prompt = False
    refund_id = await counter.approved()
    await counter.work(rounds=20)
    assert await counter.state(refund_id) is State.SUBMITTED
    await counter.work(rounds=30, after=timedelta(hours=4))
    refund = await counter.desk.refund(refund_id)
    assert refund.state is State.UNKNOWN
    assert (refund.failure or "").startswith("Amazon took it, but has no payment of it")

    counter.amazon.post()
    await counter.work(rounds=2, after=timedelta(hours=7))
    refund = await counter.desk.refund(refund_id)
    assert (refund.state, refund.failure) == (State.SUCCEEDED, None)
    assert len(counter.amazon.feeds) == 1
    assert await counter.open_jobs() == []


async def test_a_fatal_feed_without_a_report_is_looked_for_in_finances(counter: Counter) -> None:
    counter.amazon.ending, counter.amazon.has_report = "FATAL", False
    counter.amazon.prompt = False
    refund_id = await counter.approved()
    await counter.work(rounds=10)
    assert await counter.state(refund_id) is State.UNKNOWN
    counter.amazon.post()
    await counter.work(rounds=20)
    assert await counter.state(refund_id) is State.SUCCEEDED


async def test_one_that_finance_marked_as_paid_is_not_counted_again(counter: Counter) -> None:
    counter.amazon.ending, counter.amazon.has_report = "FATAL", False
    counter.amazon.prompt = False
    refund_id = await counter.approved()
    await counter.work(rounds=4)
    async with counter.desk.write("U0FINANCE", counter.now) as work:
        await by_hand.mark_paid(work, Member("U0FINANCE", "finance"), refund_id, "seen there")
    counter.amazon.post()
    counter.now += timedelta(minutes=5)
    async for report in counter.provider.refunds_since(counter.now - timedelta(hours=1)):
        async with counter.desk.write("amazon", counter.now) as work:
            await heard.hear(work, report)
    await counter.work(rounds=10)
    assert [one.state for one in await counter.all(Refund)] == [State.SUCCEEDED]
    assert (await counter.card()).refunded.minor == 1_250
    assert await counter.open_jobs() == []


async def test_a_transaction_that_can_not_be_read_hides_no_other(counter: Counter) -> None:
    counter.amazon.transactions.append(
        {**transaction("odd", ORDER, Decimal(1), counter.now), "totalAmount": "much"}
    )
    refund_id = await counter.approved()
    await counter.work(rounds=12)
    assert await counter.state(refund_id) is State.SUCCEEDED


async def test_a_second_look_from_elsewhere_settles_ours_and_enters_nothing_twice(
    counter: Counter,
) -> None:
    counter.amazon.prompt, counter.amazon.page = False, 1
    refund_id = await counter.approved()
    started = counter.now
    await counter.work(rounds=6)
    counter.amazon.post()
    counter.amazon.by_console("3.00")
    counter.amazon.by_console("9.00", order="113-9999999-9999999")
    for _ in range(2):
        async for report in counter.provider.refunds_since(started):
            async with counter.desk.write("amazon", counter.now) as work:
                await heard.hear(work, report)

    ours, found = await counter.all(Refund)
    assert (ours.id, ours.state) == (refund_id, State.SUCCEEDED)
    assert (found.state, found.money.minor) == (State.SUCCEEDED, 300)
    await counter.work(rounds=6)
    assert len(await counter.all(Refund)) == 2
    assert await counter.open_jobs() == []


async def test_what_was_made_before_a_batch_was_sent_is_not_taken_for_it(
    counter: Counter,
) -> None:
    order_id = await counter.order()
    counter.amazon.by_console("12.50")
    counter.now += timedelta(hours=1)
    refund_id = await counter.desk.approved_refund(order_id, 1_250)
    counter.amazon.prompt = False
    await counter.work(rounds=6)
    async for report in counter.provider.refunds_since(counter.now - timedelta(hours=5)):
        async with counter.desk.write("amazon", counter.now) as work:
            await heard.hear(work, report)
    assert await counter.state(refund_id) is State.SUBMITTED
    counter.amazon.post()
    await counter.work(rounds=12)
    assert await counter.state(refund_id) is State.SUCCEEDED
    assert (await counter.card()).refunded.minor == 2_500


async def test_refunds_made_in_seller_central_count_once(counter: Counter) -> None:
    refund_id = await counter.approved(2_000)
    await counter.work(rounds=1)
    counter.amazon.by_console("7.77")
    await counter.work(rounds=20)
    await counter.work(rounds=3, after=timedelta(hours=1))

    ours, found = await counter.all(Refund)
    assert (ours.id, ours.state) == (refund_id, State.SUCCEEDED)
    assert (found.state, found.money.minor) == (State.SUCCEEDED, 777)
    assert found.explanation == "made in Amazon's console"
    assert (await counter.card()).refunded.minor == 2_777
