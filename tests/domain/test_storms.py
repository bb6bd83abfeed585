from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.errors import RecordNotFound, RoleNeeded
from domain.events import Kind
from domain.orders import service as orders
from domain.people import Member
from domain.shipping import alerts, storms, taking
from domain.shipping import service as shipping
from domain.shipping.alert import Alert
from domain.shipping.model import ParcelState, Trouble
from handlers.alerts import called_for
from tests.domain.desk import (
    AGENT,
    APPROVER,
    FINANCE,
    OTHER_AGENT,
    WAREHOUSE,
    Desk,
    draft,
    parcel,
)


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


async def _take(desk: Desk, member: Member = AGENT, instead_of: str | None = None) -> int:
    async with desk.work(member.member_id) as work:
        _, taken = await taking.take(work, member, 1, instead_of)
    return taken


async def test_a_storm_is_taken_whole_by_one_of_several_at_once(desk: Desk) -> None:
    await _late(desk, 12)
    [first, *_] = await desk.all(select(Alert).where(Alert.storm_id.is_not(None)))
    async with desk.work(WAREHOUSE.member_id) as work:
        await alerts.acknowledge(work, WAREHOUSE, first.id)
    assert (await _card(desk)).in_hand == 1
    results = await asyncio.gather(
        *(_take(desk, member) for member in (AGENT, OTHER_AGENT)), return_exceptions=True
    )
    assert 11 in results
    [refused] = [one for one in results if isinstance(one, alerts.AlreadyInHand)]
    owner = (await _card(desk)).storm.owner
    assert str(refused) == f"@{owner} has this in hand already."
    assert (await _card(desk)).in_hand == 12
    held = await desk.all(select(Alert))
    assert [one.owner for one in held].count(owner) == 11
    # What it grows by is theirs, too, until somebody takes it over.
    await _late(desk.later(minutes=20), 3, since=12)
    assert (await _card(desk)).in_hand == 15
    assert await _take(desk, APPROVER, owner) == 14
    assert (await _card(desk)).storm.owner == APPROVER.member_id
    taken = await desk.events(Kind.STORM_TAKEN)
    assert [job.kind for event in taken for job in called_for(event)] == ["refresh", "refresh"]


async def test_who_does_not_ship_takes_no_storm_and_nobody_twice(desk: Desk) -> None:
    await _late(desk, 6)
    with pytest.raises(RoleNeeded):
        await _take(desk, FINANCE)
    await _take(desk)
    with pytest.raises(alerts.AlreadyInHand):
        await _take(desk, AGENT, AGENT.member_id)


async def test_a_storm_that_nobody_takes_calls_once(desk: Desk) -> None:
    await desk.setting("shipping.escalate_to", "U0BOSS1")
    await _late(desk, 6)
    await _late(desk.later(hours=1), 3, since=6)
    await desk.later(hours=7, minutes=59).sweep(taking.sweep_ignored)
    assert await desk.events(Kind.STORM_ESCALATED) == []
    await desk.later(hours=8).sweep(taking.sweep_ignored)
    await _late(desk.later(hours=9), 3, since=9)
    await desk.later(hours=40).sweep(taking.sweep_ignored)
    [called] = await desk.events(Kind.STORM_ESCALATED)
    assert (called.data["called"], called.data["ignored"]) == (["U0BOSS1"], 9)
    assert [job.kind for job in called_for(called)] == ["refresh", "reply"]


async def test_a_storm_that_is_taken_or_over_calls_nobody(desk: Desk) -> None:
    await _late(desk, 6)
    await _take(desk)
    assert await desk.later(hours=9).sweep(taking.sweep_ignored) == 0
    assert await desk.events(Kind.STORM_ESCALATED) == []


async def test_orders_about_to_miss_their_ship_by_call_before_it_is_over(desk: Desk) -> None:
    ship_by = desk.now + timedelta(hours=4)
    await desk.receive(*(draft(str(n), ship_by=ship_by) for n in range(6)))
    await desk.sweep(orders.sweep_ship_by)
    assert (await _card(desk)).storm.answer_due_at == ship_by
