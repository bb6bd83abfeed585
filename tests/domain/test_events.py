"""A long day at the desk: what the log keeps of it, and which jobs it calls for."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import templates
from domain import people
from domain.complaints import merging, snoozing
from domain.complaints import service as complaints
from domain.complaints.model import Outcome
from domain.complaints.replies import Said
from domain.events import Event, Kind
from domain.jobs import Job, NewJob
from domain.orders import confirming
from domain.orders import service as orders
from domain.orders.model import State as OrderState
from domain.refunds import paying, undecided
from domain.refunds import service as refunds
from domain.refunds.by_hand import mark_paid
from domain.refunds.payment import Outcome as Payment
from domain.refunds.payment import Result
from domain.returns import clocks as returns
from domain.returns.model import Disposal, Return
from domain.returns.model import State as ReturnState
from domain.shipping import alerts, reshipping, watch
from domain.shipping import service as shipping
from domain.shipping.model import ParcelState
from handlers.alerts import called_for, route
from tests.domain.desk import (
    ADMIN,
    AGENT,
    APPROVER,
    FINANCE,
    OTHER_APPROVER,
    REMIND,
    UNANSWERED,
    UNRESOLVED,
    WAREHOUSE,
    Desk,
    draft,
    parcel,
)
from tests.domain.returning import BACK, Returning

BUYER = {
    "buyer_name": "Zacharias Quetzal",
    "buyer_email": "quetzal@secret.example",
    "ship_to_name": "Balthasar Quetzal",
    "ship_to_street": "Nowhere Lane 1",
    "ship_to_region": "Secretshire",
    "ship_to_city": "Hiddenville",
    "ship_to_postcode": "QX99Z",
    "payment_reference": "pi_hidden",
}
ROBOTS = {"clock", "worker", "import", "easypost", "stripe"}
#: Kinds that this day does not bring.
ELSEWHERE = {
    *(
        "OrdersArrived",
        "OrdersConfirmed",
        "OrdersRechecked",
        "StormGrew",
        "RefundFound",
        "RefundsCompared",
        "RefundsDiffer",
    ),
    *("BatchOpened", "BatchSent", "BatchUnknown", "BatchClosed"),
    *("PickListAsked", "PickListEnded", "OrderListed", "OrderPicked", "OrderPacked"),
    *("PackingProblem", "ParcelShipped", "ShipmentConfirmed", "ShipmentRefused"),
    *("StockCounted", "StockAdjusted", "StockDescribed"),
    *("StockLow", "StockOversold", "StockWatched"),
    *("LabelAsked", "LabelBought", "LabelFailed", "ReshipmentCalledOff"),
    *("LabelUnheard", "LabelVoidAsked", "LabelVoided", "LabelKept"),
    *("StormTaken", "StormEscalated", "SourceStale", "SourceFresh"),
    *("OrderCompleted", "PayoutsDiffer", "PayoutsCompared"),
}
SUBJECTS = {"refund", "return", "complaint", "parcel", "order", "alert", "event"}
SHAPES = {
    "post": {"concept", "template", "subject", "id"},
    "refresh": {"subject", "id"},
    "reply": {"concept", "template", "subject", "id", "event_id"},
    "tell": {"template", "subject", "id"},
    "refund.pay": {"refund_id"},
}


@pytest.fixture
async def day(desk: Desk) -> list[Event]:
    """Everything that people, partners and the clock can do, done once."""
    desk.store.alerts = route
    await desk.setting("refund.two_approvers_above", "50.00 USD")
    await desk.setting("refund.fallback", ADMIN.member_id)
    async with desk.work(ADMIN.member_id) as work:
        await people.set_role(work, "U1", "agent")
        await people.go_away(work, "U1", desk.now + timedelta(days=1), "U2")
        await people.come_back(work, "U1")
    soon: dict[str, Any] = {
        "ship_by": desk.now + timedelta(hours=1),
        "deliver_by": desk.now + timedelta(days=1),
    }
    order_id = await desk.order(state=OrderState.PENDING, parcels=(parcel(),), **soon, **BUYER)
    await desk.receive(
        draft(state=OrderState.PENDING, parcels=(parcel(),), total=1, **soon, **BUYER)
    )
    async with desk.work(WAREHOUSE.member_id) as work:
        await confirming.confirm(work, WAREHOUSE, order_id, "Paid by wire")
    await desk.sweep(orders.sweep_ship_by)
    await _refunds(desk, order_id)
    await _case(desk, order_id)
    await _parcel(desk)
    await _returns(desk, order_id)
    return await desk.events()


async def _refunds(desk: Desk, order_id: int) -> None:
    ids = [(await desk.request(order_id, minor)).id for minor in (100, 200, 300)]
    async with desk.work(APPROVER.member_id) as work:
        await refunds.decline(work, APPROVER, ids[0], "Not broken")
    async with desk.work(AGENT.member_id) as work:
        await refunds.withdraw(work, AGENT, ids[1])
    await desk.later(hours=4).sweep(undecided.sweep)
    await desk.later(days=1).sweep(undecided.sweep)
    await desk.later(days=4).sweep(refunds.sweep_expired)
    large = (await desk.request(order_id, 5001)).id
    await desk.approve(large, APPROVER)
    await desk.approve(large, OTHER_APPROVER)
    async with desk.work("worker") as work:
        await paying.submit(work, large, "stripe")
        await paying.lose_sight(work, large, "no answer in 30 s")
        await paying.settle(work, large, Payment(Result.FAILED, "re", "The card is closed"))
    by_hand = await desk.paying(order_id, 400, "manual")
    async with desk.work(FINANCE.member_id) as work:
        await mark_paid(work, FINANCE, by_hand, "WIRE-7")


async def _case(desk: Desk, order_id: int) -> None:
    case = await desk.complain(order_id, f"{BUYER['buyer_name']} is angry")
    await desk.later(hours=13).sweep(REMIND)
    await desk.later(days=2).sweep(UNANSWERED)
    said = Said("C1", "1.1", f"{BUYER['buyer_name']} called", desk.now)
    async with desk.work(AGENT.member_id) as work:
        await complaints.hear(work, AGENT, case, said)
        await complaints.escalate(work, AGENT, case, "Third time")
    async with desk.work(AGENT.member_id) as work:
        await complaints.acknowledge(work, AGENT, case)
        await complaints.hand_over(work, AGENT, case, APPROVER)
        await snoozing.snooze(work, AGENT, case, desk.now + timedelta(days=1), "Waits for a mug")
        await snoozing.wake(work, AGENT, case)
    await desk.setting("complaint.levels", "1")
    await desk.later(days=4).sweep(UNRESOLVED)
    other = await desk.complain(order_id, "The same again")
    async with desk.work(AGENT.member_id) as work:
        await merging.merge(work, AGENT, other, case)
        await complaints.resolve(work, AGENT, case, Outcome.REPLACED, "New mug")
        await complaints.reopen(work, AGENT, case)


async def _parcel(desk: Desk) -> None:
    await desk.setting("shipping.escalate_to", ADMIN.member_id)
    await desk.scan(ParcelState.IN_TRANSIT, place="Ogdenville")
    late = desk.later(days=2)
    await late.sweep(shipping.sweep_late)
    for hours in (4, 8):
        await late.later(hours=hours).sweep(watch.sweep_unanswered)
    parcel_id = (await desk.parcels())[0].id
    async with late.work(WAREHOUSE.member_id) as work:
        alert_id = await alerts.newest(work.session, parcel_id)
        await alerts.acknowledge(work, WAREHOUSE, alert_id)
        await alerts.assign(work, WAREHOUSE, alert_id, AGENT)
        await alerts.snooze(work, WAREHOUSE, alert_id, late.later(hours=9).now, "Asked UPS")
    await late.later(hours=9).sweep(watch.sweep_snoozed)
    await late.later(hours=10).scan(ParcelState.IN_TRANSIT)
    failed = late.later(hours=11)
    await failed.scan(ParcelState.DELIVERY_FAILED, description="Nobody in")
    goods = {(await desk.card()).lines[1].id: 1}
    async with failed.work(WAREHOUSE.member_id) as work:
        alert_id = await alerts.newest(work.session, parcel_id)
        await reshipping.reship(work, WAREHOUSE, alert_id, goods, "Crushed")
    await desk.later(days=3).scan(ParcelState.DELIVERED)


async def _returns(desk: Desk, order_id: int) -> None:
    mug, pot = (line.id for line in (await desk.card()).lines)
    shop = Returning(desk, order_id, mug, pot)
    declined = await shop.ask({mug: 1}, note=f"{BUYER['buyer_name']} asks")
    await shop.do("decline", declined, "A year ago")
    withdrawn = await shop.until(ReturnState.AUTHORISED, {mug: 1})
    await shop.do("withdraw", withdrawn, "The buyer keeps it")
    expiring = await shop.until(ReturnState.AUTHORISED, {pot: 1})
    await desk.later(days=4).sweep(returns.sweep_warnings)
    async with desk.work("clock") as work:
        (await work.lock(Return, expiring)).expires_due_at = desk.now
    await desk.sweep(returns.sweep_expired)
    coming = await shop.until(ReturnState.AUTHORISED, {mug: 1, pot: 1})
    await shop.track(coming)
    await desk.scan(ParcelState.IN_TRANSIT, BACK)
    await desk.scan(ParcelState.DELIVERED, BACK)
    await desk.later(days=3).sweep(returns.sweep_warnings)
    await desk.later(days=4).sweep(returns.sweep_overdue)
    await shop.inspect(coming)
    await shop.refund(coming)
    first, second = (line.id for line in (await shop.card(coming)).rma.to_dispose)
    for line, disposal in ((first, Disposal.RESTOCKED), (second, Disposal.WRITTEN_OFF)):
        await shop.do("dispose", coming, {line: disposal}, by=WAREHOUSE)


async def test_the_log_says_who_did_what_to_what_when_and_why(desk: Desk, day: list[Event]) -> None:
    assert {event.kind for event in day} >= {kind.value for kind in Kind} - ELSEWHERE
    for event in day:
        assert event.actor.startswith("U0") or event.actor in ROBOTS
        assert desk.now <= event.at <= desk.now + timedelta(days=4)
        assert event.subject_id
        about_desk = event.subject in {"person", "setting"}
        assert (event.order_id is None) == about_desk
    why = {event.kind: event.why for event in day}
    assert {kind: why[kind] for kind in why if why[kind]} == {
        Kind.ORDER_CONFIRMED: "Paid by wire",
        Kind.REFUND_DECLINED: "Not broken",
        Kind.REFUND_EXPIRED: "nobody decided in time",
        Kind.REFUND_UNKNOWN: "no answer in 30 s",
        Kind.REFUND_FAILED: "The card is closed",
        Kind.COMPLAINT_OVERDUE: "not resolved in time",
        Kind.COMPLAINT_SNOOZED: "Waits for a mug",
        Kind.COMPLAINT_ESCALATED: "Third time",
        Kind.COMPLAINT_RESOLVED: "New mug",
        Kind.PARCEL_TROUBLED: "Nobody in",
        Kind.ALERT_SNOOZED: "Asked UPS",
        Kind.ALERT_RESOLVED: "Crushed",
        Kind.RESHIPMENT_ASKED: "Crushed",
        Kind.RETURN_DECLINED: "A year ago",
        Kind.RETURN_WITHDRAWN: "The buyer keeps it",
        Kind.RETURN_EXPIRED: "nothing came in time",
    }


async def test_neither_log_nor_jobs_hold_anything_of_the_buyer(
    desk: Desk, day: list[Event]
) -> None:
    jobs = await desk.all(select(Job))
    kept = [[event.kind, event.actor, event.why, event.data] for event in day]
    kept += [[job.key, job.kind, job.lane, job.payload] for job in jobs]
    text = json.dumps(kept).casefold()
    for secret in (*BUYER.values(), "quetzal", "zacharias"):
        assert secret.casefold() not in text


async def test_each_event_calls_for_its_jobs_once_and_in_their_shape(
    desk: Desk, day: list[Event]
) -> None:
    calls = [(event, job) for event in day for job in called_for(event)]
    keys = Counter(job.key for _, job in calls)
    assert max(keys.values()) == 1
    enqueued = await desk.all(select(Job))
    # Of those that would bring the same cards up to date one waits, and none where there are none.
    assert {job.key for job in enqueued} <= set(keys)
    assert {job.key for job in enqueued if job.kind != "refresh"} == {
        job.key for _, job in calls if job.kind != "refresh"
    }
    waiting = [job.waits_as for job in enqueued if job.kind == "refresh"]
    assert len(waiting) == len({*waiting}) > 0
    for event, job in calls:
        _check(job, event)
    # An import posts nothing, and money moves on the last approval only.
    assert Kind.ORDER_RECEIVED not in {event.kind for event, _ in calls}
    paying = [event.data["state"] for event, job in calls if job.kind == "refund.pay"]
    assert paying == ["approved", "approved"]
    assert len([event for event in day if event.kind == Kind.REFUND_APPROVED]) == 3


def _check(job: NewJob, event: Event) -> None:
    assert job.payload.keys() >= SHAPES[job.kind], job
    assert job.payload.get("subject", event.subject) in SUBJECTS
    assert isinstance(job.payload.get("id", 1), int)
    assert json.loads(json.dumps(job.payload)) == job.payload
    if job.kind in {"post", "refresh", "reply"}:
        assert job.lane in {"refunds", "returns", "complaints", "shipping"}
        assert job.payload.get("concept", job.lane) == job.lane
    if template := job.payload.get("template"):
        folder = Path(templates.__file__).parent
        assert (folder / f"{template}.json.jinja").exists(), template
