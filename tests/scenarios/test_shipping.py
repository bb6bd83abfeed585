"""A shipping alert: from the carrier's webhook to the channel, and to who takes it on."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from domain import merchants
from domain.orders.model import State
from tests.scenarios.conftest import (
    ADA,
    ANA,
    SHIPPING,
    WEBHOOK_SECRET,
    WES,
    Shop,
    a_shipped_order,
    an_order,
    buttons,
    text_of,
)


def scan(number: str, status: str, message: str, *, reference: str) -> dict[str, Any]:
    at = datetime.now(UTC).isoformat()
    detail = {"status": status, "message": message, "datetime": at}
    return {
        "id": reference,
        "description": "tracker.updated",
        "result": {"tracking_code": number, "status": status, "tracking_details": [detail]},
    }


async def deliver(shop: Shop, event: dict[str, Any], *, secret: str = WEBHOOK_SECRET) -> int:
    body = json.dumps(event).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{shop.site.address}/webhooks/easypost",
            data=body,
            headers={"X-Hmac-Signature": f"hmac-sha256-hex={signature}"},
        ) as answer,
    ):
        return answer.status


async def test_a_failed_delivery_is_posted_taken_on_and_closes_itself(shop: Shop) -> None:
    failed = scan("1Z43", "failure", "Nobody at the address", reference="evt_1")
    assert await deliver(shop, failed) == 200
    assert await deliver(shop, failed) == 200
    card = await shop.card(SHIPPING, "1043")
    assert "Nobody at the address" in text_of(card)
    assert {"parcel.acknowledge", "refund.open.parcel", "order.show"} <= buttons(card)
    assert "Maria" not in str(card)

    await shop.slack.click(WES, "parcel.acknowledge", channel=SHIPPING)
    card = await shop.card(SHIPPING, f"<@{WES}>")
    assert "parcel.acknowledge" not in buttons(card)

    delivered = scan("1Z43", "delivered", "Signed by recipient", reference="evt_2")
    assert await deliver(shop, delivered) == 200
    card = await shop.slack.until(
        lambda: (
            shop.slack.messages(SHIPPING)[-1]
            if not buttons(shop.slack.messages(SHIPPING)[-1])
            else None
        ),
        10,
    )
    assert card
    assert len(shop.slack.messages(SHIPPING)) == 1
    assert "Order 1043 · Delivered" in text_of(await shop.type(ANA, "/order 1043"))


async def test_a_forged_webhook_is_refused(shop: Shop) -> None:
    failed = scan("1Z43", "failure", "Nobody at the address", reference="evt_1")
    assert await deliver(shop, failed, secret="guessed") == 401
    assert shop.slack.messages(SHIPPING) == []


async def test_delays_silence_and_near_ship_by_are_noticed_once(shop: Shop) -> None:
    await shop.import_order(a_shipped_order("1080", "1Z80"))
    await shop.import_order(
        an_order("1081", State.CONFIRMED, ship_by=datetime.now(UTC) + timedelta(hours=20))
    )
    await shop.later(hours=16)
    await shop.card(SHIPPING, "1081")
    await shop.later(hours=1)
    await shop.later(days=3)
    await shop.slack.until(lambda: len(shop.slack.messages(SHIPPING)) == 3, 15)
    said = "\n".join(text_of(one) for one in shop.slack.messages(SHIPPING))
    assert said.count("Delayed · order 1080") == 1
    assert "Delayed · order 1043" in said


async def test_many_delays_at_once_are_one_message_that_counts_up(shop: Shop) -> None:
    for number in range(3000, 3012):
        await shop.import_order(a_shipped_order(str(number), f"1Z{number}"))
    await shop.later(days=2, hours=1)
    await shop.card(SHIPPING, "13 parcels")
    await shop.import_order(
        replace(a_shipped_order("3050", "1Z3050"), deliver_by=shop.now() - timedelta(hours=1))
    )
    before = len(shop.slack.messages(SHIPPING))
    await shop.later(minutes=1)
    await shop.slack.until(lambda: "14 parcels" in str(shop.slack.messages(SHIPPING)))
    await shop.quiet()
    assert len(shop.slack.messages(SHIPPING)) == before
    await shop.slack.click(WES, "parcel.page.storm", channel=SHIPPING)
    listed = await shop.slack.until(lambda: shop.slack.ephemerals(WES, SHIPPING))
    assert "14 orders are late" in text_of(listed[-1])


async def test_a_storm_that_nobody_takes_calls_somebody_who_takes_it(shop: Shop) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor="console") as work:
        await merchants.change_setting(work, "shipping.escalate_to", ADA)
    for number in range(3000, 3012):
        await shop.import_order(a_shipped_order(str(number), f"1Z{number}"))
    await shop.later(days=2, hours=1)
    card = await shop.card(SHIPPING, "13 parcels")
    await shop.later(hours=8, minutes=1)
    await shop.quiet()
    [note] = shop.slack.thread(SHIPPING, card["ts"])[1:]
    assert "Nobody has these in hand" in text_of(note)
    assert f"<@{ADA}>" in text_of(note)
    await shop.slack.click(ADA, "storm.take", channel=SHIPPING)
    await shop.slack.until(
        lambda: f"<@{ADA}> is on it" in text_of(shop.slack.thread(SHIPPING, card["ts"])[0])
    )
    shop.slack.open_home(ADA)
    home = await shop.slack.until(lambda: shop.slack.home(ADA))
    assert "13 parcels need you" in text_of(home or {})


async def test_late_parcels_are_listed(shop: Shop) -> None:
    assert "Nothing is late" in text_of(await shop.type(WES, "/shipping late"))
    await shop.later(days=4)
    listed = text_of(await shop.type(WES, "/shipping late"))
    assert "1043" in listed
    assert "1Z43" in text_of(await shop.type(WES, "/shipping 1043"))
