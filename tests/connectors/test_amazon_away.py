"""Amazon on its bad days: silent for long, forgetful, or busy with orders that are its own."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.events import Event, Kind
from domain.fulfilment.shipping import Consignment, ship
from domain.orders.confirming import confirm
from domain.orders.model import Line, State
from domain.sources import SourceSilent
from handlers.alerts import route
from tests.connectors.amazon_orders_emulator import notification, order
from tests.connectors.seller import Seller
from tests.domain.desk import TRACKING, WAREHOUSE

BY_AMAZON = {"fulfilledBy": "AMAZON", "fulfillmentStatus": "UNSHIPPED"}


async def jobs(seller: Seller) -> list[tuple[str, int]]:
    return [(one.state, one.attempts) for one in await seller.open_jobs() if one.lane]


async def test_messages_wait_for_an_amazon_that_is_away_and_one_at_a_time_asks(
    seller: Seller,
) -> None:
    seller.amazon.orders = [order(f"113-{at}", at=seller.now) for at in range(3)]
    seller.amazon.mishaps["order"].extend(["503", "dropped before", "html"])
    await seller.hear(
        *(notification(f"n-{at}", at=seller.now, number=f"113-{at}") for at in range(3))
    )
    assert seller.amazon.calls.count("order") == 1
    assert await jobs(seller) == [("ready", 0), ("ready", 0), ("ready", 0)]
    await seller.work_off(minutes=5)
    await seller.work_off(minutes=5)
    assert seller.amazon.calls.count("order") == 3
    await seller.work_off(minutes=5)
    assert await jobs(seller) == []
    assert [(await seller.order(f"113-{at}")).state for at in range(3)] == [State.PENDING] * 3


async def test_an_order_that_amazon_never_tells_is_somebodys_to_look_at(seller: Seller) -> None:
    seller.amazon.orders = [order(at=seller.now)]
    seller.amazon.mishaps["order"].extend(["500"] * 9)
    await seller.hear(notification("n-1", at=seller.now))
    await seller.work_off(days=1, minutes=1)
    for _ in range(8):
        await seller.work_off(minutes=15)
    [job] = await seller.open_jobs()
    assert (job.state, "HTTP 500" in (job.last_error or "")) == ("dead", True)


async def test_pages_are_read_anew_when_amazon_forgot_where_they_were(seller: Seller) -> None:
    seller.amazon.orders = [order(f"113-{at}", at=seller.now) for at in range(3)]
    first = await seller.orders.read(None, seller.now)
    seller.amazon.mishaps["search"].append("400")
    again = await seller.orders.read(first.cursor, seller.now)
    assert (again.orders, again.more) == (first.orders, True)
    seller.amazon.mishaps["search"].append("400")
    with pytest.raises(SourceSilent, match="HTTP 400"):
        await seller.orders.read(None, seller.now)


async def test_what_amazon_ships_itself_comes_in_once_it_has_left(seller: Seller) -> None:
    now = seller.now
    seller.amazon.orders = [order(at=now, fulfillment=BY_AMAZON)]
    [page] = await seller.pages()
    assert (page.orders, page.unread) == ([], [])
    unshipped = notification("n-1", at=now)
    await seller.hear(unshipped, notification("n-2", at=now, by="AFN"))
    assert seller.amazon.calls.count("order") == 1
    seller.amazon.change(now, fulfillment=BY_AMAZON | {"fulfillmentStatus": "SHIPPED"})
    await seller.hear(notification("n-3", at=now, by="AFN", status="Shipped"))
    assert (await seller.order()).state is State.SHIPPED
    assert await jobs(seller) == []


async def shipped(seller: Seller) -> None:
    """Let a parcel of the order leave."""
    seller.store.alerts = route
    await seller.hear(notification("n-1", at=seller.now))
    view = await seller.order()
    async with seller.store.write(seller.merchant, now=seller.now, actor="U0WAREHOUSE") as work:
        await confirm(work, WAREHOUSE, view.id, "A friend of ours")
        [line] = await work.session.scalars(select(Line).where(Line.order_id == view.id))
        await ship(work, WAREHOUSE, view.id, Consignment({line.id: 2}, "UPS", TRACKING))


async def told(seller: Seller) -> list[Event]:
    kinds = (Kind.SHIPMENT_CONFIRMED, Kind.SHIPMENT_REFUSED)
    async with seller.store.read(seller.merchant) as session:
        return list(await session.scalars(select(Event).where(Event.kind.in_(kinds))))


async def test_a_parcel_that_left_is_confirmed_when_amazon_is_back(seller: Seller) -> None:
    seller.amazon.orders = [order(at=seller.now)]
    seller.amazon.mishaps["ship"].extend(["503", "dropped before"])
    await shipped(seller)
    await seller.work_off()
    await seller.work_off(minutes=5)
    assert await told(seller) == []
    await seller.work_off(minutes=5)
    [event] = await told(seller)
    assert (event.kind, event.subject) == (Kind.SHIPMENT_CONFIRMED, "parcel")
    assert [one["trackingNumber"] for one in seller.amazon.confirmations] == [TRACKING]


async def test_a_parcel_that_amazon_does_not_take_is_parked_with_its_words(seller: Seller) -> None:
    placed = order(at=seller.now)
    seller.amazon.orders = [placed]
    seller.amazon.unshippable[placed["orderId"]] = "The order is cancelled"
    await shipped(seller)
    await seller.work_off()
    [event] = await told(seller)
    assert (event.kind, "The order is cancelled" in (event.why or "")) == (
        Kind.SHIPMENT_REFUSED,
        True,
    )
    [job] = [one for one in await seller.open_jobs() if one.kind == "shipment.confirm"]
    assert (job.state, "Confirm it there" in (job.last_error or "")) == ("dead", True)


async def test_a_parcel_that_amazon_does_not_hear_of_for_hours_is_parked(seller: Seller) -> None:
    seller.amazon.orders = [order(at=seller.now)]
    seller.amazon.mishaps["ship"].extend(["503"] * 9)
    await shipped(seller)
    await seller.work_off()
    assert ("ready", 0) in await jobs(seller)
    await seller.work_off(hours=2, minutes=1)
    for _ in range(8):
        await seller.work_off(minutes=15)
    assert "dead" in [state for state, _ in await jobs(seller)]
