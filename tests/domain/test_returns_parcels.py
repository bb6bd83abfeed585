"""A parcel that comes back moves its return, and never the order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.errors import RoleNeeded, WrongState
from domain.events import Kind
from domain.orders.model import State as OrderState
from domain.returns import clocks, service
from domain.returns.model import State
from domain.shipping import queries as parcels
from domain.shipping import service as shipping
from domain.shipping.model import ParcelState, Trouble
from tests.domain.desk import FINANCE, TRACKING, WAREHOUSE, Desk, draft, parcel
from tests.domain.returning import BACK, Returning, returning

MOVING = ParcelState.IN_TRANSIT


@pytest.fixture
async def shop(desk: Desk) -> Returning:
    """An order of two mugs and a pot that has arrived."""
    return await returning(desk)


@pytest.fixture
async def coming(shop: Returning) -> int:
    """A return whose parcel is known by its number."""
    return_id = await shop.until(State.AUTHORISED)
    await shop.track(return_id)
    return return_id


async def test_scans_bring_a_return_in(shop: Returning, coming: int) -> None:
    await shop.desk.scan(ParcelState.PENDING, BACK)
    assert await shop.state(coming) is State.AUTHORISED
    await shop.desk.later(hours=1).scan(MOVING, BACK)
    assert await shop.state(coming) is State.IN_TRANSIT
    await shop.desk.later(hours=9).scan(ParcelState.DELIVERED, BACK)
    card = await shop.card(coming)
    assert (card.rma.state, card.rma.received_at) == (
        State.RECEIVED,
        shop.desk.now + timedelta(hours=9),
    )
    assert card.parcels[0].state is ParcelState.DELIVERED
    assert [one.actor for one in await shop.desk.events(Kind.RETURN_RECEIVED)] == ["easypost"]


@pytest.mark.parametrize("first", [ParcelState.DELIVERED, MOVING])
async def test_a_return_arrives_once_in_whatever_order_it_is_heard_of(
    shop: Returning, coming: int, first: ParcelState
) -> None:
    heard = {ParcelState.DELIVERED: 5, MOVING: 6, ParcelState.OUT_FOR_DELIVERY: 4}
    for state in [*sorted(heard, key=lambda state: state is not first), ParcelState.DELIVERED]:
        await shop.desk.later(days=1).scan(state, BACK, at=shop.desk.now + heard[state] * _HOUR)
    assert (await shop.card(coming)).rma.received_at == shop.desk.now + 5 * _HOUR
    assert len(await shop.desk.events(Kind.RETURN_RECEIVED)) == 1


async def test_what_comes_back_says_nothing_of_the_order(desk: Desk) -> None:
    shop = await returning(
        desk, state=OrderState.SHIPPED, parcels=(parcel(state=MOVING),), deliver_by=desk.now
    )
    await shop.desk.scan(ParcelState.DELIVERED, TRACKING, at=desk.now - _HOUR)
    before = await desk.order_row()
    return_id = await shop.until(State.AUTHORISED)
    await shop.track(return_id)
    late = desk.later(days=20)
    await late.scan(ParcelState.DELIVERY_DELAYED, BACK)
    await late.sweep(shipping.sweep_late)
    async with late.look() as session:
        assert await parcels.late(session, late.now) == ([], 0)
    await late.scan(ParcelState.DELIVERED, BACK)
    after = await desk.order_row()
    assert (after.state, after.delivered_at, after.shipped_at) == (
        before.state,
        before.delivered_at,
        before.shipped_at,
    )


async def test_an_order_is_not_delivered_by_what_comes_back_of_it(desk: Desk) -> None:
    """A buyer may send back one of two parcels while the other one is on its way."""
    shop = await returning(
        desk, state=OrderState.SHIPPED, parcels=(parcel("AA1"), parcel("BB2", state=MOVING))
    )
    await desk.scan(ParcelState.DELIVERED, "AA1")
    await shop.track(await shop.until(State.AUTHORISED))
    await desk.scan(MOVING, BACK)
    await desk.later(hours=1).scan(ParcelState.DELIVERED, BACK)
    assert (await desk.order_row()).state is OrderState.SHIPPED
    await desk.later(hours=2).scan(ParcelState.DELIVERED, "BB2")
    order = await desk.order_row()
    assert (order.state, order.delivered_at) == (OrderState.DELIVERED, desk.now + 2 * _HOUR)


async def test_a_parcel_on_its_way_back_does_not_hold_up_the_order(desk: Desk) -> None:
    shop = await returning(desk, state=OrderState.SHIPPED, parcels=(parcel(state=MOVING),))
    await shop.track(await shop.until(State.AUTHORISED))
    await desk.scan(MOVING, BACK)
    await desk.scan(ParcelState.DELIVERED, TRACKING)
    assert (await desk.order_row()).state is OrderState.DELIVERED


async def test_trouble_on_the_way_back_is_the_returns(shop: Returning, coming: int) -> None:
    await shop.desk.scan(MOVING, BACK)
    silent = shop.desk.later(days=6)
    assert await silent.sweep(shipping.sweep_silent) == 1
    [trouble] = await shop.desk.events(Kind.PARCEL_TROUBLED)
    assert (trouble.data["return_id"], trouble.data["trouble"]) == (coming, Trouble.CARRIER_SILENT)
    async with silent.look() as session:
        assert await parcels.late(session, silent.now) == ([], 0)


async def test_many_silent_parcels_that_come_back_make_no_storm(desk: Desk) -> None:
    for number in range(7):
        shop = await returning(desk, number=f"N{number}", parcels=())
        await shop.track(await shop.until(State.AUTHORISED), f"BACK{number}")
        await desk.scan(MOVING, f"BACK{number}")
    await desk.later(days=6).sweep(shipping.sweep_silent)
    assert len(await desk.events(Kind.PARCEL_TROUBLED)) == 7
    assert await desk.events(Kind.STORM_GREW) == []


async def test_a_source_that_speaks_again_leaves_what_comes_back_alone(
    shop: Returning, coming: int
) -> None:
    await shop.desk.scan(MOVING, BACK)
    told = parcel(None, state=ParcelState.DELIVERED, delivered_at=shop.desk.now)
    for captured in (1, 2):
        await shop.desk.receive(
            draft(state=OrderState.COMPLETED, parcels=(parcel(), told), captured=captured)
        )
    back = next(one for one in await shop.desk.parcels() if one.return_id)
    assert (back.tracking_number, back.state) == (BACK, MOVING)
    assert back.silent_due_at is not None
    assert await shop.state(coming) is State.IN_TRANSIT


async def test_a_wrong_number_is_corrected_until_a_carrier_has_scanned_it(
    shop: Returning, coming: int
) -> None:
    await shop.track(coming, "1z back2 ")
    assert [one.tracking_number for one in (await shop.card(coming)).parcels] == ["1ZBACK2"]
    await shop.desk.scan(MOVING, "1ZBACK2")
    await shop.track(coming, "1ZBACK3")
    card = await shop.card(coming)
    assert [one.tracking_number for one in card.parcels] == ["1ZBACK2", "1ZBACK3"]
    await shop.desk.scan(ParcelState.DELIVERED, "1ZBACK2")
    assert await shop.state(coming) is State.IN_TRANSIT
    await shop.desk.scan(ParcelState.DELIVERED, "1ZBACK3")
    assert await shop.state(coming) is State.RECEIVED


async def test_another_parcels_number_is_refused(shop: Returning, coming: int) -> None:
    await shop.desk.order(number="1002", parcels=(parcel("OTHER", state=MOVING),))
    for number, sentence in (
        (TRACKING, "brought this order"),
        (BACK, "comes back already"),
        ("OTHER", "belongs to another order"),
        (" ", "Give the number"),
    ):
        with pytest.raises(service.CantBeTracked, match=sentence) as no:
            await shop.track(coming, number)
        assert no.value.field == "number"
    with pytest.raises(RoleNeeded, match="To receive returns"):
        async with shop.desk.work() as work:
            await service.track(work, FINANCE, coming, "NEW")
    asked = await shop.ask()
    with pytest.raises(WrongState, match="is requested, so it can't be tracked"):
        await shop.track(asked, "NEW")


async def test_what_is_on_its_way_does_not_expire(shop: Returning, coming: int) -> None:
    assert await shop.desk.later(days=99).sweep(clocks.sweep_expired) == 0
    await shop.desk.scan(MOVING, BACK)
    await shop.do("receive", coming, by=WAREHOUSE)
    await shop.desk.scan(ParcelState.DELIVERED, BACK)
    assert len(await shop.desk.events(Kind.RETURN_RECEIVED)) == 1


async def test_scans_of_what_was_withdrawn_change_nothing(shop: Returning, coming: int) -> None:
    await shop.do("withdraw", coming, "They keep it")
    await shop.desk.scan(MOVING, BACK)
    await shop.desk.scan(ParcelState.DELIVERED, BACK)
    assert await shop.state(coming) is State.WITHDRAWN


_HOUR = timedelta(hours=1)
