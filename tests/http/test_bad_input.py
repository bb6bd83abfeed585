"""Bad input at the partners' inlets, over real sockets: refused or kept for a look, never lost."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select
from stripe import WebhookSignature

from bot.connectors import carrier, easypost
from bot.connectors.amazon import events as amazon
from bot.connectors.shopify import events as shopify
from bot.http.metrics import Metrics
from bot.http.server import build
from bot.work.worker import Worker
from domain import inbox
from domain.events import Event, Kind
from domain.inbox import Delivery
from domain.inventory.model import Item
from domain.jobs import Job, State
from domain.orders import checks
from domain.orders.model import Order
from domain.orders.model import State as OrderState
from domain.shipping.model import Parcel, ParcelState, Scan
from domain.shipping.unmatched import Unmatched
from tests.connectors import amazon_orders_emulator, shopify_shapes
from tests.connectors.shopify_sales import sale_payload
from tests.work.conftest import desk as desk  # noqa: PLC0414 — the fixture, under its name
from tests.work.desk import Small

_SECRET = "s3cret"
_MEGABYTE = 1024 * 1024
Headers = Mapping[str, str]


def _easypost(body: bytes) -> Headers:
    digest = hmac.new(_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hmac-Signature": f"hmac-sha256-hex={digest}"}


def _carrier(body: bytes) -> Headers:
    return {"X-Deskhand-Signature": carrier.signature(_SECRET, body, int(time.time()))}


def _stripe(body: bytes) -> Headers:
    # Stripe signs text alone; what is none gets the signature of its bytes.
    at = int(time.time())
    digest = hmac.new(_SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},{WebhookSignature.EXPECTED_SCHEME}={digest}"}


def _shopify(body: bytes) -> Headers:
    return shopify_shapes.signed(body, topic="orders/create", secret=_SECRET)


SIGNED: Mapping[str, Callable[[bytes], Headers]] = {
    "easypost": _easypost,
    "carrier": _carrier,
    "stripe": _stripe,
    "shopify": _shopify,
}
SCAN = {
    "id": "scan-1",
    "tracking_number": "EZ1",
    "status": "delivered",
    "at": "2026-11-24T08:30:00Z",
}
ALL = pytest.mark.parametrize("partner", SIGNED)


def tracked(*details: dict[str, Any], event: str = "evt_1", number: str = "EZ1") -> dict[str, Any]:
    """An event of EasyPost's about a parcel."""
    result = {"tracking_code": number, "tracking_details": list(details)}
    return {"id": event, "description": "tracker.updated", "result": result}


def scan(partner: str, number: str = "EZ1", **said: Any) -> dict[str, Any]:
    """A parcel's scan as one of those two tells it; `words` may be None."""
    told = {"status": "delivered", "at": "2026-11-24T08:30:00Z", "words": None, "id": "1"} | said
    words = told.pop("words")
    if partner == "carrier":
        return {**told, "tracking_number": number, "description": words}
    detail = {"status": told["status"], "datetime": told["at"], "message": words}
    return tracked(detail, event=told["id"], number=number)


class Inlets:
    """All inlets, and the worker that reads what they keep."""

    def __init__(self, desk: Small, client: TestClient[web.Request, web.Application]) -> None:
        self.desk, self.client = desk, client
        readers = {
            "inbox.carrier": carrier.reader(desk.store, lambda: desk.now),
            "inbox.easypost": easypost.reader(desk.store, lambda: desk.now),
            "inbox.shopify": shopify.reader(desk.store, lambda: desk.now, None),
            **amazon.Reading(desk.store, lambda: desk.now, None).handlers(),
        }
        # What comes in bursts is gathered for a moment before it is read.
        self.worker = Worker(desk.store, readers, lambda: desk.now + timedelta(seconds=1))

    async def post(self, partner: str, body: bytes, headers: Headers | None = None) -> Any:
        signed = SIGNED[partner](body) if headers is None else headers
        answer = await self.client.post(f"/webhooks/{partner}", data=body, headers=signed)
        return answer.status, await answer.json()

    async def tells(self, partner: str, event: Mapping[str, Any]) -> None:
        """Send an event that is kept, and have it read."""
        status, said = await self.post(partner, json.dumps(event).encode())
        assert (status, said) == (200, {"status": "kept"})
        await self.worker.work_off()

    async def rows(self, table: type[Any]) -> list[Any]:
        async with self.desk.store.read(self.desk.merchant) as session:
            return list(await session.scalars(select(table).order_by(table.id)))


