from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Select, select

from domain.errors import RecordNotFound
from domain.events import Kind
from domain.orders.intake import ParcelDraft
from domain.orders.model import State as OrderState
from domain.shipping import queries, service
from domain.shipping.model import TROUBLES, ParcelState, Scan, Trouble, as_tracked
from tests.domain.desk import TRACKING, Desk, draft, parcel

MOVING = ParcelState.IN_TRANSIT


@pytest.fixture
async def labelled(desk: Desk) -> Desk:
    """A desk with one order whose parcel waits for its carrier."""
    await desk.receive(draft(parcels=(parcel(),)))
    return desk


async def test_an_order_goes_out_with_its_first_scan_and_arrives_with_its_last(
    labelled: Desk,
) -> None:
    await labelled.scan(ParcelState.PENDING)
    assert (await labelled.order_row()).state is OrderState.CONFIRMED
    moved = labelled.later(hours=3)
    await moved.scan(ParcelState.PICKED_UP, description="Picked up", place="Ogdenville")
    order = await labelled.order_row()
    assert (order.state, order.shipped_at) == (OrderState.SHIPPED, moved.now)
    arrived = labelled.later(days=1)
    held = await arrived.scan(ParcelState.DELIVERED)
    assert held
    assert (held.delivered_at, held.shipped_at) == (arrived.now, moved.now)
    assert (held.silent_due_at, held.late_due_at) == (None, None)
    order = await labelled.order_row()
    assert (order.state, order.delivered_at) == (OrderState.DELIVERED, arrived.now)
    assert [one.kind for one in await labelled.events()][1:] == [
        Kind.PARCEL_MOVED,
        Kind.PARCEL_MOVED,
        Kind.PARCEL_DELIVERED,
    ]


@pytest.mark.parametrize("state", [OrderState.PENDING, OrderState.PICKING, OrderState.PACKED])
async def test_goods_that_move_are_shipped_whatever_was_noted(
    desk: Desk, state: OrderState
) -> None:
    await desk.receive(draft(state=state, ship_by=desk.now, parcels=(parcel(),)))
    await desk.scan(MOVING)
    order = await desk.order_row()
    assert (order.state, order.ship_by_due_at) == (OrderState.SHIPPED, None)


@pytest.mark.parametrize("state", [ParcelState.PENDING, ParcelState.UNKNOWN, ParcelState.CANCELLED])
async def test_a_label_is_not_a_shipment(labelled: Desk, state: ParcelState) -> None:
    await labelled.scan(state)
    order, held = await labelled.order_row(), (await labelled.parcels())[0]
    assert (order.state, order.shipped_at) == (OrderState.CONFIRMED, None)
    assert held.shipped_at is None


async def test_a_carrier_that_knows_nothing_changes_nothing(labelled: Desk) -> None:
    await labelled.scan(ParcelState.DELIVERY_FAILED)
    await labelled.later(hours=1).scan(ParcelState.UNKNOWN)
    held = (await labelled.parcels())[0]
    assert (held.state, held.trouble) == (ParcelState.DELIVERY_FAILED, Trouble.DELIVERY_FAILED)


async def test_an_order_arrives_with_the_last_of_its_parcels(desk: Desk) -> None:
    await desk.receive(draft(parcels=(parcel("AA1"), parcel("BB2"), parcel("CC3"))))
    await desk.scan(ParcelState.DELIVERED, "AA1")
    assert (await desk.order_row()).state is OrderState.SHIPPED
    last = desk.later(days=2)
    await last.scan(ParcelState.DELIVERED, "BB2")
    assert (await desk.order_row()).state is OrderState.SHIPPED
    await desk.later(days=3).scan(ParcelState.CANCELLED, "CC3")
    order = await desk.order_row()
    assert (order.state, order.delivered_at) == (OrderState.DELIVERED, last.now)


async def test_an_order_of_dropped_labels_has_not_arrived(desk: Desk) -> None:
    await desk.receive(draft(state=OrderState.SHIPPED, parcels=(parcel("AA1"), parcel("BB2"))))
    await desk.scan(ParcelState.CANCELLED, "AA1")
    await desk.scan(ParcelState.CANCELLED, "BB2")
    assert (await desk.order_row()).state is OrderState.SHIPPED


async def test_a_scan_counts_once(labelled: Desk) -> None:
    for _ in range(3):
        await labelled.scan(MOVING, reference="evt_1")
        await labelled.scan(MOVING, at=labelled.now, description="Left the hub")
    assert len(await labelled.all(_scans())) == 2
    assert len(await labelled.events(Kind.PARCEL_MOVED)) == 2


