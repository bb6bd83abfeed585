"""What Shopify Payments paid out, read from its balance transactions."""

from __future__ import annotations

from typing import Any

import pytest

from bot.connectors.shopify.payments import Shopify
from bot.connectors.shopify.payouts import Payouts
from bot.doctor.findings import Mark
from bot.doctor.sources import freshness
from domain.money import Money
from domain.orders.model import State
from domain.payouts.differences import Difference
from domain.payouts.model import LineKind, PayoutLine, Settlement
from domain.payouts.policy import Mismatch
from domain.sources import Source, SourceSilent
from tests.connectors.conftest import ShopifyTill
from tests.connectors.reading import read_on, rows


def moved(
    reference: int, amount: str, fee: str, source: str = "CHARGE", **changes: Any
) -> dict[str, Any]:
    """A balance transaction of the order 450, in the payout 623721858."""
    return {
        "id": f"gid://shopify/ShopifyPaymentsBalanceTransaction/{reference}",
        "type": source,
        "test": False,
        "sourceType": source,
        "transactionDate": "2026-11-20T10:00:00Z",
        "amount": {"amount": amount, "currencyCode": "USD"},
        "fee": {"amount": fee, "currencyCode": "USD"},
        "net": {"amount": "0", "currencyCode": "USD"},
        "associatedOrder": {"id": "gid://shopify/Order/450", "name": "#450"},
        "associatedPayout": {"id": "gid://shopify/ShopifyPaymentsPayout/623721858"},
        **changes,
    }


async def sold(shop: ShopifyTill) -> None:
    """Take in the order 450, paid with 44.52 USD."""
    await shop.desk.order(
        "450",
        channel="shopify",
        state=State.SHIPPED,
        captured=4_452,
        payment_provider="shopify",
        payment_reference="450",
    )


async def read(shop: ShopifyTill, **later: float) -> Source:
    """Let time pass, and read the payouts to their end; returns how the source stands."""
    assert isinstance(shop.provider, Shopify)
    return await read_on(shop, Payouts(shop.provider), **later)


async def test_a_payout_is_told_apart_and_each_transaction_counts_once(shop: ShopifyTill) -> None:
    await sold(shop)
    old = "2026-09-01T10:00:00Z"
    shop.shopify.balance = [
        moved(6, "5.00", "0.10", associatedPayout={"id": None}),
        moved(5, "9.00", "0.10", test=True),
        moved(4, "-2.00", "0.00", "ADJUSTMENT", associatedOrder=None),
        moved(3, "-3.54", "-0.23", "REFUND"),
        moved(1, "44.52", "1.32"),
        moved(0, "7.00", "0.10", transactionDate=old),
        moved(9, "8.00", "0.10", transactionDate=old),
    ]
    await read(shop)
    await read(shop, hours=7)

    lines = {one.key: one for one in await rows(shop, PayoutLine)}
    assert {key: (one.kind, one.amount, one.payment) for key, one in lines.items()} == {
        "4:amount": (LineKind.OTHER, -200, None),
        "3:amount": (LineKind.REFUND, -354, "450"),
        "3:fee": (LineKind.FEE, 23, "450"),
        "1:amount": (LineKind.SALE, 4452, "450"),
        "1:fee": (LineKind.FEE, -132, "450"),
        # On the page where it becomes too long ago; the one after is not asked for.
        "0:amount": (LineKind.SALE, 700, "450"),
        "0:fee": (LineKind.FEE, -10, "450"),
    }
    [payout] = await rows(shop, Settlement)
    assert (payout.provider, payout.reference) == ("shopify", "623721858")
    [difference] = map(Difference.of, payout.differences)
    assert difference.kind is Mismatch.MORE


async def test_a_refund_made_over_there_is_told_of(shop: ShopifyTill) -> None:
    await sold(shop)
    shop.shopify.balance = [moved(3, "-3.54", "-0.23", "REFUND"), moved(1, "44.52", "1.32")]
    await read(shop)
    [payout] = await rows(shop, Settlement)
    [difference] = map(Difference.of, payout.differences)
    assert (difference.kind, difference.gap) == (Mismatch.DEDUCTED, Money(-354, "USD"))


@pytest.mark.parametrize(("mishap", "mark"), [("", Mark.GOOD), ("ask denied", Mark.OPEN)])
async def test_a_shop_without_payouts_and_an_app_that_may_not_see_them_are_no_failures(
    shop: ShopifyTill, mishap: str, mark: Mark
) -> None:
    shop.shopify.mishaps.append(mishap)
    kept = await read(shop)
    assert await rows(shop, PayoutLine) == []
    finding = freshness(kept, shop.now)
    assert finding.mark is mark
    assert "payouts" in finding.sentence
    asked = len(shop.shopify.asked)
    await read(shop, hours=1)
    assert len(shop.shopify.asked) == asked


async def test_a_shopify_that_is_away_is_asked_again(shop: ShopifyTill) -> None:
    shop.shopify.mishaps.append("ask 500")
    with pytest.raises(SourceSilent, match="HTTP 500"):
        await read(shop)
