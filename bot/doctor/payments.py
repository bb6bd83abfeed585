"""Whether the payment providers let the desk in, and tell it what becomes of refunds."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.config import Config
from bot.connectors.amazon import credentials as amazon
from bot.connectors.amazon.client import Credentials
from bot.connectors.amazon.refunds import Amazon, AmazonRefused
from bot.connectors.shopify.client import ShopifySilent, TokenRefused
from bot.connectors.shopify.payments import Shop, Shopify
from bot.connectors.stripe.payments import KeyRefused, Stripe, StripeSilent
from bot.doctor.findings import Finding, Findings, Mark
from domain.refunds.payment import OutcomeUnknown, ProviderBusy
from domain.refunds.reconciliation import ReconciliationCard

#: Refunds are compared each day; a provider may be away for one.
_COMPARED_WITHIN = timedelta(days=2)


async def payments(config: Config) -> Findings:
    """Check the providers that are configured."""
    if config.stripe_api_key is not None:
        yield await _stripe(config, config.stripe_api_key.get_secret_value())
        yield _stripe_webhook(config)
    shop = Shopify.connect(config)
    if shop is not None:
        yield await _shopify(shop)
        yield _shopify_webhook(config)
    async for finding in _amazon(config):
        yield finding


def compared(one: ReconciliationCard, now: datetime) -> Finding:
    """Say how the last comparison with a provider went."""
    if one.compared_at is None:
        return Finding(Mark.OPEN, f"Refunds were not compared with {one.provider} yet.")
    day = f"{one.compared_at:%Y-%m-%d %H:%M} UTC"
    if now - one.compared_at > _COMPARED_WITHIN:
        return Finding(
            Mark.BAD,
            f"Refunds were last compared with {one.provider} on {day}. `deskhand jobs` says what "
            "keeps failing; if nothing does, see that it is still connected.",
        )
    if one.differing:
        return Finding(
            Mark.OPEN,
            f"{one.provider} and the desk differ in refunds: {one.differing}, as of {day}. "
            "`/report refunds` in Slack says in which.",
        )
    return Finding(Mark.GOOD, f"Refunds agree with {one.provider}'s, as of {day}.")


async def _stripe(config: Config, api_key: str) -> Finding:
    provider = Stripe(api_key, config.stripe_api_url)
    try:
        mode = await provider.check()
    except KeyRefused:
        return Finding(
            Mark.BAD,
            "Stripe refuses STRIPE_API_KEY. Copy a secret key from “API keys” in Stripe's "
            "dashboard, or a restricted one that may read the balance and write refunds.",
        )
    except StripeSilent as error:
        return Finding(Mark.BAD, f"{error} Check the network, the proxy, and STRIPE_API_URL.")
    finally:
        await provider.close()
    return Finding(Mark.GOOD, f"Stripe takes STRIPE_API_KEY, in {mode} mode.")


def _stripe_webhook(config: Config) -> Finding:
    if config.stripe_webhook_secret is not None:
        return Finding(Mark.GOOD, "Stripe's webhooks can be checked.")
    return Finding(
        Mark.OPEN,
        "STRIPE_WEBHOOK_SECRET is not set, so refunds that Stripe settles later, or that are made "
        "in its dashboard, are not heard of. Add a webhook for /webhooks/stripe there.",
    )


async def _shopify(provider: Shopify) -> Finding:
    try:
        shop = await provider.check()
    except TokenRefused:
        return Finding(
            Mark.BAD,
            "Shopify refuses the app. Copy SHOPIFY_ACCESS_TOKEN, or SHOPIFY_CLIENT_ID and "
            "SHOPIFY_CLIENT_SECRET, from the app's settings, and install it in SHOPIFY_SHOP.",
        )
    except ShopifySilent as error:
        return Finding(
            Mark.BAD, f"{error} Check the network, the proxy, SHOPIFY_SHOP and SHOPIFY_API_URL."
        )
    finally:
        await provider.close()
    return _shop_scopes(shop)


def _shop_scopes(shop: Shop) -> Finding:
    where = f"{shop.name} ({shop.domain})"
    if shop.lacking:
        return Finding(
            Mark.BAD,
            f"The app at Shopify lacks scopes in {where}: {', '.join(shop.lacking)}. Add them to "
            "the app, and let the shop approve them.",
        )
    if not shop.all_orders:
        return Finding(
            Mark.OPEN,
            f"Shopify takes the app in {where}, without the scope read_all_orders: orders that "
            "are older than 60 days can't be refunded there.",
        )
    return Finding(Mark.GOOD, f"Shopify takes the app in {where}.")


def _shopify_webhook(config: Config) -> Finding:
    if config.shopify_client_secret is not None:
        return Finding(Mark.GOOD, "Shopify's webhooks can be checked.")
    return Finding(
        Mark.OPEN,
        "SHOPIFY_CLIENT_SECRET is not set, so refunds that Shopify settles later, or that are made "
        "in its admin, are not heard of. Set it, and add webhooks for /webhooks/shopify there.",
    )


async def _amazon(config: Config) -> Findings:
    try:
        credentials = amazon.credentials(config)
    except amazon.UnknownMarketplace as error:
        yield Finding(Mark.BAD, str(error))
        return
    if credentials is not None:
        yield await _seller(credentials)


async def _seller(credentials: Credentials) -> Finding:
    provider = Amazon(credentials)
    try:
        marketplaces = await provider.check()
    except AmazonRefused as error:
        return Finding(Mark.BAD, str(error))
    except (OutcomeUnknown, ProviderBusy):
        return Finding(
            Mark.BAD,
            f"Amazon does not answer at {credentials.api_url} or {credentials.auth_url}. Check the "
            "network, the proxy, AMAZON_API_URL and AMAZON_AUTH_URL.",
        )
    finally:
        await provider.close()
    if credentials.marketplace in marketplaces:
        return Finding(Mark.GOOD, f"Amazon lets the seller in, for {credentials.marketplace}.")
    return Finding(
        Mark.BAD,
        f"The seller is not in AMAZON_MARKETPLACE, {credentials.marketplace}, but in "
        f"{', '.join(marketplaces) or 'none'}. Set one of those.",
    )
