"""EasyPost's trackers and shipments, as documented: one of each, errors as JSON."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY = "EZTKtest"
_ERRORS = {
    401: ("APIKEY.INACTIVE", "This API key is no longer active."),
    402: ("BILLING.INSUFFICIENT_FUNDS", "Insufficient funds."),
    404: ("NOT_FOUND", "The requested resource could not be found."),
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
    #: Whom it lets in to look at shipments.
    key: str = KEY
    shipments: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: What labels cost so far.
    spent: float = 0
    #: Whether what is not used yet can be given back.
    takes_back: bool = True

    def application(self) -> web.Application:
        """Return the API as an application; its base address is `/v2/`."""
        app = web.Application()
        app.router.add_post("/v2/trackers", self._create)
        app.router.add_get("/v2/trackers", self._all)
        app.router.add_post("/v2/shipments", self._ship)
        app.router.add_get("/v2/shipments/{name}", self._shipment)
        app.router.add_post("/v2/shipments/{name}/{what:buy|refund}", self._change)
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

    async def _ship(self, request: web.Request) -> web.Response:
        if (failed := await self._mishap()) is not None:
            return failed
        wanted = (await request.json())["shipment"]
        made = {
            **wanted,
            "id": f"shp_{len(self.shipments) + 1}",
            "object": "Shipment",
            "rates": [
                _rate("rate_1", "USPS", "Priority", "7.58", 2),
                _rate("rate_2", "UPS", "Ground", "6.10", None),
            ],
            "messages": [],
        }
        self.shipments[made["id"]] = made
        return await self._answer(made, 201)

    async def _shipment(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return _error(401)
        found = self._named(request.match_info["name"])
        return _error(404) if found is None else web.json_response(found)

    async def _change(self, request: web.Request) -> web.Response:
        if (failed := await self._mishap()) is not None:
            return failed
        shipment = self._named(request.match_info["name"])
        if shipment is None:
            return _error(404)
        if request.match_info["what"] == "refund":
            shipment["refund_status"] = "submitted" if self.takes_back else "rejected"
            return await self._answer(shipment)
        if "postage_label" in shipment:
            return _error(422, "SHIPMENT.POSTAGE.EXISTS", "Postage already exists.")
        wanted = (await request.json())["rate"]["id"]
        rate = next(one for one in shipment["rates"] if one["id"] == wanted)
        self.spent += float(rate["rate"])
        shipment |= {
            "selected_rate": rate,
            "tracking_code": f"1Z{shipment['id']}",
            "postage_label": {"label_url": "https://easypost-files.example/label.png"},
        }
        return await self._answer(shipment)

    async def _mishap(self) -> web.Response | None:
        self._lost = False
        mishap = self.mishaps.pop(0) if self.mishaps else None
        if isinstance(mishap, int):
            return _error(mishap)
        if mishap == "silent after":
            self._lost = True
        elif mishap:
            return _error(422, mishap, "The carrier says no.")
        return None

    async def _answer(self, body: dict[str, Any], status: int = 200) -> web.Response:
        if self._lost:
            await asyncio.sleep(3)
        return web.json_response(body, status=status)

    def _named(self, name: str) -> dict[str, Any] | None:
        return next(
            (one for one in self.shipments.values() if name in (one["id"], one["reference"])), None
        )


def _rate(name: str, carrier: str, service: str, cost: str, days: int | None) -> dict[str, Any]:
    return {
        "id": name,
        "carrier": carrier,
        "service": service,
        "rate": cost,
        "currency": "USD",
        "delivery_days": days,
    }


def _error(status: int, code: str = "", message: str = "") -> web.Response:
    if not code:
        code, message = _ERRORS[status]
    body = {"error": {"code": code, "message": message, "errors": []}}
    return web.json_response(body, status=status)
