"""A case beyond its thread: put off, merged, tied to a refund and a parcel, resolved in time."""

from __future__ import annotations

from datetime import timedelta

from domain import people
from domain.shipping.model import ParcelState
from domain.shipping.service import Sighting, follow
from tests.scenarios.conftest import (
    ADA,
    ANA,
    BEN,
    COMPLAINTS,
    EVE,
    OFFICE,
    REFUNDS,
    SHIPPING,
    Node,
    Shop,
    a_shipped_order,
    buttons,
    text_of,
)


async def opened(shop: Shop, text: str = "the lid is cracked", *, count: int = 1) -> Node:
    """Open a case; returns its card."""
    await shop.type(ANA, f"/complaint 1042 {text}")
    card = await shop.card(COMPLAINTS, text, count=count)
    await shop.quiet()
    return card


async def in_hand(shop: Shop) -> Node:
    """A case that Ben has in hand."""
    await opened(shop)
    await shop.slack.click(BEN, "complaint.acknowledge", channel=COMPLAINTS)
    return await shop.card(COMPLAINTS, "has it in hand")


async def choose(shop: Shop, who: str, what: str, case: int = 1) -> None:
    """Choose from a case's menu."""
    ts = shop.slack.messages(COMPLAINTS)[case - 1]["ts"]
    value = f"{what}:{case}"
    await shop.slack.click(who, "complaint.more", channel=COMPLAINTS, ts=ts, value=value)


def said(shop: Shop, card: Node) -> list[str]:
    """What stands in a case's thread."""
    return [text_of(one) for one in shop.slack.thread(COMPLAINTS, card["ts"])[1:]]


async def test_a_case_is_put_off_and_wakes_by_itself(shop: Shop) -> None:
    await in_hand(shop)
    await choose(shop, BEN, "snooze")
    refused = await shop.slack.submit(BEN, {"reason": "the lid comes", "day": "2020-01-01"})
    assert "That time is over already" in refused["errors"]["day"]
    await shop.slack.submit(BEN, {"until": "hours", "day": None, "reason": "the lid comes"})
    card = await shop.card(COMPLAINTS, "snoozed until")
    assert f"by <@{BEN}>: the lid comes" in text_of(card)
    assert "complaint.wake" in buttons(card)
    shop.slack.open_home(ANA)
    home = await shop.slack.until(lambda: shop.slack.home(ANA))
    assert "1 complaint is snoozed" in text_of(home or {})
    await shop.later(hours=3)
    assert "snoozed until" in text_of(shop.slack.messages(COMPLAINTS)[0])
    await shop.later(hours=2)
    card = await shop.card(COMPLAINTS, "has it in hand")
    await shop.quiet()
    assert f"Its time has come, so it is awake again · <@{BEN}>" in said(shop, card)[-1]


async def test_a_sleeping_case_wakes_for_a_reply_and_by_its_button(shop: Shop) -> None:
    card = await in_hand(shop)
    for reply in (True, False):
        await choose(shop, BEN, "snooze")
        await shop.slack.submit(BEN, {"reason": "the lid comes"})
        await shop.card(COMPLAINTS, "snoozed until")
        if reply:
            await shop.slack.say(EVE, COMPLAINTS, "It is here!", card["ts"])
        else:
            await shop.slack.click(ANA, "complaint.wake", channel=COMPLAINTS)
        await shop.card(COMPLAINTS, "has it in hand")
    await shop.quiet()
    notes = "\n".join(said(shop, card))
    assert f"<@{EVE}> wrote, so it is awake again · <@{BEN}>" in notes
    assert f"<@{ANA}> woke it · <@{BEN}>" in notes


