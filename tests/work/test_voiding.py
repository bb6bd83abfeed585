"""Labels are given back while no carrier has the parcel, and what was in it can be shipped again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from aiohttp.test_utils import TestServer

from bot.local.world import SENDER
from domain.errors import RoleNeeded
from domain.events import Kind
from domain.fulfilment import voiding
from domain.fulfilment.label import LabelState
from domain.fulfilment.voiding import LabelUsed, NotToVoid
from domain.inventory import service as inventory
from domain.orders.model import Order, State
from domain.people import Member
from domain.shipping import alerts, confirmation, reshipping
from domain.shipping.model import ParcelState
from domain.store import Store
from tests.connectors.easypost_emulator import Emulator
from tests.domain.desk import AGENT, FINANCE, Desk
from tests.domain.shelf import item, promised, stocked
from tests.domain.warehouse import by_line, lines, shipped
from tests.work.test_labels import Till


@pytest.fixture
async def till(store: Store, merchant: int, now: datetime) -> AsyncIterator[Till]:
    desk = Desk(store, merchant, now)
    for name, value in SENDER.items():
        await desk.setting(f"shipping.sender_{name}", value)
    await stocked(desk, on_hand=10)
    emulator = Emulator()
    async with TestServer(emulator.application()) as server:
        yield Till(desk, emulator, str(server.make_url("/v2/")))


async def bought(till: Till, *quantities: int) -> tuple[int, int]:
    """Buy the label of an order's parcel; returns the ids of the order and the label."""
    order_id = await till.order("1", *quantities)
    label_id = await till.ask(order_id, *quantities)
    await till.work()
    return order_id, label_id


async def void(till: Till, label_id: int, by: Member = AGENT) -> None:
    async with till.desk.work(by.member_id) as work:
        await voiding.ask(work, by, label_id)


async def test_what_was_in_the_parcel_of_a_label_given_back_can_be_shipped_again(
    till: Till,
) -> None:
    order_id, label_id = await bought(till, 3)
    assert (await item(till.desk)).on_hand == 7
    async with till.desk.look() as session:
        [parcel_id] = await voiding.of_order(session, order_id)
        assert await confirmation.is_wanted(session, parcel_id)
    await void(till, label_id)
    with pytest.raises(NotToVoid, match="@U0AGENT has this label given back already"):
        await void(till, label_id)
    assert (await till.desk.parcels())[0].state is ParcelState.PENDING
    await till.work()
    [parcel] = await till.desk.parcels()
    assert (parcel.state, parcel.track_due_at) == (ParcelState.CANCELLED, None)
    assert (await till.label(label_id)).state is LabelState.VOIDED
    order = await till.desk.order_row("1")
    assert (order.state, order.shipped_at) == (State.PACKED, None)
    mugs = await item(till.desk)
    assert (mugs.on_hand, mugs.reserved, await promised(till.desk)) == (10, 3, [(3, 3)])
    assert [line.to_ship for line in await lines(till.desk, order_id)] == [3]
    assert (await till.told())[-1] == (AGENT.member_id, "fulfilment/void_told")
    async with till.desk.look() as session:
        assert not await confirmation.is_wanted(session, parcel_id)
        assert await voiding.of_order(session, order_id) == {}
    await shipped(till.desk, order_id, 3, number="1Z OTHER")
    assert (await till.desk.order_row("1")).state is State.SHIPPED
    assert (await item(till.desk)).on_hand == 7


async def test_one_of_two_parcels_comes_back_and_the_rest_stays_gone(till: Till) -> None:
    order_id = await till.order("1", 3)
    label_id = await till.ask(order_id, 1)
    await till.work()
    await void(till, label_id)
    await till.work()
    assert (await till.desk.order_row("1")).state is State.PACKED
    mugs = await item(till.desk)
    assert (mugs.on_hand, mugs.reserved, await promised(till.desk)) == (10, 3, [(3, 3)])


async def test_an_order_that_was_cancelled_meanwhile_leaves_its_goods_on_the_shelf(
    till: Till,
) -> None:
    order_id = await till.order("1", 3)
    label_id = await till.ask(order_id, 2)
    await till.work()
    await void(till, label_id)
    async with till.desk.work() as work:
        order = await work.lock(Order, order_id)
        order.move(State.CANCELLED)
        await inventory.end(work, cancelled=[order_id])
    await till.work()
    mugs = await item(till.desk)
    assert (mugs.on_hand, mugs.reserved, await promised(till.desk)) == (10, 0, [])
    assert (await till.desk.order_row("1")).state is State.CANCELLED


