"""Parcels that are under way are tracked at EasyPost, each once, through its SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from bot.connectors.easypost_api import EasyPost
from bot.work.tracking import Tracking
from bot.work.worker import Worker
from domain import jobs
from domain.jobs import Job
from domain.orders.intake import ParcelDraft
from domain.orders.model import State
from domain.shipping import tracker
from domain.shipping.model import Parcel, ParcelState
from domain.shipping.tracker import TrackerRefused
from domain.store import Store
from tests.connectors.easypost_emulator import KEY, Emulator
from tests.work.desk import Small


class Account:
    """A desk that has its parcels tracked, and a clock the test moves."""

    def __init__(self, desk: Small, emulator: Emulator, url: str, key: str = KEY) -> None:
        self.desk, self.emulator, self.now = desk, emulator, desk.now
        self.easypost = EasyPost(key, url, patience=1)
        tracking = Tracking(desk.store, self.easypost, lambda: self.now)
        self.worker = Worker(desk.store, tracking.handlers(), lambda: self.now)

    async def look(self, **later: float) -> None:
        self.now += timedelta(**later)
        async with self.desk.write("clock", self.now) as work:
            await tracker.sweep(work, most=100)
        await self.worker.work_off()

    async def jobs(self) -> list[tuple[str, str | None]]:
        async with self.desk.store.read(self.desk.merchant) as session:
            found = await session.scalars(select(Job).order_by(Job.id))
            return [(job.state, job.last_error) for job in found]


@pytest.fixture
async def account(store: Store, merchant: int, now: datetime) -> AsyncIterator[Account]:
    emulator = Emulator()
    async with TestServer(emulator.application()) as server:
        yield Account(Small(store, merchant, now), emulator, str(server.make_url("/v2/")))


async def test_a_parcel_is_tracked_once_and_what_is_known_is_taken_in(account: Account) -> None:
    account.emulator.known["EZ1"] = [
        {"status": "in_transit", "datetime": "2026-11-23T08:00:00Z", "message": "Departed"},
        {"status": "out_for_delivery", "datetime": "2026-11-24T08:00:00Z"},
    ]
    account.emulator.mishaps = ["silent after", 500, 429]
    await account.desk.order()
    for _ in range(6):
        await account.look(minutes=2)

    assert list(account.emulator.trackers) == [("EZ1", "UPS")]
    assert account.emulator.asked == 4
    assert (await account.desk.one(Parcel, 1)).state is ParcelState.OUT_FOR_DELIVERY
    assert await account.jobs() == [(jobs.State.DONE, None)]


async def test_history_is_not_tracked(account: Account) -> None:
    long_ago = account.now - timedelta(days=40)
    arrived = ParcelDraft(tracking_number="A", state=ParcelState.DELIVERED)
    await account.desk.order("1", parcels=(arrived,))
    await account.desk.order("2", parcels=(ParcelDraft(tracking_number="B", shipped_at=long_ago),))
    await account.desk.order("3", parcels=(ParcelDraft(carrier="UPS"),))
    await account.desk.order(
        "4", state=State.COMPLETED, parcels=(ParcelDraft(tracking_number="C"),)
    )
    await account.look()
    assert account.emulator.asked == 0

    await account.desk.order("3", parcels=(ParcelDraft(carrier="Zip", tracking_number="D"),))
    await account.look()
    assert list(account.emulator.trackers) == [("D", None)]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "EasyPost refuses EASYPOST_API_KEY"),
        (402, "EasyPost wants to be paid first"),
        (422, "EasyPost does not track this parcel: Tracking code is not valid."),
    ],
)
async def test_what_easypost_refuses_is_parked_with_what_to_do(
    account: Account, status: int, words: str
) -> None:
    account.emulator.mishaps = [status]
    await account.desk.order()
    await account.look()
    [(state, error)] = await account.jobs()
    assert state == jobs.State.DEAD
    assert (error or "").startswith(words)


async def test_a_key_is_checked(account: Account) -> None:
    await account.easypost.check()
    async with TestServer(account.emulator.application()) as server:
        stranger = EasyPost("wrong", str(server.make_url("/v2/")), patience=1)
        with pytest.raises(TrackerRefused, match="EASYPOST_API_KEY"):
            await stranger.check()
