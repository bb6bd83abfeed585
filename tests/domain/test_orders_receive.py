from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.errors import RoleNeeded, WrongState
from domain.events import Kind
from domain.orders import service
from domain.orders.clocks import ALERT_HORIZON
from domain.orders.intake import LineDraft
from domain.orders.model import TRANSITIONS, Line, Order, State
from domain.orders.service import Counts
from domain.shipping.model import Content, ParcelState, Trouble
from tests.domain.desk import (
    AGENT,
    FINANCE,
    MUG,
    POT,
    TRACKING,
    WAREHOUSE,
    Desk,
    draft,
    parcel,
    statements,
)


async def test_orders_are_added_changed_or_left_alone(desk: Desk) -> None:
    assert await desk.receive(draft("1"), draft("2")) == Counts(added=2)
    assert await desk.receive(draft("1"), draft("2")) == Counts(unchanged=2)
    counts = await desk.receive(draft("1", total=5), draft("2"), draft("3"))
    assert counts == Counts(added=1, changed=1, unchanged=1)
    assert [event.kind for event in await desk.events()] == [
        Kind.ORDER_RECEIVED,
        Kind.ORDER_RECEIVED,
        Kind.ORDER_RECEIVED,
        Kind.ORDER_CHANGED,
    ]


async def test_counts_of_batches_add_up() -> None:
    total = Counts()
    total.add(Counts(1, 2, 3))
    total.add(Counts(10, 20, 30))
    assert total == Counts(11, 22, 33)


async def test_an_empty_batch_is_nothing(desk: Desk) -> None:
    assert await desk.receive() == Counts()
    assert await desk.events() == []


async def test_an_order_twice_in_a_batch_counts_as_its_last_draft_tells(desk: Desk) -> None:
    assert await desk.receive(draft(total=1), draft(total=2)) == Counts(added=1)
    assert (await desk.order_row()).total == 2


async def test_a_number_shared_by_two_channels_is_two_orders(desk: Desk) -> None:
    await desk.receive(draft(channel="amazon", total=1))
    await desk.receive(draft(channel="shopify", total=2))
    assert len(await desk.all(select(Order))) == 2
    card = await desk.card()
    assert (card.channel, card.total and card.total.minor) == ("shopify", 2)
    assert await desk.receive(draft(channel="amazon", total=3)) == Counts(changed=1)


async def test_what_no_source_says_stays_unknown(desk: Desk) -> None:
    bare = draft(captured=None, total=None, buyer_name=None, buyer_email=None, lines=())
    await desk.receive(bare)
    card = await desk.card()
    assert (card.captured, card.refundable, card.total, card.buyer_name) == (None,) * 4
    assert (card.placed_at, card.days_late, card.lines) == (None, None, ())


async def test_what_a_later_source_does_not_say_is_not_forgotten(desk: Desk) -> None:
    await desk.receive(draft(placed_at=desk.now))
    known = LineDraft(2, sku="MUG-1", external_id="L-1")
    await desk.receive(draft(captured=None, buyer_email=None, total=7000, lines=(known,)))
    card = await desk.card()
    assert card.captured
    assert (card.captured.minor, card.buyer_email) == (6000, "marge@example.com")
    assert card.placed_at == desk.now
    assert card.total
    assert card.total.minor == 7000
    assert (card.lines[0].title, len(card.lines)) == ("Alpine mug", 2)


async def test_lines_are_changed_in_place_and_keep_their_ids(desk: Desk) -> None:
    await desk.receive(draft())
    before = (await desk.card()).lines
    cup = LineDraft(3, "CUP-1", "Cup", 500, external_id="L-3")
    await desk.receive(draft(lines=(replace(MUG, quantity=5), POT, cup)))
    after = (await desk.card()).lines
    assert [line.id for line in after[:2]] == [line.id for line in before]
    assert [(line.title, line.quantity) for line in after] == [
        ("Alpine mug", 5),
        ("Tea pot", 1),
        ("Cup", 3),
    ]


