"""EasyPost's webhooks: whose they are, what they say, and what they change."""

from __future__ import annotations

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.connectors import easypost
from bot.connectors.inbound import UnreadableEvent
from bot.work.worker import Worker
from domain import inbox, jobs
from domain.orders.model import Order
from domain.orders.model import State as OrderState
from domain.shipping.model import Parcel, ParcelState, Scan, Trouble
from tests.work.desk import Small


def detail(status: str, at: str, status_detail: str | None = None, **more: Any) -> dict[str, Any]:
    return {"status": status, "status_detail": status_detail, "datetime": at, **more}


def tracker(
    *details: dict[str, Any], number: str = "EZ1", event: str = "evt_1", **more: Any
) -> str:
    result = {"tracking_code": number, "tracking_details": list(details), **more}
    return json.dumps({"id": event, "description": "tracker.updated", "result": result})


def test_the_published_signature_is_accepted_and_no_other(shared: Path) -> None:
    body = (shared / "data/easypost/event-body.json").read_bytes().rstrip(b"\n")
    # The vector's digest, as the provider publishes it, by its start and end.
    key = unicodedata.normalize("NFKD", "sécret").encode()
    digest = hmac.new(key, body, hashlib.sha256).hexdigest()
    assert digest.startswith("38f3f53c")
    assert digest.endswith("f527db")

    header = f"hmac-sha256-hex={digest}"
    assert easypost.verify("sécret", body, header)
    assert easypost.verify(unicodedata.normalize("NFD", "sécret"), body, header)
    assert not easypost.verify("secret", body, header)
    assert not easypost.verify("sécret", body + b"\n", header)


@pytest.mark.parametrize("header", [None, "", "hmac-sha256-hex=", "hmac-sha256-hex=é", "é" * 99])
def test_a_missing_or_odd_signature_is_refused(header: str | None) -> None:
    assert not easypost.verify("secret", b"{}", header)


def test_a_real_event_is_read_scan_by_scan_oldest_first(shared: Path) -> None:
    body = (shared / "data/easypost/event-body.json").read_bytes()

    seen = easypost.sightings(body)

    assert easypost.event_id(body) == "evt_1"
    assert len(seen) == 7
    assert seen[0].state is ParcelState.PENDING
    assert {one.tracking_number for one in seen} == {"1"}
    assert seen == sorted(seen, key=lambda one: one.at)
    assert seen[-1].at == datetime(2024, 8, 2, 18, 50, tzinfo=UTC)
    assert (seen[-1].description, seen[-1].place) == ("Arrived at FedEx location", "EDISON")


@pytest.mark.parametrize(
    ("status", "status_detail", "state"),
    [
        *((status, None, state) for status, state in easypost.STATES.items()),
        ("in_transit", "weather_delay", ParcelState.DELIVERY_DELAYED),
        ("in_transit", "held", ParcelState.ON_HOLD),
        ("in_transit", "arrived_at_facility", ParcelState.IN_TRANSIT),
        ("delivered", "delayed", ParcelState.DELIVERED),
        ("beamed_up", None, ParcelState.UNKNOWN),
        (None, None, ParcelState.UNKNOWN),
    ],
)
def test_each_status_has_one_meaning(
    status: str | None, status_detail: str | None, state: ParcelState
) -> None:
    at = "2026-11-24T08:00:00Z"
    told = {"status": status, "status_detail": status_detail, "datetime": at}

    [one] = easypost.sightings(tracker(told))

    assert one.state is state


def test_a_tracker_without_scans_speaks_for_itself() -> None:
    body = tracker(status="delivered", updated_at="2026-11-24T08:00:00Z")

    [one] = easypost.sightings(body)

    assert (one.state, one.at) == (ParcelState.DELIVERED, datetime(2026, 11, 24, 8, tzinfo=UTC))


@pytest.mark.parametrize(
    "body",
    [
        '{"id": "evt_1", "description": "batch.updated", "result": {"tracking_code": "EZ1"}}',
        '{"id": "evt_1", "description": "tracker.updated", "result": null}',
        '{"id": "evt_1", "description": "tracker.updated", "result": {}}',
        tracker(detail("delivered", None)),  # type: ignore[arg-type]
    ],
)
def test_what_says_nothing_of_a_parcel_is_no_sighting(body: str) -> None:
    assert easypost.sightings(body) == []


@pytest.mark.parametrize("body", [b"", b"\xff", "[]", "{}", '{"id": ""}', '{"id": 7}'])
def test_what_is_no_event_is_refused_in_words(body: bytes | str) -> None:
    with pytest.raises(UnreadableEvent, match="not an EasyPost event"):
        easypost.event_id(body)


@pytest.fixture
def arrives(desk: Small) -> Callable[[str], Any]:
    """A delivery is kept, and a worker reads it."""
    handler = easypost.reader(desk.store, lambda: desk.now)
    worker = Worker(desk.store, {"inbox.easypost": handler}, lambda: desk.now)

    async def arrive(body: str) -> bool:
        async with desk.write(easypost.SOURCE) as work:
            kept = await inbox.keep(work, easypost.SOURCE, easypost.event_id(body), body)
        await worker.work_off()
        return kept

    return arrive


async def test_a_parcel_follows_its_scans_and_its_order_follows_the_parcel(
    desk: Small, arrives: Callable[[str], Any]
) -> None:
    order_id = await desk.order(state=OrderState.CONFIRMED)
    await arrives(
        tracker(
            detail("in_transit", "2026-11-22T08:00:00Z", tracking_location={"city": "Kenly"}),
            detail("delivered", "2026-11-23T16:00:00Z", message="Left at the door"),
        )
    )

    parcel = await desk.one(Parcel, 1)
    assert parcel.state is ParcelState.DELIVERED
    assert parcel.shipped_at == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert (await desk.one(Order, order_id)).state is OrderState.DELIVERED


async def test_the_same_event_twice_and_old_ones_late_change_nothing(
    desk: Small, arrives: Callable[[str], Any]
) -> None:
    await desk.order()
    late = tracker(detail("in_transit", "2026-11-21T08:00:00Z", "delayed"), event="evt_0")
    body = tracker(detail("out_for_delivery", "2026-11-23T08:00:00Z"))

    assert await arrives(body)
    assert not await arrives(body)
    assert await arrives(late)

    parcel = await desk.one(Parcel, 1)
    assert (parcel.state, parcel.trouble) == (ParcelState.OUT_FOR_DELIVERY, None)
    async with desk.store.read(desk.merchant) as session:
        assert len((await session.scalars(select(Scan))).all()) == 2


async def test_trouble_on_the_way_is_noticed(desk: Small, arrives: Callable[[str], Any]) -> None:
    await desk.order()
    await arrives(tracker(detail("return_to_sender", "2026-11-23T08:00:00Z")))

    assert (await desk.one(Parcel, 1)).trouble is Trouble.RETURN_TO_SENDER


async def test_a_parcel_nobody_knows_stays_in_the_inbox(
    desk: Small, arrives: Callable[[str], Any]
) -> None:
    await arrives(tracker(detail("delivered", "2026-11-23T08:00:00Z"), number="EZ9"))

    async with desk.store.read(desk.merchant) as session:
        assert await jobs.counts(session) == {}
    assert (await desk.one(inbox.Delivery, 1)).reference == "evt_1"
