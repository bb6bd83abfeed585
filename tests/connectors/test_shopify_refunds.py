"""From the request to the money: paid once at Shopify, whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal

import pytest

from domain.errors import MoreThanRefundable
from domain.jobs import State as JobState
from domain.money import Money
from domain.orders.intake import LineDraft
from domain.people import Member
from domain.refunds import by_hand
from domain.refunds import service as refunds
from domain.refunds.model import Reason, State
from tests.connectors.conftest import ShopifyTill
from tests.connectors.shopify_shapes import Order, Transaction
from tests.connectors.till import PATIENCE
from tests.work.desk import AGENT, APPROVER

MISHAPS = {
    "too many requests": ["429"],
    "throttled": ["throttled"],
    "throttled while it asks": ["ask throttled"],
    "the key is in use": ["in progress"],
    "a fault before the money moved": ["500 before"],
    "a fault after the money moved": ["500 after"],
    "an error before the money moved": ["broken"],
    "a key that a failure spent": ["spent"],
    "a gateway that timed out": ["timed out"],
    "a proxy in the way": ["502", "no json"],
    "the line dies before": ["dropped before"],
    "the line dies after": ["dropped after"],
    "all of them": ["429", "in progress", "dropped before", "spent", "throttled", "dropped after"],
}


@pytest.mark.parametrize("heard", [True, False], ids=["webhooks come", "webhooks are lost"])
@pytest.mark.parametrize("mishaps", MISHAPS.values(), ids=MISHAPS)
async def test_a_refund_is_paid_once_whatever_goes_wrong(
    shop: ShopifyTill, mishaps: list[str], heard: bool
) -> None:
    shop.shopify.mishaps.extend(mishaps)
    if not heard:
        shop.shopify.deliver = None
    refund_id = await shop.approved()

    await shop.work(rounds=len(mishaps) + 2)

    [refund] = await shop.refunds()
    [paid] = shop.shopify.refunds
    assert (refund.id, refund.state) == (refund_id, State.SUCCEEDED)
    assert (refund.provider, refund.provider_reference) == ("shopify", str(paid.number))
    assert (paid.paid, paid.note) == (Decimal("12.50"), f"Deskhand refund {refund.key}")
    await agrees(shop, 1_250)


async def agrees(shop: ShopifyTill, minor: int, captured: int = 5_000) -> None:
    """Check that the desk's books say what went back at Shopify, and that nothing is left to do."""
    order = await shop.order()
    assert order.refunded.minor == int(shop.shopify.paid * 100) == minor
    assert order.refundable is not None
    assert order.refundable.minor == captured - minor
    assert await shop.open_jobs() == []


async def test_a_refund_is_unknown_until_shopify_says_and_holds_its_money(
    shop: ShopifyTill,
) -> None:
    shop.shopify.deliver = None
    shop.shopify.mishaps.extend(["dropped after", "ask 500"])
    refund_id = await shop.approved(amount=5_000)
    await shop.work(rounds=2)

    assert (await shop.desk.refund(refund_id)).state is State.UNKNOWN
    with pytest.raises(MoreThanRefundable):
        await shop.desk.asked_refund((await shop.order()).id, 1)
    await shop.work(rounds=2)
    assert (await shop.desk.refund(refund_id)).state is State.SUCCEEDED
    assert len(shop.shopify.requests) == 1
    await agrees(shop, 5_000)


async def test_a_slow_answer_is_waited_for_and_nothing_is_paid_beside_it(
    shop: ShopifyTill,
) -> None:
    shop.provider.client._http.timeout = PATIENCE
    shop.shopify.mishaps.append("slow")
    refund_id = await shop.approved()
    await shop.work(rounds=2)
    assert (await shop.desk.refund(refund_id)).state is State.UNKNOWN
    assert shop.shopify.refunds == []
    assert len(shop.shopify.requests) == 2

    shop.shopify.released.set()
    await shop.shopify.answered.wait()
    await shop.work(rounds=2)

    assert (await shop.desk.refund(refund_id)).state is State.SUCCEEDED
    await agrees(shop, 1_250)


