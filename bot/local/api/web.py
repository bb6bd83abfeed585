"""The Web API over HTTP: tokens, scopes, faults, answers and their headers."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from time import perf_counter

from aiohttp import web

from bot.local.api.call import Call, Desk
from bot.local.api.methods import CONNECT, METHODS
from bot.local.errors import Node, SlackError
from bot.local.pacing import Fault, Faults
from bot.local.responses import respond
from bot.local.traffic import Traffic

_RESPONSE = "response_url"
_BARE_STATUS = "http_"
_LOST = "connection_lost"


class WebApi:
    """Answers `/api/{method}` and `/local/response/{token}`."""

    def __init__(self, desk: Desk, faults: Faults, traffic: Traffic) -> None:
        self._desk = desk
        self._faults = faults
        self._traffic = traffic

    def routes(self) -> list[web.RouteDef]:
        """Slack's own addresses."""
        return [
            web.post("/api/{method}", self._call),
            web.get("/api/{method}", self._call),
            web.post("/local/response/{token}", self._respond),
        ]

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await _arguments(request)
        token = _token(request, args)

        def run() -> Node:
            return self._run(method, token, args, request)

        return await self._meet(request, method, args, run)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        args = await _arguments(request)

        def run() -> Node:
            url = self._desk.tickets.respond(request.match_info["token"])
            respond(self._desk.workspace, url, args)
            return {"ok": True}

        return await self._meet(request, _RESPONSE, args, run)

    async def _meet(
        self, request: web.Request, what: str, args: Node, run: Callable[[], Node]
    ) -> web.StreamResponse:
        """Run the call as far as the fault it meets allows, and record it."""
        begun = perf_counter()
        fault = self._faults.take(what) or Fault(what)
        answer = _planned(fault)
        if answer is None:
            try:
                answer = run()
            except SlackError as refusal:
                answer = refusal.answer()
        response = _response(what, answer)
        if fault.delay_ms:
            await asyncio.sleep(fault.delay_ms / 1000)
        lost = fault.error == _LOST
        self._traffic.add(
            "in",
            what,
            request=args,
            status=0 if lost else response.status,
            answer={"error": _LOST} if lost else answer,
            ms=(perf_counter() - begun) * 1000,
        )
        if lost and request.transport is not None:
            request.transport.abort()
        if what != _RESPONSE:
            response.headers["X-Slack-Req-Id"] = secrets.token_hex(16)
            response.headers["X-OAuth-Scopes"] = ",".join(self._desk.workspace.app.scopes)
        return response

    def _run(self, method: str, token: str, args: Node, request: web.Request) -> Node:
        app = self._desk.workspace.app
        if method == CONNECT:
            return self._connect(token, request)
        known = METHODS.get(method)
        if known is None:
            raise SlackError("unknown_method", req_method=method)
        if not token and method != "api.test":
            raise SlackError("not_authed")
        if token and token == app.app_token:
            raise SlackError("not_allowed_token_type")
        if token != app.bot_token and method != "api.test":
            raise SlackError("invalid_auth")
        if known.scopes and not set(known.scopes) & set(app.scopes):
            needed = known.scopes[0]
            raise SlackError("missing_scope", needed=needed, provided=",".join(app.scopes))
        call = Call(self._desk, args, str(request.url.origin()))
        return {"ok": True, **known.run(call)}

    def _connect(self, token: str, request: web.Request) -> Node:
        """apps.connections.open."""
        app = self._desk.workspace.app
        if not token:
            raise SlackError("not_authed")
        if token == app.bot_token:
            raise SlackError("not_allowed_token_type")
        if app.app_token is None or token != app.app_token:
            raise SlackError("invalid_auth")
        url = request.url.origin().with_scheme("ws") / "link"
        return {"ok": True, "url": str(url.with_query(ticket=self._desk.sockets.ticket()))}


def _planned(fault: Fault) -> Node | None:
    """The answer a fault gives in place of doing anything; None lets the call do its work."""
    if fault.error in {None, _LOST}:
        return None
    wait = {"retry_after": fault.retry_after} if fault.error == "ratelimited" else {}
    return {"ok": False, "error": fault.error, **wait}


def _response(what: str, answer: Node) -> web.Response:
    error = str(answer.get("error", ""))
    if error == "ratelimited":
        wait = str(answer.pop("retry_after", 1))
        return web.json_response(answer, status=429, headers={"Retry-After": wait})
    if error.startswith(_BARE_STATUS):
        return web.Response(status=int(error.removeprefix(_BARE_STATUS)), text=error)
    if what != _RESPONSE:
        return web.json_response(answer)
    if error:
        gone = error in {"used_url", "expired_url", "invalid_url"}
        return web.json_response(answer, status=404 if gone else 400)
    return web.Response(text="ok")


async def _arguments(request: web.Request) -> Node:
    """Arguments from the address, a form or a JSON body, as Slack takes them all."""
    args: Node = dict(request.query)
    if request.content_type == "application/json":
        body = await request.text()
        try:
            parsed = json.loads(body) if body else {}
        except ValueError:
            parsed = {}
        if isinstance(parsed, dict):
            args |= {key: value for key, value in parsed.items() if value is not None}
    elif request.method == "POST":
        form = await request.post()
        args |= {key: value for key, value in form.items() if isinstance(value, str)}
    return args


def _token(request: web.Request, args: Node) -> str:
    field = str(args.pop("token", ""))
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else field
