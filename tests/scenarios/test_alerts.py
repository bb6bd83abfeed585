"""The life of an alert in Slack: ignored and escalated, given to somebody, put off, resolved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain import merchants
from domain.orders.model import State
from domain.shipping.model import ParcelState
from domain.shipping.service import Sighting, follow
from tests.scenarios.conftest import (
    ADA,
    ANA,
    BEN,
    FAY,
    OFFICE,
    REFUNDS,
    SHIPPING,
    WES,
    Node,
    Shop,
    an_order,
    buttons,
    text_of,
)


async def scanned(shop: Shop, state: ParcelState, description: str | None = None) -> None:
    """Have the carrier scan the parcel of order 1043."""
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor="easypost") as work:
        await follow(work, Sighting("1Z43", state, shop.now(), description))


async def troubled(shop: Shop) -> Node:
    """Order 1043, whose delivery failed; returns its card."""
    await scanned(shop, ParcelState.DELIVERY_FAILED, "Nobody at the address")
    card = await shop.card(SHIPPING, "1043")
    await shop.quiet()
    return card


async def choose(shop: Shop, who: str, what: str, alert: int = 1) -> None:
    """Choose from an alert's menu."""
    await shop.slack.click(who, "alert.more", channel=SHIPPING, value=f"{what}:{alert}")


def said(shop: Shop, card: Node) -> list[str]:
    """What stands in the thread of an alert's card."""
    return [text_of(one) for one in shop.slack.thread(SHIPPING, card["ts"])[1:]]


async def test_an_ignored_alert_is_reminded_of_escalated_assigned_and_resolved(shop: Shop) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor="console") as work:
        await merchants.change_setting(work, "shipping.escalate_to", ADA)
    card = await troubled(shop)
    await shop.later(minutes=1)
    for _ in range(2):
        await shop.later(hours=4)
    await shop.quiet()
    notes = said(shop, card)
    assert ["Nobody has this in hand since" in one for one in notes] == [True, True]
    assert f"<@{ADA}>" in notes[1]
    assert f"<@{ADA}>" not in notes[0]

    await choose(shop, ADA, "assign")
    refused = await shop.slack.submit(ADA, {"owner": FAY})
    assert "To work on parcels they need to be" in refused["errors"]["owner"]
    await shop.slack.submit(ADA, {"owner": WES})
    card = await shop.card(SHIPPING, f"<@{WES}> is on it")
    assert "parcel.acknowledge" not in buttons(card)
    await shop.quiet()
    told = await shop.slack.until(lambda: shop.slack.messages(WES))
    assert "Delivery failed · order 1043" in text_of(told[-1])
    shop.slack.open_home(WES)
    home = await shop.slack.until(lambda: shop.slack.home(WES))
    assert "1 parcel needs you" in text_of(home or {})

    await choose(shop, WES, "resolve")
    refused = await shop.slack.submit(WES, {"outcome": "other", "reason": None})
    assert "Say why" in refused["errors"]["reason"]
    await shop.slack.submit(WES, {"outcome": "buyer_has_it", "reason": "at the neighbour's"})
    card = await shop.card(SHIPPING, "the buyer has it")
    assert buttons(card) == set()
    await shop.quiet()
    assert f"<@{WES}> resolved it: the buyer has it" in said(shop, card)[-1]


async def test_a_snoozed_alert_of_a_parcel_that_moved_never_comes_back(shop: Shop) -> None:
    card = await troubled(shop)
    await shop.slack.click(WES, "alert.wait", channel=SHIPPING)
    refused = await shop.slack.submit(WES, {"until": "hours", "day": "2020-01-01"})
    assert "That time is over already" in refused["errors"]["day"]
    await shop.slack.submit(WES, {"until": "hours", "day": None, "reason": "they come again"})
    await shop.card(SHIPPING, "snoozed until")
    await shop.later(hours=2)
    await scanned(shop, ParcelState.OUT_FOR_DELIVERY)
    await shop.card(SHIPPING, "moving again")
    await shop.later(hours=3)
    await shop.quiet()
    notes = said(shop, card)
    assert "put it off until" in notes[0]
    assert "Delivery failed is over: the parcel moves again" in notes[1]
    assert len(notes) == 2
    assert len(shop.slack.messages(SHIPPING)) == 1


async def test_a_snoozed_alert_wakes_if_it_is_still_in_trouble(shop: Shop) -> None:
    card = await troubled(shop)
    await choose(shop, WES, "contact")
    form = str(shop.slack.modal(WES))
    assert "https://www.ups.com/track?tracknum=1Z43" in form
    assert "Please tell us when you will come again" in form
    assert "Maria" not in form
    await shop.slack.submit(WES, {"until": "hours"})
    await shop.card(SHIPPING, "the carrier is asked")
    await shop.later(hours=5)
    await shop.card(SHIPPING, f"<@{WES}> had put it off")
    await shop.quiet()
    assert f"Still the same: time to look again: <@{WES}>" in said(shop, card)[-1]
    await shop.slack.click(BEN, "parcel.acknowledge", channel=SHIPPING)
    await shop.card(SHIPPING, f"<@{BEN}> is on it")


