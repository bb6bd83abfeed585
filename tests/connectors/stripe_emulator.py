"""Stripe on this machine: what its documentation says of refunds, keys, errors and webhooks."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web
from stripe import WebhookSignature

API_KEY = "sk_test_deskhand"
WEBHOOK_SECRET = "whsec_deskhand"
_OURS = "deskhand_refund"
#: Takes an event's raw body and its signature.
Deliver = Callable[[bytes, str], Awaitable[object]]


@dataclass
class Payment:
    """A captured payment, by its intent and by its charge."""

    intent: str
    charge: str
    captured: int
    currency: str = "usd"


@dataclass
class _Saved:
    """What was asked under an idempotency key, and the answer once there is one."""

    asked: dict[str, str]
    status: int = 0
    body: dict[str, Any] | None = None


@dataclass
class Emulator:
    """Payments, their refunds, and what goes wrong with the next requests for one.

    `mishaps` holds, for each request to come: `429`, `409`, `401`, `403`, `402`, `500 before`,
    `500 after`, `dropped before`, `dropped after`, `slow`, or `` for none.
    """

    payments: list[Payment] = field(default_factory=lambda: [Payment("pi_1", "ch_1", 5_000)])
    refunds: list[dict[str, Any]] = field(default_factory=list)
    mishaps: deque[str] = field(default_factory=deque)
    status: str = "succeeded"
    #: The emulator's clock, in seconds; it stands until a test sets it.
    now: int = 1_795_512_600
    #: Payouts, the latest first, and what is in each.
    payouts: list[dict[str, Any]] = field(default_factory=list)
    paid_out: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    requests: list[dict[str, str]] = field(default_factory=list)
    deliver: Deliver | None = None
    #: How many times an event is sent, as Stripe may.
    times: int = 5
    #: A slow answer waits for the one, and then sets the other.
    released: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    _keys: dict[str, _Saved] = field(default_factory=dict)
    _working: asyncio.Task[web.StreamResponse] | None = None
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/v1/refunds", self._create)
        application.router.add_get("/v1/refunds", self._list)
        application.router.add_get("/v1/balance", self._balance)
        application.router.add_get("/v1/payouts", self._payouts)
        application.router.add_get("/v1/balance_transactions", self._transactions)
        return application

    @property
    def paid(self) -> int:
        """What went back in all, in the payments' smallest units."""
        return sum(one["amount"] for one in self.refunds if _counts(one))

    def by_console(self, amount: int, **facts: Any) -> dict[str, Any]:
        """Make a refund as somebody does in the dashboard."""
        return self._move(self.payments[0], amount, {}, facts)

    async def tell(self, kind: str, refund: dict[str, Any], **changes: Any) -> str:
        """Change a refund and send an event about it as often as `times`; returns its id."""
        refund |= changes
        event_id = f"evt_{next(self._numbers)}"
        body = json.dumps(
            {"id": event_id, "object": "event", "type": kind, "data": {"object": refund}}
        )
        header = WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET)
        assert self.deliver is not None
        for _ in range(self.times):
            await self.deliver(body.encode(), header)
        return event_id

    async def _create(self, request: web.Request) -> web.StreamResponse:
        # A caller that hangs up does not undo what it asked for.
        self._working = asyncio.create_task(self._answer(request))
        return await asyncio.shield(self._working)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = {name: str(value) for name, value in (await request.post()).items()}
        key = request.headers["Idempotency-Key"]
        self.requests.append({**asked, "key": key})
        mishap = self.mishaps.popleft() if self.mishaps else ""
        if (refusal := _at_the_door(request, mishap)) is not None:
            return refusal
        if mishap == "dropped before":
            return _hang_up(request)
        saved = self._keys.get(key)
        if saved is not None:
            return _again(saved, asked)
        saved = self._keys[key] = _Saved(asked)
        if mishap == "slow":
            await self.released.wait()
        status, body = await self._execute(asked, mishap)
        if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND):
            # What fails validation never began, and is not kept.
            del self._keys[key]
        else:
            saved.status, saved.body = status, body
        if mishap == "slow":
            self.answered.set()
        return (
            _hang_up(request)
            if mishap == "dropped after"
            else web.json_response(body, status=status)
        )

    async def _execute(self, asked: dict[str, str], mishap: str) -> tuple[int, dict[str, Any]]:
        fault = _words("An unknown error occurred.", kind="api_error")
        if mishap == "500 before":
            return 500, fault
        if mishap == "402":
            return 402, _words("The card's bank declined it.", kind="card_error")
        payment = self._payment(asked)
        if payment is None:
            named = asked.get("payment_intent") or asked.get("charge")
            return 404, _words(f"No such payment: '{named}'", code="resource_missing")
        amount, left = int(asked["amount"]), payment.captured - self._refunded(payment)
        if left == 0:
            words = f"Charge {payment.charge} has already been refunded."
            return 400, _words(words, code="charge_already_refunded")
        if amount > left:
            return 400, _words(
                f"Refund amount (${amount / 100:.2f}) is greater than unrefunded amount on "
                f"charge (${left / 100:.2f})"
            )
        ours = {_OURS: asked[f"metadata[{_OURS}]"]}
        refund = self._move(payment, amount, ours, {"status": self.status})
        if self.deliver is not None:
            # The event often overtakes the answer.
            await self.tell("refund.created", refund)
        return (500, fault) if mishap == "500 after" else (200, refund)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        listed = self.mishaps and self.mishaps[0].startswith("list ")
        mishap = self.mishaps.popleft().removeprefix("list ") if listed else ""
        if mishap == "500":
            return _error(500, "An unknown error occurred.", kind="api_error")
        if (refusal := _at_the_door(request, mishap)) is not None:
            return refusal
        if since := request.query.get("created[gte]"):
            found = [one for one in reversed(self.refunds) if one["created"] >= int(since)]
        else:
            payment = self._payment(dict(request.query))
            if payment is None:
                return _error(404, "No such payment", code="resource_missing")
            found = [one for one in reversed(self.refunds) if one["charge"] == payment.charge]
        if after := request.query.get("starting_after"):
            found = found[[one["id"] for one in found].index(after) + 1 :]
        limit = int(request.query.get("limit", 10))
        return web.json_response(
            {
                "object": "list",
                "url": "/v1/refunds",
                "data": found[:limit],
                "has_more": len(found) > limit,
            }
        )

    async def _payouts(self, request: web.Request) -> web.StreamResponse:
        since = int(request.query["created[gte]"])
        return self._page(request, [one for one in self.payouts if one["created"] >= since])

    async def _transactions(self, request: web.Request) -> web.StreamResponse:
        assert request.query["expand[0]"] == "data.source"
        return self._page(request, self.paid_out[request.query["payout"]])

    def _page(self, request: web.Request, found: list[dict[str, Any]]) -> web.Response:
        mishap = self.mishaps.popleft() if self.mishaps else ""
        if mishap == "500":
            return _error(500, "An unknown error occurred.", kind="api_error")
        if (refusal := _at_the_door(request, mishap)) is not None:
            return refusal
        if after := request.query.get("starting_after"):
            found = found[[one["id"] for one in found].index(after) + 1 :]
        # Pages are short, so that a few rows take several.
        listed = {"object": "list", "url": request.path, "data": found[:2]}
        return web.json_response({**listed, "has_more": len(found) > 2})

    async def _balance(self, request: web.Request) -> web.StreamResponse:
        if (refusal := _at_the_door(request, "")) is not None:
            return refusal
        return web.json_response({"object": "balance", "livemode": False})

    def _payment(self, asked: dict[str, str]) -> Payment | None:
        named = {asked.get("payment_intent"), asked.get("charge")}
        return next((one for one in self.payments if {one.intent, one.charge} & named), None)

    def _refunded(self, payment: Payment) -> int:
        return sum(
            one["amount"]
            for one in self.refunds
            if one["charge"] == payment.charge and _counts(one)
        )

    def _move(
        self, payment: Payment, amount: int, metadata: dict[str, str], facts: dict[str, Any]
    ) -> dict[str, Any]:
        refund = {
            "id": f"re_{len(self.refunds) + 1}",
            "object": "refund",
            "created": self.now,
            "amount": amount,
            "currency": payment.currency,
            "payment_intent": payment.intent,
            "charge": payment.charge,
            "metadata": metadata,
            "status": "succeeded",
            "failure_reason": None,
            **facts,
        }
        self.refunds.append(refund)
        return refund