async def test_what_is_sent_again_is_to_be_sent_still_and_its_order_stays_gone(
    till: Till,
) -> None:
    order_id, _ = await bought(till, 3)
    [first] = await till.desk.parcels()
    await till.desk.scan(ParcelState.DELIVERY_FAILED, first.tracking_number or "")
    goods = await by_line(till.desk, order_id, (2,))
    async with till.desk.work(AGENT.member_id) as work:
        alert_id = await alerts.newest(work.session, first.id)
        await reshipping.reship(work, AGENT, alert_id, goods, "lost")
    label_id = await till.ask(order_id, 2)
    await till.work()
    assert [line.left for line in await lines(till.desk, order_id)] == [0]
    await void(till, label_id)
    await till.work()
    assert (await till.desk.order_row("1")).state is State.SHIPPED
    [line] = await lines(till.desk, order_id)
    assert (line.again, line.to_ship) == (2, 2)
    mugs = await item(till.desk)
    assert (mugs.on_hand, mugs.reserved, await promised(till.desk)) == (7, 2, [(2, 2)])
    await shipped(till.desk, order_id, 2, number="1Z OTHER")
    async with till.desk.look() as session:
        assert (await reshipping.of_alert(session, alert_id)).left == 0


async def test_a_label_that_a_carrier_has_seen_stays(till: Till) -> None:
    order_id, label_id = await bought(till, 3)
    [parcel] = await till.desk.parcels()
    await till.desk.scan(ParcelState.IN_TRANSIT, parcel.tracking_number or "")
    with pytest.raises(LabelUsed):
        await void(till, label_id)
    with pytest.raises(RoleNeeded):
        await void(till, label_id, FINANCE)
    async with till.desk.look() as session:
        assert await voiding.of_order(session, order_id) == {}


async def test_a_parcel_that_is_scanned_meanwhile_goes_on(till: Till) -> None:
    _, label_id = await bought(till, 3)
    await void(till, label_id)
    [parcel] = await till.desk.parcels()
    await till.desk.scan(ParcelState.IN_TRANSIT, parcel.tracking_number or "")
    await till.work()
    [parcel] = await till.desk.parcels()
    assert parcel.state is ParcelState.IN_TRANSIT
    label = await till.label(label_id)
    assert (label.state, label.problem) == (
        LabelState.VOIDED,
        "The carrier scanned the parcel meanwhile, so it goes on.",
    )
    assert (await item(till.desk)).on_hand == 7


async def test_a_partner_that_refuses_leaves_label_and_parcel_and_may_be_asked_again(
    till: Till,
) -> None:
    _, label_id = await bought(till, 3)
    till.emulator.takes_back = False
    await void(till, label_id)
    await till.work()
    label = await till.label(label_id)
    assert label.state is LabelState.BOUGHT
    assert "does not take the label back" in (label.problem or "")
    assert (await till.desk.parcels())[0].state is ParcelState.PENDING
    assert (await till.told())[-1] == (AGENT.member_id, "fulfilment/void_told")
    till.emulator.takes_back = True
    await void(till, label_id)
    await till.work()
    assert (await till.label(label_id)).state is LabelState.VOIDED


@pytest.mark.parametrize("mishap", ["silent after", 500])
async def test_over_lost_answers_a_label_is_given_back_once(till: Till, mishap: str | int) -> None:
    _, label_id = await bought(till, 3)
    till.emulator.mishaps = [mishap]
    await void(till, label_id)
    await till.work()
    assert (await till.label(label_id)).state is LabelState.VOIDING
    assert (await till.desk.parcels())[0].state is ParcelState.PENDING
    await till.work(minutes=2)
    assert (await till.label(label_id)).state is LabelState.VOIDED
    assert len(await till.desk.events(Kind.LABEL_VOIDED)) == 1


async def test_who_has_a_label_given_back_hears_that_the_partner_is_silent(till: Till) -> None:
    _, label_id = await bought(till, 3)
    await void(till, label_id)
    till.emulator.mishaps = [500] * 40
    for _ in range(4):
        await till.work(hours=1)
    assert (await till.told())[1:] == [(AGENT.member_id, "fulfilment/label_unheard")]