async def test_lines_that_change_places_are_known_by_their_sources_id(desk: Desk) -> None:
    await desk.receive(draft())
    mug, pot = (await desk.card()).lines
    cup = LineDraft(1, "CUP-1", "Cup", 500, external_id="L-3")
    await desk.receive(draft(lines=(cup, replace(POT, quantity=4))))
    lines = {line.id: line for line in (await desk.card()).lines}
    assert (lines[mug.id].title, lines[mug.id].quantity) == ("Alpine mug", 2)
    assert (lines[pot.id].title, lines[pot.id].quantity) == ("Tea pot", 4)
    assert [line.title for key, line in lines.items() if key not in (mug.id, pot.id)] == ["Cup"]


async def test_parcels_are_known_by_their_tracking_number(desk: Desk) -> None:
    await desk.receive(draft(parcels=(parcel("AA1"), parcel("BB2"))))
    first, second = await desk.parcels()
    await desk.receive(draft(parcels=(parcel("bb 2", carrier="DHL"), parcel("CC3"))))
    held = {one.tracking_number: one for one in await desk.parcels()}
    assert set(held) == {"AA1", "BB2", "CC3"}
    assert (held["AA1"].id, held["BB2"].id) == (first.id, second.id)
    assert held["BB2"].carrier == "DHL"


async def test_a_parcel_without_a_number_gets_it_later(desk: Desk) -> None:
    await desk.receive(draft(parcels=(parcel("AA1"), parcel(None))))
    await desk.receive(draft(parcels=(parcel("BB2"), parcel("AA1"))))
    await desk.receive(draft(parcels=(parcel("AA1"), parcel(None)), total=1))
    assert [one.tracking_number for one in await desk.parcels()] == ["AA1", "BB2"]


async def test_a_new_parcel_says_what_is_in_it(desk: Desk) -> None:
    await desk.receive(draft(parcels=(parcel("AA1", lines=((1, 2),)),)))
    await desk.receive(
        draft(parcels=(parcel("AA1", lines=((1, 2),)), parcel("BB2", lines=((2, 1),))))
    )
    lines = {line.id: line.sku for line in await desk.all(select(Line))}
    first, second = await desk.parcels()
    contents = await desk.all(select(Content).order_by(Content.parcel_id))
    assert [(one.parcel_id, lines[one.line_id], one.quantity) for one in contents] == [
        (first.id, "MUG-1", 2),
        (second.id, "POT-1", 1),
    ]


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        (State.PENDING, State.SHIPPED, State.SHIPPED),
        (State.CONFIRMED, State.DELIVERED, State.DELIVERED),
        (State.SHIPPED, State.CONFIRMED, State.SHIPPED),
        (State.DELIVERED, State.SHIPPED, State.DELIVERED),
        (State.CANCELLED, State.CONFIRMED, State.CANCELLED),
        (State.SHIPPED, State.CANCELLED, State.SHIPPED),
        (State.PACKED, State.CANCELLED, State.CANCELLED),
    ],
)
async def test_a_source_moves_an_order_forwards_only(
    desk: Desk, before: State, after: State, kept: State
) -> None:
    await desk.receive(draft(state=before))
    assert await desk.receive(draft(state=after)) == Counts(changed=1)
    assert (await desk.order_row()).state is kept


@pytest.mark.parametrize(
    ("scanned", "said", "kept"),
    [
        (ParcelState.IN_TRANSIT, ParcelState.UNKNOWN, ParcelState.IN_TRANSIT),
        (ParcelState.OUT_FOR_DELIVERY, ParcelState.IN_TRANSIT, ParcelState.OUT_FOR_DELIVERY),
        (ParcelState.DELIVERY_FAILED, ParcelState.IN_TRANSIT, ParcelState.DELIVERY_FAILED),
        (ParcelState.IN_TRANSIT, ParcelState.DELIVERED, ParcelState.DELIVERED),
        (ParcelState.DELIVERED, ParcelState.IN_TRANSIT, ParcelState.DELIVERED),
    ],
)
async def test_a_shop_knows_less_of_a_parcel_than_its_carrier(
    desk: Desk, scanned: ParcelState, said: ParcelState, kept: ParcelState
) -> None:
    await desk.receive(draft(parcels=(parcel(),)))
    await desk.scan(scanned)
    await desk.receive(draft(parcels=(parcel(state=said),), total=1))
    assert (await desk.parcels())[0].state is kept