async def test_an_old_scan_is_kept_but_moves_nothing_back(labelled: Desk) -> None:
    await labelled.scan(ParcelState.OUT_FOR_DELIVERY)
    await labelled.scan(ParcelState.DELIVERY_FAILED, at=labelled.now - timedelta(hours=2))
    held = (await labelled.parcels())[0]
    assert (held.state, held.trouble) == (ParcelState.OUT_FOR_DELIVERY, None)
    assert len(await labelled.all(_scans())) == 2


@pytest.mark.parametrize("first", [ParcelState.DELIVERED, MOVING])
async def test_a_delivery_counts_in_whatever_order_it_is_heard_of(
    labelled: Desk, first: ParcelState
) -> None:
    """A hub may log a parcel minutes after its driver has delivered it."""
    heard = {
        ParcelState.DELIVERED: labelled.now,
        MOVING: labelled.now + timedelta(minutes=5),
    }
    for state in sorted(heard, key=lambda state: state is not first):
        await labelled.scan(state, at=heard[state])
    held = (await labelled.parcels())[0]
    assert (held.state, held.delivered_at) == (ParcelState.DELIVERED, labelled.now)
    assert (await labelled.order_row()).state is OrderState.DELIVERED


async def test_what_was_delivered_stays_delivered(labelled: Desk) -> None:
    await labelled.scan(ParcelState.DELIVERED)
    for state in ParcelState:
        await labelled.later(hours=1).scan(state)
    held = (await labelled.parcels())[0]
    assert (held.state, held.trouble) == (ParcelState.DELIVERED, None)
    assert await labelled.events(Kind.PARCEL_TROUBLED) == []


async def test_a_parcel_of_somebody_else_is_none_of_ours(labelled: Desk) -> None:
    assert await labelled.scan(MOVING, "ZZ9") is None
    assert await labelled.all(_scans()) == []


async def test_a_tracking_number_is_known_however_it_is_spaced(labelled: Desk) -> None:
    assert await labelled.scan(MOVING, " 1z999 aa1 0123456784 ")
    assert [as_tracked(text) for text in ("a 1", "  ", "", None)] == ["A1", None, None, None]


@pytest.mark.parametrize(("state", "trouble"), TROUBLES.items())
async def test_trouble_calls_for_a_person_until_the_parcel_moves(
    labelled: Desk, state: ParcelState, trouble: Trouble
) -> None:
    await labelled.scan(state, description="Nobody in")
    held = (await labelled.parcels())[0]
    assert (held.trouble, held.troubled_at) == (trouble, labelled.now)
    alert = (await labelled.events(Kind.PARCEL_TROUBLED))[0]
    assert (alert.why, alert.actor) == ("Nobody in", "easypost")
    assert alert.data["trouble"] == trouble
    await labelled.later(hours=1).scan(MOVING)
    held = (await labelled.parcels())[0]
    assert (held.trouble, held.troubled_at) == (None, None)


async def test_the_same_trouble_again_is_no_new_alert(labelled: Desk) -> None:
    await labelled.scan(ParcelState.DELIVERY_DELAYED)
    await labelled.later(hours=6).scan(ParcelState.DELIVERY_DELAYED)
    assert (await labelled.parcels())[0].trouble is Trouble.DELAYED
    assert len(await labelled.events(Kind.PARCEL_TROUBLED)) == 1


async def test_a_broken_promise_is_noticed_once(desk: Desk) -> None:
    promised = draft(deliver_by=desk.now + timedelta(days=1), parcels=(parcel(),))
    await desk.receive(promised)
    assert await desk.sweep(service.sweep_late) == 0
    late = desk.later(days=1)
    assert [await late.sweep(service.sweep_late) for _ in range(2)] == [1, 0]
    alert = (await desk.events(Kind.PARCEL_TROUBLED))[0]
    assert (alert.why, alert.actor, alert.at) == ("past its delivery promise", "clock", late.now)
    await late.later(hours=1).scan(MOVING)
    await late.receive(draft(deliver_by=promised.deliver_by, parcels=(parcel(),), total=1))
    assert await late.later(hours=2).sweep(service.sweep_late) == 0
    assert len(await desk.events(Kind.PARCEL_TROUBLED)) == 1


async def test_a_silent_carrier_is_noticed_once_and_again_after_it_spoke(labelled: Desk) -> None:
    await labelled.scan(MOVING)
    assert await labelled.later(days=4).sweep(service.sweep_silent) == 0
    silent = labelled.later(days=5)
    assert [await silent.sweep(service.sweep_silent) for _ in range(2)] == [1, 0]
    assert (await labelled.parcels())[0].trouble is Trouble.CARRIER_SILENT
    await silent.later(hours=1).scan(MOVING)
    assert (await labelled.parcels())[0].trouble is None
    assert await silent.later(days=6).sweep(service.sweep_silent) == 1
    assert [one.why for one in await labelled.events(Kind.PARCEL_TROUBLED)] == [
        "no scan for days"
    ] * 2


