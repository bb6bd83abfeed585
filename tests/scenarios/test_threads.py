"""A case is a thread: what people say there is heard, kept, and counts as the answer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy import text as sql

from domain.complaints import queries
from domain.complaints.model import Category, Reply, Severity
from domain.people import Person
from tests.scenarios.conftest import (
    ADA,
    ANA,
    BEN,
    COMPLAINTS,
    EVE,
    OFFICE,
    WES,
    Node,
    Shop,
    buttons,
    text_of,
)


async def opened(shop: Shop) -> Node:
    """Open a case; returns its card."""
    await shop.type(ANA, "/complaint 1042 the lid is cracked")
    card = await shop.card(COMPLAINTS, "the lid is cracked")
    await shop.quiet()
    return card


async def replies(shop: Shop) -> Sequence[Reply]:
    """What is kept, once everything that was said has arrived."""
    await shop.slack.settled()
    async with shop.site.store.read(shop.merchant_id) as session:
        return (await session.scalars(select(Reply).order_by(Reply.said_at))).all()


async def test_a_reply_of_the_team_takes_the_case_in_hand(shop: Shop) -> None:
    card = await opened(shop)
    await shop.slack.say(BEN, COMPLAINTS, "I call the buyer", card["ts"])
    card = await shop.card(COMPLAINTS, "has it in hand")
    assert f"<@{BEN}> has it in hand" in text_of(card)
    assert "first answer" in text_of(card)
    assert "complaint.acknowledge" not in buttons(card)
    await shop.later(hours=30)
    await shop.quiet()
    said = [text_of(one) for one in shop.slack.thread(COMPLAINTS, card["ts"])[2:]]
    assert len(said) == 1
    assert f"<@{BEN}> answered and has it in hand" in said[0]
    [kept] = await replies(shop)
    assert (kept.author, kept.text) == (BEN, "I call the buyer")

    await shop.slack.click(ANA, "complaint.resolve", channel=COMPLAINTS)
    assert "I call the buyer" in text_of(shop.slack.modal(ANA) or {})


async def test_who_has_no_role_is_heard_but_does_not_answer(shop: Shop) -> None:
    card = await opened(shop)
    await shop.slack.say(EVE, COMPLAINTS, "Was it not glued?", card["ts"])
    await shop.slack.say(WES, COMPLAINTS, "It left whole", card["ts"])
    assert [one.author for one in await replies(shop)] == [EVE, WES]
    await shop.later(hours=25)
    await shop.card(COMPLAINTS, "level 1")
    # Nobody is looked up for what they say beside the desk.
    async with shop.site.store.read(shop.merchant_id) as session:
        assert await session.scalar(select(Person).where(Person.member_id == EVE)) is None


async def test_edits_and_deletions_are_followed(shop: Shop) -> None:
    card = await opened(shop)
    there = shop.slack.workspace.conversation(COMPLAINTS)
    first = await shop.slack.say(EVE, COMPLAINTS, "Frist", card["ts"])
    second = await shop.slack.say(EVE, COMPLAINTS, "Oops", card["ts"])
    assert first is not None
    assert second is not None
    await shop.slack.settled()
    edited = {"user": EVE, "ts": shop.slack.workspace.next_ts()}
    shop.slack.workspace.change(there, first, {"text": "First", "edited": edited})
    shop.slack.workspace.change(there, first, {"attachments": [{"text": "unfolded"}]})
    shop.slack.workspace.remove(there, second)
    kept = await replies(shop)
    assert [(one.text, one.deleted_at is None) for one in kept] == [("First", True), ("", False)]


async def test_only_people_in_a_case_s_thread_are_kept(shop: Shop) -> None:
    card = await opened(shop)
    await shop.slack.say(BEN, COMPLAINTS, "Morning all")
    talk = await shop.slack.say(BEN, OFFICE, "Lunch?")
    assert talk is not None
    await shop.slack.say(ANA, OFFICE, "Yes", talk["ts"])
    there = shop.slack.workspace.conversation(COMPLAINTS)
    robot = {"user": "U0ROBOT", "bot_id": "B0ROBOT", "text": "Beep", "thread_ts": card["ts"]}
    shop.slack.workspace.post(there, robot)
    notice = {"user": BEN, "subtype": "reminder_add", "text": "Later", "thread_ts": card["ts"]}
    shop.slack.workspace.post(there, notice)
    await shop.later(hours=25)
    await shop.quiet()
    assert "level 1" in text_of(shop.slack.messages(COMPLAINTS)[0])
    assert len(shop.slack.thread(COMPLAINTS, card["ts"])) > 3
    assert list(await replies(shop)) == []


async def test_a_thread_in_a_private_channel_is_heard_too(shop: Shop) -> None:
    shop.slack.workspace.conversation(COMPLAINTS).is_private = True
    card = await opened(shop)
    await shop.slack.say(BEN, COMPLAINTS, "I call the buyer", card["ts"])
    await shop.card(COMPLAINTS, "has it in hand")


async def test_what_could_not_be_kept_is_told_again(shop: Shop) -> None:
    card = await opened(shop)
    async with shop.site.store.across(write=True) as session:
        await session.execute(sql("ALTER TABLE complaint_replies RENAME TO away"))
    await shop.slack.say(BEN, COMPLAINTS, "I call the buyer", card["ts"])
    answers = shop.slack.traffic.entries
    await shop.slack.until(lambda: [one for one in answers if one["status"] == 500])
    async with shop.site.store.across(write=True) as session:
        await session.execute(sql("ALTER TABLE away RENAME TO complaint_replies"))
    await shop.card(COMPLAINTS, "has it in hand")
    assert len(await replies(shop)) == 1


async def test_the_thread_is_reminded_before_the_clock_escalates(shop: Shop) -> None:
    card = await opened(shop)
    for hours in (12.5, 1, 6, 1, 4):
        await shop.later(hours=hours)
    await shop.quiet()
    half, most, escalated = [text_of(one) for one in shop.slack.thread(COMPLAINTS, card["ts"])[1:]]
    assert "Half of the time to answer is over" in half
    assert "Most of the time to answer is over" in most
    assert "level 1" in escalated
    assert "<@" not in half + most


async def test_a_case_is_handed_over_and_its_new_owner_is_mentioned(shop: Shop) -> None:
    card = await opened(shop)
    await shop.slack.click(BEN, "complaint.acknowledge", channel=COMPLAINTS)
    await shop.card(COMPLAINTS, "has it in hand")
    await shop.slack.click(BEN, "complaint.hand_over", channel=COMPLAINTS)
    refused = await shop.slack.submit(BEN, {"owner": WES})
    assert "admin, agent or approver" in refused["errors"]["owner"]
    await shop.slack.submit(BEN, {"owner": ADA})
    card = await shop.card(COMPLAINTS, f"<@{ADA}> has it in hand")
    await shop.quiet()
    handed = text_of(shop.slack.thread(COMPLAINTS, card["ts"])[-1])
    assert f"<@{BEN}> handed it over to <@{ADA}>" in handed


async def test_who_a_level_names_is_called_in_the_thread(shop: Shop) -> None:
    await shop.slack.command(ADA, "/deskhand settings", OFFICE)
    wrong = await shop.slack.submit(ADA, {"complaint.level_1": "the leads"})
    assert "ids, like U0123456789" in wrong["errors"]["complaint.level_1"]
    await shop.slack.submit(ADA, {"complaint.level_1": f"<@{BEN}>, S0LEADS1"})
    card = await opened(shop)
    await shop.slack.click(ANA, "complaint.escalate", channel=COMPLAINTS)
    await shop.slack.submit(ANA, {"reason": "third call"})
    await shop.quiet()
    note = text_of(shop.slack.thread(COMPLAINTS, card["ts"])[-1])
    assert f"<@{ANA}> escalated it to level 1: <@{BEN}>, <!subteam^S0LEADS1>" in note
    assert "third call" in note


async def test_the_form_says_what_it_is_about_and_how_severe(shop: Shop) -> None:
    await shop.slack.command(ANA, "/complaint 1042", OFFICE)
    fields = {"text": "It smoked", "category": "damaged", "severity": "high"}
    await shop.slack.submit(ANA, fields)
    card = await shop.card(COMPLAINTS, "It smoked")
    assert "Damaged" in text_of(card)
    assert "High" in text_of(card)
    await shop.later(hours=13)
    await shop.card(COMPLAINTS, "level 1")


async def test_left_as_they_are_category_and_severity_are_not_worth_a_word(shop: Shop) -> None:
    await shop.slack.command(ANA, "/complaint 1042", OFFICE)
    await shop.slack.submit(ANA, {"text": "No answer"})
    card = await shop.card(COMPLAINTS, "No answer")
    assert "Category" not in text_of(card)
    assert "Severity" not in text_of(card)
    async with shop.site.store.read(shop.merchant_id) as session:
        [case], _ = await queries.unresolved(session)
    assert (case.category, case.severity) == (Category.OTHER, Severity.NORMAL)
