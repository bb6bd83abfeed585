"""The warehouse: pick lists, what was found, and what is really in the box."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.errors import DeskhandError, RecordNotFound, RoleNeeded, WrongState
from domain.events import Kind
from domain.fulfilment import picking, queries
from domain.fulfilment.model import Pick, PickList, Problem
from domain.fulfilment.picking import AlreadyFound, NothingToPick, NotOnTheList
from domain.fulfilment.policy import NothingToDo, NotThere, ReasonForDifference, Step
from domain.inventory.model import Shortage
from domain.inventory.service import adjust
from domain.orders.intake import LineDraft
from domain.orders.model import State
from tests.domain.desk import FINANCE, WAREHOUSE, Desk, draft
from tests.domain.shelf import confirmed, item, promised, stocked
from tests.domain.warehouse import found, lines, listed, packed, shipped


async def _orders(desk: Desk, pick_list: PickList) -> list[str]:
    async with desk.look() as session:
        return [number for _, number in (await queries.card(session, pick_list.id)).orders]


async def _step(desk: Desk, order_id: int) -> Step | None:
    async with desk.look() as session:
        return (await queries.order_card(session, order_id)).step


async def test_the_most_urgent_orders_are_picked_first_and_by_place(desk: Desk) -> None:
    await stocked(desk, "MUG-1", location="B-02")
    await stocked(desk, "POT-1", location="A-01")
    mugs = LineDraft(2, "mug-1", "Mug", external_id="1")
    pots = LineDraft(1, "POT-1", "Pot", external_id="2")
    for number, days, goods in (("later", 3, (mugs,)), ("soon", 1, (mugs, pots)), ("never", 0, ())):
        ship_by = desk.now + timedelta(days=days) if days else None
        await desk.order(number=number, ship_by=ship_by, lines=goods or (mugs,))
    await desk.setting("shipping.pick_list_orders", "2")
    first = await listed(desk)
    assert await _orders(desk, first) == ["soon", "later"]
    async with desk.look() as session:
        card = await queries.card(session, first.id)
    assert [(stop.location, stop.sku, stop.quantity) for stop in card.stops] == [
        ("A-01", "POT-1", 1),
        ("B-02", "mug-1", 4),
    ]
    assert (await desk.order_row("soon")).state is State.PICKING
    assert await _orders(desk, await listed(desk)) == ["never"]
    with pytest.raises(NothingToPick):
        await listed(desk)


async def test_two_who_ask_at_once_never_get_the_same_order(desk: Desk) -> None:
    await desk.receive(*(draft(str(number)) for number in range(12)))
    await desk.setting("shipping.pick_list_orders", "3")
    lists = await asyncio.gather(*(listed(desk) for _ in range(4)))
    picks = await desk.all(select(Pick))
    assert len({pick.line_id for pick in picks}) == len(picks)
    by_list = [set(await _orders(desk, one)) for one in lists]
    assert sum(len(one) for one in by_list) == len(set().union(*by_list))


async def test_an_order_goes_from_the_list_over_the_box_to_the_carrier(desk: Desk) -> None:
    await stocked(desk)
    order_id = await confirmed(desk, "1", 2, 1)
    assert await _step(desk, order_id) is Step.PICK
    pick_list = await listed(desk)
    assert await _step(desk, order_id) is Step.FIND
    with pytest.raises(NothingToDo, match="is on a pick list"):
        await packed(desk, order_id, 2, 1)
    await found(desk, pick_list)
    assert await _step(desk, order_id) is Step.PACK
    with pytest.raises(NothingToDo, match="Pack what was picked first"):
        await shipped(desk, order_id, 2, 1)
    await packed(desk, order_id, 2, 1)
    assert (await desk.order_row("1")).state is State.PACKED
    with pytest.raises(NothingToDo, match="packed already"):
        await packed(desk, order_id, 2, 1)
    await shipped(desk, order_id, 2, 1)
    assert (await desk.order_row("1")).state is State.SHIPPED
    assert await _step(desk, order_id) is None
    assert (await item(desk)).on_hand == 7
    with pytest.raises(WrongState):
        await packed(desk, order_id, 1)


async def test_what_is_missing_is_a_problem_comes_off_stock_and_waits(desk: Desk) -> None:
    await stocked(desk, on_hand=9)
    order_id = await confirmed(desk, "1", 3)
    await confirmed(desk, "2", 2)
    pick_list = await listed(desk)
    await found(desk, pick_list, 1)
    mug = await item(desk)
    # One was found, and the other order's two are in somebody's hands: the place is empty.
    assert (mug.on_hand, mug.reserved, mug.shortage) == (3, 3, None)
    assert await promised(desk) == [(1, 3), (2, 2)]
    [problem] = await desk.events(Kind.PACKING_PROBLEM)
    assert (problem.order_id, problem.data["problem"], problem.data["quantity"]) == (
        order_id,
        Problem.MISSING,
        2,
    )
    [line] = await lines(desk, order_id)
    assert (line.to_pack, line.waiting, line.to_pick) == (1, 2, 0)
    with pytest.raises(NothingToPick):
        await listed(desk)
    await packed(desk, order_id, 1)
    await shipped(desk, order_id, 1)
    async with desk.work(WAREHOUSE.member_id) as work:
        await adjust(work, WAREHOUSE, "MUG-1", 5, "delivery")
    again = await listed(desk)
    await found(desk, again)
    await packed(desk, order_id, 2)
    await shipped(desk, order_id, 2, number="2")
    assert (await desk.order_row("1")).state is State.SHIPPED
    assert len(await desk.parcels()) == 2


async def test_what_others_were_promised_of_an_empty_place_is_oversold(desk: Desk) -> None:
    await stocked(desk, on_hand=4)
    await desk.setting("shipping.pick_list_orders", "1")
    await confirmed(desk, "1", 2)
    await confirmed(desk, "2", 2)
    await found(desk, await listed(desk), 0)
    mug = await item(desk)
    assert (mug.on_hand, mug.reserved, mug.shortage) == (0, 2, Shortage.OVERSOLD)


async def test_without_stock_kept_here_what_is_missing_is_not_looked_for_again(
    desk: Desk,
) -> None:
    order_id = await confirmed(desk, "1", 2)
    await found(desk, await listed(desk), 0)
    with pytest.raises(NothingToPick):
        await listed(desk)
    async with desk.work(WAREHOUSE.member_id) as work:
        pick_list = await picking.ask_for(work, WAREHOUSE, order_id)
    await found(desk, pick_list)
    [line] = await lines(desk, order_id)
    assert (line.to_pack, line.waiting) == (2, 0)


async def test_a_box_that_differs_needs_a_reason(desk: Desk) -> None:
    await stocked(desk, on_hand=3)
    order_id = await confirmed(desk, "1", 3)
    await found(desk, await listed(desk))
    with pytest.raises(NotThere, match="a number from 0 to 3"):
        await packed(desk, order_id, 4)
    with pytest.raises(ReasonForDifference, match="2 of the 3"):
        await packed(desk, order_id, 2)
    await packed(desk, order_id, 2, problem=Problem.DAMAGED, note="lid cracked")
    assert (await item(desk)).on_hand == 2
    [line] = await lines(desk, order_id)
    assert (line.to_ship, line.waiting) == (2, 1)
    [problem] = await desk.events(Kind.PACKING_PROBLEM)
    assert (problem.why, problem.data["problem"]) == ("lid cracked", "damaged")


async def test_a_wrong_item_is_fetched_again_and_a_wrong_label_changes_nothing(desk: Desk) -> None:
    await stocked(desk, on_hand=3)
    order_id = await confirmed(desk, "1", 3)
    await found(desk, await listed(desk))
    await packed(desk, order_id, 2, problem=Problem.WRONG_ITEM)
    [line] = await lines(desk, order_id)
    assert (line.to_ship, line.to_pick, (await item(desk)).on_hand) == (2, 1, 3)
    await found(desk, await listed(desk))
    await packed(desk, order_id, 1, problem=Problem.WRONG_LABEL)
    await shipped(desk, order_id, 3)
    assert (await desk.order_row("1")).state is State.SHIPPED
    assert [one.data["quantity"] for one in await desk.events(Kind.PACKING_PROBLEM)] == [1, 0]


async def test_a_list_is_told_of_once_and_makes_sense(desk: Desk) -> None:
    await confirmed(desk, "1", 2)
    pick_list = await listed(desk)
    for nonsense in (-1, 3):
        with pytest.raises(NotOnTheList):
            await found(desk, pick_list, nonsense)
    told = await asyncio.gather(
        found(desk, pick_list), found(desk, pick_list, 1), return_exceptions=True
    )
    assert sum(isinstance(one, AlreadyFound) for one in told) == 1
    with pytest.raises(RecordNotFound):
        async with desk.work(WAREHOUSE.member_id) as work:
            await picking.find(work, WAREHOUSE, pick_list.id + 1)
    with pytest.raises(RoleNeeded):
        await listed(desk, FINANCE)


async def test_an_order_cancelled_while_it_is_fetched_is_left_alone(desk: Desk) -> None:
    await stocked(desk, on_hand=5)
    order_id = await confirmed(desk, "1", 2)
    await confirmed(desk, "2", 2)
    pick_list = await listed(desk)
    await desk.receive(draft("1", state=State.CANCELLED, lines=()))
    assert await _orders(desk, pick_list) == ["2"]
    await found(desk, pick_list)
    assert (await item(desk)).on_hand == 5
    with pytest.raises(WrongState, match="Order 1 is cancelled, so it can't be packed"):
        await packed(desk, order_id, 2)


async def test_two_packers_and_two_shippers_of_one_order_do_it_once(desk: Desk) -> None:
    await stocked(desk, on_hand=5)
    order_id = await confirmed(desk, "1", 2)
    await found(desk, await listed(desk))
    boxes = await asyncio.gather(
        *(packed(desk, order_id, 2) for _ in range(2)), return_exceptions=True
    )
    assert sum(isinstance(one, DeskhandError) for one in boxes) == 1
    parcels = await asyncio.gather(
        *(shipped(desk, order_id, 2, number=f"N{at}") for at in range(3)), return_exceptions=True
    )
    assert sum(isinstance(one, DeskhandError) for one in parcels) == 2
    assert len(await desk.parcels()) == 1
    assert (await item(desk)).on_hand == 3
