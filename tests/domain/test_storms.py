from __future__ import annotations

from datetime import timedelta

import pytest

from domain.errors import RecordNotFound
from domain.events import Kind
from domain.orders import service as orders
from domain.shipping import service as shipping
from domain.shipping import storms
from domain.shipping.model import ParcelState, Trouble
from handlers.alerts import called_for
from tests.domain.desk import Desk, draft, parcel


async def _late(desk: Desk, count: int, since: int = 0) -> None:
    numbers = range(since, since + count)
    await desk.receive(
        *(
            draft(
                f"{number:03}",
                deliver_by=desk.now - timedelta(hours=number),
                parcels=(parcel(f"A{number}"),),
            )
            for number in numbers
        )
    )
    await desk.sweep(shipping.sweep_late)


async def _card(desk: Desk) -> storms.StormCard:
    async with desk.look() as session:
        return await storms.card(session, 1)


async def test_a_handful_of_late_parcels_are_read_one_by_one(desk: Desk) -> None:
    await _late(desk, storms.A_HANDFUL)
    troubled = await desk.events(Kind.PARCEL_TROUBLED)
    assert [job.kind for event in troubled for job in called_for(event)] == [
        "post"
    ] * storms.A_HANDFUL
    assert await desk.events(Kind.STORM_GREW) == []
    with pytest.raises(RecordNotFound):
        await _card(desk)


async def test_more_than_a_handful_share_one_message(desk: Desk) -> None:
    await _late(desk, 9)
    troubled = await desk.events(Kind.PARCEL_TROUBLED)
    assert len(troubled) == 9
    assert [job for event in troubled for job in called_for(event)] == []
    grew = await desk.events(Kind.STORM_GREW)
    assert [job.kind for event in grew for job in called_for(event)] == ["post", "refresh"]
    card = await _card(desk)
    assert (card.storm.trouble, card.total, len(card.worst)) == (Trouble.DELAYED, 9, 8)
    assert card.worst[0].order.number == "008"


async def test_within_the_hour_a_storm_grows_and_its_message_is_posted_once(desk: Desk) -> None:
    await _late(desk, 6)
    await _late(desk.later(minutes=20), 6, since=6)
    grew = await desk.events(Kind.STORM_GREW)
    keys = [job.key for event in grew for job in called_for(event) if job.kind == "post"]
    assert (len(keys), len(set(keys))) == (2, 1)
    assert (await _card(desk)).total == 12


async def _fail(desk: Desk, *numbers: int) -> None:
    """One scan at a time, as webhooks bring them."""
    for number in numbers:
        await desk.scan(ParcelState.DELIVERY_FAILED, f"A{number}")


async def test_failures_that_trickle_in_are_a_storm_of_one_carrier_until_it_is_quiet(
    desk: Desk,
) -> None:
    await desk.receive(
        *(
            draft(f"{n:03}", parcels=(parcel(f"A{n}", carrier="UPS" if n < 20 else "DHL"),))
            for n in range(30)
        )
    )
    await _fail(desk, *range(5), 20, 21)
    assert await desk.events(Kind.STORM_GREW) == []
    await _fail(desk.later(minutes=30), 5)
    card = await _card(desk)
    assert (card.storm.carrier, card.storm.since, card.total) == ("UPS", desk.now, 6)
    # It goes on for as long as it grows, which is longer than an hour.
    for hours in (3, 6, 9):
        await _fail(desk.later(hours=hours), 5 + hours)
    assert (await _card(desk)).total == 9
    async with desk.look() as session:
        storm, listed, total = await storms.page(session, 1, start=5)
    assert (storm.grew_at, len(listed), total) == (desk.later(hours=9).now, 4, 9)
    await _fail(desk.later(hours=14), 15)
    troubled = await desk.events(Kind.PARCEL_TROUBLED)
    alone = [one for one in troubled if one.data["storm_id"] is None]
    assert len(alone) == 8
    assert (await _card(desk)).total == 9


async def test_in_a_storm_a_handful_of_what_matters_most_surfaces(desk: Desk) -> None:
    await desk.setting("shipping.valuable_above", "100.00 USD")
    dear = range(10, 18)
    await desk.receive(
        *(
            draft(
                f"{n:03}",
                deliver_by=desk.now,
                total=20_000 + n if n in dear else 1_000,
                parcels=(parcel(f"A{n}"),),
            )
            for n in range(20)
        )
    )
    await desk.sweep(shipping.sweep_late)
    troubled = await desk.events(Kind.PARCEL_TROUBLED)
    alone = [one for one in troubled if one.data["storm_id"] is None]
    assert len(alone) == storms.A_HANDFUL
    card = await _card(desk)
    assert (card.total, card.storm.surfaced) == (20, storms.A_HANDFUL)
    assert {"017", "016", "015"} <= {one.order.number for one in card.worst}


async def test_a_storm_shrinks_as_its_parcels_arrive(desk: Desk) -> None:
    await _late(desk, 6)
    await desk.scan(ParcelState.DELIVERED, "A0")
    assert (await _card(desk)).total == 5


async def test_unshipped_orders_count_once_whatever_labels_they_have(desk: Desk) -> None:
    labels = (parcel("A1"), parcel("B2"))
    await desk.receive(*(draft(str(n), ship_by=desk.now, parcels=labels) for n in range(6)))
    await desk.sweep(orders.sweep_ship_by)
    card = await _card(desk)
    assert (card.storm.trouble, card.total) == (Trouble.SHIP_BY_NEAR, 6)
    assert [late.parcel for late in card.worst] == [None] * 6
