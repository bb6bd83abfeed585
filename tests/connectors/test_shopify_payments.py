"""What is said to Shopify, and what is made of its answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from graphql import parse, validate
from pydantic import SecretStr

from bot.config import Config
from bot.connectors.shopify import documents
from bot.connectors.shopify.client import Credentials, ShopifySilent, TokenRefused
from bot.connectors.shopify.objects import RESULTS, Movement, gid, key_of, note, number, outcome
from bot.connectors.shopify.payments import Shop, Shopify
from bot.partners import connected
from domain.money import Money
from domain.refunds.payment import Instruction, Outcome, OutcomeUnknown, Report, Result
from tests.connectors.conftest import ShopifyTill
from tests.connectors.shopify_emulator import CLIENT_ID, CLIENT_SECRET, TOKEN, Emulator
from tests.connectors.shopify_schema import SCHEMA
from tests.connectors.shopify_shapes import Order, Refund, Transaction


def instruction(key: str = "k1", reference: str = "450", minor: int = 1_250) -> Instruction:
    return Instruction(key, Money(minor, "USD"), "1042", reference)


def moved(*statuses: str, why: str | None = None) -> list[Movement]:
    return [Movement(one, Money(100, "USD"), why) for one in statuses]


@pytest.mark.parametrize("document", ["SHOP", "ORDER", "REFUND", "PAY", "TRANSACTIONS"])
def test_what_is_asked_is_in_the_schema(document: str) -> None:
    assert validate(SCHEMA, parse(getattr(documents, document))) == []


def test_a_page_of_orders_is_in_the_schema() -> None:
    assert validate(SCHEMA, parse(documents.ORDERS_SINCE)) == []


@pytest.mark.parametrize("status", RESULTS)
def test_each_status_has_one_meaning(status: str) -> None:
    told = outcome("7", moved(status))
    assert (told.result, told.reference) == (RESULTS[status], "7")
    assert (told.failure is None) == (told.result is not Result.FAILED)


def test_several_transactions_speak_when_they_agree() -> None:
    assert outcome("7", moved("SUCCESS", "SUCCESS")).result is Result.SUCCEEDED
    assert outcome("7", moved("SUCCESS", "PENDING")).result is Result.WAITING
    torn = outcome("7", moved("SUCCESS", "ERROR"))
    assert torn.result is Result.WAITING
    assert (torn.failure or "").startswith("Shopify paid back a part, and failed with the rest")
    assert outcome("7", moved("PONDERED")).result is Result.WAITING
    assert outcome("7", []).result is Result.WAITING
    failed = outcome("7", moved("FAILURE", "ERROR", why="CARD_DECLINED"))
    assert failed == Outcome(Result.FAILED, "7", "failed at Shopify: card declined")


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("450", "gid://shopify/Order/450"),
        ("gid://shopify/Order/450", "gid://shopify/Order/450"),
        ("gid://shopify/Order/450?key=1", "gid://shopify/Order/450"),
        ("gid://shopify/Refund/450", None),
        ("#1042", None),
        ("450 ", None),
        ("\u0664\u0665\u0660", None),
        ("", None),
        (None, None),
    ],
)
def test_an_order_may_be_named_in_two_ways(reference: str | None, found: str | None) -> None:
    assert gid("Order", reference) == found


def test_our_key_is_found_in_a_note_and_in_no_other() -> None:
    assert key_of(note("k1")) == "k1"
    assert key_of(f"{note('k1')} – looked at by Kim") == "k1"
    assert key_of("a refund") is None
    assert key_of(None) is None
    assert number("gid://shopify/Refund/7") == number(7) == "7"


async def test_one_key_pays_once_and_is_found(shop: ShopifyTill) -> None:
    shop.shopify.deliver = None
    first = await shop.provider.refund(instruction())
    for _ in range(60):
        shop.shopify.by_admin("0.50")

    assert first == Outcome(Result.SUCCEEDED, str(shop.shopify.refunds[0].number))
    # All of the payment went back, and this is still not taken for a refusal.
    shop.shopify.by_admin("7.50")
    assert await shop.provider.refund(instruction()) == first
    # After a day Shopify has forgotten the key, but not the note.
    shop.shopify._keys.clear()
    assert await shop.provider.refund(instruction()) == first
    assert await shop.provider.find(instruction()) == first
    assert await shop.provider.find(instruction(reference="gid://shopify/Order/450")) == first
    assert await shop.provider.find(instruction("k2")) is None
    assert await shop.provider.find(instruction(reference="c17.1")) is None
    assert len(shop.shopify.requests) == 1


async def test_a_key_that_was_used_with_other_words_is_never_guessed(shop: ShopifyTill) -> None:
    shop.shopify.deliver = None
    await shop.provider.refund(instruction())
    shop.shopify.refunds[0].note = None
    with pytest.raises(OutcomeUnknown, match="cannot be used with different operation param"):
        await shop.provider.refund(instruction(minor=1))
    assert len(shop.shopify.refunds) == 1


async def test_an_order_that_another_shop_has_is_not_taken_for_unpaid(shop: ShopifyTill) -> None:
    with pytest.raises(OutcomeUnknown, match="Shopify shows the app no order 1042"):
        await shop.provider.find(instruction(reference="777"))


async def test_more_refunds_than_shopify_lists_are_not_taken_for_all(shop: ShopifyTill) -> None:
    for _ in range(documents.MOST_REFUNDS):
        shop.shopify.by_admin("0.01")
    with pytest.raises(OutcomeUnknown, match="Shopify lists 100 refunds of an order"):
        await shop.provider.refund(instruction())
    with pytest.raises(OutcomeUnknown, match="Shopify lists 40 refunds of an order"):
        await shop.provider.made_by("450", "1")
    assert shop.shopify.requests == []


async def test_failures_without_end_leave_it_unknown(shop: ShopifyTill) -> None:
    for spent in range(6):
        # Keys so far are spent, and the next one is spent too.
        shop.shopify.mishaps.extend([*[""] * spent, "spent"])
        with pytest.raises(OutcomeUnknown):
            await shop.provider.refund(instruction())
        shop.shopify.mishaps.clear()
    assert shop.shopify.paid == 0
    assert [*dict.fromkeys(one["key"] for one in shop.shopify.requests)] == [
        "k1",
        "k1:1",
        "k1:2",
        "k1:3",
        "k1:4",
    ]


@pytest.mark.parametrize("answer", ["no json", "502", "429", "throttled", "broken"])
async def test_an_answer_that_says_nothing_leaves_it_unknown(
    shop: ShopifyTill, answer: str
) -> None:
    shop.shopify.mishaps.append(answer)
    with pytest.raises(OutcomeUnknown, match="Shopify"):
        await shop.provider.refund(instruction())


async def test_amounts_are_written_as_their_currency_is(shop: ShopifyTill) -> None:
    shop.shopify.deliver = None
    shop.shopify.orders = [
        Order(currency="JPY", payments=[Transaction(901, "SALE", Decimal(5_000))])
    ]
    await shop.provider.refund(Instruction("k", Money(1_250, "JPY"), "1042", "450"))
    [asked] = shop.shopify.requests
    assert (asked["currency"], asked["transactions"][0]["amount"]) == ("JPY", "1250")


async def test_every_refund_since_then_is_told_whoever_made_it(shop: ShopifyTill) -> None:
    shop.shopify.deliver = None
    since = shop.shopify.now + timedelta(seconds=1)
    old = Refund(1, shop.shopify.orders[0], None, [], since - timedelta(days=1))
    shop.shopify.orders[0].refunds.append(old)
    shop.shopify.orders[1:] = [Order(451 + one) for one in range(6)]
    ours = await shop.provider.refund(instruction())
    made = [shop.shopify.by_admin("5.00", status="PENDING")]
    for order in shop.shopify.orders[1:]:
        moved = Transaction(order.number + 9_000, "REFUND", Decimal("1.00"))
        made.append(shop.shopify._enter(order, "by phone", [moved]))
    restocked = shop.shopify.by_admin("0.00")

    told = [one async for one in shop.provider.refunds_since(since)]

    told.sort(key=lambda one: int(one.reference))
    assert told[0] == Report(
        provider="shopify",
        reference=ours.reference or "",
        payments=["450", "gid://shopify/Order/450"],
        money=Money(1_250, "USD"),
        outcome=ours,
        key="k1",
    )
    assert [one.reference for one in told[1:]] == [str(one.number) for one in made]
    assert [one.outcome.result for one in told[1:3]] == [Result.WAITING, Result.SUCCEEDED]
    assert str(restocked.number) not in [one.reference for one in told]
    assert shop.shopify.asked.count("OrdersSince") == 4


async def test_what_was_made_since_then_is_not_told_in_part(shop: ShopifyTill) -> None:
    shop.shopify.by_admin("1.00")
    shop.shopify.mishaps.append("ask throttled")
    with pytest.raises(OutcomeUnknown, match="Throttled"):
        [one async for one in shop.provider.refunds_since(shop.now)]


async def test_a_token_is_checked_with_its_scopes(shop: ShopifyTill) -> None:
    domain = "alder-finch.myshopify.com"
    assert await shop.provider.check() == Shop("Alder & Finch", domain, [], all_orders=True)
    shop.shopify.scopes = ("read_orders", "write_products")
    found = await shop.provider.check()
    assert found.lacking == ["write_orders", "write_merchant_managed_fulfillment_orders"]
    assert not found.all_orders
    address = str(shop.provider.client._http.base_url)
    for provider, error in (
        (Shopify(Credentials(token="shpat_other"), address), TokenRefused),
        (Shopify(Credentials(token=TOKEN), "http://127.0.0.1:1/"), ShopifySilent),
        (Shopify(Credentials(token=TOKEN), f"{address}elsewhere/"), ShopifySilent),
    ):
        with pytest.raises(error):
            await provider.check()
        await provider.close()


@pytest.fixture
async def emulator() -> Emulator:
    return Emulator()


@pytest.fixture
async def address(emulator: Emulator) -> AsyncIterator[str]:
    async with TestServer(emulator.application()) as server:
        yield str(server.make_url("/"))


async def test_an_id_and_a_secret_fetch_tokens_and_renew_them(
    emulator: Emulator, address: str
) -> None:
    provider = Shopify(Credentials(None, CLIENT_ID, CLIENT_SECRET), address)
    await provider.check()
    await provider.check()
    assert emulator.asked == ["token", "Shop", "Shop"]

    # Revoked over there: the next request fetches another one, and is sent again.
    emulator.token = "shpat_next"
    await provider.refund(instruction())
    assert emulator.asked[3:] == ["Order", "token", "Order", "Pay"]
    provider.client._renew_at = 0
    await provider.check()
    assert emulator.asked[-2:] == ["token", "Shop"]
    emulator.mishaps.extend(["ask 401", "ask 401"])
    with pytest.raises(TokenRefused):
        await provider.check()
    await provider.close()


async def test_a_wrong_secret_is_said_so(address: str) -> None:
    provider = Shopify(Credentials(None, CLIENT_ID, "shpss_other"), address)
    with pytest.raises(TokenRefused, match=r"`deskhand doctor`"):
        await provider.refund(instruction())
    await provider.close()


@pytest.mark.parametrize(
    "credentials",
    [
        {"shopify_access_token": SecretStr("shpat_1")},
        {"shopify_client_id": "c1", "shopify_client_secret": SecretStr("s1")},
    ],
)
async def test_the_desk_is_connected_when_there_are_credentials(
    credentials: dict[str, Any],
) -> None:
    bare = Config(_env_file=None, stripe_api_key=None, shopify_shop="a.myshopify.com")  # type: ignore[call-arg]
    async with connected(bare) as found:
        assert found.providers == {}
    both = bare.model_copy(update={**credentials, "stripe_api_key": SecretStr("sk")})
    async with connected(both) as found:
        assert [*found.providers] == ["stripe", "shopify"]
        shop = found.providers["shopify"]
        assert isinstance(shop, Shopify)
        assert shop.client._http.base_url == "https://a.myshopify.com/"