def _again(saved: _Saved, asked: dict[str, str]) -> web.Response:
    if saved.asked != asked:
        return _error(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were "
            "first used with.",
            kind="idempotency_error",
        )
    if saved.body is None:
        return _in_use()
    return web.json_response(
        saved.body, status=saved.status, headers={"Idempotent-Replayed": "true"}
    )


def _counts(refund: dict[str, Any]) -> bool:
    return refund["status"] not in ("failed", "canceled")


def _at_the_door(request: web.Request, mishap: str) -> web.Response | None:
    """Refuse what Stripe refuses before it looks at a key, and without keeping the answer."""
    if request.headers.get("Authorization") != f"Bearer {API_KEY}" or mishap == "401":
        return _error(401, "Invalid API Key provided")
    if mishap == "403":
        return _error(403, "The provided key does not have the required permissions")
    if mishap == "429":
        return _error(429, "Too many requests", code="rate_limit")
    return _in_use() if mishap == "409" else None


def _in_use() -> web.Response:
    return _error(
        409,
        "There is currently another in-progress request using this Idempotency Key.",
        code="idempotency_key_in_use",
    )


def _hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _error(status: int, message: str, **facts: str) -> web.Response:
    return web.json_response(_words(message, **facts), status=status)


def _words(message: str, *, kind: str = "invalid_request_error", code: str | None = None) -> Any:
    return {"error": {"type": kind, "code": code, "message": message}}