async def test_before_an_answer_there_is_nothing_to_put_off(shop: Shop) -> None:
    card = await opened(shop)
    assert "Snooze" not in str(card)
    await shop.slack.click(BEN, "complaint.acknowledge", channel=COMPLAINTS)
    await shop.card(COMPLAINTS, "has it in hand")
    await choose(shop, BEN, "snooze")
    await shop.slack.click(ANA, "complaint.escalate", channel=COMPLAINTS)
    await shop.slack.submit(ANA, {"reason": "third call"})
    await shop.card(COMPLAINTS, "level 1")
    await shop.slack.submit(BEN, {"reason": "the lid comes"})
    assert "that can't be put off" in text_of(shop.slack.modal(BEN) or {})


async def test_a_duplicate_is_merged_and_its_thread_goes_on(shop: Shop) -> None:
    first = await opened(shop)
    second = await opened(shop, "cracked lid again", count=2)
    await choose(shop, BEN, "merge", 2)
    form = text_of(shop.slack.modal(BEN) or {})
    assert "C-1 · order 1042 · the lid is cracked" in form
    refused = await shop.slack.submit(BEN, {"name": "C-99"})
    assert "There is no complaint “C-99”" in refused["errors"]["name"]
    refused = await shop.slack.submit(BEN, {"name": "c-2"})
    assert "can't be merged into itself" in refused["errors"]["name"]
    await shop.slack.submit(BEN, {"name": "", "into": "C-1"})
    card = await shop.card(COMPLAINTS, "merged into C-1", count=2)
    assert buttons(card) == {"complaint.reopen"}
    await shop.quiet()
    assert "took in C-2" in text_of(shop.slack.messages(COMPLAINTS)[0])
    assert "kept there from now on" in said(shop, second)[-1]
    assert f"<@{BEN}> merged C-2 into this case" in said(shop, first)[-1]
    assert "cracked lid again" in said(shop, first)[-1]

    await shop.slack.say(ANA, COMPLAINTS, "A new lid is on its way", second["ts"])
    await shop.slack.until(
        lambda: "has it in hand" in text_of(shop.slack.messages(COMPLAINTS)[0]), 15
    )
    await shop.slack.click(BEN, "complaint.reopen", channel=COMPLAINTS, ts=second["ts"])
    await shop.card(COMPLAINTS, "reopened", count=2)
    await shop.quiet()
    assert "took in" not in text_of(shop.slack.messages(COMPLAINTS)[0])
    assert "reopened C-2, which is a case of its own again" in said(shop, first)[-1]


async def test_a_form_that_was_overtaken_says_where_the_case_is_now(shop: Shop) -> None:
    await opened(shop)
    await opened(shop, "cracked lid again", count=2)
    ts = shop.slack.messages(COMPLAINTS)[1]["ts"]
    await shop.slack.click(ANA, "complaint.resolve", channel=COMPLAINTS, ts=ts)
    await choose(shop, BEN, "merge", 2)
    await shop.slack.submit(BEN, {"into": "C-1"})
    await shop.slack.submit(ANA, {"outcome": "replaced"})
    assert "was merged into C-1" in text_of(shop.slack.modal(ANA) or {})
    assert shop.slack.modal(ANA)


async def test_who_lost_their_role_meanwhile_changes_nothing(shop: Shop) -> None:
    card = await in_hand(shop)
    await choose(shop, ANA, "snooze")
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor="console") as work:
        await people.set_role(work, ANA, None)
    await shop.slack.submit(ANA, {"reason": "the lid comes"})
    assert "You have no role on this desk yet" in text_of(shop.slack.modal(ANA) or {})
    await shop.quiet()
    assert "has it in hand" in text_of(shop.slack.messages(COMPLAINTS)[0])
    assert len(said(shop, card)) == 1


async def test_a_refund_asked_for_from_a_case_belongs_to_it(shop: Shop) -> None:
    card = await opened(shop)
    await choose(shop, ANA, "refund")
    assert "for C-1" in text_of(shop.slack.modal(ANA) or {})
    await shop.slack.submit(ANA, {"amount": "12.50", "reason": "damaged"})
    approval = await shop.card(REFUNDS, "needs approval")
    assert "R-1 · with C-1" in text_of(approval)
    await shop.card(COMPLAINTS, "with R-1")
    await shop.quiet()
    assert f"<@{ANA}> asked for a refund, R-1" in said(shop, card)[-1]
    assert "for C-1" in text_of(await shop.type(ANA, "/order 1042"))


