"""A return: from the request over the carrier's scans to the refund and the shelf."""

from __future__ import annotations

import pytest

from bot.local.errors import NotDone
from domain import merchants, people
from domain.orders.model import State
from tests.scenarios.conftest import (
    ADA,
    ANA,
    BEN,
    EVE,
    FAY,
    OFFICE,
    REFUNDS,
    WES,
    Node,
    Shop,
    an_order,
    buttons,
    text_of,
)
from tests.scenarios.test_shipping import deliver, scan


async def _asked(shop: Shop, quantity: str = "2") -> Node:
    """Have Ana ask for a return of mugs; returns its card."""
    await shop.slack.command(ANA, "/return 1042 they are too small", OFFICE)
    form = shop.slack.modal(ANA)
    assert form is not None
    mug = next(one["block_id"] for one in form["blocks"] if one["block_id"].startswith("line:"))
    answer = await shop.slack.submit(ANA, {mug: quantity, "reason": "does_not_fit"})
    assert answer.get("errors") is None
    return await shop.card(REFUNDS, "RMA-1")


async def _click(shop: Shop, who: str, verb: str) -> None:
    await shop.slack.click(who, f"return.{verb}", channel=REFUNDS)


async def _said(shop: Shop, card: Node, words: str) -> str:
    """Wait until the return's thread holds the words; returns all that is said there."""

    def thread() -> str | None:
        said = "\n".join(text_of(one) for one in shop.slack.thread(REFUNDS, card["ts"])[1:])
        return said if words in said else None

    return await shop.slack.until(thread, 20)  # type: ignore[return-value]


def _fields(shop: Shop, who: str, name: str) -> list[str]:
    form = shop.slack.modal(who)
    assert form is not None
    return [one["block_id"] for one in form["blocks"] if one["block_id"].startswith(f"{name}:")]


async def test_a_return_comes_in_by_its_parcel_and_ends_refunded_and_on_the_shelf(
    shop: Shop,
) -> None:
    card = await _asked(shop)
    told = shop.slack.ephemerals(ANA)[-1]
    assert f"<#{REFUNDS}>" in text_of(told)
    assert {"return.authorise", "return.decline"} <= buttons(card)
    assert "Maria" not in str(card)
    assert "they are too small" in text_of(card)

    await _click(shop, BEN, "authorise")
    await shop.card(REFUNDS, "authorised, not on its way")
    await _click(shop, WES, "track")
    await shop.slack.submit(WES, {"number": "1Z back", "carrier": "UPS"})
    await shop.card(REFUNDS, "1ZBACK")
    await deliver(shop, scan("1ZBACK", "in_transit", "On its way", reference="evt_1"))
    await shop.card(REFUNDS, "on its way back")
    arrived = scan("1ZBACK", "delivered", "At the dock", reference="evt_2")
    for _ in range(2):
        assert await deliver(shop, arrived) == 200
    assert "return.inspect" in buttons(await shop.card(REFUNDS, "arrived, to be inspected"))

    await _click(shop, WES, "inspect")
    [line] = _fields(shop, WES, "verdict")
    number = line.partition(":")[2]
    await shop.slack.submit(WES, {f"received:{number}": "2", line: "accept"})
    assert {"return.refund", "return.restock"} <= buttons(await shop.card(REFUNDS, "accepted"))

    await _click(shop, ANA, "refund")
    assert "$20.00" in text_of(shop.slack.modal(ANA) or {})
    await shop.slack.submit(ANA, {"note": "Both came back"})
    approval = await shop.card(REFUNDS, "Refund of", count=2)
    assert "with RMA-1" in text_of(approval)
    await shop.slack.until(lambda: "awaits approval" in text_of(shop.slack.messages(REFUNDS)[0]))

    await _click(shop, WES, "restock")
    [disposal] = _fields(shop, WES, "disposal")
    await shop.slack.submit(WES, {disposal: "restocked"})
    await shop.slack.until(lambda: "closed" in text_of(shop.slack.messages(REFUNDS)[0]), 20)
    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)
    await shop.slack.until(lambda: "is paid" in text_of(shop.slack.messages(REFUNDS)[0]), 20)
    await shop.quiet()
    assert buttons(shop.slack.messages(REFUNDS)[0]) == set()
    assert len(shop.ledger.entries) == 1

    said = await _said(shop, card, "It is closed")
    notes = [one["text"] for one in shop.slack.thread(REFUNDS, card["ts"])[1:]]
    assert sum("It arrived" in one for one in notes) == 1
    assert "2 accepted" in said
    assert len(shop.slack.messages(REFUNDS)) == 2
    order = text_of(await shop.type(ANA, "/order 1042"))
    assert "*RMA-1* · return · closed" in order
    assert "Order 1042 · Delivered" in order


async def test_more_than_was_bought_is_refused_beside_its_line(shop: Shop) -> None:
    await _asked(shop, "2")
    await shop.slack.command(ANA, "/return 1042", OFFICE)
    form = shop.slack.modal(ANA)
    assert form is not None
    await shop.slack.command(BEN, "/return 1042", OFFICE)
    mug, kettle = _fields(shop, BEN, "line")
    await shop.slack.submit(BEN, {mug: "1", kettle: "1", "reason": "damaged"})
    refused = await shop.slack.submit(ANA, {mug: "1", "reason": "damaged"})
    assert "more than the 0 that can still come back" in refused["errors"][mug]
    assert shop.slack.modal(ANA) is not None
    nothing = await shop.slack.submit(ANA, {mug: "", "reason": "damaged"})
    assert nothing["response_action"] == "push"
    assert "Nothing is chosen" in text_of(shop.slack.modal(ANA) or {})


