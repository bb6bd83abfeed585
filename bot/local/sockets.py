"""Socket Mode: the app calls in, and Slack sends through that connection.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import random
import secrets
from typing import Any, NamedTuple

from aiohttp import WSMsgType, web

from bot.local.errors import Node


class Retry(NamedTuple):
    """Which attempt at an event this is, from 1, and why the one before failed."""

    number: int
    reason: str


class Sockets:
    """The app's open connections; each envelope goes to any one of them."""

    def __init__(self, app_id: str) -> None:
        self._app_id = app_id
        self._tickets: set[str] = set()
        self._open: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Any]] = {}

    @property
    def connected(self) -> bool:
        """Whether the app is listening through a socket."""
        return bool(self._open)

    def ticket(self) -> str:
        """A new ticket; it opens one connection."""
        ticket = secrets.token_urlsafe(24)
        self._tickets.add(ticket)
        return ticket

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        try:
            self._tickets.remove(request.query.get("ticket", ""))
        except KeyError:
            return web.Response(status=401, text="This ticket is unknown or was used before.")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._open.append(socket)
        try:
            await socket.send_json(self._hello(request.host))
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._acknowledged(message.json())
        finally:
            if socket in self._open:
                self._open.remove(socket)
        return socket

    async def send(self, kind: str, payload: Node, retry: Retry | None) -> Any:
        """Send an envelope and return the payload of its acknowledgement, or None."""
        envelope_id = str(secrets.token_hex(16))
        envelope: Node = {
            "type": kind,
            "envelope_id": envelope_id,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope["retry_attempt"] = retry.number if retry else 0
            envelope["retry_reason"] = retry.reason if retry else ""
        answer = self._waiting[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            socket = random.choice(self._open)  # noqa: S311 -- Slack too picks any of them
            await socket.send_json(envelope)
            return await answer
        finally:
            del self._waiting[envelope_id]

    async def close(self) -> None:
        """Hang up."""
        sockets, self._open = self._open, []
        for socket in sockets:
            await socket.close(code=1001, message=b"The server is stopping.")

    def _acknowledged(self, message: Node) -> None:
        waiting = self._waiting.get(message.get("envelope_id", ""))
        if waiting is not None and not waiting.done():
            waiting.set_result(message.get("payload") or None)

    def _hello(self, host: str) -> Node:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "connection_info": {"app_id": self._app_id},
            "debug_info": {"host": host, "approximate_connection_time": 18060},
        }