async def test_only_the_newest_message_of_a_parcel_can_be_worked_on(shop: Shop) -> None:
    await troubled(shop)
    await scanned(shop, ParcelState.RETURN_TO_SENDER, "Could not be delivered")
    await shop.card(SHIPPING, "On its way back", count=2)
    await shop.slack.until(lambda: not buttons(shop.slack.messages(SHIPPING)[0]), 10)
    first, second = shop.slack.messages(SHIPPING)
    assert "newer message is below" in text_of(first)
    await shop.slack.click(WES, "parcel.acknowledge", channel=SHIPPING, ts=second["ts"])
    await shop.card(SHIPPING, f"<@{WES}> is on it", count=2)
    await shop.quiet()
    assert buttons(shop.slack.messages(SHIPPING)[0]) == set()


async def test_goods_are_sent_again_and_a_refund_knows_its_lines(shop: Shop) -> None:
    await troubled(shop)
    await shop.slack.click(ANA, "refund.open.parcel", channel=SHIPPING)
    assert "for P-" in text_of(shop.slack.modal(ANA) or {})
    await shop.slack.submit(ANA, {"goodwill": "5.00"})
    await shop.card(REFUNDS, "1043")
    await shop.card(SHIPPING, "with R-")
    await choose(shop, WES, "reship")
    nothing = {"line:3": "0", "line:4": None, "reason": "crushed"}
    refused = await shop.slack.submit(WES, nothing)
    assert "Nothing is chosen" in refused["errors"]["line:3"]
    await shop.slack.submit(WES, {"line:3": "1", "line:4": None, "reason": "crushed"})
    card = await shop.card(SHIPPING, "Send again", count=2)
    assert "1 × Enamel mug" in text_of(card)
    assert "crushed" in text_of(card)
    assert "Maria" not in str(card)
    await shop.quiet()
    assert "to be sent again by" in text_of(shop.slack.messages(SHIPPING)[0])
    order = await shop.type(WES, "/order 1043")
    assert "1 to send again" in text_of(order)
    assert "order.pick" in buttons(order)

    await shop.slack.click(WES, "order.pick", channel=SHIPPING, ts=card["ts"])
    await shop.card(SHIPPING, "PL-1", count=3)
    await shop.slack.click(WES, "pick.all", channel=SHIPPING)
    for form, fields in (("pack", {}), ("ship", {"carrier": "DHL", "number": "JJD43"})):
        await shop.slack.click(WES, f"order.{form}", channel=SHIPPING, value="2")
        await shop.slack.submit(WES, fields)
    await shop.quiet()
    alert, sent, _ = shop.slack.messages(SHIPPING)
    assert "again: DHL" in text_of(alert)
    assert "Sent again · order 1043" in text_of(sent)
    assert "JJD43" in text_of(sent)
    assert buttons(sent) == set()
    assert "Shipped" in text_of(await shop.type(WES, "/order 1043"))


async def test_what_was_to_be_sent_again_is_called_off(shop: Shop) -> None:
    await troubled(shop)
    await choose(shop, WES, "reship")
    await shop.slack.submit(WES, {"line:3": "1", "reason": "crushed"})
    await shop.card(SHIPPING, "Send again", count=2)
    await shop.slack.click(WES, "alert.call_off", channel=SHIPPING)
    await shop.slack.submit(WES, {"reason": "the carrier found it"})
    card = await shop.card(SHIPPING, "Not sent again · order 1043", count=2)
    assert buttons(card) == set()
    await shop.quiet()
    assert "not sent again" in text_of(shop.slack.messages(SHIPPING)[0])


async def test_an_alert_is_taken_in_hand_from_the_list(shop: Shop) -> None:
    await shop.import_order(
        an_order("1090", State.CONFIRMED, ship_by=datetime.now(UTC) + timedelta(hours=20))
    )
    await shop.later(hours=15)
    card = await shop.card(SHIPPING, "1090")
    assert {"order.show", "alert.acknowledge"} <= buttons(card)
    await shop.later(hours=6)
    listed = await shop.type(WES, "/shipping late")
    assert "alert.take" in buttons(listed)
    assert "alert.take" not in buttons(await shop.type(FAY, "/shipping late"))
    await shop.slack.click(WES, "alert.take", channel=OFFICE, ts=listed["ts"])
    await shop.card(SHIPPING, f"<@{WES}> is on it")
    again = await shop.type(BEN, "/shipping late")
    assert f"<@{WES}> is on it" in text_of(again)
