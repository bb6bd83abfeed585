"""Slack's side of the wire: signs, sends, waits three seconds, records what came back."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Any, Literal
from urllib.parse import urlencode

import aiohttp

from bot.local.errors import Node
from bot.local.sockets import Retry, Sockets
from bot.local.traffic import Traffic

#: Seconds an app has to acknowledge: https://docs.slack.dev/interactivity/handling-user-interaction.
TIMEOUT = 3.0

Kind = Literal["slash_commands", "interactive", "events_api"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the app answered; `error` is set when nothing came, and `status` is then 0.

    `body` is parsed JSON, a string, or None when it is empty.
    """

    status: int = 0
    body: Any = None
    error: Literal["app_unreachable", "operation_timeout"] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the app acknowledged."""
        return self.error is None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class Delivery:
    """Sends to the app by Socket Mode while it is connected, else to its request URL."""

    def __init__(
        self,
        *,
        request_url: str,
        signing_secret: str,
        sockets: Sockets,
        traffic: Traffic,
        clock: Callable[[], float],
        timeout: float = TIMEOUT,
    ) -> None:
        self.request_url = request_url
        self._secret = signing_secret.encode()
        self._sockets = sockets
        self._traffic = traffic
        self._clock = clock
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    async def send(self, kind: Kind, what: str, payload: Node, retry: Retry | None = None) -> Reply:
        """Deliver and return the app's answer, whatever it is; never raises for the app's faults."""
        begun = perf_counter()
        try:
            async with asyncio.timeout(self._timeout):
                reply = await self._send(kind, payload, retry)
        except TimeoutError:
            reply = Reply(error="operation_timeout")
        except aiohttp.ClientError:
            reply = Reply(error="app_unreachable")
        self._traffic.add(
            "out",
            what,
            request=payload,
            status=reply.status,
            answer={"error": reply.error} if reply.error else reply.body,
            ms=(perf_counter() - begun) * 1000,
        )
        return reply

    async def _send(self, kind: Kind, payload: Node, retry: Retry | None) -> Reply:
        if self._sockets.connected:
            return Reply(200, await self._sockets.send(kind, payload, retry))
        if self._session is None:
            self._session = aiohttp.ClientSession()
        content_type, body = _body(kind, payload)
        headers = {"Content-Type": content_type, **self._signature(body)}
        if retry is not None:
            headers |= {
                "X-Slack-Retry-Num": str(retry.number),
                "X-Slack-Retry-Reason": retry.reason,
            }
        async with self._session.post(self.request_url, data=body, headers=headers) as response:
            text = await response.text()
            return Reply(
                response.status, _parsed(text, response.content_type), None, response.headers
            )

    def _signature(self, body: bytes) -> dict[str, str]:
        """https://docs.slack.dev/authentication/verifying-requests-from-slack."""
        timestamp = str(int(self._clock()))
        base = b":".join([b"v0", timestamp.encode(), body])
        digest = hmac.new(self._secret, base, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}

    async def close(self) -> None:
        """Close connections to the app."""
        if self._session is not None:
            await self._session.close()


def _body(kind: Kind, payload: Node) -> tuple[str, bytes]:
    form = "application/x-www-form-urlencoded"
    if kind == "slash_commands":
        return form, urlencode(payload).encode()
    if kind == "interactive":
        return form, urlencode({"payload": json.dumps(payload)}).encode()
    return "application/json", json.dumps(payload).encode()


def _parsed(text: str, content_type: str) -> Any:
    if not text.strip():
        return None
    if content_type == "application/json":
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
