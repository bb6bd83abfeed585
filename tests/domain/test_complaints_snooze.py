"""A case may sleep for a reason, and wakes for whatever happens to it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.complaints import queries, service, snoozing
from domain.complaints.clocks import sweep_snoozed
from domain.complaints.model import Complaint, Outcome, State
from domain.complaints.replies import Said
from domain.errors import ReasonNeeded, RoleNeeded, WrongState
from domain.events import Kind
from domain.people import Member
from tests.domain.desk import (
    AGENT,
    APPROVER,
    FINANCE,
    NOBODY,
    REMIND_TO_RESOLVE,
    UNRESOLVED,
    Desk,
)


@pytest.fixture
async def case(desk: Desk) -> int:
    """A case that an agent has in hand since it was opened."""
    return await desk.complain_and_acknowledge(await desk.order())


async def snooze(
    desk: Desk, case: int, why: str = "The lid comes on Friday", **span: float
) -> None:
    async with desk.work(APPROVER.member_id) as work:
        await snoozing.snooze(work, APPROVER, case, desk.now + timedelta(**span), why)


async def say(desk: Desk, case: int, by: Member) -> None:
    said = Said("C1", f"{desk.now.timestamp()}", "The buyer called", desk.now)
    async with desk.work(by.member_id) as work:
        await service.hear(work, by, case, said)


def is_awake(complaint: Complaint) -> bool:
    held = (complaint.snoozed_by, complaint.wake_due_at, complaint.snooze_reason)
    return not complaint.is_snoozed and held == (None, None, None)


async def test_a_sleeping_case_says_until_when_by_whom_and_why(desk: Desk, case: int) -> None:
    await snooze(desk, case, " The lid comes on Friday ", days=2)
    complaint = await desk.case(case)
    assert (complaint.state, complaint.snoozed_by) == (State.ACKNOWLEDGED, "U0APPROVER")
    assert complaint.wake_due_at == desk.now + timedelta(days=2)
    assert complaint.snooze_reason == "The lid comes on Friday"
    [event] = await desk.events(Kind.COMPLAINT_SNOOZED)
    assert (event.actor, event.why) == ("U0APPROVER", "The lid comes on Friday")


async def test_its_time_to_resolve_stands_still_and_goes_on_when_it_wakes(
    desk: Desk, case: int
) -> None:
    await snooze(desk.later(hours=10), case, days=4)
    asleep = desk.later(days=4)
    assert await asleep.sweep(REMIND_TO_RESOLVE) == await asleep.sweep(UNRESOLVED) == 0
    woken = desk.later(hours=10, days=4)
    assert await woken.sweep(sweep_snoozed) == 1
    complaint = await desk.case(case)
    assert is_awake(complaint)
    assert complaint.resolve_due_at == woken.now + timedelta(hours=62)
    assert complaint.resolve_warning_due_at == woken.now + timedelta(hours=26)
    assert await woken.sweep(sweep_snoozed) == 0
    [event] = await desk.events(Kind.COMPLAINT_WOKEN)
    assert (event.actor, event.data["called"]) == ("clock", ["U0AGENT"])


async def test_waking_early_gives_back_only_what_it_slept(desk: Desk, case: int) -> None:
    await snooze(desk, case, days=4)
    async with desk.later(hours=5).work(AGENT.member_id) as work:
        await snoozing.wake(work, AGENT, case)
    complaint = await desk.case(case)
    assert is_awake(complaint)
    assert complaint.resolve_due_at == desk.now + timedelta(hours=72 + 5)


async def test_a_clock_that_looks_late_wakes_it_without_giving_more(desk: Desk, case: int) -> None:
    await snooze(desk, case, days=1)
    assert await desk.later(days=3).sweep(sweep_snoozed) == 1
    assert (await desk.case(case)).resolve_due_at == desk.now + timedelta(days=1, hours=72)


async def test_sleeping_longer_is_one_sleep(desk: Desk, case: int) -> None:
    await snooze(desk, case, days=1)
    await snooze(desk.later(hours=12), case, "It is late", days=2)
    complaint = await desk.case(case)
    assert complaint.wake_due_at == desk.now + timedelta(hours=60)
    assert complaint.resolve_due_at == desk.now + timedelta(hours=72 + 60)
    assert complaint.snooze_reason == "It is late"


async def test_the_first_answer_can_t_be_put_off(desk: Desk) -> None:
    case = await desk.complain(await desk.order())
    with pytest.raises(snoozing.AnswerFirst, match="waits for an answer, and that can't be put"):
        await snooze(desk, case, days=1)
    assert (await desk.case(case)).answer_due_at == desk.now + timedelta(hours=24)
    async with desk.work() as work:
        await service.acknowledge(work, AGENT, case)
        await service.escalate(work, AGENT, case, "Angry")
    with pytest.raises(snoozing.AnswerFirst):
        await snooze(desk, case, days=1)


@pytest.mark.parametrize(
    ("span", "says"),
    [
        ({"hours": 0}, "That time is over already"),
        ({"days": -1}, "That time is over already"),
        ({"days": 31}, "sleep for 30 days at most"),
    ],
)
async def test_no_case_sleeps_into_the_past_or_for_ever(
    desk: Desk, case: int, span: dict[str, float], says: str
) -> None:
    with pytest.raises(snoozing.CantSnooze, match=says) as no:
        await snooze(desk, case, **span)
    assert no.value.field == "day"
    assert is_awake(await desk.case(case))


async def test_it_takes_a_reason_a_role_and_an_open_case(desk: Desk, case: int) -> None:
    with pytest.raises(ReasonNeeded, match="a reason is needed to snooze a complaint"):
        await snooze(desk, case, "  ", days=1)
    with pytest.raises(RoleNeeded):
        async with desk.work() as work:
            await snoozing.snooze(work, FINANCE, case, desk.now, "Why")
    with pytest.raises(RoleNeeded):
        async with desk.work() as work:
            await snoozing.wake(work, FINANCE, case)
    async with desk.work() as work:
        await service.resolve(work, AGENT, case, Outcome.EXPLAINED, "")
    with pytest.raises(WrongState, match="is resolved, so it can't be snoozed"):
        await snooze(desk, case, days=1)
    with pytest.raises(snoozing.AwakeAlready, match="is awake already"):
        async with desk.work() as work:
            await snoozing.wake(work, AGENT, case)


@pytest.mark.parametrize("by", [AGENT, NOBODY])
async def test_words_of_somebody_else_wake_it(desk: Desk, case: int, by: Member) -> None:
    await snooze(desk, case, days=2)
    await say(desk.later(hours=1), case, APPROVER)
    assert (await desk.case(case)).is_snoozed
    await say(desk.later(hours=2), case, by)
    complaint = await desk.case(case)
    assert is_awake(complaint)
    assert complaint.resolve_due_at == desk.now + timedelta(hours=74)
    [event] = await desk.events(Kind.COMPLAINT_WOKEN)
    assert (event.actor, event.data["by_reply"]) == (by.member_id, True)


async def test_escalating_and_resolving_wake_it(desk: Desk, case: int) -> None:
    await snooze(desk, case, days=2)
    async with desk.work() as work:
        await service.escalate(work, AGENT, case, "Angry")
    complaint = await desk.case(case)
    assert is_awake(complaint)
    assert complaint.resolve_due_at == desk.now + timedelta(hours=72)
    async with desk.work() as work:
        await service.acknowledge(work, AGENT, case)
    await snooze(desk, case, days=2)
    async with desk.work() as work:
        await service.resolve(work, AGENT, case, Outcome.EXPLAINED, "")
    assert is_awake(await desk.case(case))
    assert await desk.later(days=9).sweep(sweep_snoozed) == 0


async def test_sleeping_cases_stand_apart(desk: Desk, case: int) -> None:
    other = await desk.complain(await desk.identify("1001"))
    await snooze(desk, case, days=2)
    async with desk.look() as session:
        awake, open_total = await queries.unresolved(session)
        asleep, total = await queries.snoozed(session)
    assert ([one.id for one in awake], open_total) == ([other], 1)
    assert ([one.id for one in asleep], total) == ([case], 1)
