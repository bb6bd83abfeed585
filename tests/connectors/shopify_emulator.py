"""Shopify on this machine: what its documentation says of refunds, keys, errors and webhooks."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from aiohttp import web
from graphql import GraphQLError, GraphQLResolveInfo, get_directive_values, graphql

from bot.connectors.shopify.documents import API_VERSION
from tests.connectors.shopify_sales import fulfill, sale_view
from tests.connectors.shopify_schema import SCHEMA
from tests.connectors.shopify_shapes import (
    CLIENT_SECRET,
    Order,
    Refund,
    Transaction,
    payload,
    refund_view,
    signed,
    transaction_payload,
)

TOKEN = "shpat_deskhand"
CLIENT_ID = "c1ient"
_IN_PROGRESS = "This request is currently in progress, please try again."
_OTHER_WORDS = "The same idempotency key cannot be used with different operation parameters."
_SPENT = "A previous request with this idempotency key failed. Retry with a new idempotency key."
#: Takes a webhook's raw body and its headers.
Deliver = Callable[[bytes, Mapping[str, str]], Awaitable[object]]
Rows = list[dict[str, Any]]


@dataclass
class _Saved:
    """What was asked under an idempotency key, and what came of it: a refund, nothing yet, or
    a failure that spent the key."""

    asked: str
    refund: Refund | None = None
    spent: bool = False


@dataclass
class Emulator:
    """A shop's orders, their refunds, and what goes wrong with the next requests for one.

    `mishaps` holds, for each mutation to come: `429`, `401`, `403`, `throttled`, `denied`,
    `in progress`, `declined`, `timed out`, `500 before`, `500 after`, `502`, `no json`, `broken`,
    `spent`, `dropped before`, `dropped after`, `slow`, or `` for none; `ask 500` and
    `ask throttled` are for the next query.
    """

    orders: list[Order] = field(default_factory=lambda: [Order()])
    mishaps: deque[str] = field(default_factory=deque)
    #: The status of refunds' transactions, in turn where there are several.
    statuses: tuple[str, ...] = ("SUCCESS",)
    requests: Rows = field(default_factory=list)
    deliver: Deliver | None = None
    #: How many times a webhook is sent, as Shopify may.
    times: int = 5
    scopes: tuple[str, ...] = (
        "write_orders",
        "write_merchant_managed_fulfillment_orders",
        "read_all_orders",
    )
    token: str = TOKEN
    now: datetime = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    asked: list[str] = field(default_factory=list)
    #: What moved the balance of Shopify Payments, the latest first; None where the shop has none.
    balance: Rows | None = None
    #: A slow answer waits for the one, and then sets the other.
    released: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    _keys: dict[str, _Saved] = field(default_factory=dict)
    _working: asyncio.Task[web.StreamResponse] | None = None
    _numbers: Any = field(default_factory=lambda: itertools.count(5_001))

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post(f"/admin/api/{API_VERSION}/graphql.json", self._graphql)
        application.router.add_post("/admin/oauth/access_token", self._grant)
        return application

    @property
    def refunds(self) -> list[Refund]:
        return [refund for order in self.orders for refund in order.refunds]

    @property
    def paid(self) -> Decimal:
        """What went back in all, in the buyers' currency."""
        return sum((one.paid for one in self.refunds), Decimal(0))

    def by_admin(self, amount: str, note: str | None = None, **facts: Any) -> Refund:
        """Make a refund of the first order as somebody does in Shopify's admin."""
        order = self.orders[0]
        moved = Transaction(
            next(self._numbers), "REFUND", Decimal(amount), parent=order.payments[0], **facts
        )
        return self._enter(order, note, [moved])

    async def tell(self, refund: Refund) -> str:
        """Send `refunds/create` as often as `times`; returns the webhook's id."""
        return await self._send("refunds/create", payload(refund))

    async def turn(
        self,
        refund: Refund,
        status: str,
        error: str | None = None,
        only: Transaction | None = None,
    ) -> None:
        """Let a refund's transactions succeed or fail, and send what Shopify then sends."""
        for one in [only] if only else refund.transactions:
            one.status, one.error = status, error
            # Of what is still under way nothing is told.
            if status in ("SUCCESS", "FAILURE", "ERROR"):
                await self._send("order_transactions/create", transaction_payload(refund, one))

    async def _send(self, topic: str, body: Mapping[str, Any]) -> str:
        raw = json.dumps(body).encode()
        reference = f"b54557e4-bdd9-4b37-8a5f-{next(self._numbers):012d}"
        assert self.deliver is not None
        for _ in range(self.times):
            await self.deliver(raw, signed(raw, reference, topic))
        return reference

    async def _grant(self, request: web.Request) -> web.StreamResponse:
        asked = dict(await request.post())
        given = (asked.get("grant_type"), asked.get("client_id"), asked.get("client_secret"))
        self.asked.append("token")
        if given != ("client_credentials", CLIENT_ID, CLIENT_SECRET):
            return web.json_response({"error": "invalid_client"}, status=400)
        scope = ",".join(self.scopes)
        return web.json_response({"access_token": self.token, "scope": scope, "expires_in": 86_399})

    async def _graphql(self, request: web.Request) -> web.StreamResponse:
        # A caller that hangs up does not undo what it asked for.
        self._working = asyncio.create_task(self._answer(request))
        return await asyncio.shield(self._working)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        is_payment = asked["query"].lstrip().startswith("mutation")
        name = re.search(r"(?:query|mutation) (\w+)", asked["query"])
        assert name is not None
        self.asked.append(name[1])
        mishap = ""
        if self.mishaps and self.mishaps[0].startswith("ask ") is not is_payment:
            mishap = self.mishaps.popleft().removeprefix("ask ")
        if request.headers.get("X-Shopify-Access-Token") != self.token or mishap == "401":
            return web.json_response(
                {"errors": "[API] Invalid API key or access token"}, status=401
            )
        if (refusal := _at_the_door(mishap)) is not None:
            return refusal
        if mishap == "dropped before":
            return _hang_up(request)
        told = await graphql(
            SCHEMA, asked["query"], self._root(mishap), variable_values=asked["variables"]
        )
        answer = {
            "data": told.data,
            **({"errors": [one.formatted for one in told.errors]} if told.errors else {}),
            "extensions": {"cost": {"requestedQueryCost": 12, "actualQueryCost": 12}},
        }
        if mishap == "slow":
            self.answered.set()
        if mishap == "dropped after":
            return _hang_up(request)
        return web.json_response(answer, status=500 if mishap == "500 after" else 200)

    def _root(self, mishap: str) -> dict[str, Any]:
        async def create(info: GraphQLResolveInfo, input: dict[str, Any]) -> Any:  # noqa: A002
            return await self._create(_key(info), input, mishap)

        return {
            "shop": {"name": "Alder & Finch", "myshopifyDomain": "alder-finch.myshopify.com"},
            "currentAppInstallation": {"accessScopes": [{"handle": one} for one in self.scopes]},
            "order": lambda _info, id: self._found("Order", self.orders, id, sale_view),  # noqa: A006
            "refund": lambda _info, id: self._found("Refund", self.refunds, id, refund_view),  # noqa: A006
            "orders": self._orders,
            "refundCreate": create,
            "fulfillmentCreate": self._fulfill,
            "shopifyPaymentsAccount": None
            if self.balance is None
            else {"balanceTransactions": self._balance},
        }

    def _found(self, kind: str, rows: list[Any], gid: str, view: Callable[[Any], Any]) -> Any:
        found = [one for one in rows if gid == f"gid://shopify/{kind}/{one.number}"]
        return view(found[0]) if found else None

    def _orders(
        self,
        _info: GraphQLResolveInfo,
        first: int,
        query: str,
        sortKey: str,  # noqa: N803 — as Shopify calls it
        after: str | None = None,
    ) -> Any:
        assert sortKey == "UPDATED_AT"
        found = re.fullmatch(r"updated_at:>='(.+)'", query)
        assert found is not None
        since = datetime.fromisoformat(found[1])
        rows = [one for one in self.orders if _changed(one) >= since]
        rows.sort(key=_changed)
        start = int(after or 0)
        end = start + min(first, 2)
        return {
            "nodes": [sale_view(one) for one in rows[start:end]],
            "pageInfo": {"hasNextPage": end < len(rows), "endCursor": str(end)},
        }

    def _balance(self, _info: GraphQLResolveInfo, after: str | None = None, **asked: Any) -> Any:
        assert asked == {
            "first": 100,
            "reverse": True,
            "sortKey": "PROCESSED_AT",
            "hideTransfers": True,
        }
        rows, start = self.balance or [], int(after or 0)
        return {
            "nodes": rows[start : start + 2],
            "pageInfo": {"hasNextPage": start + 2 < len(rows), "endCursor": str(start + 2)},
        }

    async def _create(self, key: str | None, asked: dict[str, Any], mishap: str) -> Any:
        if key is None:
            raise GraphQLError(
                "The @idempotent directive is required", extensions={"code": "BAD_REQUEST"}
            )
        self.requests.append({**asked, "key": key})
        words = json.dumps(asked, sort_keys=True)
        saved = self._keys.get(key)
        if saved is not None or mishap == "in progress":
            return _again(saved, words)
        saved = self._keys[key] = _Saved(words)
        if mishap == "slow":
            await self.released.wait()
        refusal = {"declined": "The bank declined it", "timed out": "Gateway timed out"}.get(mishap)
        refusal = refusal or self._refusal(asked)
        if refusal:
            del self._keys[key]
            return _user_error(refusal)
        if mishap in ("broken", "spent"):
            saved.spent = mishap == "spent"
            if not saved.spent:
                del self._keys[key]
            raise GraphQLError("Internal error", extensions={"code": "INTERNAL_SERVER_ERROR"})
        saved.refund = self._move(asked)
        if self.deliver is not None:
            # The webhook often overtakes the answer.
            await self.tell(saved.refund)
        return {"refund": refund_view(saved.refund), "userErrors": []}

    def _fulfill(self, _info: GraphQLResolveInfo, fulfillment: dict[str, Any]) -> Any:
        made, message = fulfill(self.orders, fulfillment, next(self._numbers))
        errors = [{"field": ["fulfillment"], "message": message}] if message else []
        return {"fulfillment": made, "userErrors": errors}

    def _refusal(self, asked: dict[str, Any]) -> str | None:
        order = self._order(asked)
        if asked.get("currency", order.currency) != order.currency:
            return "Currency must be the presentment currency"
        for line in asked.get("refundLineItems", ()):
            assert line["restockType"] == "NO_RESTOCK"
            if line["quantity"] > order.lines[int(line["lineItemId"].rpartition("/")[2])]:
                return "Refund line items quantity cannot refund more items than were purchased"
        for one in asked["transactions"]:
            parent = self._parent(order, one)
            assert (one["kind"], one["gateway"]) == ("REFUND", parent.gateway)
            gone = [t.amount for t in order.transactions if t.parent is parent and t.counts]
            if Decimal(one["amount"]) > parent.amount - sum(gone):
                return "Refund amount is greater than the amount that can be refunded"
        return None

    def _move(self, asked: dict[str, Any]) -> Refund:
        order = self._order(asked)
        statuses = itertools.cycle(self.statuses)
        moved = [
            Transaction(
                next(self._numbers),
                "REFUND",
                Decimal(one["amount"]),
                next(statuses),
                one["gateway"],
                parent=self._parent(order, one),
            )
            for one in asked["transactions"]
        ]
        for line in asked.get("refundLineItems", ()):
            order.lines[int(line["lineItemId"].rpartition("/")[2])] -= line["quantity"]
        return self._enter(order, asked["note"], moved, asked)

    def _enter(
        self, order: Order, note: str | None, moved: list[Transaction], asked: Any = None
    ) -> Refund:
        self.now += timedelta(seconds=1)
        refund = Refund(next(self._numbers), order, note, moved, self.now, asked or {})
        order.refunds.append(refund)
        return refund

    def _order(self, asked: dict[str, Any]) -> Order:
        return next(one for one in self.orders if asked["orderId"].endswith(f"/{one.number}"))

    @staticmethod
    def _parent(order: Order, asked: dict[str, Any]) -> Transaction:
        return next(one for one in order.payments if asked["parentId"].endswith(f"/{one.number}"))


