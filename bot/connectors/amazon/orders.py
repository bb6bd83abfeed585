"""Amazon's orders, asked for: what changed since, and one by its number.

Orders API 2026-01-01 and its usage plans:
https://developer-docs.amazon.com/sp-api/docs/orders-api-v2026-01-01-reference. Personal data
comes by the application's roles, and by what is named in `includedData`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from sp_api.base import ApiResponse

from bot.connectors.amazon.client import AmazonAnswered, AmazonSilent, Connection, NoToken
from bot.connectors.amazon.finances import SOURCE
from bot.connectors.files import amazon_orders
from bot.connectors.files.values import BadValue, checked, part, parts
from bot.work.pace import Gate
from domain.orders.intake import OrderDraft
from domain.rates import Limit
from domain.sources import Page, SourceBusy, SourceSilent, Unread

SEARCH = Limit("amazon.searchOrders", rate=0.0056, burst=20)
GET = Limit("amazon.getOrder", rate=0.5, burst=30)

#: How an order is paid says whether it is before it leaves: not what is paid at the door.
_INCLUDED = ["BUYER", "RECIPIENT", "PROCEEDS", "PAYMENT", "CANCELLATION", "FULFILLMENT", "PACKAGES"]
_A_PAGE = 100
#: How far back a new desk looks: orders of earlier come from a file.
_BEGIN = timedelta(days=7)
#: An order may be listed a little after its change, and clocks differ.
_OVERLAP = timedelta(minutes=10)
_BAD_REQUEST, _TOO_MANY = 400, 429
_NOT_FOUND = 404
_OVER = ("SHIPPED", "CANCELLED", "UNFULFILLABLE")


class UnknownOrder(SourceSilent):
    """Amazon shows no such order."""


class _Forgotten(SourceSilent):
    """Amazon does not take what was asked, such as a page's token that is too old."""


class Orders:
    """Reads a seller's orders, within what Amazon allows.

    The cursor holds `since`, the time of change to search from, and while there are more pages
    the `token` of the next one and when the first was `begun`.
    """

    name = SOURCE

    def __init__(self, connection: Connection, gate: Gate) -> None:
        self._amazon = connection
        self._gate = gate

    async def read(self, cursor: Mapping[str, Any] | None, now: datetime) -> Page:
        """Return a page of the orders that changed, each whole.

        Raises:
            SourceSilent, SourceBusy: Amazon does not tell now.
        """
        at = dict(cursor or {"since": (now - _BEGIN).isoformat()})
        try:
            return await self._page(at, now)
        except _Forgotten:
            if not at.get("token"):
                raise
        # Tokens of pages last for a day. What was read by them is read again, without harm.
        return await self._page({"since": at["since"]}, now)

    async def _page(self, at: Mapping[str, Any], now: datetime) -> Page:
        since = datetime.fromisoformat(at["since"]).astimezone(UTC)
        asked: dict[str, Any] = {
            "lastUpdatedAfter": f"{since:%Y-%m-%dT%H:%M:%SZ}",
            "marketplaceIds": [self._amazon.marketplace],
            "maxResultsPerPage": _A_PAGE,
            "includedData": ",".join(_INCLUDED),
        }
        if at.get("token"):
            asked["paginationToken"] = at["token"]
        answer = await self._ask(SEARCH, self._amazon.orders.search_orders, **asked)
        if "orders" not in answer.payload:
            raise SourceSilent("Amazon's answer can't be understood.")
        drafts, unread = _made(parts(answer.payload["orders"]))
        begun = at.get("begun") or now.isoformat()
        token = (answer.pagination or {}).get("nextToken")
        if token:
            on = {"since": at["since"], "token": token, "begun": begun}
            return Page(drafts, on, more=True, unread=unread)
        # What changes while the pages are read comes up again: it changed after they were begun.
        since = datetime.fromisoformat(begun) - _OVERLAP
        return Page(drafts, {"since": since.isoformat()}, more=False, unread=unread)

    async def get(self, order_id: str) -> dict[str, Any]:
        """Return one order as Amazon tells it.

        Raises:
            UnknownOrder: it shows none with this number.
            SourceSilent, SourceBusy: Amazon does not tell now.
        """
        answer = await self._ask(
            GET, self._amazon.orders.get_order, order_id, includedData=_INCLUDED
        )
        order = answer.payload.get("order")
        if not isinstance(order, dict):
            raise SourceSilent("Amazon's answer can't be understood.")
        return order

    async def _ask(self, limit: Limit, call: Any, *words: str, **asked: Any) -> ApiResponse:
        await self._gate.enter(limit)
        try:
            answer: ApiResponse = await call(*words, **asked)
        except AmazonAnswered as error:
            if error.status == _TOO_MANY:
                raise SourceBusy(await self._gate.refused(limit)) from error
            kinds = {_NOT_FOUND: UnknownOrder, _BAD_REQUEST: _Forgotten}
            raise kinds.get(error.status, SourceSilent)(str(error)) from error
        except (AmazonSilent, NoToken) as error:
            raise SourceSilent(str(error)) from error
        with suppress(TypeError, ValueError):
            await self._gate.told(limit, float(answer.rate_limit))
        return answer


def is_for_the_desk(order: Mapping[str, Any]) -> bool:
    """Whether an order is anybody's here: what Amazon ships itself is, once it is over.

    Before, it would be picked, or missed, in a warehouse that does not have it.
    """
    told = part(order, "fulfillment")
    return told.get("fulfilledBy") != "AMAZON" or told.get("fulfillmentStatus") in _OVER


def draft(order: Mapping[str, Any]) -> OrderDraft:
    """Make an order of what Amazon tells; raises `BadValue`."""
    return checked(amazon_orders.draft(order))


def _made(orders: list[dict[str, Any]]) -> tuple[list[OrderDraft], list[Unread]]:
    drafts, unread = [], []
    for order in filter(is_for_the_desk, orders):
        try:
            drafts.append(draft(order))
        except BadValue:
            name = f"{order.get('orderId')}:{order.get('lastUpdatedTime')}"
            unread.append(Unread(name, json.dumps({"order": order})))
    return drafts, unread
