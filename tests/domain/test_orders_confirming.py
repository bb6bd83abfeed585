"""New orders: announced together, confirmed once, by a person or by the rule."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from domain.errors import AlreadyDecided
from domain.events import Kind
from domain.inventory.model import Item, Reservation
from domain.jobs import Job
from domain.orders import arrivals, confirming, service
from domain.orders.arrivals import Arrival, ArrivalCard, Done
from domain.orders.confirming import LookFirst, NothingFine, Rest
from domain.orders.intake import OrderDraft
from domain.orders.model import Order, State
from domain.people import Member
from handlers.alerts import route
from tests.domain.desk import AGENT, APPROVER, MUG, WAREHOUSE, Desk, draft, statements

THREE = (AGENT, APPROVER, WAREHOUSE)


def a_new(number: int | str, **changes: Any) -> OrderDraft:
    return draft(**{"number": str(number), "lines": (MUG,)} | changes)


async def arrive(desk: Desk, *drafts: OrderDraft) -> None:
    desk.store.alerts = route
    async with desk.work("shopify") as work:
        await service.receive(work, drafts, source="shopify", announce=True)


async def stock(desk: Desk, on_hand: int) -> None:
    async with desk.work() as work:
        work.session.add(Item(key="mug-1", sku="MUG-1", on_hand=on_hand, reserved=0))


async def arrival(desk: Desk) -> ArrivalCard:
    arrival_id = (await desk.one(select(Arrival))).id
    async with desk.look() as session:
        return await arrivals.card(session, arrival_id, desk.now)


async def confirm(desk: Desk, by: Member, order_id: int, why: str | None = None) -> None:
    async with desk.work(by.member_id) as work:
        await confirming.confirm(work, by, order_id, why)


async def confirm_fine(desk: Desk, by: Member = AGENT) -> int | None:
    arrival_id = (await desk.one(select(Arrival))).id
    async with desk.work(by.member_id) as work:
        return await confirming.confirm_fine(work, by, arrival_id)


async def test_what_a_live_source_tells_waits_and_is_announced_once(desk: Desk) -> None:
    await arrive(desk, a_new(1), a_new(2, state=State.SHIPPED))
    await arrive(desk, a_new(1), a_new(3, ship_to_city=None))
    orders = await desk.all(select(Order).order_by(Order.number))
    assert [order.state for order in orders] == [State.PENDING, State.SHIPPED, State.PENDING]
    assert [order.arrival_id is None for order in orders] == [False, True, False]
    jobs = await desk.all(select(Job))
    assert [job.payload["template"] for job in jobs if job.kind == "post"] == ["orders/arrival"]
    card = await arrival(desk)
    assert (card.total, card.fine, card.to_look_at, card.order) == (2, 1, 1, None)
    await desk.receive(a_new(4, state=State.PENDING))
    assert (await arrival(desk)).total == 2, "what a file brings is no news"


async def test_a_source_that_goes_on_does_not_confirm_and_one_that_cancels_ends(
    desk: Desk,
) -> None:
    await arrive(desk, a_new(1, awaits_payment=True), a_new(2))
    assert (await arrival(desk)).flagged[0].findings[0].sentence == "The buyer has not paid yet."
    await arrive(desk, a_new(1), a_new(2, state=State.CANCELLED))
    card = await arrival(desk)
    assert (card.fine, card.to_look_at, card.done) == (1, 0, (Done(None, 1),))


async def test_an_order_with_findings_takes_a_reason_and_reserves_what_is_there(
    desk: Desk,
) -> None:
    await stock(desk, 1)
    await arrive(desk, a_new(1))
    order_id = await desk.identify("1")
    with pytest.raises(LookFirst, match="MUG-1: 2 ordered, 1 available"):
        await confirm(desk, AGENT, order_id)
    assert (await desk.order_row("1")).state is State.PENDING
    await confirm(desk, AGENT, order_id, " More come on Friday ")
    held = await desk.one(select(Reservation))
    assert (held.quantity, held.wanted) == (1, 2)
    (event,) = await desk.events(Kind.ORDER_CONFIRMED)
    assert (event.actor, event.why) == (AGENT.member_id, "More come on Friday")
    assert event.data["findings"] == ["short"]


@pytest.mark.parametrize("bulk", [False, True])
async def test_of_three_who_click_at_once_one_confirms(desk: Desk, *, bulk: bool) -> None:
    await arrive(desk, a_new(1), a_new(2))
    order_id = await desk.identify("1")
    clicks = [confirm_fine(desk, one) if bulk else confirm(desk, one, order_id) for one in THREE]
    ends = await asyncio.gather(*clicks, return_exceptions=True)
    late = [end for end in ends if isinstance(end, BaseException)]
    first = (await desk.order_row("1")).confirmed_by
    assert len(late) == 2
    for error in late:
        assert isinstance(error, AlreadyDecided)
        assert f"already confirmed by @{first}" in str(error)
    assert len(await desk.events(Kind.ORDER_CONFIRMED)) == (2 if bulk else 1)


async def test_many_who_confirm_what_is_left_promise_no_more_than_there_is(desk: Desk) -> None:
    await stock(desk, 20)
    await arrive(desk, *(a_new(number) for number in range(15)))
    assert (await arrival(desk)).fine == 10, "those before them take what there is"
    ids = [order.id for order in await desk.all(select(Order))]
    ends = await asyncio.gather(
        *(confirm(desk, AGENT, order_id) for order_id in ids), return_exceptions=True
    )
    assert sum(isinstance(end, LookFirst) for end in ends) == 5
    item = await desk.one(select(Item))
    assert (item.on_hand, item.reserved) == (20, 20)


async def test_the_fine_ones_are_confirmed_and_the_others_stay(desk: Desk) -> None:
    await arrive(desk, a_new(1), a_new(2, ship_to_city=None), a_new(3))
    assert await confirm_fine(desk) == 2
    card = await arrival(desk)
    assert (card.fine, card.to_look_at, card.done) == (0, 1, (Done(AGENT.member_id, 2),))
    with pytest.raises(NothingFine):
        await confirm_fine(desk)


async def test_the_rule_confirms_what_is_fine_once_the_clock_looks(desk: Desk) -> None:
    await arrive(desk, a_new(1))
    assert await desk.sweep(confirming.sweep_rules) == 1
    await desk.setting("order.auto_confirm", "clean")
    await desk.setting("order.auto_confirm_below", "60.00 USD")
    await arrive(desk, a_new(2), a_new(3, total=6001), a_new(4, awaits_payment=True))
    assert await desk.sweep(confirming.sweep_rules) == 3
    states = {order.number: order.confirmed_by for order in await desk.all(select(Order))}
    assert states == {"1": None, "2": "clock", "3": None, "4": None}
    await arrive(desk, a_new(4))
    await desk.sweep(confirming.sweep_rules)
    assert (await desk.order_row("4")).confirmed_by == "clock", "once it is paid"
    why = {event.why for event in await desk.events(Kind.ORDER_CONFIRMED)}
    assert why == {"nothing to look at, up to 60.00 USD"}


async def test_a_great_burst_costs_few_statements_and_a_job_confirms_it(desk: Desk) -> None:
    drafts = [replace(a_new(number), payment_reference=None) for number in range(250)]
    with statements(desk.store) as seen:
        await arrive(desk, *drafts)
        assert (await arrival(desk)).fine == 250
    assert len(seen) < 40
    assert len(await desk.all(select(Job))) == 2, "one posts, one counts along"
    assert await confirm_fine(desk) is None
    for round_ in range(3):
        (job,) = (await desk.all(select(Job).where(Job.kind == "orders.confirm")))[round_:]
        rest = Rest(*(job.payload[key] for key in ("arrival_id", "after", "upto")))
        async with desk.work(job.payload["actor"]) as work:
            await confirming.confirm_rest(work, rest)
    assert (await arrival(desk)).done == (Done(AGENT.member_id, 250),)
    confirmed = await desk.events(Kind.ORDERS_CONFIRMED)
    assert [event.data["found"] for event in confirmed] == [100, 100, 50]
