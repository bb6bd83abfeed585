"""Who is connected: whom the desk pays by, hears of orders from, tells of parcels, buys labels of.

A marketplace pays refunds, sends orders, and wants to hear of parcels, all over one connection:
whoever is connected as the first is asked to be the others, too.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

from bot.config import Config, revealed
from bot.connectors.amazon import credentials as amazon
from bot.connectors.amazon.events import LANE
from bot.connectors.amazon.orders import Orders
from bot.connectors.amazon.payouts import Payouts as AmazonPayouts
from bot.connectors.amazon.refunds import Amazon
from bot.connectors.amazon.shipping import Shipping
from bot.connectors.amazon.stream import Keep, Queue, Stream
from bot.connectors.easypost_api import EasyPost
from bot.connectors.easypost_labels import EasyPostLabels
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
from domain.shipping.labels import LabelMaker
from domain.shipping.marketplace import Marketplace
from domain.shipping.tracker import Tracker
from domain.sources import OrderSource


@dataclass(frozen=True, slots=True)
class Partners:
    """Who is connected, by name where there may be several; None who is not.

    `tracker` follows parcels, `labels` sells labels, `queue` has Amazon's notifications in it.
    Once they are introduced, `sources` can be asked what orders changed or were paid, `stream`
    takes notifications off the queue, `amazon` reads its single orders, and `shopify` is that
    payment provider.
    """

    providers: Mapping[str, PaymentProvider] = field(default_factory=dict)
    marketplaces: Mapping[str, Marketplace] = field(default_factory=dict)
    tracker: Tracker | None = None
    labels: LabelMaker | None = None
    queue: Queue | None = None
    sources: Mapping[str, OrderSource] = field(default_factory=dict)
    stream: Stream | None = None
    amazon: Orders | None = None
    shopify: Shopify | None = None

    def introduced(self, pace: Pace) -> Partners:
        """Return them with what the payment providers are besides."""
        found: list[OrderSource] = []
        marketplaces: dict[str, Marketplace] = {}
        orders = shop = None
        for one in self.providers.values():
            match one:
                case Stripe():
                    found.append(StripePayouts(one))
                case Shopify():
                    shop = one
                    found += Backfill(one), ShopifyPayouts(one)
                    marketplaces[one.name] = Fulfilling(one.client)
                case Amazon():
                    orders = Orders(one.connection, pace)
                    found += orders, AmazonPayouts(one)
                    marketplaces[one.name] = Shipping(one.connection, orders, pace)
        return replace(
            self,
            marketplaces={**marketplaces, **self.marketplaces},
            sources={one.name: one for one in found},
            stream=Stream(self.queue, keeping(pace)) if self.queue else None,
            amazon=orders,
            shopify=shop,
        )


@asynccontextmanager
async def connected(config: Config) -> AsyncGenerator[Partners]:
    """Connect everybody whom the configuration has a key of."""
    providers: dict[str, PaymentProvider] = {}
    async with AsyncExitStack() as stack:
        for one in _providers(config):
            stack.push_async_callback(one.close)
            providers[one.name] = one
        key, url = revealed(config.easypost_api_key), config.easypost_api_url
        yield Partners(
            providers,
            tracker=EasyPost(key, url) if key else None,
            labels=EasyPostLabels(key, url) if key else None,
            queue=queue(config),
        )


def _providers(config: Config) -> Iterator[Stripe | Shopify | Amazon]:
    if api_key := revealed(config.stripe_api_key):
        yield Stripe(api_key, config.stripe_api_url)
    if shop := Shopify.connect(config):
        yield shop
    if credentials := amazon.credentials(config):
        yield Amazon(credentials)


def queue(config: Config) -> Queue | None:
    """Return the queue that Amazon's notifications are in, None where none is set."""
    if config.amazon_sqs_url is None:
        return None
    return Queue(
        config.amazon_sqs_url, config.amazon_sqs_key_id, revealed(config.amazon_sqs_secret)
    )


def keeping(pace: Pace) -> Keep:
    """Return what keeps messages of Amazon's, all of a batch in one unit of work."""

    async def keep(messages: Sequence[Message]) -> None:
        async with pace.work(Amazon.name) as work:
            for one in messages:
                await inbox.keep(work, Amazon.name, one.reference, one.body, lane=LANE)
            await sources.heard(work, Amazon.name)

    return keep
