"""What the connected partners are to the desk besides payment providers.

A marketplace pays refunds, sends orders, and wants to hear of parcels, all over one connection:
whoever is connected as the first is asked to be the others, too.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.connectors.amazon.payouts import Payouts as AmazonPayouts
from bot.connectors.amazon.refunds import Amazon
from bot.connectors.shopify.backfill import Backfill
from bot.connectors.shopify.payments import Shopify
from bot.connectors.shopify.payouts import Payouts as ShopifyPayouts
from bot.connectors.stripe.payments import Stripe
from bot.connectors.stripe.payouts import Payouts as StripePayouts
from domain.refunds.payment import PaymentProvider
from domain.sources import OrderSource


def sources(providers: Mapping[str, PaymentProvider]) -> Mapping[str, OrderSource]:
    """Return those who can be asked what orders changed, by name."""
    found: list[OrderSource] = [
        Backfill(one) for one in providers.values() if isinstance(one, Shopify)
    ]
    found += [ShopifyPayouts(one) for one in providers.values() if isinstance(one, Shopify)]
    found += [StripePayouts(one) for one in providers.values() if isinstance(one, Stripe)]
    found += [AmazonPayouts(one) for one in providers.values() if isinstance(one, Amazon)]
    return {one.name: one for one in found}