async def test_a_parcel_that_the_shop_saw_arrive_is_in_trouble_no_more(desk: Desk) -> None:
    await desk.receive(draft(parcels=(parcel(),)))
    await desk.scan(ParcelState.DELIVERY_FAILED)
    arrived = parcel(state=ParcelState.DELIVERED, delivered_at=desk.now)
    await desk.receive(draft(state=State.DELIVERED, parcels=(arrived,)))
    held = (await desk.parcels())[0]
    assert (held.trouble, held.silent_due_at, held.delivered_at) == (None, None, desk.now)
    assert len(await desk.events(Kind.PARCEL_DELIVERED)) == 1


async def test_a_shop_may_be_the_first_to_tell_of_trouble(desk: Desk) -> None:
    await desk.receive(draft(parcels=(parcel(),)))
    failed = parcel(state=ParcelState.DELIVERY_FAILED)
    await desk.receive(draft(parcels=(failed,)))
    await desk.receive(draft(parcels=(failed,), total=1))
    assert (await desk.parcels())[0].trouble is Trouble.DELIVERY_FAILED
    assert len(await desk.events(Kind.PARCEL_TROUBLED)) == 1


async def test_the_clock_warns_of_ship_by_once(desk: Desk) -> None:
    soon = desk.now + timedelta(hours=7)
    await desk.receive(draft(ship_by=soon))
    assert await desk.sweep(service.sweep_ship_by) == 0
    later = desk.later(hours=2)
    assert await later.sweep(service.sweep_ship_by) == 1
    assert await later.sweep(service.sweep_ship_by) == 0
    await later.receive(draft(ship_by=soon, ship_to_city="Shelbyville"))
    assert await later.sweep(service.sweep_ship_by) == 0
    assert [one.actor for one in await desk.events(Kind.SHIP_BY_NEAR)] == ["clock"]


async def test_a_promise_that_moved_is_watched_again(desk: Desk) -> None:
    await desk.receive(draft(ship_by=desk.now))
    assert await desk.sweep(service.sweep_ship_by) == 1
    await desk.receive(draft(ship_by=desk.now + timedelta(days=1)))
    assert await desk.sweep(service.sweep_ship_by) == 0
    assert await desk.later(hours=19).sweep(service.sweep_ship_by) == 1
    assert len(await desk.events(Kind.SHIP_BY_NEAR)) == 2


async def test_an_order_that_went_out_is_not_warned_of(desk: Desk) -> None:
    await desk.receive(draft(ship_by=desk.now))
    await desk.receive(draft(ship_by=desk.now, state=State.SHIPPED))
    assert await desk.sweep(service.sweep_ship_by) == 0


async def test_an_import_of_old_orders_alerts_nobody(desk: Desk) -> None:
    long_ago = desk.now - ALERT_HORIZON - timedelta(days=1)
    sent = parcel(state=ParcelState.IN_TRANSIT, shipped_at=long_ago - timedelta(days=30))
    await desk.receive(draft(ship_by=long_ago, deliver_by=long_ago, parcels=(sent,)))
    assert (await desk.order_row()).ship_by_due_at is None
    held = (await desk.parcels())[0]
    assert (held.late_due_at, held.silent_due_at) == (None, None)


async def test_deadlines_end_with_the_order(desk: Desk) -> None:
    waiting = draft(deliver_by=desk.now, parcels=(parcel(shipped_at=desk.now),))
    await desk.receive(waiting)
    await desk.receive(replace(waiting, state=State.CANCELLED, parcels=()))
    held = (await desk.parcels())[0]
    assert (held.late_due_at, held.silent_due_at) == (None, None)


async def test_a_change_of_the_order_leaves_the_carriers_clock_alone(desk: Desk) -> None:
    shipped = parcel(state=ParcelState.IN_TRANSIT, shipped_at=desk.now)
    await desk.receive(draft(parcels=(shipped,)))
    later = desk.later(days=4)
    await later.scan(ParcelState.IN_TRANSIT)
    await later.receive(draft(parcels=(shipped,), total=1))
    assert (await desk.parcels())[0].silent_due_at == later.now + timedelta(days=5)


