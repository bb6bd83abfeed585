"""Parcels that left are told to their marketplaces: once, in time, and for as long as it takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.connectors.practice import PracticeMarketplace
from bot.work.shipments import Shipments
from bot.work.worker import Worker
from domain import jobs
from domain.events import Kind
from domain.jobs import Job
from domain.orders import queries as orders
from domain.shipping.marketplace import (
    MarketplaceBusy,
    MarketplaceSilent,
    Shipment,
    ShipmentRefused,
)
from domain.store import Store
from handlers.alerts import route
from tests.domain.desk import Desk
from tests.domain.shelf import confirmed
from tests.domain.warehouse import shipped

SILENT = MarketplaceSilent("Shopify gives no answer.")


class Moody(PracticeMarketplace):
    """A marketplace that answers with what it is told to, one error a call, before it complies."""

    def __init__(self) -> None:
        super().__init__("shopify")
        self.moods: dict[str, list[Exception]] = {}
        self.asked: list[str] = []

    async def confirm(self, shipment: Shipment) -> None:
        self.asked.append(shipment.order_number)
        if moods := self.moods.get(shipment.order_number):
            raise moods.pop(0)
        await super().confirm(shipment)


class Street:
    """A desk that ships, the marketplace it sells at, and a clock the test moves."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.market, self.now = desk, Moody(), desk.now
        desk.store.alerts = route
        shipments = Shipments(desk.store, {"shopify": self.market}, lambda: self.now)
        self.worker = Worker(desk.store, shipments.handlers(), lambda: self.now)

    async def ship(self, number: str) -> int:
        order_id = await confirmed(self.desk, number, 3, 1)
        return (await shipped(self.desk, order_id, 2, number=f"1Z{number}")).id

    async def work(self, **later: float) -> None:
        self.now += timedelta(**later)
        await self.worker.work_off()

    async def jobs(self) -> Sequence[Job]:
        query = select(Job).where(Job.kind == "shipment.confirm").order_by(Job.id)
        return await self.desk.all(query)

    async def told(self) -> list[Kind]:
        kinds = (Kind.SHIPMENT_CONFIRMED, Kind.SHIPMENT_REFUSED)
        return [Kind(event.kind) for kind in kinds for event in await self.desk.events(kind)]


@pytest.fixture
def street(store: Store, merchant: int, now: datetime) -> Street:
    return Street(Desk(store, merchant, now))


async def test_a_parcel_of_ours_is_told_once_with_what_it_holds(street: Street) -> None:
    parcel_id = await street.ship("1")
    await street.work()

    [told] = street.market.shipments.values()
    assert told == Shipment(
        reference=f"parcel-{parcel_id}",
        order_number="1",
        channel="shopify",
        payment_reference="pi_1",
        carrier="UPS",
        tracking_number="1Z1",
        shipped_at=street.desk.now,
        lines=(("L0", "MUG-1", 2),),
    )
    async with street.desk.look() as session:
        history = (await orders.card(session, "1")).history
    assert Kind.SHIPMENT_CONFIRMED in [event.kind for event in history]


async def test_a_silent_marketplace_is_asked_again_and_holds_up_no_other_parcel(
    street: Street,
) -> None:
    street.market.moods["1"] = [SILENT, SILENT]
    await street.ship("1")
    await street.ship("2")
    await street.work()
    assert street.market.asked == ["1", "2"]
    assert [job.state for job in await street.jobs()] == [jobs.State.READY, jobs.State.DONE]

    await street.work(minutes=6)
    await street.work(minutes=6)
    assert street.market.asked == ["1", "2", "1", "1"]
    assert await street.told() == [Kind.SHIPMENT_CONFIRMED] * 2


async def test_a_busy_marketplace_is_left_alone_for_as_long_as_it_says(street: Street) -> None:
    street.market.moods["1"] = [MarketplaceBusy(timedelta(minutes=2))]
    await street.ship("1")
    await street.ship("2")
    await street.work()
    await street.work(minutes=1)
    assert street.market.asked == ["1"]
    await street.work(minutes=2)
    assert len(street.market.shipments) == 2


async def test_what_a_marketplace_will_not_take_is_parked_and_on_the_orders_record(
    street: Street,
) -> None:
    street.market.moods["1"] = [ShipmentRefused("The order is closed.")]
    await street.ship("1")
    await street.work()

    [job] = await street.jobs()
    assert job.state == jobs.State.DEAD
    assert "Order 1 was shipped, and shopify does not take it" in (job.last_error or "")
    [event] = await street.desk.events(Kind.SHIPMENT_REFUSED)
    assert event.why == "The order is closed."

    async with street.desk.store.across(write=True) as session:
        await jobs.revive(session, street.now)
    await street.work()
    assert await street.told() == [Kind.SHIPMENT_CONFIRMED, Kind.SHIPMENT_REFUSED]


async def test_nobody_is_told_where_no_marketplace_is_connected(street: Street) -> None:
    shipments = Shipments(street.desk.store, {}, lambda: street.now)
    street.worker = Worker(street.desk.store, shipments.handlers(), lambda: street.now)
    await street.ship("1")
    await street.work()
    assert [job.state for job in await street.jobs()] == [jobs.State.DONE]
    assert await street.told() == []