async def test_a_webhook_that_overtakes_the_answer_settles_the_refund_once(
    shop: ShopifyTill,
) -> None:
    seen = []

    async def settle_first(body: bytes, headers: Mapping[str, str]) -> None:
        await shop.take(body, headers)
        await shop.worker.work_off()
        seen.append((await shop.refunds())[0].state)

    shop.shopify.deliver = settle_first
    await shop.approved()
    await shop.work()

    assert seen == [State.SUCCEEDED] * 5
    assert [one.kind for one in (await shop.order()).history].count("RefundSucceeded") == 1
    await agrees(shop, 1_250)


async def test_a_refund_that_takes_its_time_is_settled_by_its_transaction(
    shop: ShopifyTill,
) -> None:
    shop.shopify.statuses = ("PENDING",)
    refund_id = await shop.approved()
    await shop.work()
    [paid] = shop.shopify.refunds
    refund = await shop.desk.refund(refund_id)
    assert (refund.state, refund.provider_reference) == (State.SUBMITTED, str(paid.number))

    await shop.shopify.turn(paid, "SUCCESS")
    await shop.work()

    assert (await shop.desk.refund(refund_id)).state is State.SUCCEEDED
    await agrees(shop, 1_250)


async def test_a_lost_refund_that_is_found_pending_is_in_shopifys_hands_again(
    shop: ShopifyTill,
) -> None:
    shop.shopify.statuses, shop.shopify.deliver = ("AWAITING_RESPONSE",), None
    shop.shopify.mishaps.append("500 after")
    refund_id = await shop.approved()
    await shop.work()
    assert (await shop.desk.refund(refund_id)).state is State.UNKNOWN
    await shop.work(rounds=2)

    assert (await shop.desk.refund(refund_id)).state is State.SUBMITTED
    assert await shop.open_jobs() == []


@pytest.mark.parametrize("status", ["SUCCESS", "PENDING"])
async def test_a_refund_that_fails_later_frees_its_money_and_stays_failed(
    shop: ShopifyTill, status: str
) -> None:
    shop.shopify.statuses = (status,)
    refund_id = await shop.approved(amount=5_000)
    await shop.work()
    [paid] = shop.shopify.refunds
    await shop.shopify.turn(paid, "FAILURE", "EXPIRED_CARD")
    await shop.work()

    refund = await shop.desk.refund(refund_id)
    assert refund.state is State.FAILED
    assert refund.failure == "failed at Shopify: expired card"
    # A webhook that was overtaken changes nothing.
    paid.transactions[0].status = "SUCCESS"
    await shop.shopify.tell(paid)
    paid.transactions[0].status = "FAILURE"
    await shop.work()
    assert [one.state for one in await shop.refunds()] == [State.FAILED]
    await agrees(shop, 0)


@pytest.mark.parametrize("statuses", [("SUCCESS", "FAILURE"), ("PENDING", "PENDING")])
async def test_a_part_that_never_goes_leaves_the_refund_to_a_person(
    shop: ShopifyTill, statuses: tuple[str, str]
) -> None:
    shop.shopify.orders[0].payments = [
        Transaction(901, "SALE", Decimal("30.00"), gateway="gift_card"),
        Transaction(902, "SALE", Decimal("20.00")),
    ]
    shop.shopify.statuses = statuses
    refund_id = await shop.approved(amount=5_000)
    await shop.work()
    [paid] = shop.shopify.refunds
    gift_card, card = paid.transactions
    await shop.shopify.turn(paid, "SUCCESS", only=gift_card)
    await shop.shopify.turn(paid, "FAILURE", "CARD_DECLINED", only=card)
    await shop.work(rounds=2)
    # A webhook that was overtaken changes nothing.
    card.status = "PENDING"
    await shop.shopify.tell(paid)
    card.status = "FAILURE"
    await shop.work()

    refund = await shop.desk.refund(refund_id)
    assert (refund.state, refund.provider_reference) == (State.UNKNOWN, str(paid.number))
    assert shop.shopify.paid == 30
    assert len(shop.shopify.requests) == 1
    [told] = [one.why for one in (await shop.order()).history if one.kind == "RefundUnknown"]
    assert (told or "").startswith("Shopify paid back a part, and failed with the rest")
    assert told == refund.failure
    with pytest.raises(MoreThanRefundable):
        await shop.desk.asked_refund((await shop.order()).id, 1)
    assert await shop.open_jobs() == []

    async with shop.desk.write() as work:
        await by_hand.mark_paid(work, Member("U0FINANCE", "finance"), refund_id, "SEPA 7")
    assert (await shop.order()).refunded.minor == 5_000


