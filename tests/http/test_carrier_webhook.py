"""Carriers' webhooks over a real socket, from what is published and signed to what it changes."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import unicodedata
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

from bot.connectors import carrier, easypost
from bot.http.metrics import Metrics
from bot.http.server import build
from bot.work.worker import Worker
from domain.inbox import Delivery
from domain.orders.intake import ParcelDraft
from domain.shipping.model import Mishap, Parcel, ParcelState, Scan
from tests.work.conftest import desk as desk  # noqa: PLC0414 — the fixture, under its name
from tests.work.desk import Small

_SECRETS = {"carrier": "s3cret", "easypost": "sécret"}


class Gate:
    """The desk's webhooks, and the worker behind them."""

    def __init__(self, desk: Small, client: TestClient[web.Request, web.Application]) -> None:
        self.desk, self.client = desk, client
        readers = {
            "inbox.carrier": carrier.reader(desk.store, lambda: desk.now),
            "inbox.easypost": easypost.reader(desk.store, lambda: desk.now),
        }
        # A moment later, as a worker is that gathers what comes in a burst.
        self.worker = Worker(desk.store, readers, lambda: desk.now + timedelta(seconds=1))

    async def tells(self, *, sent: int | None = None, body: bytes = b"", **changes: Any) -> int:
        event = {
            "id": "scan-1",
            "tracking_number": "ez 1",
            "status": "in_transit",
            "at": "2026-11-24T08:30:00+01:00",
        }
        body = body or json.dumps(event | changes).encode()
        signed = carrier.signature("s3cret", body, int(time.time()) if sent is None else sent)
        headers = {"X-Deskhand-Signature": signed}
        answer = await self.client.post("/webhooks/carrier", data=body, headers=headers)
        await self.worker.work_off()
        return answer.status

    async def parcel(self) -> Parcel:
        found: Parcel = await self.desk.one(Parcel, 1)
        return found

    async def rows(self, table: type[Any]) -> list[Any]:
        async with self.desk.store.read(self.desk.merchant) as session:
            return list(await session.scalars(select(table).order_by(table.id)))


@pytest.fixture
async def gate(desk: Small) -> AsyncIterator[Gate]:
    application = build(desk.store, Metrics(), now=lambda: desk.now, secrets_of=_SECRETS)
    async with TestClient(TestServer(application)) as client:
        yield Gate(desk, client)


async def test_a_carrier_of_ones_own_moves_parcels_and_each_event_counts_once(gate: Gate) -> None:
    await gate.desk.set(shipping__carrier_statuses="EX7=lost, DLV = delivered")
    await gate.desk.order()
    assert await gate.tells() == 200
    assert await gate.tells(status="delivered") == 200
    assert (await gate.parcel()).state is ParcelState.IN_TRANSIT

    await gate.tells(id="scan-2", status="ex7", at="2026-11-24T09:30:00Z", place="Leipzig")
    lost = await gate.parcel()
    assert (lost.state, lost.mishap) == (ParcelState.DELIVERY_FAILED, Mishap.LOST)

    await gate.tells(id="scan-3", status="Beamed up", at="2026-11-24T10:30:00Z")
    assert (await gate.parcel()).state is ParcelState.DELIVERY_FAILED
    scans = await gate.rows(Scan)
    assert [scan.state for scan in scans][-1] is ParcelState.UNKNOWN
    assert [scan.description for scan in scans][-1] == "Beamed up"


@pytest.mark.parametrize("late", [-301, 301])
async def test_a_stale_signature_is_refused(gate: Gate, late: int) -> None:
    assert await gate.tells(sent=int(time.time()) + late) == 401
    assert await gate.rows(Delivery) == []


@pytest.mark.parametrize(
    "header",
    [None, "", "t=1,v1=", "v1=00", f"t={'9' * 40},v1={'0' * 64}", "t=\u0661,v1=" + "0" * 64],
)
def test_an_odd_signature_is_none(header: str | None) -> None:
    assert not carrier.verify("s3cret", b"{}", header)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"tracking_number": " "},
        {"at": "2026-11-24T08:30:00"},
        {"at": "soon"},
        {"status": 7},
        {"body": b"[]"},
        {"body": b"\xff"},
    ],
)
async def test_what_is_no_event_of_a_parcel_is_refused(gate: Gate, changes: dict[str, Any]) -> None:
    event = {"id": "1", "tracking_number": "EZ1", "status": "lost", "at": "2026-11-24T08:30:00Z"}
    assert await gate.tells(body=changes.get("body") or json.dumps(event | changes).encode()) == 400


@pytest.mark.parametrize(
    ("file", "number", "scans"), [("event-body.json", "1", 7), ("tracking-webhook.json", None, 0)]
)
async def test_published_events_pass_from_the_route_into_scans(
    gate: Gate, shared: Path, file: str, number: str | None, scans: int
) -> None:
    body = (shared / "data/easypost" / file).read_bytes().rstrip(b"\n")
    told = easypost.sightings(body)
    number = number or told[0].tracking_number
    await gate.desk.order(parcels=(ParcelDraft(carrier="FedEx", tracking_number=number),))
    key = unicodedata.normalize("NFKD", "sécret").encode()
    header = f"hmac-sha256-hex={hmac.new(key, body, hashlib.sha256).hexdigest()}"

    answer = await gate.client.post(
        "/webhooks/easypost", data=body, headers={"X-Hmac-Signature": header}
    )
    assert answer.status == 200, await answer.text()
    await gate.worker.work_off()

    kept = await gate.rows(Scan)
    assert len(kept) == (scans or len({one.key for one in told}))
    assert (await gate.parcel()).last_event_at in {one.at for one in told}