async def test_bad_requests_are_answered_in_a_sentence_and_change_nothing(shop: Shop) -> None:
    await shop.import_order(an_order("1060", State.CONFIRMED))
    await shop.import_order(an_order("1061", lines=()))
    for who, line, sentence in (
        (ANA, "/return", "/return 1042"),
        (WES, "/return help", "/return RMA-12"),
        (ANA, "/return 1O42", "1042"),
        (ANA, "/return 1060", "is confirmed, so nothing of it can come back"),
        (ANA, "/return 1061", "Nothing of order 1061 is left"),
        (ANA, "/return RMA-99", "is not on this desk"),
        (WES, "/return 1042", "To work on returns you need to be"),
        (EVE, "/return 1042", "no role"),
    ):
        assert sentence in text_of(await shop.type(who, line)), line
    assert shop.slack.messages(REFUNDS) == []


async def test_a_declined_return_is_told_to_who_asked_and_shrinks_to_a_line(shop: Shop) -> None:
    await _asked(shop)
    await _click(shop, BEN, "decline")
    await shop.slack.submit(BEN, {"reason": "bought a year ago"})
    card = await shop.card(REFUNDS, "declined")
    assert "bought a year ago" in text_of(card)
    assert buttons(card) == set()
    told = await shop.slack.until(lambda: shop.slack.messages(ANA))
    assert "bought a year ago" in text_of(told[-1])
    assert "$100.00" in text_of(await shop.type(ANA, "/order 1042"))


async def test_a_step_out_of_turn_and_a_role_that_is_gone_are_refused(shop: Shop) -> None:
    card = await _asked(shop)
    await _click(shop, BEN, "authorise")
    await shop.card(REFUNDS, "authorised, not on its way")
    with pytest.raises(NotDone):
        await _click(shop, BEN, "authorise")
    await _click(shop, FAY, "receive")
    refusal = await shop.slack.until(lambda: shop.slack.ephemerals(FAY, REFUNDS))
    assert "To receive returns" in text_of(refusal[-1])
    await _click(shop, WES, "receive")
    await shop.card(REFUNDS, "arrived, to be inspected")
    await _click(shop, WES, "inspect")
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=ADA) as work:
        await people.set_role(work, WES, None)
    [verdict] = _fields(shop, WES, "verdict")
    await shop.slack.submit(WES, {verdict: "accept"})
    assert "no role" in text_of(shop.slack.modal(WES) or {})
    assert "arrived, to be inspected" in text_of(shop.slack.messages(REFUNDS)[0])
    assert await _said(shop, card, "It arrived")


async def test_an_inspection_says_which_field_is_wrong(shop: Shop) -> None:
    await _asked(shop)
    await _click(shop, BEN, "authorise")
    await shop.card(REFUNDS, "authorised, not on its way")
    await _click(shop, WES, "receive")
    await shop.card(REFUNDS, "arrived, to be inspected")
    await _click(shop, WES, "inspect")
    [verdict] = _fields(shop, WES, "verdict")
    number = verdict.partition(":")[2]
    for typed, field, sentence in (
        ({}, f"verdict:{number}", "accepted, rejected"),
        ({verdict: "reject"}, f"note:{number}", "reason is needed"),
    ):
        answer = await shop.slack.submit(WES, typed)
        assert sentence in answer["errors"][field]
    looked = {verdict: "needs_a_look", f"note:{number}": "Smells of smoke"}
    await shop.slack.submit(WES, looked)
    card = await shop.card(REFUNDS, "needs a second look")
    assert "Smells of smoke" in text_of(card)
    await _click(shop, BEN, "inspect")
    await shop.slack.submit(BEN, {verdict: "reject", f"note:{number}": "It was smoked with"})
    await shop.card(REFUNDS, "rejected")
    await _click(shop, ANA, "close")
    await shop.slack.submit(ANA, {"reason": "sent back to the buyer"})
    assert "sent back to the buyer" in text_of(await shop.card(REFUNDS, "closed"))


async def test_the_thread_is_reminded_and_somebody_is_called(shop: Shop) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=ADA) as work:
        await merchants.change_setting(work, "return.overdue", BEN)
    card = await _asked(shop)
    await shop.later(hours=37)
    await _said(shop, card, "It waits for an answer")
    await _click(shop, BEN, "authorise")
    await shop.card(REFUNDS, "authorised, not on its way")
    await _click(shop, WES, "receive")
    await shop.card(REFUNDS, "arrived, to be inspected")
    assert "1 for an inspection" in text_of(await shop.type(ANA, "/deskhand status"))
    await shop.later(days=5)
    said = await _said(shop, card, "Its refund is overdue")
    assert f"<@{BEN}>" in said
    assert "refund was due" in text_of(await shop.card(REFUNDS, "was due"))


async def test_returns_have_a_channel_of_their_own_once_it_is_set(shop: Shop) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=ADA) as work:
        await merchants.change_setting(work, "channel.returns", OFFICE)
    await shop.slack.command(ANA, "/order 1042", OFFICE)
    await shop.slack.click(ANA, "return.open", channel=OFFICE)
    mug, _ = _fields(shop, ANA, "line")
    await shop.slack.submit(ANA, {mug: "1", "reason": "late"})
    await shop.card(OFFICE, "RMA-1")
    assert shop.slack.messages(REFUNDS) == []
    assert "asked for, answer due" in text_of(await shop.type(WES, "/return rma-1"))
