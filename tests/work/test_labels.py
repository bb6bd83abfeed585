"""Labels are bought once, over lost answers and crashes, and who asked hears what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from bot.connectors.easypost_labels import EasyPostLabels
from bot.local.world import SENDER
from bot.work.labels import Labels
from bot.work.worker import Worker
from domain import jobs, merchants
from domain.errors import RoleNeeded
from domain.events import Kind
from domain.fulfilment import labels
from domain.fulfilment.label import Label, LabelState
from domain.fulfilment.labels import (
    Errand,
    LabelUnderWay,
    NoAddress,
    OddWeight,
    SenderIncomplete,
    Wish,
)
from domain.fulfilment.policy import NotThere
from domain.jobs import Job
from domain.orders.model import Order, State
from domain.people import Member
from domain.shipping.labels import Quote
from domain.store import Store
from handlers.alerts import route
from tests.connectors.easypost_emulator import KEY, Emulator
from tests.domain.desk import FINANCE, WAREHOUSE, Desk
from tests.domain.shelf import confirmed
from tests.domain.warehouse import by_line, shipped


class Till:
    """A desk that buys labels at EasyPost, and a clock the test moves."""

    def __init__(self, desk: Desk, emulator: Emulator, url: str) -> None:
        self.desk, self.emulator, self.now = desk, emulator, desk.now
        desk.store.alerts = route
        self.partner = EasyPostLabels(KEY, url, patience=1)
        handlers = Labels(desk.store, self.partner, lambda: self.now).handlers()
        self.worker = Worker(desk.store, handlers, lambda: self.now)

    async def order(self, number: str = "1", *quantities: int) -> int:
        order_id = await confirmed(self.desk, number, *(quantities or (3,)))
        await self.address(order_id, "742 Evergreen Terrace")
        return order_id

    async def address(self, order_id: int, street: str | None) -> None:
        async with self.desk.work() as work:
            (await work.lock(Order, order_id)).ship_to_street = street

    async def ask(
        self, order_id: int, *quantities: int, by: Member = WAREHOUSE, **wish: Any
    ) -> int:
        chosen = await by_line(self.desk, order_id, quantities)
        async with self.desk.work(by.member_id) as work:
            label = await labels.ask(work, by, order_id, Wish(chosen, **{"weight": 500} | wish))
        return label.id

    async def work(self, **later: float) -> None:
        self.now += timedelta(**later)
        await self.worker.work_off()

    async def label(self, label_id: int) -> Label:
        row: Label = await self.desk.one(select(Label).where(Label.id == label_id))
        return row

    async def told(self) -> list[tuple[str, str]]:
        """Whom the desk tells of which template."""
        found = await self.desk.all(select(Job).where(Job.kind == "tell").order_by(Job.id))
        return [(job.payload["member_id"], job.payload["template"]) for job in found]


@pytest.fixture
async def till(store: Store, merchant: int, now: datetime) -> AsyncIterator[Till]:
    desk = Desk(store, merchant, now)
    for name, value in SENDER.items():
        await desk.setting(f"shipping.sender_{name}", value)
    emulator = Emulator()
    async with TestServer(emulator.application()) as server:
        yield Till(desk, emulator, str(server.make_url("/v2/")))


async def test_a_label_is_bought_and_its_parcel_leaves(till: Till) -> None:
    order_id = await till.order()
    label_id = await till.ask(order_id, 2)
    await till.work()
    label = await till.label(label_id)
    [parcel] = await till.desk.parcels()
    assert (label.state, label.parcel_id, str(label.price)) == (
        LabelState.BOUGHT,
        parcel.id,
        "6.10 USD",
    )
    assert (parcel.carrier, parcel.tracking_number, parcel.shipped_at) == (
        "UPS",
        "1ZSHP_1",
        till.now,
    )
    sent = till.emulator.shipments["shp_1"]
    assert (sent["reference"], sent["parcel"]) == (label.reference, {"weight": 17.6})
    assert sent["from_address"]["phone"] == "503 555 0100"
    assert (await till.desk.order_row("1")).state is State.PACKED
    assert len(await till.desk.events(Kind.PARCEL_SHIPPED)) == 1
    assert await till.told() == [(WAREHOUSE.member_id, "fulfilment/label_told")]
    for event in await till.desk.events():
        assert "Evergreen" not in str(event.data)
    await till.ask(order_id, 1, carrier="US Postal Service")
    await till.work()
    assert [one.carrier for one in await till.desk.parcels()] == ["UPS", "USPS"]
    assert (await till.desk.order_row("1")).state is State.SHIPPED


@pytest.mark.parametrize(
    "mishaps",
    [
        # Each for the next request that changes something: making the shipment, buying.
        ["silent after"],
        ["", "silent after"],
        ["", 500],
        ["", "SHIPMENT.PURCHASE.IN_PROGRESS"],
        [429, "silent after", "SHIPMENT.POSTAGE.TIMED_OUT"],
    ],
)
async def test_over_lost_answers_a_label_is_bought_once(
    till: Till, mishaps: list[int | str]
) -> None:
    label_id = await till.ask(await till.order(), 3)
    till.emulator.mishaps = [*mishaps]
    for _ in range(4):
        await till.work(minutes=2)
    assert (await till.label(label_id)).state is LabelState.BOUGHT
    assert (len(till.emulator.shipments), till.emulator.spent) == (1, 6.10)
    assert len(await till.desk.parcels()) == 1
    assert await till.told() == [(WAREHOUSE.member_id, "fulfilment/label_told")]


@pytest.mark.parametrize("after", ["the quote", "the purchase"])
async def test_after_a_crash_the_rate_that_was_settled_on_is_bought_once(
    till: Till, after: str
) -> None:
    label_id = await till.ask(await till.order(), 3, carrier="USPS")
    quote = await _quote(till, label_id)
    async with till.desk.work("worker") as work:
        settled = await labels.quoted(work, label_id, quote)
    if after == "the purchase":
        await till.partner.buy(settled.quote, settled.rate)
        # What was needed to ask for it is not needed to find it.
        async with till.desk.work() as work:
            await merchants.unset(work, "shipping.sender_phone")
    await till.work()
    label = await till.label(label_id)
    assert (label.state, label.carrier, label.quote) == (LabelState.BOUGHT, "USPS", "shp_1")
    assert (len(till.emulator.shipments), till.emulator.spent) == (1, 7.58)


@pytest.mark.parametrize(
    ("mishaps", "words"),
    [
        (["", 402], "Insufficient funds"),
        (["ADDRESS.VERIFY.FAILURE"], "The carrier says no"),
        (["", "SHIPMENT.POSTAGE.FAILURE"], "The carrier says no"),
    ],
)
async def test_a_refusal_is_told_in_words_and_the_order_can_be_tried_again(
    till: Till, mishaps: list[int | str], words: str
) -> None:
    order_id = await till.order()
    label_id = await till.ask(order_id, 3)
    till.emulator.mishaps = [*mishaps]
    await till.work()
    label = await till.label(label_id)
    assert label.state is LabelState.FAILED
    assert words in (label.problem or "")
    [event] = await till.desk.events(Kind.LABEL_FAILED)
    assert (event.order_id, event.why) == (order_id, None)
    assert await till.told() == [(WAREHOUSE.member_id, "fulfilment/label_told")]
    assert (await till.desk.parcels(), till.emulator.spent) == ([], 0)
    await till.ask(order_id, 3)
    await till.work()
    assert till.emulator.spent == 6.10


async def test_a_carrier_that_does_not_offer_is_named_with_those_that_do(till: Till) -> None:
    label_id = await till.ask(await till.order(), 3, carrier="DHL")
    await till.work()
    assert (await till.label(label_id)).problem == (
        "DHL has no rate for this parcel. Choose UPS or USPS instead."
    )
    assert till.emulator.spent == 0


async def test_nothing_is_bought_for_what_left_meanwhile(till: Till) -> None:
    order_id = await till.order()
    label_id = await till.ask(order_id, 3)
    await shipped(till.desk, order_id, 3)
    await till.work()
    label = await till.label(label_id)
    assert (label.state, till.emulator.spent) == (LabelState.FAILED, 0)
    assert "it can't be shipped" in (label.problem or "")


async def test_a_label_that_came_too_late_is_kept_and_told(till: Till) -> None:
    order_id = await till.order()
    label_id = await till.ask(order_id, 3)
    quote = await _quote(till, label_id)
    async with till.desk.work("worker") as work:
        await labels.quoted(work, label_id, quote)
    await shipped(till.desk, order_id, 3)
    await till.work()
    label = await till.label(label_id)
    assert (label.state, label.parcel_id) == (LabelState.BOUGHT, None)
    assert label.url is not None
    assert len(await till.desk.parcels()) == 1
    assert await till.told() == [(WAREHOUSE.member_id, "fulfilment/label_told")]


async def test_who_is_locked_out_does_not_take_a_label_for_unsold(till: Till) -> None:
    label_id = await till.ask(await till.order(), 3)
    till.emulator.mishaps = ["", "silent after"]
    await till.work()
    till.emulator.key = "another"
    await till.work(minutes=2)
    [job] = await till.desk.all(select(Job).where(Job.kind == "label.buy"))
    assert job.state == jobs.State.DEAD
    assert "Whether this label was bought could not be asked" in job.last_error
    assert (await till.label(label_id)).state is LabelState.QUOTED
    till.emulator.key = KEY
    async with till.desk.work() as work:
        await jobs.revive(work.session, till.now, lane="labels")
    await till.work(minutes=2)
    assert (await till.label(label_id)).state is LabelState.BOUGHT
    assert till.emulator.spent == 6.10


async def test_a_silent_partner_is_parked_in_the_end_and_can_be_retried(till: Till) -> None:
    label_id = await till.ask(await till.order(), 3)
    till.emulator.mishaps = [500] * 40
    for _ in range(12):
        await till.work(hours=2)
    [job] = await till.desk.all(select(Job).where(Job.kind == "label.buy"))
    assert (job.state, job.last_error) == (
        jobs.State.DEAD,
        "The partner does not say whether it made the label.",
    )
    assert (await till.label(label_id)).state is LabelState.ASKED


async def test_who_asked_hears_once_that_a_partner_is_silent_for_two_hours(till: Till) -> None:
    label_id = await till.ask(await till.order(), 3)
    till.emulator.mishaps = [500] * 8
    await till.work()
    await till.work(hours=1)
    assert await till.told() == []
    for _ in range(3):
        await till.work(hours=1)
    assert await till.told() == [(WAREHOUSE.member_id, "fulfilment/label_unheard")]
    till.emulator.mishaps = []
    await till.work(hours=1)
    assert (await till.label(label_id)).state is LabelState.BOUGHT
    assert [template for _, template in await till.told()] == [
        "fulfilment/label_unheard",
        "fulfilment/label_told",
    ]


async def test_what_makes_no_label_is_refused_before_anything_is_asked(till: Till) -> None:
    order_id = await till.order()
    with pytest.raises(NotThere):
        await till.ask(order_id, 4)
    with pytest.raises(OddWeight):
        await till.ask(order_id, 3, weight=0)
    with pytest.raises(RoleNeeded):
        await till.ask(order_id, 3, by=FINANCE)
    await till.address(order_id, None)
    with pytest.raises(NoAddress, match="Order 1 has no whole address"):
        await till.ask(order_id, 3)
    await till.address(order_id, "742 Evergreen Terrace")
    await till.ask(order_id, 1)
    with pytest.raises(LabelUnderWay):
        await till.ask(order_id, 1)
    async with till.desk.work() as work:
        await merchants.unset(work, "shipping.sender_phone")
    with pytest.raises(SenderIncomplete):
        await till.ask(order_id, 1)
    assert len(await till.desk.all(select(Label))) == 1


async def _quote(till: Till, label_id: int) -> Quote:
    async with till.desk.work("worker") as work:
        errand = await labels.errand(work, label_id)
    assert isinstance(errand, Errand)
    return await till.partner.quote(errand.reference, errand.sender, errand.to, errand.package)