@pytest.fixture
async def inlets(desk: Small) -> AsyncIterator[Inlets]:
    application = build(
        desk.store,
        Metrics(),
        now=lambda: desk.now,
        secrets_of=dict.fromkeys(SIGNED, _SECRET),
    )
    async with TestClient(TestServer(application)) as client:
        yield Inlets(desk, client)


async def _answer(inlets: Inlets, partner: str, length: str, piece: bytes = b"") -> str:
    """Begin a request, and send a piece of its body again and again until it is answered."""
    address = urlsplit(str(inlets.client.make_url("/")))
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = (f"POST /webhooks/{partner} HTTP/1.1", "Host: desk", length, "", "")
    writer.write("\r\n".join(head).encode())
    answered = asyncio.create_task(reader.readuntil(b'"}'))
    async with asyncio.timeout(10):
        while piece and not answered.done():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        said = await answered
    writer.close()
    return said.decode()


@ALL
async def test_what_says_that_it_is_of_10_mb_is_refused_before_any_of_it_came(
    inlets: Inlets, partner: str
) -> None:
    said = await _answer(inlets, partner, f"Content-Length: {10 * _MEGABYTE}")
    assert said.startswith("HTTP/1.1 413 ")
    assert said.endswith('{"error": "The message is longer than any that belongs here."}')
    assert await inlets.rows(Delivery) == []


@ALL
async def test_what_does_not_say_how_long_it_is_is_cut_off(inlets: Inlets, partner: str) -> None:
    """There is no end to it: who reads it whole never answers."""
    piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    said = await _answer(inlets, partner, "Transfer-Encoding: chunked", piece)
    assert said.startswith("HTTP/1.1 413 ")
    assert await inlets.rows(Delivery) == []


@ALL
@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
async def test_bytes_that_are_no_utf_8_are_refused_with_the_right_signature(
    inlets: Inlets, partner: str, encoding: str
) -> None:
    body = json.dumps(SCAN | {"place": "Köln"}, ensure_ascii=False).encode(encoding)
    status, said = await inlets.post(partner, body)
    assert (status, "event: a JSON object" in said["error"]) == (400, True)
    assert await inlets.rows(Delivery) == []


@pytest.mark.parametrize("partner", ["easypost", "carrier"])
async def test_forged_is_refused_and_replayed_counts_once(inlets: Inlets, partner: str) -> None:
    await inlets.desk.order()
    body = json.dumps(scan(partner)).encode()
    signed = SIGNED[partner](body)
    for headers in ({}, SIGNED[partner](body + b" "), dict.fromkeys(signed, "x")):
        status, said = await inlets.post(partner, body, headers)
        assert (status, "does not belong to this message. Check" in said["error"]) == (401, True)
    assert await inlets.rows(Delivery) == []

    answers = [(await inlets.post(partner, body, signed))[1]["status"] for _ in range(3)]
    await inlets.worker.work_off()
    assert answers == ["kept", "known", "known"]
    assert len(await inlets.rows(Scan)) == 1


@pytest.mark.parametrize("partner", ["easypost", "carrier"])
async def test_what_no_database_takes_does_not_cost_a_scan(inlets: Inlets, partner: str) -> None:
    await inlets.desk.order()
    await inlets.tells(partner, scan(partner, words="Left\0 at\ud800 the door", number="EZ\x001"))
    [kept] = await inlets.rows(Scan)
    assert (kept.description, kept.state) == ("Left at? the door", ParcelState.DELIVERED)
    assert {job.state for job in await inlets.rows(Job)} == {State.DONE}


