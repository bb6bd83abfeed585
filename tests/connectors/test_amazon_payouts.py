"""What Amazon's Finances say it paid for orders, read on from where it was left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.connectors.amazon.payouts import Payouts, settlement
from bot.work.clock import Clock
from bot.work.sources import Sources
from bot.work.worker import Worker
from domain import sources
from domain.money import Money
from domain.orders.model import State
from domain.payouts.differences import Difference
from domain.payouts.model import LineKind, PayoutLine, Settlement
from domain.payouts.policy import Mismatch
from domain.sources import Source
from tests.connectors.amazon_emulator import ORDER, transaction
from tests.connectors.counter import Counter


def shipment(
    reference: str, posted: datetime, *, order: str | None = ORDER, **changes: Any
) -> dict[str, Any]:
    """A parcel of 47.50 with 3.80 tax that Amazon keeps, less 7.13 commission."""
    leaves = (
        ("Sales", "ProductCharges", "OurPricePrincipal", 42.5),
        ("Sales", "Shipping", "ShippingPrincipal", 5),
        ("Sales", "Tax", "OurPriceTax", 3.8),
        ("Sales", "Tax", "MarketplaceFacilitatorTax-Principal", -3.8),
        ("Expenses", "AmazonFees", "Commission", -7.13),
    )
    named = {"ORDER_ID": order, "SETTLEMENT_ID": "236628501"}
    return {
        "relatedIdentifiers": [
            {"relatedIdentifierName": name, "relatedIdentifierValue": value}
            for name, value in named.items()
            if value
        ],
        "transactionType": "Shipment",
        "transactionId": reference,
        "transactionStatus": "RELEASED",
        "postedDate": posted.isoformat(),
        "totalAmount": money(40.37),
        "breakdowns": [
            {
                "breakdownType": one,
                "breakdownAmount": money(amount),
                "breakdowns": [
                    {
                        "breakdownType": two,
                        "breakdownAmount": money(amount),
                        "breakdowns": [{"breakdownType": three, "breakdownAmount": money(amount)}],
                    }
                ],
            }
            for one, two, three, amount in leaves
        ],
    } | changes


def money(amount: float) -> dict[str, Any]:
    """An amount as Amazon writes it."""
    return {"currencyAmount": amount, "currencyCode": "USD"}


@pytest.fixture
def reading(counter: Counter) -> Counter:
    """A counter whose worker reads what Amazon paid."""
    store, source = counter.desk.store, Payouts(counter.provider)
    handlers = Sources(store, {source.name: source}, counter.time).handlers()
    counter.worker = Worker(store, handlers, counter.time)
    counter.amazon.now = counter.time
    return counter


async def read(counter: Counter, **later: float) -> None:
    """Let time pass, the clock ask, and compare what came in."""
    counter.now += timedelta(**later)
    clock = Clock(counter.desk.store, counter.time)
    async with counter.desk.write("console") as work:
        await sources.connect(work, [Payouts.name])
    await clock.tick(counter.now)
    await counter.work()
    await clock.tick(counter.now)


async def test_what_is_paid_for_an_order_is_told_apart_and_held_against_it(
    reading: Counter,
) -> None:
    await reading.order(state=State.SHIPPED)
    posted = reading.now - timedelta(days=2)
    reading.amazon.transactions += [
        shipment("T1", posted),
        shipment("T2", posted, transactionStatus="DEFERRED"),
        shipment("T3", posted, transactionStatus="DEFERRED_RELEASED"),
        shipment("T4", posted, order=None),
    ]
    reading.amazon.page = 1
    await read(reading)

    kinds = {
        one.kind: one.amount for one in await reading.all(PayoutLine) if one.kind != LineKind.SALE
    }
    assert kinds == {LineKind.TAX: -380, LineKind.FEE: -713}
    [paid] = await reading.all(Settlement)
    # The tax that the buyer paid was not known here.
    assert [Difference.of(one) for one in paid.differences] == [
        Difference(
            Mismatch.MORE,
            paid.differences[0]["order_id"],
            ORDER,
            Money(4037, "USD"),
            Money(4417, "USD"),
        )
    ]
    assert (paid.reference, paid.counted) == ("236628501", 1)


async def test_reading_on_takes_each_transaction_once(reading: Counter) -> None:
    await reading.order(state=State.SHIPPED)
    reading.amazon.transactions.append(shipment("T1", reading.now - timedelta(days=1)))
    await read(reading)
    asked = reading.amazon.calls.count("finances")
    await read(reading, hours=1)
    assert reading.amazon.calls.count("finances") == asked
    refunded = transaction("T2", ORDER, 5, reading.now) | {"transactionStatus": "RELEASED"}
    reading.amazon.transactions.append(refunded)
    await read(reading, hours=6)
    assert reading.amazon.calls.count("finances") == asked + 1

    lines = await reading.all(PayoutLine)
    assert len(lines) == len({one.key for one in lines}) == 7
    assert sum(one.amount for one in lines) == 4037 - 500 + 75
    # Of the refund that somebody made over there, the later of the two settlements tells.
    found = [one["kind"] for row in await reading.all(Settlement) for one in row.differences]
    assert found == [Mismatch.MORE, Mismatch.DEDUCTED]


async def test_an_amazon_that_is_away_is_asked_again_from_the_same_place(reading: Counter) -> None:
    reading.amazon.transactions.append(shipment("T1", reading.now - timedelta(days=1)))
    reading.amazon.mishaps["finances"].append("500 before")
    await read(reading)
    [source] = await reading.all(Source)
    assert source.failing_since is not None
    assert await reading.all(PayoutLine) == []
    await read(reading, minutes=6)
    [source] = await reading.all(Source)
    assert source.failing_since is None
    assert len(await reading.all(PayoutLine)) == 5


async def test_a_page_whose_token_is_too_old_is_read_from_the_beginning(reading: Counter) -> None:
    reading.amazon.page = 1
    posted = reading.now - timedelta(days=1)
    reading.amazon.transactions += [shipment("T1", posted), shipment("T2", posted)]
    source = Payouts(reading.provider)
    first = await source.read(None, reading.now)
    reading.amazon.mishaps["finances"].append("400")
    again = await source.read(first.cursor, reading.now)
    assert (first.more, again.more) == (True, True)
    assert again.settlements == first.settlements


def test_what_is_not_broken_down_counts_all_the_same(now: datetime) -> None:
    told = settlement(shipment("T1", now, totalAmount=money(40)))
    assert told is not None
    rest = [line.money.minor for line in told[1] if line.kind is LineKind.OTHER]
    assert (rest, sum(line.money.minor for line in told[1])) == ([-37], 4000)


@pytest.mark.parametrize(
    "broken",
    [{"totalAmount": None}, {"postedDate": "yesterday"}, {"totalAmount": money(1.234)}, 7],
)
async def test_one_that_cant_be_read_hides_no_other(
    reading: Counter, broken: Mapping[str, Any] | int
) -> None:
    posted = reading.now - timedelta(days=1)
    source = Payouts(reading.provider)

    async def transactions(since: datetime, token: str | None) -> Any:
        del since, token
        odd = {**shipment("T0", posted), **broken} if isinstance(broken, Mapping) else broken
        return [odd, shipment("T1", posted)], None

    source._seller.transactions = transactions
    page = await source.read(None, reading.now)
    assert [len(lines) for _, lines in page.settlements] == [5]
