"""Two merchants in one database, with the same numbers, people and parcels."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import Select, delete, func, select, update

from domain import cards, inbox, merchants, people
from domain.cards import Card
from domain.complaints import queries as complaint_queries
from domain.complaints import service as complaints
from domain.complaints.model import Complaint, Outcome
from domain.complaints.replies import Said
from domain.errors import NotFound
from domain.events import Event
from domain.orders import confirming, search
from domain.orders import queries as orders
from domain.orders import service as order_service
from domain.orders.model import Line, Order
from domain.people import Person
from domain.refunds import by_hand, paying
from domain.refunds import queries as refund_queries
from domain.refunds import service as refunds
from domain.refunds.model import Reason, Refund
from domain.refunds.payment import Outcome as Payment
from domain.refunds.payment import Result
from domain.shipping import alerts as parcel_alerts
from domain.shipping import queries as parcel_queries
from domain.shipping import service as shipping
from domain.shipping.model import Parcel, ParcelState, Scan
from domain.store import Work
from tests.domain.desk import (
    ADMIN,
    AGENT,
    APPROVER,
    FINANCE,
    UNANSWERED,
    Desk,
    asking,
    draft,
    parcel,
    usd,
)


@pytest.fixture
async def theirs(other_desk: Desk) -> Desk:
    """The other merchant, who has one of everything under the numbers that we use too."""
    order_id = await other_desk.order(
        buyer_name="Theirs Alone", parcels=(parcel(),), ship_by=other_desk.now, total=1
    )
    await other_desk.paying(order_id, 1000)
    await other_desk.request(
        order_id, refunds.Ask(Reason.DAMAGED, lines={(await other_desk.card()).lines[0].id: 1})
    )
    await other_desk.complain(order_id)
    await other_desk.scan(ParcelState.DELIVERY_FAILED)
    await other_desk.setting("complaint.levels", "1")
    async with other_desk.work() as work:
        await people.set_role(work, "U1", "approver", usd(5))
        await inbox.keep(work, "easypost", "evt_1", "{}")
        work.session.add(
            Card(
                subject="refund",
                subject_id=1,
                template="t",
                place="C1",
                reference="1.0",
                digest="d",
            )
        )
    return other_desk


async def test_an_empty_desk_sees_nothing_of_the_other(desk: Desk, theirs: Desk) -> None:
    their_refund = await theirs.one(select(Refund).limit(1))
    async with desk.look() as session:
        assert (await search.find(session, "theirs")).hits == ()
        assert await search.nearest(session, "1001") == []
        assert await parcel_queries.late(session, desk.now) == ([], 0)
        assert await refund_queries.waiting(session) == ([], 0)
        assert await complaint_queries.unresolved(session) == ([], 0)
        assert (await people.member(session, "U1")).role is None
        assert list(await people.everyone(session)) == []
        assert (await merchants.settings(session))["complaint.levels"] == 3
        assert list(await cards.of(session, "refund", 1)) == []
        assert await cards.at(session, "C1", "1.0") is None
        assert await session.get(Refund, their_refund.id) is None


async def test_the_same_number_means_each_merchants_own_order(desk: Desk, theirs: Desk) -> None:
    await desk.order(buyer_name="Ours Alone", parcels=(parcel(),))
    ours, other = await desk.card(), await theirs.card()
    assert (ours.buyer_name, other.buyer_name) == ("Ours Alone", "Theirs Alone")
    assert ours.id != other.id
    assert (len(ours.refunds), len(other.refunds)) == (0, 2)
    assert (len(ours.parcels[0].scans), len(other.parcels[0].scans)) == (0, 1)
    assert (ours.held, other.held) == (usd(0), usd(2200))
    assert [line.refunded_quantity for line in other.lines] == [1, 0]
    assert [one.kind for one in ours.history] == ["OrderReceived"]


async def test_what_one_desk_receives_leaves_the_others_alone(desk: Desk, theirs: Desk) -> None:
    before = await theirs.card()
    assert (await desk.receive(draft(buyer_name="Ours", parcels=(parcel(),)))).added == 1
    assert (await desk.receive(draft(captured=1, lines=(), parcels=(parcel(),)))).changed == 1
    await desk.scan(ParcelState.DELIVERED)
    assert await theirs.card() == before


async def test_ids_of_the_other_desk_open_nothing(desk: Desk, theirs: Desk) -> None:
    order_id = (await theirs.order_row()).id
    refund_id = (await theirs.one(select(Refund).limit(1))).id
    case_id = (await theirs.one(select(Complaint))).id
    parcel_id = (await theirs.parcels())[0].id
    line_id = (await theirs.card()).lines[0].id
    our_order = await desk.order(number="ours")
    their_log = len(await theirs.events())
    attempts: tuple[Callable[[Work], Awaitable[object]], ...] = (
        lambda work: confirming.confirm(work, AGENT, order_id),
        lambda work: orders.card_by_id(work.session, order_id),
        lambda work: refunds.request(work, AGENT, order_id, asking(1)),
        lambda work: refunds.request(
            work, AGENT, our_order, refunds.Ask(Reason.DAMAGED, lines={line_id: 1})
        ),
        lambda work: refunds.approve(work, APPROVER, refund_id),
        lambda work: refunds.decline(work, APPROVER, refund_id, "No"),
        lambda work: refunds.withdraw(work, AGENT, refund_id),
        lambda work: paying.submit(work, refund_id, "stripe"),
        lambda work: paying.settle(work, refund_id, Payment(Result.SUCCEEDED)),
        lambda work: paying.lose_sight(work, refund_id, "?"),
        lambda work: by_hand.mark_paid(work, FINANCE, refund_id, "W"),
        lambda work: by_hand.mark_failed(work, FINANCE, refund_id, "Why"),
        lambda work: refund_queries.card(work.session, refund_id),
        lambda work: complaints.open_case(work, AGENT, order_id, "Broken"),
        lambda work: complaints.acknowledge(work, AGENT, case_id),
        lambda work: complaints.hear(work, AGENT, case_id, Said("C1", "1.1", "On it", theirs.now)),
        lambda work: complaints.hand_over(work, AGENT, case_id, APPROVER),
        lambda work: complaints.escalate(work, AGENT, case_id, "Why"),
        lambda work: complaints.resolve(work, AGENT, case_id, Outcome.EXPLAINED, ""),
        lambda work: complaints.reopen(work, AGENT, case_id),
        lambda work: complaint_queries.card(work.session, case_id),
        lambda work: parcel_alerts.acknowledge(work, AGENT, parcel_id),
        lambda work: parcel_queries.card(work.session, parcel_id),
    )
    for attempt in attempts:
        with pytest.raises(NotFound):
            async with desk.work(ADMIN.member_id) as work:
                await attempt(work)
    assert len(await theirs.events()) == their_log


async def test_the_clock_of_one_desk_does_not_strike_for_the_other(
    desk: Desk, theirs: Desk
) -> None:
    late = desk.later(days=60)
    for sweep in (
        order_service.sweep_ship_by,
        shipping.sweep_late,
        shipping.sweep_silent,
        refunds.sweep_expired,
        UNANSWERED,
    ):
        assert await late.sweep(sweep) == 0
    assert await theirs.later(days=60).sweep(UNANSWERED) == 1


async def test_a_carriers_word_reaches_the_desk_that_it_was_sent_to(
    desk: Desk, theirs: Desk
) -> None:
    assert await desk.scan(ParcelState.DELIVERED) is None
    assert (await theirs.parcels())[0].state is ParcelState.DELIVERY_FAILED


async def test_statements_over_whole_tables_stay_at_home(desk: Desk, theirs: Desk) -> None:
    await desk.order(parcels=(parcel(),))
    async with desk.work() as work:
        await work.session.execute(update(Order).values(total=7))
        await work.session.execute(update(Line).values(quantity=9).where(Line.quantity > 0))
        await work.session.execute(delete(Event))
        await work.session.execute(delete(Scan))
        await work.session.execute(delete(Complaint))
    assert [one.total for one in await desk.all(select(Order))] == [7]
    assert (await theirs.card()).total == usd(1)
    assert [line.quantity for line in (await theirs.card()).lines] == [2, 1]
    assert (len(await theirs.all(select(Scan))), len(await theirs.all(select(Complaint)))) == (1, 1)
    assert await theirs.events() != []


async def test_aggregates_count_at_home_however_deep(desk: Desk, theirs: Desk) -> None:
    await desk.order()
    everything = select(Order.id).subquery()
    queries: tuple[Select[Any], ...] = (
        select(func.count(Order.id)),
        select(func.count()).select_from(Order),
        select(func.count()).select_from(everything),
        select(select(func.count(Order.id)).scalar_subquery()),
        select(func.count()).select_from(select(everything.c.id).subquery()),
        select(func.count(Line.order_id.distinct())).where(Line.order_id.in_(select(Order.id))),
        select(func.count(Order.id.distinct())).outerjoin(Parcel, Parcel.order_id == Order.id),
    )
    for each in (desk, theirs):
        async with each.look() as session:
            assert [await session.scalar(query) for query in queries] == [1] * len(queries)
    async with desk.look() as session:
        both = select(Order.id).union_all(select(Order.id))
        assert len((await session.execute(both)).all()) == 2
        loops = select(func.count(Person.id)).where(select(Refund.id).exists())
        assert await session.scalar(loops) == 0


async def test_lazy_rows_come_from_home_too(desk: Desk, theirs: Desk) -> None:
    await desk.order()
    async with desk.look() as session:
        order = (await session.scalars(select(Order))).one()
        await session.refresh(order, ["lines"])
        assert {line.merchant_id for line in order.lines} == {desk.merchant_id}
    async with theirs.look() as session:
        person = (await session.scalars(select(Person))).unique().one()
        assert [limit.amount for limit in person.limits] == [5]


async def test_rows_are_stamped_with_the_desk_they_are_written_at(desk: Desk, theirs: Desk) -> None:
    async with desk.work() as work:
        work.session.add(
            Card(
                merchant_id=theirs.merchant_id,
                subject="order",
                subject_id=1,
                template="t",
                place="C9",
                reference="9.0",
                digest="",
            )
        )
        await work.insert(
            Event,
            [
                {
                    "merchant_id": theirs.merchant_id,
                    "kind": "x",
                    "at": desk.now,
                    "actor": "a",
                    "subject": "order",
                    "subject_id": 1,
                    "data": {},
                }
            ],
        )
    assert [one.place for one in await desk.all(select(Card))] == ["C9"]
    assert len(await desk.events("x")) == 1
    assert await theirs.events("x") == []


async def test_desks_at_work_at_once_stay_apart(desk: Desk, theirs: Desk) -> None:
    await asyncio.gather(
        *(each.order(number=f"N{number}") for number in range(5) for each in (desk, theirs))
    )
    assert len(await desk.all(select(Order))) == 5
    assert len(await theirs.all(select(Order))) == 6


async def test_whoever_looks_across_sees_both(desk: Desk, theirs: Desk) -> None:
    await desk.order()
    async with desk.store.across() as session:
        owners = await session.scalars(select(Order.merchant_id).order_by(Order.merchant_id))
        assert owners.all() == [desk.merchant_id, theirs.merchant_id]
