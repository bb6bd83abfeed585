"""How fresh the orders and payouts are that sources bring by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.connectors.amazon.payouts import Payouts as AmazonPayouts
from bot.connectors.shopify.payouts import Payouts as ShopifyPayouts
from bot.connectors.stripe.payouts import Payouts as StripePayouts
from bot.doctor.findings import Finding, Mark
from domain.sources import Source

#: A source is asked every half an hour; whatever is later has missed several times.
_FRESH = timedelta(hours=2)
#: What sources bring that bring no orders.
_OTHERS = {
    AmazonPayouts.name: "Amazon's payouts",
    ShopifyPayouts.name: "Shopify's payouts",
    StripePayouts.name: "Stripe's payouts",
}


def freshness(source: Source, now: datetime) -> Finding:
    """Say when a source of orders was last read, and what keeps it from being."""
    name = source.name.capitalize()
    brings = _OTHERS.get(source.name, f"{name}'s orders")
    spoke = f"; it last spoke up {_moment(source.heard_at)}" if source.heard_at else ""
    if source.failing_since is not None:
        return Finding(
            Mark.BAD,
            f"{brings} can't be read since {_moment(source.failing_since)}: "
            f"{source.last_error} It is tried again every few minutes.",
        )
    if words := (source.cursor or {}).get("words"):
        return Finding(Mark.OPEN, str(words))
    if source.checked_at is None:
        return Finding(Mark.OPEN, f"{brings} were not read yet{spoke}.")
    read = f"{brings} were last read {_moment(source.checked_at)}{spoke}."
    if now - source.checked_at > _FRESH:
        return Finding(
            Mark.BAD, f"{read} See that `deskhand serve` runs, and that {name} is still connected."
        )
    return Finding(Mark.GOOD, read)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