@pytest.mark.parametrize("partner", ["easypost", "carrier"])
async def test_an_unknown_status_is_kept_in_the_carriers_own_word(
    inlets: Inlets, partner: str
) -> None:
    await inlets.desk.order()
    await inlets.tells(partner, scan(partner, status="beamed_up"))
    [kept] = await inlets.rows(Scan)
    assert (kept.state, kept.description) == (ParcelState.UNKNOWN, "beamed_up")
    [parcel] = await inlets.rows(Parcel)
    assert parcel.state is not ParcelState.DELIVERED


@pytest.mark.parametrize("partner", ["easypost", "carrier"])
async def test_a_parcel_delivered_before_it_was_shipped_is_and_its_history_says_so(
    inlets: Inlets, partner: str
) -> None:
    await inlets.desk.order(state=OrderState.CONFIRMED)
    await inlets.tells(partner, scan(partner, words="At the door"))
    [order] = await inlets.rows(Order)
    assert order.state is OrderState.DELIVERED
    told = [one for one in await inlets.rows(Event) if one.kind == Kind.PARCEL_DELIVERED]
    assert [(one.order_id, one.why) for one in told] == [
        (
            order.id,
            "delivered before it was shipped here: the order was confirmed (At the door)",
        )
    ]


@pytest.mark.parametrize("partner", ["easypost", "carrier"])
async def test_a_scan_of_an_unknown_parcel_waits_until_its_order_is_known(
    inlets: Inlets, partner: str
) -> None:
    await inlets.tells(partner, scan(partner))
    assert [one.tracking_number for one in await inlets.rows(Unmatched)] == ["EZ1"]

    await inlets.desk.order()
    assert await inlets.rows(Unmatched) == []
    [parcel] = await inlets.rows(Parcel)
    assert (parcel.state, parcel.delivered_at) == (
        ParcelState.DELIVERED,
        datetime(2026, 11, 24, 8, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "soon"])
async def test_a_scan_of_no_time_is_refused_or_kept_for_a_look_beside_what_can_be_read(
    inlets: Inlets, at: str
) -> None:
    await inlets.desk.order()
    status, said = await inlets.post("carrier", json.dumps(scan("carrier", at=at)).encode())
    assert (status, "a time with its zone in `at`" in said["error"]) == (400, True)

    good = {"status": "delivered", "datetime": "2026-11-24T08:30:00Z"}
    await inlets.tells("easypost", tracked({"status": "in_transit", "datetime": at}, good))
    [parcel] = await inlets.rows(Parcel)
    assert parcel.state is ParcelState.DELIVERED
    [job] = [one for one in await inlets.rows(Job) if one.last_error]
    assert job.last_error.startswith("A scan of this EasyPost event has a time that can't be read")
    [delivery] = await inlets.rows(Delivery)
    assert at in delivery.body


async def _ordered(inlets: Inlets, channel: str) -> None:
    """Have an order of a product told that nobody has in stock, by webhook or from the queue."""
    desk = inlets.desk
    if channel == "shopify":
        await inlets.tells(channel, sale_payload(shopify_shapes.Order()))
        return
    told = amazon_orders_emulator.order(at=desk.now)
    told["orderItems"][0]["product"]["title"] = "Half a \ud800 and a zero \0"
    message = amazon.message(json.dumps({"order": told}, ensure_ascii=False), "m-1")
    async with desk.write("amazon") as work:
        await inbox.keep(work, "amazon", message.reference, message.body, lane=amazon.LANE)
    await inlets.worker.work_off()


@pytest.mark.parametrize("channel", ["shopify", "amazon"])
async def test_an_order_of_an_unknown_sku_is_kept_and_waits_with_the_reason(
    inlets: Inlets, channel: str
) -> None:
    async with inlets.desk.write() as work:
        work.session.add(Item(key="pot-1", sku="POT-1", on_hand=1, reserved=0))
    await _ordered(inlets, channel)
    [order] = await inlets.rows(Order)
    assert (order.channel, order.state) == (channel, OrderState.PENDING)
    async with inlets.desk.store.read(inlets.desk.merchant) as session:
        findings = await checks.one(session, order.id, inlets.desk.now)
    assert [one for one in findings if one.sentence.endswith("is not among the stock items.")]
