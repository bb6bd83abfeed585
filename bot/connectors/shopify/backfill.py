"""What changed at a shop, asked for: the orders that no webhook told of, or nobody heard.

https://shopify.dev/docs/api/admin-graphql/latest/queries/orders
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.connectors.files.values import BadValue
from bot.connectors.shopify import documents
from bot.connectors.shopify.client import ShopifySilent, TokenRefused
from bot.connectors.shopify.objects import SOURCE, gid
from bot.connectors.shopify.orders import as_payload, draft
from bot.connectors.shopify.payments import Shopify
from domain.orders.intake import OrderDraft
from domain.refunds.payment import OutcomeUnknown, Report
from domain.sources import Page, SourceSilent, Unread

#: How far back a new desk looks: orders of earlier come from a file.
_BEGIN = timedelta(days=7)
#: Shopify's search index lags behind its orders, and clocks differ.
_OVERLAP = timedelta(minutes=10)


@dataclass(slots=True)
class _Told:
    """What a page brings."""

    orders: list[OrderDraft] = field(default_factory=list)
    refunds: list[Report] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def page(self, cursor: Mapping[str, Any], *, more: bool) -> Page:
        return Page(self.orders, cursor, more, self.refunds, self.unread)


class Backfill:
    """Reads one shop's orders, the longest unchanged first; a page of them at a time.

    The cursor holds `since`, the time of change to search from, and `after`, where in the list
    of what was found, as long as it has another page.
    """

    name = SOURCE

    def __init__(self, shop: Shopify) -> None:
        self._client = shop.client
        self._refunds = shop

    async def read(self, cursor: Mapping[str, Any] | None, now: datetime) -> Page:
        """Return a page of the orders that changed, each whole.

        Raises:
            SourceSilent: Shopify does not tell.
        """
        at = cursor or {"since": (now - _BEGIN).isoformat()}
        try:
            return await self._read(at, now)
        except (ShopifySilent, OutcomeUnknown, TokenRefused) as error:
            raise SourceSilent(str(error)) from error

    async def _read(self, at: Mapping[str, Any], now: datetime) -> Page:
        since = datetime.fromisoformat(at["since"]).astimezone(UTC)
        found = (
            await self._client.ask(
                documents.CHANGED_ORDERS,
                query=f"updated_at:>='{since:%Y-%m-%dT%H:%M:%SZ}'",
                after=at.get("after"),
            )
        )["orders"]
        told = _Told()
        for one in found["nodes"]:
            whole = await self._client.ask(documents.WHOLE_ORDER, id=gid("Order", one["id"]))
            if whole["order"] is not None:
                await self._add(told, whole["order"])
        begun = at.get("begun") or now.isoformat()
        if found["pageInfo"]["hasNextPage"]:
            on = {**at, "after": found["pageInfo"]["endCursor"], "begun": begun}
            return told.page(on, more=True)
        # What changes while the pages are read comes up again: it changed after they were begun.
        since = datetime.fromisoformat(begun) - _OVERLAP
        return told.page({"since": since.isoformat()}, more=False)

    async def _add(self, told: _Told, order: Mapping[str, Any]) -> None:
        payload = as_payload(order)
        try:
            told.orders.append(draft(payload))
        except BadValue:
            text = json.dumps({"topic": "orders/updated", "payload": payload})
            told.unread.append(Unread(f"{payload['id']}:{payload['updated_at']}", text))
            return
        for refund in order["refunds"]:
            report = await self._refunds.made(refund["id"])
            told.refunds += [report] if report else []