@pytest.mark.parametrize(
    ("mishap", "reference", "amount", "words"),
    [
        ("declined", "450", 1_250, "The bank declined it"),
        ("", "gid://shopify/Order/9", 1_250, "Shopify shows the app no order 1042. Check that it"),
        (
            "",
            "450",
            5_000,
            "Shopify can pay back 40.00 USD of order 1042, which is less than 50.00",
        ),
        (
            "",
            "c17.1",
            1_250,
            "“c17.1” is no order of Shopify's: an id such as 450789469 is needed.",
        ),
        ("", "gid://shopify/Refund/450", 1_250, "“gid://shopify/Refund/450” is no order of Shop"),
        ("", None, 1_250, "The order does not say which of Shopify's it is: an id such as"),
    ],
)
async def test_a_refusal_fails_the_refund_in_words(
    shop: ShopifyTill, mishap: str, reference: str | None, amount: int, words: str
) -> None:
    shop.shopify.mishaps.append(mishap)
    shop.shopify.orders[0].payments[0].amount = Decimal("40.00")
    refund_id = await shop.approved(amount, reference)
    await shop.work()

    refund = await shop.desk.refund(refund_id)
    assert refund.state is State.FAILED
    assert (refund.failure or "").startswith(words)
    assert shop.shopify.paid == 0
    assert await shop.open_jobs() == []


async def test_an_order_paid_in_another_currency_is_refused_before_anything_moves(
    shop: ShopifyTill,
) -> None:
    shop.shopify.orders = [Order(currency="CAD", rate=Decimal("0.75"))]
    refund_id = await shop.approved()
    await shop.work()

    refund = await shop.desk.refund(refund_id)
    assert refund.failure == (
        "The buyer paid order 1042 in CAD at Shopify, so 12.50 USD can't be paid back there. "
        "Refund it in Shopify's admin: the desk will hear of it."
    )
    assert shop.shopify.requests == []

    # Made there, it counts in the shop's currency, in which the order is kept.
    await shop.shopify.tell(shop.shopify.by_admin("20.00"))
    await shop.work()
    [_, found] = await shop.refunds()
    assert (found.state, found.money) == (State.SUCCEEDED, Money(1_500, "USD"))
    assert await shop.open_jobs() == []


async def test_cash_is_not_said_to_be_paid_back(shop: ShopifyTill) -> None:
    shop.shopify.orders[0].payments = [
        Transaction(901, "SALE", Decimal("50.00"), gateway="Cash on Delivery (COD)", by_hand=True)
    ]
    refund_id = await shop.approved()
    await shop.work()

    assert (await shop.desk.refund(refund_id)).failure == (
        "Shopify can pay back 0.00 USD of order 1042, which is less than 12.50 USD. What was paid "
        "by hand (Cash on Delivery (COD)) goes back by hand: enter it in Shopify."
    )
    assert shop.shopify.requests == []


