"""Stock: promised on confirmation, given back, shipped, counted, and what of it is alarming."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.errors import ReasonNeeded, RoleNeeded
from domain.events import Kind
from domain.inventory import queries, service
from domain.inventory.model import ItemNotFound, NotThatMany, Shortage, Watch
from domain.money import Money
from domain.orders.model import State
from domain.shipping.model import ParcelState
from tests.domain.desk import FINANCE, WAREHOUSE, Desk, draft, parcel
from tests.domain.shelf import confirmed, item, promised, stocked


async def counted(desk: Desk, counted: int, why: str = "shelf recount") -> None:
    async with desk.work(WAREHOUSE.member_id) as work:
        await service.count(work, WAREHOUSE, "mug-1", counted, why)


async def adjusted(desk: Desk, by: int, why: str = "delivery 7781") -> None:
    async with desk.work(WAREHOUSE.member_id) as work:
        await service.adjust(work, WAREHOUSE, " MUG-1 ", by, why)


async def test_confirming_promises_what_is_there_and_the_rest_is_a_back_order(desk: Desk) -> None:
    await stocked(desk, on_hand=5)
    await confirmed(desk, "1", 3, 1)
    await confirmed(desk, "2", 4)
    mug = await item(desk)
    assert (mug.on_hand, mug.reserved, mug.available) == (5, 5, 0)
    assert await promised(desk) == [(3, 3), (1, 1), (1, 4)]


async def test_what_is_no_item_is_left_alone(desk: Desk) -> None:
    await stocked(desk, "POT-1")
    await confirmed(desk, "1", 3)
    assert await promised(desk) == []


async def test_goods_that_arrive_go_to_the_oldest_back_order_first(desk: Desk) -> None:
    await stocked(desk, on_hand=0)
    await confirmed(desk, "1", 3)
    await confirmed(desk, "2", 3)
    await adjusted(desk, 4)
    assert await promised(desk) == [(3, 3), (1, 3)]
    await counted(desk, 9)
    assert await promised(desk) == [(3, 3), (3, 3)]
    assert (await item(desk)).available == 3


async def test_a_cancelled_order_gives_back_and_others_get_it(desk: Desk) -> None:
    await stocked(desk, on_hand=3)
    await confirmed(desk, "1", 3)
    await confirmed(desk, "2", 2)
    await desk.receive(draft("1", state=State.CANCELLED, lines=()))
    assert await promised(desk) == [(2, 2)]
    mug = await item(desk)
    assert (mug.on_hand, mug.reserved) == (3, 2)
    await desk.receive(draft("1", state=State.CANCELLED, lines=(), buyer_name="Other"))
    assert (await item(desk)).reserved == 2


async def test_what_its_source_shipped_leaves_the_house_once(desk: Desk) -> None:
    await stocked(desk, on_hand=5)
    await confirmed(desk, "1", 3)
    shipped = draft("1", state=State.SHIPPED, lines=(), parcels=(parcel(),))
    await desk.receive(shipped)
    await desk.scan(ParcelState.IN_TRANSIT)
    mug = await item(desk)
    assert (mug.on_hand, mug.reserved, await promised(desk)) == (2, 0, [])


async def test_a_first_scan_takes_the_goods_out_of_the_house(desk: Desk) -> None:
    await stocked(desk, on_hand=5)
    await confirmed(desk, "1", 3)
    await desk.receive(draft("1", state=State.CONFIRMED, lines=(), parcels=(parcel(),)))
    for state in (ParcelState.IN_TRANSIT, ParcelState.OUT_FOR_DELIVERY, ParcelState.DELIVERED):
        await desk.scan(state)
    mug = await item(desk)
    assert (mug.on_hand, mug.reserved) == (2, 0)


async def test_history_that_is_imported_takes_nothing(desk: Desk) -> None:
    await stocked(desk, on_hand=5)
    await desk.order(number="1", state=State.SHIPPED, parcels=(parcel(),))
    assert (await item(desk)).on_hand == 5


async def test_lines_leave_one_by_one_and_never_more_than_was_wanted(desk: Desk) -> None:
    await stocked(desk, on_hand=5)
    order_id = await confirmed(desk, "1", 4, 2)
    lines = [line.id for line in (await desk.card("1")).lines]
    async with desk.work() as work:
        await service.ship(work, order_id, {lines[0]: 3, lines[1]: 1, 999: 5})
    mug = await item(desk)
    assert (mug.on_hand, mug.reserved, await promised(desk)) == (1, 1, [(1, 1), (0, 1)])
    async with desk.work() as work:
        await service.ship(work, order_id, {lines[0]: 30, lines[1]: 1})
    mug = await item(desk)
    # One piece more has left than the books knew of.
    assert (mug.on_hand, mug.reserved, await promised(desk)) == (0, 0, [])


async def test_a_count_below_what_is_promised_is_kept_and_said(desk: Desk) -> None:
    await stocked(desk, on_hand=5)
    await confirmed(desk, "1", 3)
    await confirmed(desk, "2", 2)
    await counted(desk, 4)
    mug = await item(desk)
    assert (mug.on_hand, mug.reserved, mug.shortage) == (4, 5, Shortage.OVERSOLD)
    [event] = await desk.events(Kind.STOCK_COUNTED)
    assert (event.why, event.data) == ("shelf recount", {"was": 5, "now": 4})
    [watch] = await desk.all(select(Watch))
    async with desk.look() as session:
        card = await queries.watch_card(session, watch.id)
    assert [one.number for one in card.orders] == ["2", "1"]
    # Nobody is promised anything more of it.
    await confirmed(desk, "3", 1)
    assert (await promised(desk))[-1] == (0, 1)


async def test_low_stock_is_one_message_that_ends_when_all_is_well(desk: Desk) -> None:
    await stocked(desk, on_hand=5, low_at=2)
    await stocked(desk, "POT-1", on_hand=5, low_at=5)
    await confirmed(desk, "1", 3)
    await confirmed(desk, "2", 1)
    async with desk.work(WAREHOUSE.member_id) as work:
        await service.count(work, WAREHOUSE, "POT-1", 4, "recount")
    [watch] = await desk.all(select(Watch))
    async with desk.look() as session:
        card = await queries.watch_card(session, watch.id)
    assert ([one.sku for one in card.items], card.low) == (["MUG-1", "POT-1"], 2)
    assert len(await desk.events(Kind.STOCK_LOW)) == 2
    await adjusted(desk, 10)
    async with desk.work(WAREHOUSE.member_id) as work:
        await service.describe(work, WAREHOUSE, "POT-1", location="A-1", low_at=1, price=None)
    [watch] = await desk.all(select(Watch))
    assert watch.ended_at == desk.now


async def test_an_item_is_described(desk: Desk) -> None:
    await stocked(desk)
    async with desk.work(WAREHOUSE.member_id) as work:
        price = Money(1_200, "USD")
        await service.describe(work, WAREHOUSE, "MUG-1", location="A-03-2", low_at=3, price=price)
    mug = await item(desk)
    assert (mug.location, mug.low_at, mug.price) == ("A-03-2", 3, price)


async def test_nonsense_is_refused_and_nothing_changes(desk: Desk) -> None:
    await stocked(desk, on_hand=5)
    with pytest.raises(NotThatMany, match="Only 5 of MUG-1 are on hand, so 6 can't be taken"):
        await adjusted(desk, -6)
    with pytest.raises(NotThatMany, match="0 is the least"):
        await counted(desk, -1)
    with pytest.raises(NotThatMany, match="from 0 to 1,000,000"):
        await counted(desk, 10**12)
    with pytest.raises(ReasonNeeded, match="change what is in stock"):
        await counted(desk, 4, " ")
    async with desk.work() as work:
        with pytest.raises(ItemNotFound, match="no item TEAPOT in stock"):
            await service.count(work, WAREHOUSE, "TEAPOT", 1, "found")
        with pytest.raises(RoleNeeded, match="work on stock"):
            await service.count(work, FINANCE, "MUG-1", 1, "found")
    assert (await item(desk)).on_hand == 5


async def test_the_shelf_shows_what_needs_somebody(desk: Desk) -> None:
    await stocked(desk, on_hand=1)
    await stocked(desk, "POT-1", on_hand=9, low_at=9)
    await stocked(desk, "CUP-1", on_hand=9)
    async with desk.work(WAREHOUSE.member_id) as work:
        await service.count(work, WAREHOUSE, "POT-1", 9, "recount")
    await confirmed(desk, "1", 4)
    async with desk.look() as session:
        shelf = await queries.shelf(session)
        low = await queries.shelf(session, low=True)
        card = await queries.card(session, "mug-1 ")
    assert [one.sku for one in shelf.items] == ["MUG-1", "POT-1"]
    assert (shelf.kept, shelf.low, shelf.oversold, shelf.missing) == (3, 1, 0, 3)
    assert [one.sku for one in low.items] == ["POT-1"]
    assert ([(one.number, one.missing) for one in card.waiting], card.missing) == ([("1", 3)], 3)
