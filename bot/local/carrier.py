"""The demo's carrier: it scans parcels and sends signed tracker webhooks, as EasyPost does."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp

from bot.local import world
from domain.orders.model import State


@dataclass(frozen=True, slots=True)
class Scan:
    """What happens to an order's parcel, `after` so many seconds since the scan before."""

    after: float
    order: str
    status: str
    message: str
    city: str


_STORY = (
    Scan(12, "1043", "failure", "Delivery attempted: nobody at the address", "Portland"),
    Scan(40, "1044", "return_to_sender", "Address incomplete, returning to sender", "Marseille"),
    Scan(45, "1043", "out_for_delivery", "Out for a second delivery attempt", "Portland"),
    Scan(50, "1043", "delivered", "Delivered, signed by recipient", "Portland"),
)
_PLACES = ("Memphis", "Louisville", "Leipzig", "Liège", "Chicago", "Reno", "Newark")


def scans() -> Iterator[Scan]:
    """Give the demo's story, then a carrier's ordinary day for as long as one looks."""
    yield from _STORY
    dice = random.Random(7)  # noqa: S311 — a carrier to look at, not a secret
    moving = [
        order.number
        for order in world.orders(datetime.now(UTC))
        if order.state is State.SHIPPED and order.number not in {scan.order for scan in _STORY}
    ]
    for number in itertools.cycle(moving):
        place = dice.choice(_PLACES)
        yield dice.choices(
            (
                Scan(25, number, "in_transit", "Departed from facility", place),
                Scan(25, number, "out_for_delivery", "Out for delivery", place),
                Scan(25, number, "failure", "Delivery attempted: no access to building", place),
            ),
            weights=(6, 3, 1),
        )[0]


async def drive(address: str, secret: str) -> None:
    """Send the scans to the desk at `address`, each in its time, until cancelled."""
    for number, scan in enumerate(scans(), 1):
        await asyncio.sleep(scan.after)
        await send(address, secret, scan, number)


async def send(address: str, secret: str, scan: Scan, number: int) -> None:
    """Send one scan as a webhook, signed with the secret; `number` tells it from the others."""
    body = json.dumps(event(scan, number, datetime.now(UTC))).encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{address}/webhooks/easypost",
            data=body,
            headers={
                "Content-Type": "application/json",
                "X-Hmac-Signature": f"hmac-sha256-hex={digest}",
            },
        ) as answer,
    ):
        await answer.read()


def event(scan: Scan, number: int, at: datetime) -> dict[str, object]:
    """Return a `tracker.updated` event with one new scan, in EasyPost's shape."""
    return {
        "id": f"evt_demo{number:06d}",
        "object": "Event",
        "mode": "test",
        "description": "tracker.updated",
        "created_at": at.isoformat(),
        "result": {
            "id": f"trk_demo{scan.order}",
            "object": "Tracker",
            "tracking_code": world.tracking(scan.order),
            "status": scan.status,
            "updated_at": at.isoformat(),
            "tracking_details": [
                {
                    "object": "TrackingDetail",
                    "message": scan.message,
                    "status": scan.status,
                    "datetime": at.isoformat(),
                    "tracking_location": {"city": scan.city},
                }
            ],
        },
    }
