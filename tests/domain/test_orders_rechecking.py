"""Orders that wait for goods: checked again once there are more, and confirmed by the rule."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from domain.events import Kind
from domain.inventory import intake, service
from domain.inventory.intake import ItemDraft
from domain.inventory.model import Item
from domain.orders import confirming, rechecking
from domain.orders.model import Order, State
from domain.orders.service import receive
from tests.domain.desk import MUG, WAREHOUSE, Desk, draft, statements
from tests.domain.shelf import confirmed, promised, stocked


async def arrive(desk: Desk, *numbers: str, state: State = State.CONFIRMED) -> None:
    """Have orders of two mugs each come in from a live source, and the rule look at them."""
    async with desk.work("shopify") as work:
        drafts = [draft(number, lines=(MUG,), state=state) for number in numbers]
        await receive(work, drafts, source="shopify", announce=True)
    await desk.sweep(confirming.sweep_rules)


async def waiting(desk: Desk) -> list[str]:
    """Return the numbers of the orders that wait to be confirmed."""
    query = select(Order).where(Order.state == State.PENDING).order_by(Order.id)
    return [order.number for order in await desk.all(query)]


async def tick(desk: Desk) -> None:
    """Let the clock look, as often as it does, in its order."""
    await desk.sweep(rechecking.sweep)
    await desk.sweep(confirming.sweep_rules)


async def counted(desk: Desk) -> None:
    async with desk.work(WAREHOUSE.member_id) as work:
        await service.count(work, WAREHOUSE, "MUG-1", 4, "recount")


async def adjusted(desk: Desk) -> None:
    async with desk.work(WAREHOUSE.member_id) as work:
        await service.adjust(work, WAREHOUSE, "MUG-1", 2, "delivery")


async def imported(desk: Desk) -> None:
    async with desk.work() as work:
        await intake.receive(work, [ItemDraft("mug-1", 4)], source="stock.csv")


async def restocked(desk: Desk) -> None:
    async with desk.work(WAREHOUSE.member_id) as work:
        await service.restock(work, {"MUG-1": 2}, "return RMA-1")


async def released(desk: Desk) -> None:
    await desk.receive(draft("1", state=State.CANCELLED, lines=()))


@pytest.mark.parametrize("rises", [counted, adjusted, imported, restocked, released])
async def test_an_order_that_waits_for_goods_is_confirmed_once_they_are_there(
    desk: Desk, rises: Callable[[Desk], Awaitable[None]]
) -> None:
    await stocked(desk, on_hand=2)
    await confirmed(desk, "1", 2)
    await desk.setting("order.auto_confirm", "clean")
    await arrive(desk, "2", "3")
    assert await waiting(desk) == ["2", "3"], "the first one has all that there is"
    await tick(desk)
    assert await desk.events(Kind.ORDERS_RECHECKED) == [], "nothing rose so far"
    await rises(desk)
    await tick(desk)
    assert await waiting(desk) == ["3"], "two are enough for one of them"
    assert (await desk.order_row("2")).confirmed_by == "clock"
    [event] = await desk.events(Kind.ORDERS_RECHECKED)
    assert (event.subject, event.data) == ("arrival", {"found": 2})
    assert (await promised(desk))[-1] == (2, 2)
    await tick(desk)
    assert len(await desk.events(Kind.ORDERS_RECHECKED)) == 1


async def test_goods_that_are_new_here_are_looked_at_too(desk: Desk) -> None:
    await stocked(desk, "POT-1")
    await desk.setting("order.auto_confirm", "clean")
    await arrive(desk, "1")
    assert await waiting(desk) == ["1"], "its SKU is unknown"
    await imported(desk)
    await tick(desk)
    assert await waiting(desk) == []


async def test_without_a_rule_the_message_counts_anew_and_a_person_confirms(desk: Desk) -> None:
    await stocked(desk, on_hand=1)
    await arrive(desk, "1")
    await adjusted(desk)
    await tick(desk)
    assert await waiting(desk) == ["1"]
    assert len(await desk.events(Kind.ORDERS_RECHECKED)) == 1


async def test_many_orders_and_items_are_looked_at_together(desk: Desk) -> None:
    await stocked(desk, on_hand=0)
    for number in range(30):
        await stocked(desk, f"CUP-{number}", on_hand=0)
    await arrive(desk, *(str(number) for number in range(150)))
    async with desk.work() as work:
        rows = [ItemDraft("MUG-1", 500), *(ItemDraft(f"CUP-{one}", 5) for one in range(30))]
        await intake.receive(work, rows, source="stock.csv")
    with statements(desk.store) as seen:
        assert await desk.sweep(rechecking.sweep) == 31
    # One for all items, which SQLite counts as one for each.
    assert len([one for one in seen if "items SET" not in one]) < 12
    due = await desk.all(select(Order).where(Order.confirm_due_at.is_not(None)))
    assert len(due) == 150
    assert await desk.all(select(Item).where(Item.checks_due_at.is_not(None))) == []


async def test_less_on_the_shelf_calls_for_nobody(desk: Desk) -> None:
    await stocked(desk, on_hand=9)
    async with desk.work(WAREHOUSE.member_id) as work:
        await service.adjust(work, WAREHOUSE, "MUG-1", -2, "broken")
    assert await desk.sweep(rechecking.sweep) == 0
