"""What Shopify Payments paid out for orders, by its balance transactions: a source that is read on.

https://shopify.dev/docs/api/admin-graphql/latest/objects/ShopifyPaymentsBalanceTransaction
A transaction counts once it is in a payout, which may be a month after it was made.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.connectors import balance
from bot.connectors.shopify import documents
from bot.connectors.shopify.client import ShopifySilent, TokenRefused
from bot.connectors.shopify.objects import SOURCE, number
from bot.connectors.shopify.payments import Shopify
from domain.errors import Invalid
from domain.money import Money
from domain.payouts.model import LineDraft, LineKind, Origin, SettlementDraft, gathered
from domain.sources import Page, SourceSilent

log = logging.getLogger(__name__)

#: Payouts are made once a month at the least, and hold what was made before.
_BACK = timedelta(days=35)
#: Nothing here is urgent, and each reading goes all the way back.
_EVERY = timedelta(hours=6)
_KINDS = {
    "CHARGE": LineKind.SALE,
    "REFUND": LineKind.REFUND,
    "DISPUTE": LineKind.REFUND,
}
_DENIED = (
    "Shopify does not show its payouts to the app. To have them held against the books, give it the "
    "scope read_shopify_payments_payouts."
)


class Payouts:
    """Reads a shop's balance transactions, the latest first.

    The cursor holds `until`, how far back to go, `after` in the list, and `again_at`, before
    which there is nothing to ask; `words` say why there is nothing to read at all.
    """

    name = "shopify-payouts"

    def __init__(self, shop: Shopify) -> None:
        self._client = shop.client

    async def read(self, cursor: Mapping[str, Any] | None, now: datetime) -> Page:
        """Return a page of what was paid out.

        Raises:
            SourceSilent: Shopify does not tell.
        """
        at = cursor or {}
        if now.isoformat() < at.get("again_at", ""):
            return Page((), at, more=False)
        done = {"again_at": (now + _EVERY).isoformat()}
        try:
            told = await self._client.ask(documents.BALANCE, after=at.get("after"))
        except TokenRefused:
            # A shop may do without: its orders and refunds need no such scope.
            return Page((), {**done, "words": _DENIED}, more=False)
        except ShopifySilent as error:
            raise SourceSilent(str(error)) from error
        account = told["shopifyPaymentsAccount"]
        if account is None:
            return Page((), done, more=False)
        found = account["balanceTransactions"]
        until = at.get("until") or (now - _BACK).isoformat()
        is_over = any(one["transactionDate"] < until for one in found["nodes"])
        more = found["pageInfo"]["hasNextPage"] and not is_over
        on = {"until": until, "after": found["pageInfo"]["endCursor"]} if more else done
        settlements = gathered(filter(None, map(_read, found["nodes"])))
        return Page((), on, more=more, settlements=settlements)


def _read(node: dict[str, Any]) -> tuple[SettlementDraft, list[LineDraft]] | None:
    """Read one transaction; None if it is in no payout yet. An odd one must not hide others."""
    payout = (node.get("associatedPayout") or {}).get("id")
    if payout is None or node.get("test"):
        return None
    try:
        posted_at = datetime.fromisoformat(node["transactionDate"]).astimezone(UTC)
        amount, fee = (
            Money.of(node[name]["amount"], node[name]["currencyCode"]) for name in ("amount", "fee")
        )
        key, order = number(node["id"]), node.get("associatedOrder")
        payment = number(order["id"]) if order else None
        reference = number(payout)
    except (KeyError, TypeError, ValueError, Invalid) as error:
        log.warning("A balance transaction can't be read (%s).", type(error).__name__)
        return None
    draft = SettlementDraft(SOURCE, reference, Origin.API, amount.currency, posted_at)
    kind = _KINDS.get(node.get("sourceType") or "") if payment else None
    return draft, balance.lines(key, kind, str(node["type"]), amount, fee, payment, posted_at)
