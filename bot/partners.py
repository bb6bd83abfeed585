"""What the connected partners are to the desk besides payment providers.

A marketplace pays refunds, sends orders, and wants to hear of parcels, all over one connection:
whoever is connected as the first is asked to be the others, too.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.connectors.shopify.backfill import Backfill
from bot.connectors.shopify.fulfilling import Fulfilling
from bot.connectors.shopify.payments import Shopify
from domain.refunds.payment import PaymentProvider
from domain.shipping.marketplace import Marketplace
from domain.sources import OrderSource


def sources(providers: Mapping[str, PaymentProvider]) -> Mapping[str, OrderSource]:
    """Return those who can be asked what orders changed, by name."""
    found: list[OrderSource] = [
        Backfill(one) for one in providers.values() if isinstance(one, Shopify)
    ]
    return {one.name: one for one in found}


def marketplaces(providers: Mapping[str, PaymentProvider]) -> Mapping[str, Marketplace]:
    """Return those who want to hear of parcels, by their orders' channel."""
    found: list[Marketplace] = [
        Fulfilling(one.client) for one in providers.values() if isinstance(one, Shopify)
    ]
    return {one.name: one for one in found}