async def test_a_return_asked_for_from_a_case_belongs_to_it(shop: Shop) -> None:
    card = await opened(shop)
    await choose(shop, ANA, "return")
    form = shop.slack.modal(ANA) or {}
    assert "for C-1" in text_of(form)
    line = next(one["block_id"] for one in form["blocks"] if one["block_id"].startswith("line:"))
    await shop.slack.submit(ANA, {line: "1", "reason": "damaged"})
    asked = await shop.card(REFUNDS, "RMA-1")
    assert "with C-1" in text_of(asked)
    await shop.card(COMPLAINTS, "with RMA-1")
    await shop.quiet()
    assert f"<@{ANA}> asked for a return, RMA-1" in said(shop, card)[-1]


async def test_a_refund_asked_for_from_a_case_that_was_merged_meanwhile_follows_it(
    shop: Shop,
) -> None:
    first = await opened(shop)
    await opened(shop, "cracked lid again", count=2)
    await choose(shop, ANA, "refund", 2)
    await choose(shop, BEN, "merge", 2)
    await shop.slack.submit(BEN, {"into": "C-1"})
    await shop.slack.submit(ANA, {"amount": "12.50", "reason": "damaged"})
    assert "with C-1" in text_of(await shop.card(REFUNDS, "needs approval"))
    await shop.quiet()
    assert "R-1" in said(shop, first)[-1]


async def test_a_case_opened_from_a_parcel_s_alert_belongs_to_it(shop: Shop) -> None:
    await shop.import_order(a_shipped_order("1044", "1Z44"))
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor="easypost") as work:
        await follow(work, Sighting("1Z44", ParcelState.DELIVERY_FAILED, shop.now()))
    await shop.card(SHIPPING, "1044")
    await shop.slack.click(ANA, "alert.more", channel=SHIPPING, value="complaint:1")
    await shop.slack.submit(ANA, {"text": "nobody rang", "category": "not_arrived"})
    card = await shop.card(COMPLAINTS, "nobody rang")
    assert "with P-" in text_of(card)
    await shop.card(SHIPPING, "with C-1")
    await shop.type(ANA, "/complaint 1044 still nobody")
    await shop.card(COMPLAINTS, "with P-", count=2)


async def test_the_order_is_one_choice_away(shop: Shop) -> None:
    await opened(shop)
    await choose(shop, ANA, "order")
    shown = await shop.slack.until(lambda: shop.slack.ephemerals(ANA, COMPLAINTS))
    assert "Maria García" in text_of(shown[-1])


async def test_what_is_answered_is_still_to_be_resolved_in_time(shop: Shop) -> None:
    await shop.slack.command(ADA, "/deskhand settings", OFFICE)
    await shop.slack.submit(ADA, {"complaint.level_1": BEN, "complaint.level_2": ADA})
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=BEN) as work:
        await people.go_away(work, BEN, shop.now() + timedelta(days=30), None)
    await opened(shop)
    await shop.slack.click(ANA, "complaint.acknowledge", channel=COMPLAINTS)
    card = await shop.card(COMPLAINTS, "to be resolved by")
    await shop.slack.click(ANA, "complaint.hand_over", channel=COMPLAINTS)
    await shop.slack.submit(ANA, {"owner": BEN})
    assert "is away until" in text_of(shop.slack.modal(ANA) or {})
    for hours in (37, 22, 14):
        await shop.later(hours=hours)
    await shop.quiet()
    _, half, most, escalated = said(shop, card)
    assert "Half of the time to resolve it is over" in half
    assert f"<@{ANA}>" in half
    assert "Most of the time to resolve it is over" in most
    assert f"Everyone there is away, so level 2 is called: <@{ADA}>" in escalated
    assert "not resolved in time" in escalated