async def test_silence_is_as_long_as_the_settings_say(desk: Desk) -> None:
    await desk.setting("shipping.silent_after_days", "2")
    await desk.receive(draft(parcels=(parcel(shipped_at=desk.now, state=MOVING),)))
    assert await desk.later(days=2).sweep(service.sweep_silent) == 1


async def test_whoever_knows_of_trouble_is_not_told_of_lateness_too(desk: Desk) -> None:
    await desk.receive(draft(deliver_by=desk.now + timedelta(days=1), parcels=(parcel(),)))
    await desk.scan(ParcelState.RETURN_TO_SENDER)
    late = desk.later(days=10)
    assert await late.sweep(service.sweep_late) == 1
    assert await late.sweep(service.sweep_silent) == 1
    assert len(await desk.events(Kind.PARCEL_TROUBLED)) == 1


async def test_a_sweep_takes_no_more_than_asked(desk: Desk) -> None:
    await desk.receive(
        draft(deliver_by=desk.now, parcels=tuple(parcel(f"T{number}") for number in range(3)))
    )
    assert [await desk.sweep(service.sweep_late, 2) for _ in range(3)] == [2, 1, 0]


async def test_a_parcels_card_shows_its_latest_scan(labelled: Desk) -> None:
    parcel_id = (await labelled.parcels())[0].id
    async with labelled.look() as session:
        card = await queries.card(session, parcel_id)
    assert (card.parcel.tracking_number, card.order.number, card.scan) == (TRACKING, "1001", None)
    await labelled.scan(MOVING, place="Ogdenville")
    await labelled.later(hours=1).scan(MOVING, place="North Haverbrook")
    async with labelled.look() as session:
        card = await queries.card(session, parcel_id)
        with pytest.raises(RecordNotFound):
            await queries.card(session, 404)
    assert card.scan
    assert card.scan.place == "North Haverbrook"


async def test_what_is_late_is_listed_oldest_promise_first(desk: Desk) -> None:
    past = {"deliver_by": desk.now - timedelta(days=1)}
    over = {"ship_by": desk.now - timedelta(days=3)}
    older = {"deliver_by": desk.now - timedelta(days=2)}
    out = OrderState.SHIPPED
    await desk.receive(
        draft("both", state=out, parcels=(parcel("A1"), parcel("A2")), **past),
        draft("half", state=out, parcels=(_arrived("B1"), parcel("B2")), **older),
        draft("unshipped", parcels=(parcel("C1"), parcel("C2")), **over),
        draft("no parcel", **over),
        draft("cancelled", state=OrderState.CANCELLED, parcels=(parcel("D1"),), **past, **over),
        draft("arrived", state=OrderState.DELIVERED, parcels=(parcel("E1"),), **past),
        draft("in time", state=out, parcels=(parcel("F1"),), deliver_by=desk.now),
        draft("not yet", ship_by=desk.now + timedelta(hours=1)),
    )
    async with desk.look() as session:
        found, total = await queries.late(session, desk.now)
    listed = [(one.order.number, one.parcel and one.parcel.tracking_number) for one in found]
    assert sorted(listed[:2]) == [("no parcel", None), ("unshipped", None)]
    assert listed[2:] == [("half", "B2"), ("both", "A1"), ("both", "A2")]
    assert total == 5


async def test_trouble_is_listed_before_its_promise_is_broken(labelled: Desk) -> None:
    await labelled.scan(ParcelState.DELIVERY_FAILED)
    async with labelled.look() as session:
        found, total = await queries.late(session, labelled.now)
    assert (total, [one.order.number for one in found]) == (1, ["1001"])


async def test_late_pages_follow_each_other_without_gaps(desk: Desk) -> None:
    await desk.receive(
        *(
            draft(
                f"{number:02}",
                state=OrderState.SHIPPED,
                deliver_by=desk.now - timedelta(days=1),
                parcels=(parcel(f"A{number}"), parcel(f"B{number}")),
            )
            for number in range(11)
        )
    )
    seen = []
    for start in (0, 10, 20, 30):
        async with desk.look() as session:
            page, total = await queries.late(session, desk.now, start=start)
        assert total == 22
        seen += [one.parcel and one.parcel.tracking_number for one in page]
    assert seen == [f"{box}{number}" for number in range(11) for box in "AB"]


def _arrived(tracking_number: str) -> ParcelDraft:
    return parcel(tracking_number, state=ParcelState.DELIVERED)


def _scans() -> Select[Any]:
    return select(Scan).order_by(Scan.id)
