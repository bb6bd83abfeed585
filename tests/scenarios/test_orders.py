"""Looking up an order, and what one can do from its card."""

from __future__ import annotations

import json

from domain.orders.model import State
from tests.scenarios.conftest import (
    ANA,
    BEN,
    COMPLAINTS,
    OFFICE,
    WES,
    Shop,
    an_order,
    buttons,
    text_of,
)


async def test_the_card_answers_in_the_ack_and_leads_on(shop: Shop) -> None:
    card = await shop.type(ANA, "/order 1042")
    assert "Order 1042 · Delivered" in text_of(card)
    assert "Maria García" in text_of(card)
    assert "$100.00" in text_of(card)
    assert {"refund.open", "complaint.open", "order.share"} <= buttons(card)
    answered = [entry for entry in shop.slack.traffic.entries if entry["what"] == "/order 1042"]
    assert "blocks" in answered[0]["answer"], "the card came with the answer to the command itself"


async def test_buttons_lead_to_the_refund_and_the_complaint_form(shop: Shop) -> None:
    await shop.type(ANA, "/order 1042")
    await shop.slack.click(ANA, "refund.open", channel=OFFICE)
    form = shop.slack.modal(ANA)
    assert form is not None
    assert "$100.00 can still be refunded" in text_of(form)
    await shop.slack.close_modal(ANA)
    await shop.slack.click(ANA, "complaint.open", channel=OFFICE)
    form = shop.slack.modal(ANA)
    assert form is not None
    assert form["callback_id"] == "complaint.open"


async def test_a_shared_copy_says_nothing_about_the_buyer(shop: Shop) -> None:
    await shop.type(ANA, "/order 1042")
    await shop.slack.click(ANA, "order.share", channel=OFFICE)
    shared = (await shop.slack.until(lambda: shop.slack.messages(OFFICE)))[-1]
    said = json.dumps(shared, ensure_ascii=False)
    assert "1042" in said
    for secret in ("Maria", "maria@example.com", "Valencia"):
        assert secret not in said


async def test_orders_are_found_by_what_people_know_of_them(shop: Shop) -> None:
    for text in ("garcia", "GARCÍA", "maria@example.com", "mug", "1Z43", "valencia", "104"):
        found = text_of(await shop.type(ANA, f"/order find {text}"))
        assert "1043" in found, text
    assert "No order matches" in text_of(await shop.type(ANA, "/order find 100%"))


async def test_a_long_search_has_pages(shop: Shop) -> None:
    for number in range(2000, 2020):
        await shop.import_order(an_order(str(number), ship_to_city="Kyoto"))
    first = await shop.type(ANA, "/order find kyoto")
    assert "order.page.next" in buttons(first)
    assert "order.page.previous" not in buttons(first)
    await shop.slack.click(ANA, "order.page.next", channel=OFFICE)
    second = await shop.slack.until(
        lambda: [
            one
            for one in shop.slack.ephemerals(ANA, OFFICE)
            if "order.page.previous" in buttons(one)
        ]
    )
    assert len(second) == 1, "the page was replaced where it stood"


async def test_a_pending_order_is_confirmed_from_its_card(shop: Shop) -> None:
    await shop.import_order(an_order("1070", State.PENDING, captured=0))
    await shop.type(WES, "/order 1070")
    await shop.slack.click(WES, "order.confirm", channel=OFFICE)
    await shop.slack.until(
        lambda: any(
            "1070 · Confirmed" in text_of(one) for one in shop.slack.ephemerals(WES, OFFICE)
        )
    )


async def test_words_that_are_no_order_get_a_sentence(shop: Shop) -> None:
    for line, sentence in (
        ("/order 1041", "1042"),
        ("/order", "/order find"),
        ("/order help", "/order find"),
        ("/order find", "Say what to find"),
        ("/order maria garcia", "/order find maria garcia"),
        ("/order <!channel>", "There is no order"),
        ("/deskhand dance", "doesn't know “dance”"),
        ("/deskhand", "/refund"),
        ("/shipping", "/shipping late"),
        ("/shipping one two", "one order's number"),
        ("/complaint", "/complaint 1042"),
    ):
        answer = await shop.type(ANA, line)
        assert sentence in text_of(answer), line
        assert "<!channel>" not in json.dumps(answer)


async def test_an_order_is_completed_by_the_clock_once_its_complaint_is_resolved(
    shop: Shop,
) -> None:
    assert "Completion" in text_of(await shop.type(ANA, "/order 1042"))
    await shop.type(ANA, "/complaint 1042 the lid is cracked")
    await shop.card(COMPLAINTS)
    await shop.later(days=15)
    held = text_of(await shop.type(ANA, "/order 1042"))
    assert "Order 1042 · Delivered" in held
    assert "waits for C-1" in held

    await shop.slack.click(BEN, "complaint.resolve", channel=COMPLAINTS)
    await shop.slack.submit(BEN, {"outcome": "explained", "note": "it is how it closes"})
    await shop.later(hours=1)
    over = text_of(await shop.type(ANA, "/order 1042"))
    assert "Order 1042 · Completed" in over
    assert "waits for" not in over
