"""EasyPost's tracker API, as documented: one tracker a number and carrier, errors as JSON."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY = "EZTKtest"
_ERRORS = {
    401: ("APIKEY.INACTIVE", "This API key is no longer active."),
    402: ("BILLING.INSUFFICIENT_FUNDS", "Insufficient funds."),
    422: ("TRACKER.CREATE.ERROR", "Tracking code is not valid"),
    429: ("RATE_LIMITED", "Too many requests."),
    500: ("INTERNAL_SERVER_ERROR", "Something went wrong."),
}


@dataclass
class Emulator:
    """An account at EasyPost; `mishaps` happen to the next requests, one each.

    A mishap is a status, or `silent after`: the work is done, and the answer lost.
    """

    mishaps: list[int | str] = field(default_factory=list)
    trackers: dict[tuple[str, str | None], dict[str, Any]] = field(default_factory=dict)
    #: What carriers told of a number before anybody asked.
    known: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: int = 0

    def application(self) -> web.Application:
        """Return the API as an application; its base address is `/v2/`."""
        app = web.Application()
        app.router.add_post("/v2/trackers", self._create)
        app.router.add_get("/v2/trackers", self._all)
        return app

    async def _create(self, request: web.Request) -> web.Response:
        self.asked += 1
        mishap = self.mishaps.pop(0) if self.mishaps else None
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            mishap = 401
        if isinstance(mishap, int):
            return _error(mishap)
        wanted = (await request.json())["tracker"]
        key = wanted["tracking_code"], wanted.get("carrier")
        made = self.trackers.setdefault(
            key,
            {
                "id": f"trk_{len(self.trackers) + 1}",
                "object": "Tracker",
                "tracking_code": key[0],
                "carrier": key[1] or "USPS",
                "status": "unknown",
                "updated_at": "2026-11-24T09:00:00Z",
                "tracking_details": self.known.get(key[0], []),
            },
        )
        if mishap == "silent after":
            await asyncio.sleep(3)
        return web.json_response(made, status=201)

    async def _all(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return _error(401)
        return web.json_response({"trackers": [*self.trackers.values()], "has_more": False})


def _error(status: int) -> web.Response:
    code, message = _ERRORS[status]
    body = {"error": {"code": code, "message": message, "errors": []}}
    return web.json_response(body, status=status)
