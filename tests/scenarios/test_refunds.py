"""Approving a refund, from the command to the last copy of its card."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from domain import jobs, merchants, people
from domain.money import Money
from domain.orders.model import State
from domain.people import Member
from domain.refunds import service
from domain.refunds.model import Reason, Refund
from tests.scenarios.conftest import (
    ADA,
    ANA,
    BEN,
    EVE,
    FAY,
    OFFICE,
    REFUNDS,
    WES,
    Shop,
    an_order,
    buttons,
    text_of,
)


async def test_a_refund_is_asked_for_approved_and_paid_and_every_copy_says_so(shop: Shop) -> None:
    answer = await shop.type(ANA, "/refund 1042 12.50 lid cracked")
    assert "$12.50" in text_of(answer)
    assert "refund.withdraw" in buttons(answer)

    card = await shop.card(REFUNDS)
    assert {"refund.approve", "refund.decline"} <= buttons(card)
    assert "Maria" not in str(card)
    assert "maria@example.com" not in str(card)

    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)
    settled = await shop.card(REFUNDS, "paid")
    assert not buttons(settled) & {"refund.approve", "refund.decline"}
    assert f"<@{BEN}>" in text_of(settled)
    assert len(shop.slack.messages(REFUNDS)) == 1

    told = await shop.slack.until(lambda: shop.slack.messages(ANA))
    assert "$12.50" in text_of(told[-1])
    order = await shop.type(ANA, "/order 1042")
    assert "$87.50" in text_of(order)


async def test_a_requester_can_not_approve_their_own_refund(shop: Shop) -> None:
    await shop.type(BEN, "/refund 1042 12.50 lid cracked")
    await shop.card(REFUNDS)
    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)
    refusal = await shop.slack.until(lambda: shop.slack.ephemerals(BEN, REFUNDS))
    assert "somebody else has to decide" in text_of(refusal[-1])
    assert "refund.approve" in buttons(shop.slack.messages(REFUNDS)[-1])


async def test_an_approver_can_not_go_above_their_limit_and_an_admin_can(shop: Shop) -> None:
    await shop.type(ANA, "/refund 1042 60.00 never arrived")
    await shop.card(REFUNDS)
    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)
    refusal = await shop.slack.until(lambda: shop.slack.ephemerals(BEN, REFUNDS))
    assert "above your limit" in text_of(refusal[-1])
    await shop.slack.click(ADA, "refund.approve", channel=REFUNDS)
    await shop.card(REFUNDS, "paid")


async def test_a_declined_refund_carries_its_reason_and_frees_the_money(shop: Shop) -> None:
    await shop.type(ANA, "/refund 1042 30 late")
    await shop.card(REFUNDS)
    await shop.slack.click(BEN, "refund.decline", channel=REFUNDS)
    await shop.slack.submit(BEN, {"reason": "the buyer kept it"})
    card = await shop.card(REFUNDS, "the buyer kept it")
    assert not buttons(card) & {"refund.approve", "refund.decline"}
    told = await shop.slack.until(lambda: shop.slack.messages(ANA))
    assert "the buyer kept it" in text_of(told[-1])
    assert "$100.00" in text_of(await shop.type(ANA, "/refund 1042 100.00 broken"))


async def test_forty_clicks_of_three_people_have_one_winner_and_the_others_hear_who_it_was(
    shop: Shop,
) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=ADA) as work:
        await people.set_role(work, WES, "approver")
    await shop.type(ANA, "/refund 1042 12.50 lid cracked")
    await shop.card(REFUNDS)
    deciders = (BEN, ADA, WES)
    await asyncio.gather(
        *(
            shop.slack.click(deciders[click % 3], "refund.approve", channel=REFUNDS)
            for click in range(40)
        )
    )
    await shop.card(REFUNDS, "paid")
    refusals = [text_of(said) for who in deciders for said in shop.slack.ephemerals(who, REFUNDS)]
    assert len(refusals) == 39
    async with shop.site.store.read(shop.merchant_id) as session:
        winner = await session.scalar(select(Refund.decided_by))
    assert all(f"already approved by <@{winner}>" in said for said in refusals)
    assert len(shop.ledger.entries) == 1


async def test_the_form_takes_lines_quantities_and_shipping(shop: Shop) -> None:
    await shop.slack.command(ANA, "/refund 1042", OFFICE)
    form = shop.slack.modal(ANA)
    assert form is not None
    lines = [block["block_id"] for block in form["blocks"] if block["block_id"].startswith("line:")]
    assert len(lines) == 2
    await shop.slack.submit(ANA, {lines[0]: "2", "shipping": "5.00", "reason": "damaged"})
    assert shop.slack.modal(ANA) is None
    card = await shop.card(REFUNDS)
    assert "$25.00" in text_of(card)
    assert "Enamel mug" in text_of(card)


async def test_a_form_keeps_what_was_typed_and_says_which_field_is_wrong(shop: Shop) -> None:
    await shop.slack.command(ANA, "/refund 1042", OFFICE)
    for typed, sentence in (
        ("abc", "not a number"),
        ("-1", "more than zero"),
        ("0", "more than zero"),
        ("1.005", "2 digits"),
        ("5 EUR", "is in USD"),
        ("100.01", "At most"),
    ):
        answer = await shop.slack.submit(ANA, {"amount": typed, "reason": "damaged"})
        assert sentence in answer["errors"]["amount"], typed
    both = await shop.slack.submit(ANA, {"amount": "5", "goodwill": "1", "reason": "damaged"})
    assert "either one sum" in both["errors"]["amount"]
    assert shop.slack.modal(ANA) is not None
    assert shop.slack.messages(REFUNDS) == []


async def test_whoever_may_not_is_told_whom_to_ask_or_which_role_it_takes(shop: Shop) -> None:
    assert "no role" in text_of(await shop.type(EVE, "/refund 1042 5 late"))
    assert f"<@{ADA}>" in text_of(await shop.type(EVE, "/order 1042"))
    assert "agent" in text_of(await shop.type(WES, "/refund 1042 5 late"))


async def test_a_request_can_be_withdrawn_by_who_asked(shop: Shop) -> None:
    await shop.type(ANA, "/refund 1042 12.50 lid cracked")
    await shop.card(REFUNDS)
    await shop.slack.click(ANA, "refund.withdraw", channel=OFFICE)
    card = await shop.card(REFUNDS, "withdrawn")
    assert "refund.approve" not in buttons(card)


async def test_a_refund_without_a_connected_provider_is_paid_by_hand(shop: Shop) -> None:
    await shop.import_order(an_order("1050", payment_provider="manual"))
    await shop.type(ANA, "/refund 1050 20.00 lid cracked")
    await shop.card(REFUNDS)
    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)
    await shop.slack.until(lambda: "refund.paid" in buttons(shop.slack.messages(REFUNDS)[-1]))
    await shop.slack.click(FAY, "refund.paid", channel=REFUNDS)
    await shop.slack.submit(FAY, {"reference": "SEPA 4711"})
    assert "SEPA 4711" in text_of(await shop.card(REFUNDS, "SEPA 4711"))


async def test_nobody_decided_in_time_so_it_expires(shop: Shop) -> None:
    await shop.type(ANA, "/refund 1042 12.50 lid cracked")
    await shop.card(REFUNDS)
    await shop.later(hours=73)
    card = await shop.card(REFUNDS, "expired")
    assert not buttons(card) & {"refund.approve", "refund.decline"}


async def _set(shop: Shop, **values: str) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=ADA) as work:
        for key, value in values.items():
            await merchants.change_setting(work, f"refund.{key}", value)


async def test_a_thread_is_reminded_and_the_refund_then_passed_on_once(shop: Shop) -> None:
    await _set(shop, approvers=f"{BEN} S0LEADS", fallback=ADA)
    await shop.type(ANA, "/refund 1042 12.50 lid cracked")
    asked = await shop.card(REFUNDS)
    for hours in (4, 20, 40):
        await shop.later(hours=hours)
    await shop.quiet()
    card, reminder, passed = shop.slack.thread(REFUNDS, asked["ts"])
    needs = f"<@{BEN}>, <!subteam^S0LEADS>, this refund of $12.50 still needs a decision"
    assert needs in text_of(reminder)
    assert f"<@{ADA}>, this refund of $12.50 is passed on to you" in text_of(passed)
    assert f"Passed on to <@{ADA}>" in text_of(card)
    assert "policy 3" in text_of(card)
    await shop.slack.click(ADA, "refund.approve", channel=REFUNDS, ts=card["ts"])
    await shop.slack.until(lambda: "paid" in text_of(shop.slack.messages(REFUNDS)[0]))


async def test_a_reminder_that_is_overtaken_by_the_decision_is_not_posted(shop: Shop) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=ADA) as work:
        await merchants.unset(work, "channel.refunds")
    await shop.type(ANA, "/refund 1042 12.50 lid cracked")
    await shop.later(hours=5)
    await shop.quiet()
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=BEN) as work:
        await service.approve(work, Member(BEN, "approver"), 1)
        await merchants.change_setting(work, "channel.refunds", REFUNDS)
    card = await shop.card(REFUNDS, "paid")
    await shop.later(minutes=10)
    await shop.quiet()
    assert len(shop.slack.thread(REFUNDS, card["ts"])) == 1
    async with shop.site.store.read(shop.merchant_id) as session:
        assert await jobs.dead(session) == []


async def test_small_refunds_that_add_up_need_an_approver(shop: Shop) -> None:
    await _set(shop, auto_limit="20 USD", daily_cap="30 USD")
    assert "is approved" in text_of(await shop.type(ANA, "/refund 1042 20 damaged"))
    assert "needs approval" in text_of(await shop.type(ANA, "/refund 1043 20 damaged"))
    await shop.quiet()
    capped = shop.slack.messages(REFUNDS)[-1]
    assert (
        "Needs one approver: with it, 40.00 USD would be automatic for this agent in 24 hours, "
        "above 30.00 USD"
    ) in text_of(capped)


async def test_an_approver_is_judged_as_they_are_when_they_click(shop: Shop) -> None:
    await shop.type(ANA, "/refund 1042 40 damaged")
    await shop.card(REFUNDS)
    for role, limit, sentence in (
        ("approver", Money(3000, "USD"), "above your limit of 30.00 USD"),
        ("agent", None, "you need to be admin or approver"),
        (None, None, "no role"),
    ):
        async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=ADA) as work:
            await people.set_role(work, BEN, role, limit)
        seen = len(shop.slack.ephemerals(BEN, REFUNDS))
        await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)
        refusals = await shop.slack.until(lambda: shop.slack.ephemerals(BEN, REFUNDS)[seen:])  # noqa: B023
        assert sentence in text_of(refusals[-1])
    assert "refund.approve" in buttons(shop.slack.messages(REFUNDS)[-1])


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("damaged", ["*Damaged*"]),
        ("Not_Received.", ["*Not received*"]),
        ("wrong item, a kettle came", ["*Wrong item*", "wrong item, a kettle came"]),
        ("latex gloves missing", ["latex gloves missing"]),
        ("other: the buyer moved", ["the buyer moved"]),
    ],
)
async def test_a_reason_of_the_list_is_understood_and_free_text_is_kept(
    shop: Shop, said: str, shown: list[str]
) -> None:
    await shop.type(ANA, f"/refund 1042 5 {said}")
    card = text_of(await shop.card(REFUNDS))
    assert all(one in card for one in shown)
    assert ("*Late*" in card, "*Other*" in card) == (False, False)
    assert len(shown) == 2 or said.strip(".") not in card or said == shown[0]


async def test_another_reason_needs_words(shop: Shop) -> None:
    await shop.slack.command(ANA, "/refund 1042 5 other", OFFICE)
    form = shop.slack.modal(ANA)
    assert form is not None
    reasons = next(block for block in form["blocks"] if block.get("block_id") == "reason")
    offered = [option["value"] for option in reasons["element"]["options"]]
    assert offered == [one.value for one in Reason]
    assert reasons["element"]["initial_option"]["value"] == "other"
    answer = await shop.slack.submit(ANA, {"reason": "other"})
    assert "Say why" in answer["errors"]["note"]
    await shop.slack.submit(ANA, {"reason": "other", "note": "the buyer moved"})
    assert "the buyer moved" in text_of(await shop.card(REFUNDS))


async def test_two_approvers_are_needed_above_the_tier(shop: Shop) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=ADA) as work:
        await merchants.change_setting(work, "refund.two_approvers_above", "20.00 USD")
    await shop.type(ANA, "/refund 1042 30 damaged")
    assert "two approvers" in text_of(await shop.card(REFUNDS))
    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)
    assert "refund.approve" in buttons(await shop.card(REFUNDS, "1 of 2"))
    await shop.slack.click(ADA, "refund.approve", channel=REFUNDS)
    await shop.card(REFUNDS, "paid")


async def test_bad_requests_are_answered_in_a_sentence_and_change_nothing(shop: Shop) -> None:
    await shop.import_order(an_order("1060", State.CANCELLED))
    await shop.import_order(an_order("1061", State.PENDING, captured=0))
    await shop.import_order(an_order("1062", captured=None))
    for line, sentence in (
        ("/refund 1O42 5 late", "1042"),
        ("/refund 1042 12,345.00 late", "not a number"),
        ("/refund 1042 -5 late", "more than zero"),
        ("/refund 1042 0 late", "more than zero"),
        ("/refund 1042 1.999 late", "2 digits"),
        ("/refund 1042 5 EUR late", "is in USD"),
        ("/refund 1042 €5 late", "is in USD"),
        ("/refund 1042 100.01 late", "At most"),
        ("/refund 1060 5 late", "is cancelled"),
        ("/refund 1061 5 late", "Nothing was paid"),
        ("/refund 1062 5 late", "unknown"),
        ("/refund", "/refund 1042"),
    ):
        assert sentence in text_of(await shop.type(ANA, line)), line
    assert shop.slack.messages(REFUNDS) == []
