"""A source changes its mind: what an order is promised follows what its lines want by now."""

from __future__ import annotations

from dataclasses import replace

from domain.orders.intake import LineDraft
from domain.orders.model import State
from tests.domain.desk import MUG, POT, Desk, draft
from tests.domain.shelf import confirmed, item, promised, stocked
from tests.domain.warehouse import found, lines, listed, packed, shipped

CUP = LineDraft(2, "CUP-1", "Cup", external_id="L-1")


async def wants(desk: Desk, quantity: int, number: str = "1", **changes: object) -> None:
    """Have the source say how many mugs the order wants now, beside a pot."""
    lines = (replace(MUG, quantity=quantity), POT)
    await desk.receive(draft(number, **{"lines": lines} | changes))


async def test_a_raised_line_is_promised_the_rest_as_far_as_it_is_there(desk: Desk) -> None:
    await stocked(desk, on_hand=4)
    await wants(desk, 2)
    await wants(desk, 3)
    assert await promised(desk) == [(3, 3)]
    await wants(desk, 6)
    assert await promised(desk) == [(4, 6)]
    mug = await item(desk)
    assert (mug.on_hand, mug.reserved) == (4, 4)


async def test_a_lowered_line_gives_back_and_who_waits_gets_it(desk: Desk) -> None:
    await stocked(desk, on_hand=4)
    await wants(desk, 4)
    await confirmed(desk, "2", 2)
    assert await promised(desk) == [(4, 4), (0, 2)]
    await wants(desk, 3)
    assert await promised(desk) == [(3, 3), (1, 2)]
    await wants(desk, 0)
    assert await promised(desk) == [(2, 2)]
    mug = await item(desk)
    assert (mug.on_hand, mug.reserved, mug.checks_due_at) == (4, 2, desk.now)


async def test_what_left_already_is_not_promised_again(desk: Desk) -> None:
    await stocked(desk, on_hand=6)
    order_id = await confirmed(desk, "1", 3, 1)
    await shipped(desk, order_id, 2, 0)
    mugs = LineDraft(4, "MUG-1", external_id="L0"), LineDraft(1, "MUG-1", external_id="L1")
    await desk.receive(draft("1", state=State.PENDING, lines=mugs))
    assert await promised(desk) == [(2, 2), (1, 1)]
    mug = await item(desk)
    assert (mug.on_hand, mug.reserved) == (4, 3)
    await desk.receive(draft("1", state=State.PENDING, lines=mugs, buyer_name="Other"))
    assert await promised(desk) == [(2, 2), (1, 1)], "nothing about the goods changed"


async def test_a_line_of_another_product_is_promised_that_one(desk: Desk) -> None:
    await stocked(desk, on_hand=4)
    await stocked(desk, "CUP-1", on_hand=1)
    await wants(desk, 2)
    await desk.receive(draft("1", lines=(CUP, POT)))
    assert await promised(desk) == [(1, 2)]
    assert ((await item(desk)).reserved, (await item(desk, "CUP-1")).reserved) == (0, 1)
    await desk.receive(draft("1", lines=(replace(CUP, sku="BOWL-1"), POT)))
    assert await promised(desk) == []


async def test_what_was_fetched_and_is_not_wanted_goes_back_to_the_shelf(desk: Desk) -> None:
    await stocked(desk, on_hand=4)
    await stocked(desk, "POT-1", on_hand=1)
    await wants(desk, 3)
    order_id = await desk.identify("1")
    await found(desk, await listed(desk))
    await wants(desk, 1)
    assert [(one.to_pack, one.left) for one in await lines(desk, order_id)] == [(1, 1), (1, 1)]
    await packed(desk, order_id, 1, 1)
    await shipped(desk, order_id, 1, 1)
    assert (await desk.order_row("1")).state is State.SHIPPED
    mug = await item(desk)
    assert (mug.on_hand, mug.reserved) == (3, 0)


async def test_a_line_that_is_cancelled_while_somebody_is_out_for_it(desk: Desk) -> None:
    await stocked(desk, on_hand=4)
    await stocked(desk, "POT-1", on_hand=1)
    await wants(desk, 2)
    order_id = await desk.identify("1")
    out = await listed(desk)
    await wants(desk, 0)
    await found(desk, out)
    assert [one.to_pack for one in await lines(desk, order_id)] == [0, 1]
    assert await promised(desk) == [(1, 1)]
    assert ((await item(desk)).on_hand, (await item(desk)).reserved) == (4, 0)
