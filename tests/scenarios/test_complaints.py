"""Escalating a complaint: a case is a thread, and its clock does not sleep."""

from __future__ import annotations

from tests.scenarios.conftest import (
    ADA,
    ANA,
    BEN,
    COMPLAINTS,
    OFFICE,
    WES,
    Shop,
    buttons,
    text_of,
)


async def test_a_case_is_opened_acknowledged_escalated_and_resolved_in_its_thread(
    shop: Shop,
) -> None:
    answer = await shop.type(ANA, "/complaint 1042 the lid is cracked")
    assert "C-1" in text_of(answer)
    card = await shop.card(COMPLAINTS)
    assert "the lid is cracked" in text_of(card)

    await shop.slack.click(BEN, "complaint.acknowledge", channel=COMPLAINTS)
    card = await shop.card(COMPLAINTS, "cknowledged")
    assert "complaint.acknowledge" not in buttons(card)

    await shop.slack.click(BEN, "complaint.escalate", channel=COMPLAINTS)
    await shop.slack.submit(BEN, {"reason": "the buyer is a shop as well"})
    await shop.card(COMPLAINTS, "level 1")

    await shop.slack.click(ADA, "complaint.resolve", channel=COMPLAINTS)
    await shop.slack.submit(ADA, {"outcome": "replaced", "note": "a new lid is on its way"})
    card = await shop.card(COMPLAINTS, "eopen")
    assert buttons(card) & {"complaint.reopen"}
    assert "complaint.resolve" not in buttons(card)

    thread = await shop.slack.until(
        lambda: (
            [*shop.slack.thread(COMPLAINTS, card["ts"])][3:]
            and shop.slack.thread(COMPLAINTS, card["ts"])
        ),
        15,
    )
    said = "\n".join(text_of(one) for one in thread[1:])
    assert "the buyer is a shop as well" in said
    assert "a new lid is on its way" in said
    assert len(shop.slack.messages(COMPLAINTS)) == 1


async def test_a_case_is_opened_from_a_message(shop: Shop) -> None:
    message = await shop.slack.say(ANA, OFFICE, "Buyer of 1042 writes that the lid is cracked")
    assert message is not None
    await shop.slack.shortcut(ANA, "complaint.message", channel=OFFICE, ts=message["ts"])
    form = shop.slack.modal(ANA)
    assert form is not None
    assert "the lid is cracked" in str(form)
    answer = await shop.slack.submit(ANA, {"order": "1024"})
    assert "1042" in answer["errors"]["order"]
    await shop.slack.submit(ANA, {"order": "1042"})
    await shop.card(COMPLAINTS, "the lid is cracked")


async def test_the_clock_escalates_when_nobody_answers_in_time(shop: Shop) -> None:
    await shop.type(ANA, "/complaint 1042 the lid is cracked")
    await shop.card(COMPLAINTS)
    await shop.later(hours=23)
    assert "level 1" not in text_of(shop.slack.messages(COMPLAINTS)[-1])
    await shop.later(hours=2)
    card = await shop.card(COMPLAINTS, "level 1")
    await shop.slack.click(BEN, "complaint.acknowledge", channel=COMPLAINTS)
    await shop.card(COMPLAINTS, "cknowledged")
    await shop.later(hours=40)
    assert "level 2" not in text_of(shop.slack.messages(COMPLAINTS)[-1])
    replies = await shop.slack.until(lambda: shop.slack.thread(COMPLAINTS, card["ts"])[3:], 10)
    assert "nobody answered in time" in text_of(shop.slack.thread(COMPLAINTS, card["ts"])[2])
    assert replies


async def test_the_wrong_role_is_told_which_one_it_takes(shop: Shop) -> None:
    await shop.type(ANA, "/complaint 1042 the lid is cracked")
    await shop.card(COMPLAINTS)
    assert "agent" in text_of(await shop.type(WES, "/complaint 1042 wet"))
    await shop.slack.click(WES, "complaint.escalate", channel=COMPLAINTS)
    refusal = await shop.slack.until(lambda: shop.slack.ephemerals(WES, COMPLAINTS))
    assert "you need to be" in text_of(refusal[-1])
