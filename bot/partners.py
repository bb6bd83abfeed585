"""What the connected partners are to the desk besides payment providers.

A marketplace pays refunds, sends orders, and wants to hear of parcels, all over one connection:
whoever is connected as the first is asked to be the others, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.config import Config
from bot.connectors.amazon.events import LANE
from bot.connectors.amazon.orders import Orders
from bot.connectors.amazon.payouts import Payouts as AmazonPayouts
from bot.connectors.amazon.refunds import Amazon
from bot.connectors.amazon.shipping import Shipping
from bot.connectors.amazon.stream import Keep, Queue, Stream
from bot.connectors.inbound import Message
from bot.connectors.shopify.backfill import Backfill
from bot.connectors.shopify.fulfilling import Fulfilling
from bot.connectors.shopify.payments import Shopify
from bot.connectors.shopify.payouts import Payouts as ShopifyPayouts
from bot.connectors.stripe.payments import Stripe
from bot.connectors.stripe.payouts import Payouts as StripePayouts
from bot.work.pace import Pace
from domain import inbox, sources
from domain.refunds.payment import PaymentProvider
from domain.shipping.marketplace import Marketplace
from domain.sources import OrderSource


@dataclass(slots=True)
class Partners:
    """Who can be asked what orders changed or were paid, and who wants to hear of parcels, by name.

    `amazon` reads single orders, None where it is not connected.
    """

    sources: dict[str, OrderSource] = field(default_factory=dict)
    marketplaces: dict[str, Marketplace] = field(default_factory=dict)
    amazon: Orders | None = None

    def read(self, *found: OrderSource) -> None:
        """Have sources read."""
        self.sources |= {one.name: one for one in found}


def introduce(providers: Mapping[str, PaymentProvider], pace: Pace) -> Partners:
    """Return what else the payment providers are."""
    found = Partners()
    for one in providers.values():
        match one:
            case Stripe():
                found.read(StripePayouts(one))
            case Shopify():
                found.read(Backfill(one), ShopifyPayouts(one))
                found.marketplaces[one.name] = Fulfilling(one.client)
            case Amazon():
                found.amazon = Orders(one.connection, pace)
                found.read(found.amazon, AmazonPayouts(one))
                found.marketplaces[one.name] = Shipping(one.connection, found.amazon, pace)
    return found


def queue(config: Config) -> Queue | None:
    """Return the queue that Amazon's notifications are in, None where none is set."""
    if config.amazon_sqs_url is None:
        return None
    key, secret = config.amazon_sqs_key_id, config.amazon_sqs_secret
    return Queue(config.amazon_sqs_url, key, secret.get_secret_value() if secret else None)


def stream(config: Config, pace: Pace) -> Stream | None:
    """Return what takes notifications off the queue and keeps them here, None without a queue."""
    found = queue(config)
    return None if found is None else Stream(found, keeping(pace))


def keeping(pace: Pace) -> Keep:
    """Return what keeps messages of Amazon's, all of a batch in one unit of work."""

    async def keep(messages: Sequence[Message]) -> None:
        async with pace.work(Amazon.name) as work:
            for one in messages:
                await inbox.keep(work, Amazon.name, one.reference, one.body, lane=LANE)
            await sources.heard(work, Amazon.name)

    return keep
