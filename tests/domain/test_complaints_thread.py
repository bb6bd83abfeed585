"""What is said in a case's thread is kept on the case, and the first answer counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain.complaints import queries, service
from domain.complaints.model import Outcome, Reply, State
from domain.complaints.replies import Said
from domain.events import Kind
from domain.people import Member
from tests.domain.desk import AGENT, NOBODY, OTHER_AGENT, WAREHOUSE, Desk


@pytest.fixture
async def case(desk: Desk) -> int:
    """A case that was opened just now."""
    return await desk.complain(await desk.order())


async def say(
    desk: Desk, case: int, by: Member, text: str, reference: str = "1.1", **more: Any
) -> None:
    """Have the desk hear of a message."""
    said = Said(**{"place": "C1", "reference": reference, "text": text, "at": desk.now} | more)
    async with desk.work(by.member_id) as work:
        await service.hear(work, by, case, said)


async def kept(desk: Desk) -> list[Reply]:
    return await desk.all(select(Reply).order_by(Reply.id))


async def test_the_first_reply_of_the_team_is_the_human_answer(desk: Desk, case: int) -> None:
    later = desk.later(hours=1)
    await say(later, case, OTHER_AGENT, "I ask the warehouse")
    complaint = await desk.case(case)
    assert (complaint.state, complaint.acknowledged_by) == (State.ACKNOWLEDGED, "U0AGENT2")
    assert complaint.answered_at == complaint.acknowledged_at == later.now
    assert complaint.answer_due_at is None
    await say(desk.later(hours=2), case, AGENT, "Thanks", "1.2")
    assert (await desk.case(case)).answered_at == later.now
    [event] = await desk.events(Kind.COMPLAINT_ACKNOWLEDGED)
    assert (event.actor, event.data["by_reply"]) == ("U0AGENT2", True)
    assert "warehouse" not in str(event.data)
    assert [(one.author, one.text) for one in await kept(desk)] == [
        ("U0AGENT2", "I ask the warehouse"),
        ("U0AGENT", "Thanks"),
    ]


@pytest.mark.parametrize("by", [NOBODY, WAREHOUSE])
async def test_others_are_kept_but_do_not_answer(desk: Desk, case: int, by: Member) -> None:
    await say(desk, case, by, "It was fine when it left")
    complaint = await desk.case(case)
    assert (complaint.state, complaint.answered_at) == (State.OPEN, None)
    assert [one.author for one in await kept(desk)] == [by.member_id]


async def test_the_same_message_counts_once(desk: Desk, case: int) -> None:
    for _ in range(3):
        await say(desk, case, AGENT, "On it")
    async with desk.work() as work:
        await service.escalate(work, AGENT, case, "Stuck")
    await say(desk, case, AGENT, "On it")
    assert (await desk.case(case)).state is State.ESCALATED
    assert len(await kept(desk)) == 1


async def test_an_escalated_and_a_reopened_case_are_answered_by_reply_too(
    desk: Desk, case: int
) -> None:
    async with desk.work() as work:
        await service.escalate(work, AGENT, case, "Stuck")
    await say(desk, case, AGENT, "Mine", "1.1")
    assert (await desk.case(case)).state is State.ACKNOWLEDGED
    async with desk.work() as work:
        await service.resolve(work, AGENT, case, Outcome.EXPLAINED, "")
    await say(desk, case, AGENT, "Sent the letter", "1.2")
    assert (await desk.case(case)).state is State.RESOLVED
    async with desk.work() as work:
        await service.reopen(work, AGENT, case)
    later = desk.later(hours=5)
    await say(later, case, AGENT, "Again", "1.3")
    complaint = await desk.case(case)
    assert (complaint.state, complaint.acknowledged_at) == (State.ACKNOWLEDGED, later.now)
    assert complaint.answered_at == desk.now


async def test_an_edit_changes_the_words_and_an_older_one_does_not(desk: Desk, case: int) -> None:
    def at(minutes: int) -> datetime:
        return desk.now + timedelta(minutes=minutes)

    await say(desk, case, NOBODY, "Frist")
    await say(desk, case, NOBODY, "First!", edited_at=at(2))
    await say(desk, case, NOBODY, "First", edited_at=at(1))
    await say(desk, case, NOBODY, "Frist")
    [reply] = await kept(desk)
    assert (reply.text, reply.edited_at, reply.said_at) == ("First!", at(2), desk.now)


async def test_what_is_taken_back_keeps_no_words_and_stays_away(desk: Desk, case: int) -> None:
    await say(desk, case, NOBODY, "Oops")
    await say(desk.later(hours=1), case, NOBODY, "Oops", deleted=True)
    await say(desk, case, NOBODY, "Oops!", edited_at=desk.now)
    await say(desk, case, NOBODY, "Fine", "1.2")
    gone, there = await kept(desk)
    assert (gone.text, gone.deleted_at) == ("", desk.now + timedelta(hours=1))
    assert (there.text, there.deleted_at) == ("Fine", None)
    async with desk.look() as session:
        assert [one.text for one in await queries.latest_replies(session, case)] == ["Fine"]


async def test_a_deletion_that_is_told_first_is_no_answer(desk: Desk, case: int) -> None:
    await say(desk, case, AGENT, "On it", deleted=True)
    await say(desk, case, AGENT, "On it")
    assert (await desk.case(case)).state is State.OPEN
    assert [one.text for one in await kept(desk)] == [""]


async def test_the_last_replies_come_oldest_first(desk: Desk, case: int) -> None:
    for number in range(5):
        await say(desk.later(minutes=number), case, AGENT, f"{number}", f"1.{number}")
    async with desk.look() as session:
        found = await queries.latest_replies(session, case)
        assert [one.text for one in found] == ["2", "3", "4"]
        assert list(await queries.latest_replies(session, case + 1)) == []


async def test_resolving_at_once_is_an_answer_as_well(desk: Desk, case: int) -> None:
    async with desk.work() as work:
        await service.resolve(work, AGENT, case, Outcome.EXPLAINED, "")
    assert (await desk.case(case)).answered_at == desk.now