async def test_several_payments_give_what_is_left_of_them(shop: ShopifyTill) -> None:
    order = shop.shopify.orders[0]
    order.payments = [
        Transaction(900, "AUTHORIZATION", Decimal("50.00")),
        Transaction(901, "CAPTURE", Decimal("20.00"), gateway="gift_card"),
        Transaction(902, "CAPTURE", Decimal("30.00"), status="FAILURE"),
        Transaction(903, "CAPTURE", Decimal("30.00")),
    ]
    order.payments[0], order.payments[1] = order.payments[1], order.payments[0]
    shop.shopify.by_admin("8.00")
    refund_id = await shop.approved(amount=3_000)
    await shop.work()

    assert (await shop.desk.refund(refund_id)).state is State.SUCCEEDED
    [asked] = shop.shopify.requests
    assert [(one["gateway"], one["amount"]) for one in asked["transactions"]] == [
        ("gift_card", "12.00"),
        ("shopify_payments", "18.00"),
    ]
    assert shop.shopify.paid == 38


async def test_lines_and_shipping_are_named_and_nothing_is_restocked(shop: ShopifyTill) -> None:
    order_id = await shop.desk.order(
        payment_provider="shopify",
        payment_reference="gid://shopify/Order/450",
        lines=(
            LineDraft(4, sku="MUG", title="Mug", unit_price=1_250, external_id="11"),
            LineDraft(1, sku="BAG", title="Bag", unit_price=300),
        ),
    )
    view = await shop.order()
    lines = {line.id: quantity for line, quantity in zip(view.lines, (2, 1), strict=True)}
    ask = refunds.Ask(Reason.DAMAGED, lines=lines, shipping=Money(495, "USD"))
    async with shop.desk.write(AGENT.member_id) as work:
        refund = await refunds.request(work, AGENT, order_id, ask)
    async with shop.desk.write(APPROVER.member_id) as work:
        await refunds.approve(work, APPROVER, refund.id)
    await shop.work()

    [asked] = shop.shopify.requests
    assert asked["refundLineItems"] == [
        {"lineItemId": "gid://shopify/LineItem/11", "quantity": 2, "restockType": "NO_RESTOCK"}
    ]
    assert asked["shipping"] == {"amount": "4.95"}
    assert [one["amount"] for one in asked["transactions"]] == ["32.95"]
    assert asked["notify"] is False
    await agrees(shop, 3_295)


@pytest.mark.parametrize("mishap", ["401", "403", "denied", "ask 401"])
async def test_a_refused_token_fails_no_refund_and_is_tried_again(
    shop: ShopifyTill, mishap: str
) -> None:
    shop.shopify.mishaps.append(mishap)
    refund_id = await shop.approved()
    await shop.work()
    assert (await shop.desk.refund(refund_id)).state is State.SUBMITTED
    [job] = await shop.open_jobs()
    assert job.state == JobState.READY
    assert (job.last_error or "").startswith("Shopify refuses the app: its token or secret is")

    await shop.work(rounds=2)
    assert (await shop.desk.refund(refund_id)).state is State.SUCCEEDED
    await agrees(shop, 1_250)


async def test_an_order_edited_meanwhile_does_not_move_the_payment(shop: ShopifyTill) -> None:
    shop.shopify.orders.append(Order(451, payments=[Transaction(951, "SALE", Decimal("50.00"))]))
    shop.shopify.deliver = None
    shop.shopify.mishaps.append("dropped after")
    refund_id = await shop.approved()
    await shop.work()
    await shop.desk.order(payment_provider="shopify", payment_reference="451")
    await shop.work(rounds=2)

    assert (await shop.desk.refund(refund_id)).state is State.SUCCEEDED
    assert [one.order.number for one in shop.shopify.refunds] == [450]