async def test_scans_are_not_undone_by_what_the_shop_did_not_notice(desk: Desk) -> None:
    await desk.receive(draft(parcels=(parcel(),)))
    await desk.scan(ParcelState.DELIVERED)
    await desk.receive(draft(parcels=(parcel(),), total=1))
    order = await desk.order_row()
    assert (order.state, order.delivered_at) == (State.DELIVERED, desk.now)


async def test_500_changed_orders_take_a_handful_of_statements(desk: Desk) -> None:
    drafts = [
        draft(
            str(number), buyer_name="Ned" if number % 2 else None, parcels=(parcel(f"T{number}"),)
        )
        for number in range(500)
    ]
    with statements(desk.store) as seen:
        await desk.receive(*drafts)
    assert len(seen) <= 12
    mugs = (replace(MUG, quantity=3), POT)
    with statements(desk.store) as seen:
        counts = await desk.receive(*(replace(one, total=1, lines=mugs) for one in drafts))
    assert counts == Counts(changed=500)
    assert len(seen) <= 12


async def test_two_messages_on_one_new_order_at_once_make_one_order(desk: Desk) -> None:
    batches = [[draft(str(number), total=total) for number in range(20)] for total in range(4)]
    counts = await asyncio.gather(*(desk.receive(*batch) for batch in batches))
    assert sum(one.added for one in counts) == 20
    assert sum(one.changed for one in counts) == 60
    assert len(await desk.all(select(Order))) == 20


async def test_the_shop_and_the_carrier_may_speak_at_once(desk: Desk) -> None:
    numbers = [str(number) for number in range(8)]
    first = [draft(number, parcels=(parcel(f"T{number}"),)) for number in numbers]
    await desk.receive(*first)
    await asyncio.gather(
        *(desk.scan(ParcelState.DELIVERED, f"T{number}") for number in reversed(numbers)),
        *(desk.receive(*(replace(one, total=total) for one in first)) for total in range(4)),
    )
    orders = await desk.all(select(Order))
    assert {one.state for one in orders} == {State.DELIVERED}


async def test_the_warehouse_confirms_a_pending_order_once(desk: Desk) -> None:
    order_id = await desk.order(state=State.PENDING)
    async with desk.work(WAREHOUSE.member_id) as work:
        assert (await service.confirm(work, WAREHOUSE, order_id)).state is State.CONFIRMED
    assert [(one.actor, one.kind) for one in await desk.events()][-1] == (
        WAREHOUSE.member_id,
        Kind.ORDER_CONFIRMED,
    )
    again = "Order 1001 is confirmed, so it can't be confirmed. It can be cancelled, packed"
    with pytest.raises(WrongState, match=again):
        async with desk.work() as work:
            await service.confirm(work, AGENT, order_id)
    with pytest.raises(RoleNeeded, match="To work on parcels you need to be admin, agent"):
        async with desk.work() as work:
            await service.confirm(work, FINANCE, order_id)


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_an_order_moves_as_its_table_says(before: State, after: State) -> None:
    order = Order(number="7", state=before)
    if after in TRANSITIONS[before]:
        order.move(after)
        assert order.state is after
    else:
        with pytest.raises(WrongState, match=f"Order 7 is {before}, .* It (can be|is closed)"):
            order.move(after)


def test_every_promise_is_told_by_the_fingerprint() -> None:
    same = draft(parcels=(parcel(TRACKING),))
    assert same.fingerprint == draft(parcels=(parcel(TRACKING),)).fingerprint
    assert same.fingerprint != draft(parcels=(parcel(None),)).fingerprint
    assert draft(buyer_name="\ud800").fingerprint != draft(buyer_name="?").fingerprint


async def test_a_parcel_that_left_long_after_its_promise_is_late_all_the_same(desk: Desk) -> None:
    promised = desk.now - timedelta(days=9)
    await desk.receive(draft(deliver_by=promised))
    sent = parcel(state=ParcelState.PICKED_UP, shipped_at=desk.now)
    await desk.receive(draft(deliver_by=promised, state=State.SHIPPED, parcels=(sent,)))
    assert [one.late_due_at for one in await desk.parcels()] == [promised]
