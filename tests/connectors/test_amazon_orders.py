"""Amazon's orders through the real client: asked for, heard of, and told of their parcels."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.connectors.amazon.orders import GET, SEARCH
from bot.connectors.amazon.shipping import CONFIRM
from bot.connectors.files.amazon import CHANNEL
from bot.work.pace import Pace
from domain import inbox, jobs, rates
from domain.orders.model import State
from domain.shipping.marketplace import (
    MarketplaceBusy,
    MarketplaceSilent,
    Shipment,
    ShipmentRefused,
)
from domain.sources import SourceBusy, SourceSilent
from domain.store import Store
from tests.connectors.amazon_emulator import ORDER
from tests.connectors.amazon_orders_emulator import ITEM, notification, order
from tests.connectors.seller import Seller


async def test_what_changed_is_read_page_by_page_and_then_from_there(seller: Seller) -> None:
    now = seller.now
    seller.amazon.orders = [
        order(f"113-000000{at}-0000000", at=now - timedelta(hours=5 - at)) for at in range(5)
    ]
    pages = await seller.pages()
    assert [len(page.orders) for page in pages] == [2, 2, 1]
    assert {one.channel for page in pages for one in page.orders} == {CHANNEL}
    assert pages[0].orders[0].changed_at == now - timedelta(hours=5)
    seller.now += timedelta(hours=1)
    seller.amazon.orders[0]["lastUpdatedTime"] = seller.now.isoformat()
    [page] = await seller.pages(dict(pages[-1].cursor))
    assert [one.number for one in page.orders] == ["113-0000000-0000000"]


async def test_an_order_that_can_not_be_read_is_set_aside_with_all_it_says(seller: Seller) -> None:
    odd = order("113-1", at=seller.now)
    odd["orderItems"][0]["quantityOrdered"] = -2
    seller.amazon.orders = [odd, order("113-2", at=seller.now)]
    [page] = await seller.pages()
    assert [one.number for one in page.orders] == ["113-2"]
    assert [json.loads(one.body)["order"] for one in page.unread] == [odd]
    await seller.hear(page.unread[0].body)
    [job] = await seller.open_jobs()
    assert (job.state, "“-2”" in (job.last_error or "")) == ("dead", True)


async def test_amazon_is_asked_no_more_often_than_it_allows(seller: Seller) -> None:
    seller.amazon.orders = [order(at=seller.now)]
    for _ in range(SEARCH.burst):
        await seller.orders.read(None, seller.now)
    with pytest.raises(SourceBusy) as busy:
        await seller.orders.read(None, seller.now)
    assert busy.value.after == timedelta(seconds=1 / SEARCH.rate)
    assert len(seller.amazon.asked) == SEARCH.burst
    seller.now += busy.value.after
    await seller.orders.read(None, seller.now)


async def test_what_amazon_says_of_its_limits_counts(seller: Seller) -> None:
    seller.amazon.orders = [order(at=seller.now)]
    seller.amazon.rate_limit = "0.25"
    await seller.orders.get(ORDER)
    seller.amazon.mishaps["order"].append("429")
    with pytest.raises(SourceBusy) as busy:
        await seller.orders.get(ORDER)
    assert busy.value.after == timedelta(seconds=4)
    with pytest.raises(SourceBusy):
        await seller.orders.get(ORDER)
    assert seller.amazon.calls.count("order") == 2


@pytest.mark.parametrize("mishap", ["503", "dropped after", "html", "500 before"])
async def test_a_bad_moment_of_amazon_passes(seller: Seller, mishap: str) -> None:
    seller.amazon.orders = [order(at=seller.now)]
    seller.amazon.mishaps["search"].append(mishap)
    with pytest.raises(SourceSilent):
        await seller.orders.read(None, seller.now)
    assert len((await seller.orders.read(None, seller.now)).orders) == 1


async def test_a_burst_of_notifications_of_one_order_asks_once(seller: Seller) -> None:
    now = seller.now
    seller.amazon.orders = [order(at=now)]
    await seller.hear(
        *(notification(f"n-{at}", at=now - timedelta(seconds=at)) for at in (3, 0, 1, 2, 4))
    )
    assert seller.amazon.calls.count("order") == 1
    assert (await seller.order()).state is State.CONFIRMED
    assert await seller.open_jobs() == []


async def test_what_is_older_than_what_is_known_changes_nothing(seller: Seller) -> None:
    now = seller.now
    seller.amazon.orders = [order(at=now)]
    await seller.hear(notification("n-1", at=now))
    shipped = {"fulfillment": {"fulfillmentStatus": "SHIPPED", "fulfilledBy": "MERCHANT"}}
    seller.amazon.change(now + timedelta(hours=2), **shipped)
    await seller.hear(notification("n-2", at=now + timedelta(hours=2)))
    assert (await seller.order()).state is State.SHIPPED
    late = order(at=now + timedelta(hours=1), buyer={"buyerName": "Somebody Else"})
    await seller.hear(json.dumps({"order": late}))
    assert (await seller.order()).buyer_name == "Jane Doe"
    await seller.hear(notification("n-3", at=now + timedelta(hours=1)))
    assert seller.amazon.calls.count("order") == 2


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("[]", "a JSON object"),
        ('{"NotificationType": "ORDER_CHANGE", "Payload": {}}', "an AmazonOrderId"),
        ('{"Payload": {}}', "a NotificationType"),
    ],
)
async def test_a_message_that_can_not_be_used_is_kept_with_the_reason(
    seller: Seller, body: str, why: str
) -> None:
    async with seller.pace.work("amazon") as work:
        await inbox.keep(work, "amazon", "m-1", body)
    await seller.worker.work_off()
    [job] = await seller.open_jobs()
    assert (job.state, why in (job.last_error or "")) == ("dead", True)


async def test_other_notifications_say_nothing_here(seller: Seller) -> None:
    await seller.hear(notification("n-1", at=seller.now, kind="FEED_PROCESSING_FINISHED"))
    assert (seller.amazon.calls, await seller.open_jobs()) == ([], [])


async def test_an_order_that_amazon_does_not_show_is_said_so(seller: Seller) -> None:
    await seller.hear(notification("n-1", at=seller.now))
    [job] = await seller.open_jobs()
    assert "Amazon tells of order 113-1234567-1234567, but" in (job.last_error or "")


def shipment(now: datetime, **changes: Any) -> Shipment:
    facts: dict[str, Any] = {
        "reference": "parcel-17",
        "order_number": ORDER,
        "channel": "amazon",
        "payment_reference": ORDER,
        "carrier": "ups",
        "tracking_number": "1Z 450",
        "shipped_at": now,
        "lines": ((ITEM, "MUG-1", 2),),
    }
    return Shipment(**facts | changes)


async def test_a_parcel_is_confirmed_once_whatever_answers_are_lost(seller: Seller) -> None:
    seller.amazon.orders = [order(at=seller.now)]
    seller.amazon.mishaps["ship"].extend(["dropped after", "dropped before"])
    with pytest.raises(MarketplaceSilent):
        await seller.shipping.confirm(shipment(seller.now))
    await seller.shipping.confirm(shipment(seller.now))
    assert seller.amazon.confirmations == [
        {
            "packageReferenceId": "17",
            "carrierCode": "UPS",
            "trackingNumber": "1Z 450",
            "shipDate": "2026-11-24T09:30:00Z",
            "orderItems": [{"orderItemId": ITEM, "quantity": 2}],
        }
    ]


async def test_a_parcel_that_amazon_does_not_take_is_refused_in_its_words(seller: Seller) -> None:
    seller.amazon.orders = [order(at=seller.now)]
    seller.amazon.unshippable[ORDER] = "The order is cancelled"
    with pytest.raises(ShipmentRefused, match="The order is cancelled"):
        await seller.shipping.confirm(shipment(seller.now))
    with pytest.raises(ShipmentRefused, match="own ids of the items"):
        await seller.shipping.confirm(shipment(seller.now, lines=((None, "MUG-1", 2),)))
    with pytest.raises(ShipmentRefused, match="does not exist"):
        await seller.shipping.confirm(shipment(seller.now, order_number="113-9"))


async def test_too_many_confirmations_wait_for_their_turn(seller: Seller) -> None:
    seller.amazon.orders = [order(at=seller.now)]
    seller.amazon.mishaps["ship"].append("429")
    with pytest.raises(MarketplaceBusy) as busy:
        await seller.shipping.confirm(shipment(seller.now, carrier="Postman Pat"))
    assert busy.value.after == timedelta(seconds=1 / CONFIRM.rate)
    seller.now += busy.value.after
    await seller.shipping.confirm(shipment(seller.now, carrier="Postman Pat"))
    assert seller.amazon.confirmations[0]["carrierName"] == "Postman Pat"


async def test_replicas_share_what_may_be_asked(store: Store, merchant: int, now: datetime) -> None:
    replicas = [Pace(Store(store.url.render_as_string(hide_password=False)), lambda: now)] * 2

    async def ask(pace: Pace) -> bool:
        try:
            await pace.enter(GET)
        except SourceBusy:
            return False
        return True

    del merchant
    passed = await asyncio.gather(*(ask(replicas[at % 2]) for at in range(GET.burst * 2)))
    assert sum(passed) == GET.burst
    for pace in replicas[:1]:
        await pace._store.close()


async def test_a_clock_that_is_behind_fills_no_bucket_twice(
    store: Store, merchant: int, now: datetime
) -> None:
    async def draw(at: datetime) -> timedelta | None:
        async with store.write(merchant, now=at, actor="worker") as work:
            return await rates.draw(work, GET)

    for _ in range(GET.burst):
        assert await draw(now) is None
    assert await draw(now + timedelta(seconds=2)) is None
    assert await draw(now - timedelta(seconds=60)) == timedelta(seconds=2)
    assert await draw(now + timedelta(seconds=2)) == timedelta(seconds=2)


async def test_published_orders_pass_through_the_client(seller: Seller, shared: Path) -> None:
    model = json.loads((shared / "data/amazon/orders_2026-01-01.json").read_text())
    answers = [
        one["response"]
        for path in model["paths"].values()
        for one in path["get"]["responses"]["200"]["x-amzn-api-sandbox"]["static"]
    ]
    published = [order for answer in answers for order in answer.get("orders", ())]
    published += [answer["order"] for answer in answers if "order" in answer]
    assert len(published) >= 6
    seller.amazon.orders = published
    pages = await seller.pages({"since": "2024-01-01T00:00:00+00:00"})
    read = [one.number for page in pages for one in page.orders]
    assert sorted(read) == sorted(one["orderId"] for one in published)
    assert [page.unread for page in pages if page.unread] == []
    for one in published:
        changed = datetime.fromisoformat(one["lastUpdatedTime"])
        await seller.hear(notification(f"n-{one['orderId']}", at=changed, number=one["orderId"]))
        seen = await seller.order(one["orderId"])
        assert seen.total is not None
        assert str(seen.total.decimal) == one["proceeds"]["grandTotal"]["amount"]
        assert len(seen.lines) == len(one["orderItems"])
    async with seller.store.across() as session:
        assert await jobs.counts(session) == {}
