"""The life of an alert: noticed, in somebody's hands, put off, escalated, resolved, over."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from domain import people
from domain.complaints import service as complaints
from domain.complaints.model import Category
from domain.complaints.model import Outcome as CaseOutcome
from domain.errors import ReasonNeeded, RecordNotFound, RoleNeeded, WrongState
from domain.events import Event, Kind
from domain.orders import service as orders
from domain.orders.model import State as OrderState
from domain.people import Member
from domain.shipping import alerts, queries, reshipping, service, watch
from domain.shipping.alert import TRANSITIONS, Alert, AlertState, Outcome
from domain.shipping.model import ParcelState, Trouble
from tests.domain.desk import (
    AGENT,
    FINANCE,
    OTHER_AGENT,
    WAREHOUSE,
    Desk,
    draft,
    parcel,
)

MOVING = ParcelState.IN_TRANSIT
FAILED = ParcelState.DELIVERY_FAILED


@pytest.fixture
async def troubled(desk: Desk) -> Desk:
    """A desk with one order whose delivery failed, promised in two days."""
    await desk.receive(draft(deliver_by=desk.now + timedelta(days=2), parcels=(parcel(),)))
    await desk.scan(FAILED)
    return desk


async def alert(desk: Desk, alert_id: int | None = None) -> Alert:
    """The alert, the newest unless one is named."""
    query = select(Alert).order_by(Alert.id.desc()).limit(1)
    found: Alert = await desk.one(query.where(Alert.id == alert_id) if alert_id else query)
    return found


async def take(desk: Desk, member: Member = AGENT) -> Alert:
    """Acknowledge the newest alert."""
    held = await alert(desk)
    async with desk.work(member.member_id) as work:
        return await alerts.acknowledge(work, member, held.id)


async def put_off(desk: Desk, until: datetime, member: Member = AGENT) -> Alert:
    """Snooze the newest alert."""
    held = await alert(desk)
    async with desk.work(member.member_id) as work:
        return await alerts.snooze(work, member, held.id, until, "the carrier is asked")


async def resolve(desk: Desk, outcome: Outcome = Outcome.REFUNDED, note: str = "") -> Alert:
    """Resolve the newest alert."""
    held = await alert(desk)
    async with desk.work(AGENT.member_id) as work:
        return await alerts.resolve(work, AGENT, held.id, outcome, note)


async def told(desk: Desk, kind: Kind) -> list[Event]:
    """What was recorded of alerts."""
    return await desk.events(kind)


async def test_one_of_three_at_once_has_it_in_hand(troubled: Desk) -> None:
    members = (AGENT, OTHER_AGENT, WAREHOUSE)
    results = await asyncio.gather(
        *(take(troubled, one) for one in members), return_exceptions=True
    )
    refused = [one for one in results if isinstance(one, alerts.AlreadyInHand)]
    assert len(refused) == 2
    owner = (await alert(troubled)).owner
    assert all(str(one) == f"@{owner} has this in hand already." for one in refused)
    assert [one.actor for one in await told(troubled, Kind.ALERT_ACKNOWLEDGED)] == [owner]


async def test_only_who_works_on_parcels_may(troubled: Desk) -> None:
    with pytest.raises(RoleNeeded, match="To work on parcels"):
        await take(troubled, FINANCE)
    with pytest.raises(RecordNotFound, match="This alert"):
        async with troubled.work() as work:
            await alerts.acknowledge(work, AGENT, 404)


async def test_another_trouble_is_in_nobodys_hands_yet(troubled: Desk) -> None:
    first = await take(troubled)
    await troubled.later(hours=6).scan(ParcelState.RETURN_TO_SENDER)
    second = await alert(troubled)
    assert (second.trouble, second.state, second.owner) == (
        Trouble.RETURN_TO_SENDER,
        AlertState.OPEN,
        None,
    )
    with pytest.raises(alerts.AlertOver, match="another trouble by now"):
        async with troubled.work() as work:
            await alerts.acknowledge(work, AGENT, first.id)
    await troubled.later(hours=9).scan(MOVING)
    assert (await alert(troubled, first.id)).state is AlertState.OVER
    assert len(await told(troubled, Kind.ALERT_OVER)) == 1


async def test_it_is_over_once_the_parcel_moves(troubled: Desk) -> None:
    await take(troubled)
    await troubled.later(hours=3).scan(MOVING)
    over = (await told(troubled, Kind.ALERT_OVER))[0]
    assert (over.data["owner"], over.data["state"]) == (AGENT.member_id, MOVING)
    with pytest.raises(alerts.AlertOver, match="moving again"):
        await take(troubled, WAREHOUSE)
    await troubled.later(hours=4).scan(ParcelState.DELIVERED)
    with pytest.raises(alerts.AlertOver, match="has been delivered"):
        await resolve(troubled)


async def test_it_is_given_to_somebody_who_works_on_parcels_and_is_there(troubled: Desk) -> None:
    held = await alert(troubled)

    async def assign(owner: Member) -> Alert:
        async with troubled.work(AGENT.member_id) as work:
            return await alerts.assign(work, AGENT, held.id, owner)

    with pytest.raises(people.CantOwn, match="Say who takes it"):
        await assign(Member("", None))
    with pytest.raises(people.CantOwn, match="To work on parcels they need to be"):
        await assign(FINANCE)
    async with troubled.work() as work:
        until = troubled.now + timedelta(days=3)
        await people.go_away(work, OTHER_AGENT.member_id, until, AGENT.member_id)
    with pytest.raises(people.OwnerAway, match=f"Choose @{AGENT.member_id}, who stands in"):
        await assign(OTHER_AGENT)
    assert (await assign(WAREHOUSE)).state is AlertState.ACKNOWLEDGED
    with pytest.raises(people.CantOwn, match="They have this in hand already"):
        await assign(WAREHOUSE)
    assert [one.data["owner"] for one in await told(troubled, Kind.ALERT_ASSIGNED)] == [
        WAREHOUSE.member_id
    ]


async def test_it_sleeps_until_a_time_ahead(troubled: Desk) -> None:
    with pytest.raises(alerts.CantSnooze, match="over already"):
        await put_off(troubled, troubled.now)
    with pytest.raises(alerts.CantSnooze, match="30 days at most"):
        await put_off(troubled, troubled.now + timedelta(days=31))
    slept = await put_off(troubled, troubled.now + timedelta(days=1))
    assert (slept.state, slept.owner, slept.answer_due_at) == (
        AlertState.SNOOZED,
        AGENT.member_id,
        None,
    )
    assert await troubled.later(hours=23).sweep(watch.sweep_snoozed) == 0
    woken = troubled.later(days=1)
    assert [await woken.sweep(watch.sweep_snoozed) for _ in range(2)] == [1, 0]
    awake = await alert(troubled)
    assert (awake.state, awake.owner, awake.wake_due_at) == (AlertState.OPEN, AGENT.member_id, None)
    assert [one.data["called"] for one in await told(troubled, Kind.ALERT_WOKEN)] == [
        [AGENT.member_id]
    ]


async def test_it_never_wakes_if_the_parcel_moved_meanwhile(troubled: Desk) -> None:
    await put_off(troubled, troubled.now + timedelta(days=1))
    await troubled.later(hours=3).scan(MOVING)
    assert await troubled.later(days=1).sweep(watch.sweep_snoozed) == 0
    assert await told(troubled, Kind.ALERT_WOKEN) == []


async def test_what_a_source_tells_of_ends_it_too(troubled: Desk) -> None:
    """A sales channel that says "delivered" records no scan, and its thread hears of it."""
    await put_off(troubled, troubled.now + timedelta(days=1))
    arrived = parcel(state=ParcelState.DELIVERED, delivered_at=troubled.now)
    await troubled.later(hours=3).receive(draft(state=OrderState.DELIVERED, parcels=(arrived,)))
    [over] = await told(troubled, Kind.ALERT_OVER)
    assert (over.data["owner"], over.data["state"]) == (AGENT.member_id, ParcelState.DELIVERED)
    assert await troubled.later(days=1).sweep(watch.sweep_snoozed) == 0
    assert (await alert(troubled)).state is AlertState.OVER
    assert await told(troubled, Kind.ALERT_WOKEN) == []


@pytest.mark.parametrize("outcome", Outcome)
async def test_what_is_resolved_does_not_come_back(troubled: Desk, outcome: Outcome) -> None:
    if outcome is Outcome.OTHER:
        with pytest.raises(ReasonNeeded, match="resolve this in another way"):
            await resolve(troubled, outcome)
    await resolve(troubled, outcome, "the neighbour had it")
    with pytest.raises(alerts.AlertOver, match=f"@{AGENT.member_id} dealt with this already"):
        await resolve(troubled, outcome, "again")
    held = (await troubled.parcels())[0]
    assert (held.trouble, held.settled) == (None, {Trouble.DELIVERY_FAILED: outcome})
    await troubled.later(hours=1).scan(FAILED)
    await troubled.later(hours=2).scan(MOVING)
    await troubled.later(hours=3).scan(FAILED)
    assert len(await troubled.events(Kind.PARCEL_TROUBLED)) == 1
    async with troubled.look() as session:
        assert await queries.late(session, troubled.now + timedelta(days=9)) == ([], 0)


@pytest.mark.parametrize(
    ("outcome", "alerted"), [(Outcome.REFUNDED, 1), (Outcome.FOUND, 2), (Outcome.RESHIPPED, 1)]
)
async def test_only_a_buyer_who_waits_for_it_makes_another_trouble_of_it(
    troubled: Desk, outcome: Outcome, alerted: int
) -> None:
    await resolve(troubled, outcome)
    assert await troubled.later(days=9).sweep(service.sweep_late) == 1
    assert len(await troubled.events(Kind.PARCEL_TROUBLED)) == alerted
    await troubled.later(days=10).scan(ParcelState.RETURN_TO_SENDER)
    assert len(await troubled.events(Kind.PARCEL_TROUBLED)) == alerted + 1


async def test_who_ignores_it_is_reminded_then_somebody_is_called(troubled: Desk) -> None:
    await troubled.setting("shipping.escalate_to", "U0AGENT U0BOSS1")
    async with troubled.work() as work:
        until = troubled.now + timedelta(days=3)
        await people.go_away(work, AGENT.member_id, until, WAREHOUSE.member_id)
    assert await troubled.sweep(watch.sweep_unanswered) == 1
    assert await troubled.later(hours=3).sweep(watch.sweep_unanswered) == 0
    for hours in (4, 5, 8, 9, 30):
        await troubled.later(hours=hours).sweep(watch.sweep_unanswered)
    reminded = await told(troubled, Kind.ALERT_REMINDED)
    assert [one.at - troubled.now for one in reminded] == [timedelta(hours=4)]
    escalated = await told(troubled, Kind.ALERT_ESCALATED)
    assert [(one.at - troubled.now, one.data["called"]) for one in escalated] == [
        (timedelta(hours=8), [WAREHOUSE.member_id, "U0BOSS1"])
    ]


async def test_whoever_has_it_in_hand_is_not_reminded(troubled: Desk) -> None:
    await troubled.sweep(watch.sweep_unanswered)
    await take(troubled)
    assert await troubled.later(days=2).sweep(watch.sweep_unanswered) == 0


async def test_if_everyone_to_call_is_away_they_are_called_all_the_same(troubled: Desk) -> None:
    await troubled.setting("shipping.escalate_to", "U0BOSS1")
    async with troubled.work() as work:
        await people.go_away(work, "U0BOSS1", troubled.now + timedelta(days=3), None)
    await troubled.later(hours=30).sweep(watch.sweep_unanswered)
    assert await told(troubled, Kind.ALERT_REMINDED) == []
    assert [one.data["called"] for one in await told(troubled, Kind.ALERT_ESCALATED)] == [
        ["U0BOSS1"]
    ]


async def test_an_order_that_nobody_ships_has_an_alert_with_the_same_life(desk: Desk) -> None:
    await desk.setting("shipping.escalate_to", "U0BOSS1")
    await desk.receive(draft(state=OrderState.PACKED, ship_by=desk.now + timedelta(hours=6)))
    assert await desk.sweep(orders.sweep_ship_by) == 1
    await desk.sweep(watch.sweep_unanswered)
    # Before it is too late to ship: half of the time that is left, then all of it.
    for hours in (3, 6):
        assert await desk.later(hours=hours).sweep(watch.sweep_unanswered) == 1
    assert len(await told(desk, Kind.ALERT_REMINDED)) == 1
    assert (await told(desk, Kind.ALERT_ESCALATED))[0].subject == "order"
    await take(desk, WAREHOUSE)
    async with desk.look() as session:
        held, total = await queries.in_hands_of(session, WAREHOUSE.member_id)
    assert (total, held[0].parcel, held[0].order.number) == (1, None, "1001")
    await desk.receive(draft(state=OrderState.SHIPPED))
    with pytest.raises(alerts.AlertOver, match="This order is shipped by now"):
        await put_off(desk, desk.now + timedelta(hours=1))
    async with desk.look() as session:
        assert await queries.in_hands_of(session, WAREHOUSE.member_id) == ([], 0)


async def test_in_a_storm_nobody_is_reminded_of_each(desk: Desk) -> None:
    many = tuple(parcel(f"T{number}") for number in range(6))
    await desk.receive(draft(deliver_by=desk.now + timedelta(hours=1), parcels=many))
    late = desk.later(hours=1)
    await late.sweep(service.sweep_late)
    assert await late.later(days=1).sweep(watch.sweep_unanswered) == 0
    slept = await put_off(late, late.now + timedelta(hours=1))
    assert slept.storm_id
    assert await late.later(hours=1).sweep(watch.sweep_snoozed) == 1
    woken = (await told(desk, Kind.ALERT_WOKEN))[0]
    assert (woken.data["surfaced"], woken.data["storm_id"]) == (True, None)
    async with desk.look() as session:
        listed, _ = await queries.late(session, late.now)
    assert [one.alert.owner for one in listed if one.alert and one.alert.owner] == ["U0AGENT"]


async def test_a_parcel_that_is_scanned_in_one_place_for_days_is_stuck(desk: Desk) -> None:
    await desk.receive(draft(parcels=(parcel(),)))
    await desk.scan(MOVING, place="Ogdenville")
    await desk.later(days=1).scan(MOVING, place="North Haverbrook")
    await desk.later(days=2).scan(MOVING, place="North Haverbrook")
    assert await desk.later(days=3).sweep(service.sweep_stuck) == 1
    assert await desk.later(days=3.9).sweep(service.sweep_stuck) == 0
    stuck = desk.later(days=4)
    assert [await stuck.sweep(service.sweep_stuck) for _ in range(2)] == [1, 0]
    assert (await desk.parcels())[0].trouble is Trouble.STUCK
    await stuck.later(hours=2).scan(MOVING, place="North Haverbrook")
    assert (await desk.parcels())[0].trouble is Trouble.STUCK
    await stuck.later(hours=3).scan(MOVING, place="Shelbyville")
    assert (await desk.parcels())[0].trouble is None
    assert len(await desk.events(Kind.PARCEL_TROUBLED)) == 1


async def test_a_single_scan_is_not_stuck(desk: Desk) -> None:
    await desk.receive(draft(parcels=(parcel(),)))
    await desk.scan(MOVING, place="Ogdenville")
    await desk.later(hours=1).scan(MOVING)
    for days in (3, 4, 5):
        await desk.later(days=days).sweep(service.sweep_stuck)
    assert await desk.events(Kind.PARCEL_TROUBLED) == []


async def test_a_delivered_parcel_that_did_not_arrive_is_disputed_until_the_case_is_resolved(
    desk: Desk,
) -> None:
    await desk.receive(draft(parcels=(parcel(),)))
    await desk.scan(ParcelState.DELIVERED)
    order_id = (await desk.order_row()).id

    async def complain(category: Category) -> int:
        async with desk.work(AGENT.member_id) as work:
            case = await complaints.open_case(work, AGENT, order_id, "?", category=category)
            return case.id

    await complain(Category.DAMAGED)
    assert (await desk.parcels())[0].trouble is None
    case_id = await complain(Category.NOT_ARRIVED)
    assert (await alert(desk)).trouble is Trouble.DISPUTED
    async with desk.look() as session:
        listed, total = await queries.late(session, desk.now)
        card = await queries.card(session, (await desk.parcels())[0].id)
    assert (total, [one.name for one in card.links]) == (1, [f"C-{case_id}"])
    assert listed[0].alert
    async with desk.work(AGENT.member_id) as work:
        await complaints.resolve(work, AGENT, case_id, CaseOutcome.REPLACED, "")
    resolved = await alert(desk)
    assert (resolved.outcome, resolved.resolved_by) == (Outcome.RESHIPPED, AGENT.member_id)
    await complain(Category.NOT_ARRIVED)
    assert len(await desk.events(Kind.PARCEL_TROUBLED)) == 1


async def test_a_case_about_a_parcel_on_its_way_disputes_nothing(desk: Desk) -> None:
    await desk.receive(draft(parcels=(parcel("AA1"), parcel("BB2"))))
    await desk.scan(ParcelState.DELIVERED, "AA1")
    order_id = (await desk.order_row()).id
    async with desk.work(AGENT.member_id) as work:
        await complaints.open_case(work, AGENT, order_id, "?", category=Category.NOT_ARRIVED)
    assert await desk.events(Kind.PARCEL_TROUBLED) == []


async def test_goods_are_sent_again_and_the_warehouse_is_told(troubled: Desk) -> None:
    held = await alert(troubled)
    mug, pot = (line.id for line in (await troubled.card()).lines)

    async def reship(quantities: dict[int, int], why: str = "lost") -> Alert:
        async with troubled.work(AGENT.member_id) as work:
            return await reshipping.reship(work, AGENT, held.id, quantities, why)

    with pytest.raises(ReasonNeeded, match="send something again"):
        await reship({mug: 1}, " ")
    with pytest.raises(reshipping.CantReship, match="Nothing is chosen"):
        await reship({mug: 0})
    for wrong in ({pot: 2}, {mug: -1}, {404: 1}):
        with pytest.raises(reshipping.CantReship, match="can be sent again"):
            await reship(wrong)
    assert (await reship({mug: 2, pot: 0})).outcome is Outcome.RESHIPPED
    with pytest.raises(alerts.AlertOver, match="dealt with this already: reshipped"):
        await reship({mug: 2})
    asked = (await troubled.events(Kind.RESHIPMENT_ASKED))[0]
    async with troubled.look() as session:
        shown = await reshipping.card(session, asked.id)
        with pytest.raises(RecordNotFound):
            await reshipping.card(session, asked.id + 99)
    assert [(one.line.sku, one.quantity) for one in shown.goods] == [("MUG-1", 2)]
    assert (shown.why, shown.asked_by) == ("lost", AGENT.member_id)


@pytest.mark.parametrize("state", AlertState)
def test_transitions_are_those_of_the_table(state: AlertState) -> None:
    for to in AlertState:
        record = Alert(state=state, owner="U0AGENT")
        if to in TRANSITIONS[state]:
            record.move(to)
            assert record.state is to
        else:
            with pytest.raises(WrongState):
                record.move(to)
