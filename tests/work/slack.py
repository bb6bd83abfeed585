"""A small Slack behind HTTP: it keeps messages, and misbehaves when told to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from slack_sdk.web.async_client import AsyncWebClient

Payload = dict[str, Any]
#: Does something instead of answering, or says None to answer as usual.
Fault = Callable[[Payload], web.Response | None]


def refuse(error: str, **more: Any) -> Fault:
    return lambda _: web.json_response({"ok": False, "error": error, **more})


def ratelimited(seconds: int) -> Fault:
    return lambda _: web.json_response(
        {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(seconds)}
    )


def broken(status: int) -> Fault:
    return lambda _: web.Response(status=status, text="<html>oh</html>", content_type="text/html")


class LostAnswer(Exception):
    """The call is done, and the connection breaks before the answer."""


class Slack:
    """`calls` are methods in order; `messages` by channel; `faults` come before answers, once."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Payload]] = []
        self.messages: dict[str, list[Payload]] = defaultdict(list)
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.lose_answers_to: set[str] = set()
        self.users: dict[str, Payload] = {}
        self._next = 1_795_512_600

    def named(self, method: str) -> list[Payload]:
        return [payload for name, payload in self.calls if name == method]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        payload: Payload = dict(request.query)
        if request.content_type == "application/json":
            payload |= await request.json()
        else:
            payload |= dict(await request.post())
        self.calls.append((method, payload))
        if self.faults[method]:
            refusal = self.faults[method].pop(0)(payload)
            if refusal is not None:
                return refusal
        reply = await self._methods[method](self, payload)
        if method in self.lose_answers_to:
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"ok": True, **reply})

    async def _post(self, payload: Payload) -> Payload:
        self._next += 1
        message = {**payload, "ts": f"{self._next}.000100"}
        self.messages[str(payload["channel"])].append(message)
        return {"channel": payload["channel"], "ts": message["ts"]}

    async def _update(self, payload: Payload) -> Payload:
        for message in self.messages[payload["channel"]]:
            if message["ts"] == payload["ts"]:
                message.update(payload)
        return {"ts": payload["ts"]}

    async def _history(self, payload: Payload) -> Payload:
        return self._page([m for m in self.messages[payload["channel"]] if not _thread(m)], payload)

    async def _replies(self, payload: Payload) -> Payload:
        messages = self.messages[payload["channel"]]
        return self._page([m for m in messages if payload["ts"] in (m["ts"], _thread(m))], payload)

    def _page(self, messages: list[Payload], payload: Payload) -> Payload:
        """One message a page, so that whoever reads has to turn pages."""
        newest_first = [m for m in messages if float(m["ts"]) >= float(payload["oldest"])][::-1]
        start = int(payload.get("cursor") or 0)
        more = start + 1 < len(newest_first)
        return {
            "messages": newest_first[start : start + 1],
            "response_metadata": {"next_cursor": str(start + 1) if more else ""},
        }

    async def _open(self, payload: Payload) -> Payload:
        return {"channel": {"id": payload["users"]}}

    async def _info(self, payload: Payload) -> Payload:
        return {"user": self.users[payload["user"]]}

    _methods: ClassVar[dict[str, Callable[[Slack, Payload], Awaitable[Payload]]]] = {
        "chat.postMessage": _post,
        "chat.update": _update,
        "conversations.history": _history,
        "conversations.replies": _replies,
        "conversations.open": _open,
        "users.info": _info,
    }


def _thread(message: Payload) -> str | None:
    found: str | None = message.get("thread_ts")
    return found


@asynccontextmanager
async def serving(slack: Slack) -> AsyncIterator[AsyncWebClient]:
    """Serve this Slack, and give a client of it."""
    app = web.Application()
    app.router.add_route("*", "/api/{method}", slack.answer)
    async with TestServer(app) as server, ClientSession() as session:
        yield AsyncWebClient(
            token="xoxb-test", base_url=str(server.make_url("/api/")), session=session, timeout=5
        )
