"""A source that ships in parts: what it says is in a parcel counts at once, not with the last."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from domain.fulfilment.picking import NothingToPick
from domain.orders.intake import OrderDraft
from domain.orders.model import State
from domain.orders.service import receive
from domain.shipping.model import Content, ParcelState
from tests.domain.desk import MUG, POT, Desk, draft, parcel
from tests.domain.shelf import item, promised, stocked
from tests.domain.warehouse import found, lines, listed, shipped

MUGS = ((1, 2),)
POTS = ((2, 1),)


def sent(number: str, *contents: tuple[int, int], **changes: Any) -> Any:
    """A parcel that its source says left with so many of the lines at these positions."""
    return parcel(number, lines=contents, **changes)


async def told(desk: Desk, *parcels: Any, **changes: Any) -> None:
    await desk.receive(draft(parcels=parcels, **changes))


async def left(desk: Desk) -> list[tuple[int, int]]:
    """Return how many of each line have left, and have not."""
    return [(one.shipped, one.left) for one in await lines(desk, await desk.identify("1001"))]


async def test_parcels_count_as_they_are_told_and_the_last_ships_the_order(desk: Desk) -> None:
    await stocked(desk, on_hand=5)
    await told(desk)
    assert await promised(desk) == [(2, 2)]
    await told(desk, sent("A", (1, 1)))
    assert (await desk.order_row()).state is State.PACKED
    assert await left(desk) == [(1, 1), (0, 1)]
    assert await promised(desk) == [(1, 1)]
    assert ((await item(desk)).on_hand, (await item(desk)).reserved) == (4, 1)
    await desk.scan(ParcelState.DELIVERED, "A")
    assert (await desk.order_row()).state is State.PACKED, "the others have not left"
    await told(desk, sent("A", (1, 1)), sent("B", (1, 1), *POTS, shipped_at=desk.now))
    order = await desk.order_row()
    assert (order.state, order.shipped_at) == (State.SHIPPED, desk.now)
    assert ((await item(desk)).on_hand, await promised(desk)) == (3, [])


async def test_an_order_that_is_new_here_stands_where_its_parcels_have_brought_it(
    desk: Desk,
) -> None:
    await stocked(desk, on_hand=5)
    await told(desk, sent("A", *MUGS))
    assert (await desk.order_row()).state is State.PACKED
    assert await left(desk) == [(2, 0), (0, 1)]
    assert ((await item(desk)).on_hand, await promised(desk)) == (5, []), "that was before"
    # The rest is fetched here.
    await found(desk, await listed(desk))
    assert [one.to_pack for one in await lines(desk, await desk.identify("1001"))] == [0, 1]
    with pytest.raises(NothingToPick):
        await listed(desk)


async def test_what_is_in_a_known_parcel_may_be_told_later_and_ours_is_not_rewritten(
    desk: Desk,
) -> None:
    await stocked(desk, on_hand=5)
    await told(desk, sent("A"))
    order_id = await desk.identify("1001")
    await told(desk, sent("A", (1, 1)))
    assert await left(desk) == [(1, 1), (0, 1)]
    assert (await item(desk)).on_hand == 4
    ours = await shipped(desk, order_id, 1, 0, number="B")
    await told(desk, sent("A", (1, 1)), sent("B", *MUGS))
    held = await desk.all(select(Content).where(Content.parcel_id == ours.id))
    assert [one.quantity for one in held] == [1]
    assert ((await item(desk)).on_hand, await promised(desk)) == (3, [])


async def test_a_parcel_that_is_called_off_is_to_be_sent_after_all(desk: Desk) -> None:
    await stocked(desk, on_hand=5)
    await told(desk)
    await told(desk, sent("A", *MUGS))
    assert (await item(desk)).on_hand == 3
    await told(desk, sent("A", *MUGS, state=ParcelState.CANCELLED))
    assert await left(desk) == [(0, 2), (0, 1)]
    assert ((await item(desk)).on_hand, await promised(desk)) == (5, [(2, 2)])


async def test_a_new_order_that_somebody_begins_to_ship_elsewhere_leaves_the_list(
    desk: Desk,
) -> None:
    async def arrive(drafted: OrderDraft) -> None:
        async with desk.work("shopify") as work:
            await receive(work, [drafted], source="shopify", announce=True)

    await arrive(draft())
    assert (await desk.order_row()).state is State.PENDING
    await arrive(draft(parcels=(sent("A", *MUGS),)))
    assert (await desk.order_row()).state is State.PACKED


async def test_a_line_told_twice_in_a_parcel_counts_both(desk: Desk) -> None:
    await told(desk, sent("A", (1, 1), (1, 1)))
    assert await left(desk) == [(2, 0), (0, 1)]


@pytest.mark.parametrize(
    ("state", "contents", "reached"),
    [
        (State.CONFIRMED, (), State.CONFIRMED),
        (State.CONFIRMED, MUGS, State.PACKED),
        (State.CONFIRMED, (*MUGS, *POTS), State.SHIPPED),
        (State.CONFIRMED, ((1, 1), *POTS, (1, 1)), State.SHIPPED),
        (State.PENDING, MUGS, State.PENDING),
        (State.CANCELLED, MUGS, State.CANCELLED),
        (State.DELIVERED, MUGS, State.DELIVERED),
    ],
)
def test_where_an_order_stands_follows_from_its_parcels(
    state: State, contents: tuple[tuple[int, int], ...], reached: State
) -> None:
    assert draft(state=state, lines=(MUG, POT), parcels=(sent("A", *contents),)).reached is reached