async def test_what_another_refund_took_meanwhile_does_not_pay_twice(shop: ShopifyTill) -> None:
    """The split differs at the second attempt, and the key with other words is not guessed at."""
    shop.shopify.orders[0].payments = [
        Transaction(901, "SALE", Decimal("25.00"), gateway="gift_card"),
        Transaction(902, "SALE", Decimal("25.00")),
    ]
    shop.provider.client._http.timeout = PATIENCE
    shop.shopify.mishaps.append("slow")
    refund_id = await shop.approved(amount=2_500)
    await shop.work()
    made = shop.shopify.by_admin("5.00")
    await shop.shopify.tell(made)
    await shop.work(rounds=2)
    assert (await shop.desk.refund(refund_id)).state is State.UNKNOWN
    assert [len(one["transactions"]) for one in shop.shopify.requests] == [1, 2]

    shop.shopify.orders[0].payments[0].amount = Decimal("30.00")
    shop.shopify.released.set()
    await shop.shopify.answered.wait()
    await shop.work(rounds=2)
    assert (await shop.desk.refund(refund_id)).state is State.SUCCEEDED
    await agrees(shop, 3_000)


async def test_a_refund_made_in_the_admin_counts_and_shows(shop: ShopifyTill) -> None:
    refund_id = await shop.approved(amount=2_000)
    await shop.work()
    made = shop.shopify.by_admin("25.00", "sorry", status="PENDING")
    await shop.shopify.tell(made)
    await shop.shopify.turn(made, "SUCCESS")
    await shop.work()

    ours, found = await shop.refunds()
    assert (ours.id, ours.state) == (refund_id, State.SUCCEEDED)
    assert (found.state, found.provider_reference) == (State.SUCCEEDED, str(made.number))
    assert (found.requested_by, found.explanation) == ("shopify", "made in Shopify's console")
    await agrees(shop, 4_500)
    with pytest.raises(MoreThanRefundable, match=r"At most 5\.00 USD"):
        await shop.desk.asked_refund((await shop.order()).id, 501)

    await shop.shopify.turn(made, "ERROR")
    await shop.work()
    assert (await shop.refunds())[1].failure == "failed at Shopify: no reason given"
    await agrees(shop, 2_000)


async def test_what_moves_no_money_or_is_of_no_order_here_is_left_alone(shop: ShopifyTill) -> None:
    await shop.desk.order(payment_provider="shopify", payment_reference="450")
    restocked = shop.shopify.by_admin("0.00")
    await shop.shopify.tell(restocked)
    restocked.transactions.clear()
    await shop.shopify.tell(restocked)
    shop.shopify.orders.insert(0, Order(777))
    elsewhere = shop.shopify.by_admin("1.00")
    await shop.shopify.tell(elsewhere)
    await shop.shopify.turn(elsewhere, "FAILURE")
    await shop.shopify._send("customers/update", {"id": 450, "email": "jane@example.com"})
    sale = {"id": 901, "order_id": 450, "kind": "sale", "status": "success"}
    await shop.shopify._send("order_transactions/create", sale)
    await shop.work()
    assert await shop.refunds() == []
    assert await shop.open_jobs() == []


async def test_a_webhook_waits_while_shopify_can_not_be_asked(shop: ShopifyTill) -> None:
    await shop.desk.order(payment_provider="shopify", payment_reference="450")
    made = shop.shopify.by_admin("25.00", status="PENDING")
    # A refund tells all of itself.
    await shop.shopify.tell(made)
    await shop.work()
    assert [one.state for one in await shop.refunds()] == [State.SUBMITTED]
    assert shop.shopify.asked == []

    shop.shopify.mishaps.append("ask 500")
    await shop.shopify.turn(made, "SUCCESS")
    await shop.work()
    [job] = await shop.open_jobs()
    assert job.last_error == "Shopify answered with HTTP 500."
    await shop.work(rounds=2)
    await agrees(shop, 2_500)


async def test_refunds_at_once_from_both_sides_never_exceed_what_was_paid(
    shop: ShopifyTill,
) -> None:
    order_id = await shop.desk.order(payment_provider="shopify", payment_reference="450")
    asked = [await shop.desk.approved_refund(order_id, 2_000) for _ in range(2)]
    made = shop.shopify.by_admin("25.00")
    await asyncio.gather(shop.shopify.tell(made), shop.work())
    await shop.work(rounds=2)

    states = sorted([(await shop.desk.refund(one)).state for one in asked])
    assert states == [State.FAILED, State.SUCCEEDED]
    await agrees(shop, 4_500)