def _changed(order: Order) -> datetime:
    told = [order.placed_at, *(one.made_at for one in order.refunds)]
    return max([*told, order.changed_at] if order.changed_at else told)


def _again(saved: _Saved | None, words: str) -> dict[str, Any]:
    if saved is not None and saved.asked != words:
        return _user_error(_OTHER_WORDS)
    if saved is not None and saved.spent:
        return _user_error(_SPENT)
    if saved is None or saved.refund is None:
        return _user_error(_IN_PROGRESS)
    return {"refund": refund_view(saved.refund), "userErrors": []}


def _user_error(message: str) -> dict[str, Any]:
    return {"refund": None, "userErrors": [{"field": None, "message": message}]}


def _key(info: GraphQLResolveInfo) -> str | None:
    directive = SCHEMA.get_directive("idempotent")
    assert directive is not None
    values = get_directive_values(directive, info.field_nodes[0], info.variable_values)
    return None if values is None else values["key"]


def _at_the_door(mishap: str) -> web.Response | None:
    """Refuse what Shopify refuses before it looks at a request, or break."""
    if mishap in ("403", "429", "502"):
        return web.Response(status=int(mishap), text="<html>no</html>")
    if mishap in ("500", "500 before"):
        return web.json_response({"errors": "Internal Server Error"}, status=500)
    if mishap == "no json":
        return web.Response(text="<html>a proxy's page</html>")
    codes = {"throttled": ("Throttled", "THROTTLED"), "denied": ("Access denied", "ACCESS_DENIED")}
    if mishap in codes:
        message, code = codes[mishap]
        return web.json_response({"errors": [{"message": message, "extensions": {"code": code}}]})
    return None


def _hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
