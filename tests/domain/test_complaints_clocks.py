"""A case is to be resolved in time, and calls whoever is there."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain import people
from domain.complaints import policy, service
from domain.complaints.model import Clock, Outcome, Severity, State, Target
from domain.complaints.policy import Snooze
from domain.events import Kind
from domain.merchants import Settings
from tests.domain.desk import (
    AGENT,
    APPROVER,
    OTHER_AGENT,
    REMIND,
    REMIND_TO_RESOLVE,
    UNANSWERED,
    UNRESOLVED,
    Desk,
)


@pytest.fixture
async def case(desk: Desk) -> int:
    """A case that an agent has in hand since it was opened."""
    return await desk.complain_and_acknowledge(await desk.order())


async def away(desk: Desk, member_id: str, deputy: str | None = None) -> None:
    async with desk.work(member_id) as work:
        await people.go_away(work, member_id, desk.now + timedelta(days=60), deputy)


async def test_acknowledging_stops_one_clock_and_not_the_other(desk: Desk, case: int) -> None:
    complaint = await desk.case(case)
    assert complaint.clock(Target.ANSWER) is None
    assert complaint.resolve_due_at == desk.now + timedelta(hours=72)
    assert complaint.next_due == (Target.RESOLVE, complaint.resolve_due_at)


async def test_half_and_most_of_the_time_to_resolve_are_told_once_each(
    desk: Desk, case: int
) -> None:
    hours = (35, 36, 37, 57, 58, 71)
    told = [await desk.later(hours=hour).sweep(REMIND_TO_RESOLVE) for hour in hours]
    assert told == [0, 1, 0, 0, 1, 0]
    assert [(one.data["share"], one.data["target"]) for one in await desk.warnings(case)] == [
        (50, "resolve"),
        (80, "resolve"),
    ]


async def test_what_is_not_resolved_in_time_escalates_once(desk: Desk, case: int) -> None:
    late = desk.later(hours=72)
    assert await late.sweep(UNRESOLVED) == 1
    complaint = await desk.case(case)
    assert (complaint.state, complaint.level, complaint.is_overdue) == (State.ESCALATED, 1, True)
    # Somebody has to answer for it now.
    assert complaint.next_due == (Target.ANSWER, late.now + timedelta(hours=24))
    [raised] = await desk.events(Kind.COMPLAINT_ESCALATED)
    assert (raised.actor, raised.why, raised.data["target"]) == (
        "clock",
        "not resolved in time",
        "resolve",
    )
    assert await desk.later(days=30).sweep(UNRESOLVED) == 0


async def test_at_the_top_level_the_thread_is_told_and_the_case_can_go_on(
    desk: Desk, case: int
) -> None:
    await desk.setting("complaint.levels", "1")
    await desk.setting("complaint.level_1", "U0BOSS")
    async with desk.work() as work:
        await service.escalate(work, AGENT, case, "Angry")
    assert await desk.later(hours=24).sweep(UNANSWERED) == 1
    assert await desk.later(hours=72).sweep(UNRESOLVED) == 1
    answer, resolve = await desk.events(Kind.COMPLAINT_OVERDUE)
    assert (answer.data["target"], resolve.data["target"]) == ("answer", "resolve")
    assert resolve.data["called"] == ["U0AGENT", "U0BOSS"]
    async with desk.work() as work:
        await service.acknowledge(work, AGENT, case)
        await service.resolve(work, AGENT, case, Outcome.EXPLAINED, "")
    assert (await desk.case(case)).state is State.RESOLVED


async def test_the_time_to_resolve_goes_by_the_settings_and_the_severity(desk: Desk) -> None:
    await desk.setting("complaint.resolve_within_hours", "10")
    order_id = await desk.order()
    async with desk.work() as work:
        normal = await service.open_case(work, AGENT, order_id, "Broken")
        high = await service.open_case(work, AGENT, order_id, "On fire", severity=Severity.HIGH)
    assert normal.resolve_due_at == desk.now + timedelta(hours=10)
    assert high.resolve_due_at == desk.now + timedelta(hours=5)


async def test_reopening_starts_both_clocks_anew_and_keeps_the_first_answer(
    desk: Desk, case: int
) -> None:
    async with desk.later(hours=2).work() as work:
        await service.resolve(work, AGENT, case, Outcome.EXPLAINED, "")
    complaint = await desk.case(case)
    assert (complaint.next_due, complaint.is_overdue) == (None, False)
    assert await desk.later(days=9).sweep(UNRESOLVED) == 0
    later = desk.later(days=9)
    async with later.work() as work:
        await service.reopen(work, AGENT, case)
    complaint = await desk.case(case)
    assert (complaint.opened_at, complaint.answered_at) == (desk.now, desk.now)
    assert complaint.reopened_at == later.now
    assert complaint.answer_due_at == later.now + timedelta(hours=24)
    assert complaint.resolve_due_at == later.now + timedelta(hours=72)


async def test_a_reminder_goes_to_the_owner_or_who_stands_in(desk: Desk, case: int) -> None:
    await desk.later(hours=36).sweep(REMIND_TO_RESOLVE)
    await away(desk, AGENT.member_id, APPROVER.member_id)
    await desk.later(hours=58).sweep(REMIND_TO_RESOLVE)
    told = [(one.data["owner"], one.data["called"]) for one in await desk.warnings(case)]
    assert told == [("U0AGENT", ["U0AGENT"]), ("U0AGENT", ["U0APPROVER"])]


async def test_a_case_nobody_owns_reminds_nobody_in_person(desk: Desk) -> None:
    case = await desk.complain(await desk.order())
    await desk.later(hours=12).sweep(REMIND)
    assert [(one.data["owner"], one.data["called"]) for one in await desk.warnings(case)] == [
        (None, [])
    ]


async def test_of_who_is_away_the_deputy_is_called(desk: Desk, case: int) -> None:
    await desk.setting("complaint.level_1", "U0LEAD, S0LEADS1")
    await away(desk, "U0LEAD", "U0DEPUTY")
    async with desk.work() as work:
        await service.escalate(work, AGENT, case, "Angry")
    [raised] = await desk.events(Kind.COMPLAINT_ESCALATED)
    assert raised.data["called"] == ["U0DEPUTY", "S0LEADS1"]
    assert "called_level" not in raised.data


async def test_if_a_whole_level_is_away_the_next_one_is_called(desk: Desk, case: int) -> None:
    await desk.setting("complaint.level_1", "U0LEAD")
    await desk.setting("complaint.level_3", "U0BOSS")
    await away(desk, "U0LEAD")
    async with desk.work() as work:
        await service.escalate(work, AGENT, case, "Angry")
    await away(desk, "U0BOSS")
    other = await desk.complain(await desk.identify("1001"))
    async with desk.work() as work:
        await service.escalate(work, AGENT, other, "Angry")
    raised = await desk.events(Kind.COMPLAINT_ESCALATED)
    assert [(one.data["called"], one.data.get("called_level")) for one in raised] == [
        (["U0BOSS"], 3),
        ([], None),
    ]
    assert raised[1].data["all_away"]
    assert (await desk.case(case)).level == 1


async def test_a_case_is_not_handed_to_somebody_who_is_away(desk: Desk, case: int) -> None:
    await away(desk, OTHER_AGENT.member_id, APPROVER.member_id)
    says = "@U0AGENT2 is away until 2027-01-23. Choose @U0APPROVER, who stands in, or somebody else"
    with pytest.raises(people.OwnerAway, match=says):
        async with desk.work() as work:
            await service.hand_over(work, AGENT, case, OTHER_AGENT)
    await away(desk, APPROVER.member_id)
    with pytest.raises(people.OwnerAway, match="Nobody stands in: choose somebody else"):
        async with desk.work() as work:
            await service.hand_over(work, AGENT, case, OTHER_AGENT)
    assert (await desk.case(case)).owner == "U0AGENT"


async def test_a_case_is_not_handed_to_nobody(desk: Desk, case: int) -> None:
    async with desk.look() as session:
        nobody = await people.at_desk(session, "")
    with pytest.raises(people.CantOwn, match="Say who takes it"):
        async with desk.work() as work:
            await service.hand_over(work, AGENT, case, nobody)
    assert (await desk.case(case)).owner == "U0AGENT"


def test_of_two_clocks_the_stricter_is_over_first(desk: Desk) -> None:
    early = policy.started(Settings({}), Target.ANSWER, Severity.NORMAL, desk.now)
    late = policy.started(Settings({}), Target.RESOLVE, Severity.NORMAL, desk.now)
    assert policy.stricter(late, early) == policy.stricter(early, None) == early
    assert policy.stricter(None, None) is None


def test_a_clock_that_stood_still_is_as_far_as_before(desk: Desk) -> None:
    clock = Clock(desk.now, desk.now + timedelta(hours=10), desk.now + timedelta(hours=5))
    day = timedelta(days=1)
    assert policy.shifted(clock, day) == Clock(
        desk.now + day, clock.due_at + day, desk.now + timedelta(hours=29)
    )
    assert policy.shifted(policy.shifted(clock, day), -day) == clock


@pytest.mark.parametrize(
    ("wanted", "tz", "until"),
    [
        (Snooze.HOURS, "Asia/Tokyo", "2026-11-24T13:30+00:00"),
        (Snooze.DAYS, None, "2026-11-27T09:30+00:00"),
        (Snooze.TOMORROW, "UTC", "2026-11-25T09:00+00:00"),
        (Snooze.TOMORROW, None, "2026-11-25T09:00+00:00"),
        (Snooze.TOMORROW, "America/Los_Angeles", "2026-11-25T17:00+00:00"),
        (Snooze.TOMORROW, "Pacific/Auckland", "2026-11-24T20:00+00:00"),
        (Snooze.TOMORROW, "Moon/Tycho", "2026-11-25T09:00+00:00"),
        ("2026-12-24", "Europe/Berlin", "2026-12-24T08:00+00:00"),
    ],
)
def test_a_day_begins_at_nine_where_the_person_is(
    desk: Desk, wanted: str, tz: str | None, until: str
) -> None:
    chosen = Snooze(wanted) if wanted in list(Snooze) else date.fromisoformat(wanted)
    assert policy.wake_at(chosen, desk.now, tz).isoformat(timespec="minutes") == until
