from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from domain import people
from domain.complaints import queries, service
from domain.complaints.case import TopLevelReached
from domain.complaints.model import TRANSITIONS, Category, Complaint, Outcome, Severity, State
from domain.errors import ReasonNeeded, RecordNotFound, RoleNeeded, WrongState
from domain.events import Kind
from domain.people import Member
from domain.store import Work
from tests.domain.desk import (
    AGENT,
    APPROVER,
    FINANCE,
    NOBODY,
    OTHER_AGENT,
    REMIND,
    UNANSWERED,
    Desk,
)


@pytest.fixture
async def case(desk: Desk) -> int:
    """A case that was opened just now."""
    return await desk.complain(await desk.order())


async def _resolve(work: Work, member: Member, case: int) -> Complaint:
    return await service.resolve(work, member, case, Outcome.EXPLAINED, "")


async def test_a_case_opens_with_a_day_to_answer(desk: Desk, case: int) -> None:
    complaint = await desk.case(case)
    assert (complaint.state, complaint.level, complaint.opened_by) == (State.OPEN, 0, "U0AGENT")
    assert complaint.answer_due_at == desk.now + timedelta(hours=24)
    assert complaint.name == f"C-{case}"


async def test_the_buyers_words_stay_out_of_the_log(desk: Desk, case: int) -> None:
    opened = (await desk.events(Kind.COMPLAINT_OPENED))[0]
    assert (opened.why, opened.data) == (
        None,
        {"state": "open", "level": 0, "category": "other", "severity": "normal"},
    )
    assert opened.subject_id == case


async def test_the_clock_escalates_level_by_level_until_the_top(desk: Desk, case: int) -> None:
    assert await desk.later(hours=23).sweep(UNANSWERED) == 0
    for day, level in ((1, 1), (2, 2), (3, 3)):
        assert await desk.later(days=day).sweep(UNANSWERED) == 1
        assert (await desk.case(case)).level == level
    await desk.later(days=4).sweep(UNANSWERED)
    complaint = await desk.case(case)
    assert (complaint.level, complaint.state, complaint.answer_due_at) == (3, State.ESCALATED, None)
    assert await desk.later(days=50).sweep(UNANSWERED) == 0
    raised = await desk.events(Kind.COMPLAINT_ESCALATED)
    assert [(one.actor, one.why, one.data["level"]) for one in raised] == [
        ("clock", "nobody answered in time", level) for level in (1, 2, 3)
    ]


async def test_half_and_most_of_the_time_are_told_once_each(desk: Desk, case: int) -> None:
    hours = (0, 11, 12, 13, 19, 20, 23)
    told = [await desk.later(hours=hour).sweep(REMIND) for hour in hours]
    assert told == [0, 0, 1, 0, 0, 1, 0]
    warned = await desk.events(Kind.COMPLAINT_WARNED)
    assert [(one.actor, one.subject_id, one.data["share"]) for one in warned] == [
        ("clock", case, 50),
        ("clock", case, 80),
    ]
    assert await desk.later(days=1).sweep(UNANSWERED) == 1
    assert await desk.later(hours=36).sweep(REMIND) == 1


async def test_of_two_reminders_that_were_missed_the_later_is_told(desk: Desk, case: int) -> None:
    assert await desk.later(hours=22).sweep(REMIND) == 1
    assert await desk.later(hours=23).sweep(REMIND) == 0
    assert [one.data["share"] for one in await desk.events(Kind.COMPLAINT_WARNED)] == [80]
    assert case


@pytest.mark.parametrize("answer", [service.acknowledge, _resolve])
async def test_an_answered_case_is_not_reminded_of(
    desk: Desk, case: int, answer: Callable[[Work, Member, int], Awaitable[Complaint]]
) -> None:
    async with desk.work() as work:
        await answer(work, AGENT, case)
    assert await desk.later(hours=23).sweep(REMIND) == 0
    assert (await desk.case(case)).answer_warning_due_at is None


async def test_each_level_calls_its_own_people_and_the_last_for_all_above(
    desk: Desk, case: int
) -> None:
    await desk.setting("complaint.levels", "4")
    await desk.setting("complaint.level_1", "U0LEAD")
    await desk.setting("complaint.level_3", "<@U0BOSS>, S0BOARD")
    for day in (1, 2, 3, 4):
        await desk.later(days=day).sweep(UNANSWERED)
    raised = await desk.events(Kind.COMPLAINT_ESCALATED)
    top = ["U0BOSS", "S0BOARD"]
    assert [one.data["called"] for one in raised] == [["U0LEAD"], [], top, top]
    assert raised[0].subject_id == case


async def test_where_much_hangs_on_it_there_is_half_the_time(desk: Desk) -> None:
    order_id = await desk.order()
    async with desk.work(AGENT.member_id) as work:
        case = await service.open_case(
            work, AGENT, order_id, "On fire", category=Category.DAMAGED, severity=Severity.HIGH
        )
    assert (case.category, case.severity) == (Category.DAMAGED, Severity.HIGH)
    assert case.answer_due_at == desk.now + timedelta(hours=12)
    assert case.answer_warning_due_at == desk.now + timedelta(hours=6)
    assert await desk.later(hours=12).sweep(UNANSWERED) == 1
    assert (await desk.case(case.id)).answer_due_at == desk.now + timedelta(hours=24)


async def test_weekends_count(desk: Desk) -> None:
    friday = Desk(desk.store, desk.merchant_id, datetime(2026, 11, 27, 18, tzinfo=UTC))
    case = await friday.complain(await friday.order())
    saturday = friday.later(days=1)
    assert saturday.now.weekday() == 5
    assert await saturday.sweep(UNANSWERED) == 1
    assert (await desk.case(case)).level == 1


async def test_the_clock_goes_by_the_settings(desk: Desk) -> None:
    await desk.setting("complaint.answer_within_hours", "2")
    await desk.setting("complaint.levels", "1")
    case = await desk.complain(await desk.order())
    assert await desk.later(hours=2).sweep(UNANSWERED) == 1
    assert await desk.later(hours=4).sweep(UNANSWERED) == 1
    assert (await desk.case(case)).level == 1


async def test_a_sweep_takes_the_oldest_first_and_no_more_than_asked(desk: Desk) -> None:
    order_id = await desk.order()
    second = await desk.later(hours=1).complain(order_id)
    first = await desk.complain(order_id)
    late = desk.later(days=2)
    assert await late.sweep(UNANSWERED, 1) == 1
    assert ((await desk.case(first)).level, (await desk.case(second)).level) == (1, 0)


async def test_whoever_takes_it_in_hand_stops_the_clock(desk: Desk, case: int) -> None:
    async with desk.work(APPROVER.member_id) as work:
        await service.acknowledge(work, APPROVER, case)
    complaint = await desk.case(case)
    assert (complaint.state, complaint.acknowledged_by) == (State.ACKNOWLEDGED, "U0APPROVER")
    assert await desk.later(days=30).sweep(UNANSWERED) == 0


async def test_a_second_acknowledgement_says_what_can_be_done(desk: Desk, case: int) -> None:
    async with desk.work() as work:
        await service.acknowledge(work, AGENT, case)
    says = "is acknowledged, so it can't be acknowledged. It can be escalated, merged or resolved."
    with pytest.raises(WrongState, match=says):
        async with desk.work() as work:
            await service.acknowledge(work, OTHER_AGENT, case)


async def test_a_person_escalates_with_a_reason(desk: Desk, case: int) -> None:
    with pytest.raises(ReasonNeeded, match="a reason is needed to escalate a complaint"):
        async with desk.work() as work:
            await service.escalate(work, AGENT, case, "  ")
    later = desk.later(hours=5)
    async with later.work(AGENT.member_id) as work:
        await service.escalate(work, AGENT, case, " Third time ")
    complaint = await desk.case(case)
    assert (complaint.level, complaint.answer_due_at) == (1, later.now + timedelta(hours=24))
    raised = (await desk.events(Kind.COMPLAINT_ESCALATED))[0]
    assert (raised.why, raised.actor) == ("Third time", "U0AGENT")


async def test_above_the_top_level_there_is_nothing(desk: Desk, case: int) -> None:
    for _ in range(3):
        async with desk.work() as work:
            await service.escalate(work, AGENT, case, "Again")
    with pytest.raises(TopLevelReached, match=r"at the top level \(3\) already. Resolve"):
        async with desk.work() as work:
            await service.escalate(work, AGENT, case, "Again")
    assert (await desk.case(case)).level == 3


async def test_a_resolved_case_is_closed_until_it_is_reopened(desk: Desk, case: int) -> None:
    async with desk.work(AGENT.member_id) as work:
        await service.resolve(work, AGENT, case, Outcome.REPLACED, " New mug ")
    complaint = await desk.case(case)
    assert (complaint.state, complaint.outcome) == (State.RESOLVED, Outcome.REPLACED)
    assert (complaint.resolution, complaint.resolved_by) == ("New mug", "U0AGENT")
    assert await desk.later(days=9).sweep(UNANSWERED) == 0
    with pytest.raises(WrongState, match="is resolved, so it can't be escalated"):
        async with desk.work() as work:
            await service.escalate(work, AGENT, case, "Again")
    later = desk.later(days=9)
    async with later.work(OTHER_AGENT.member_id) as work:
        await service.reopen(work, OTHER_AGENT, case)
    complaint = await desk.case(case)
    assert (complaint.state, complaint.outcome, complaint.resolved_by) == (
        State.REOPENED,
        None,
        None,
    )
    assert complaint.answer_due_at == later.now + timedelta(hours=24)
    assert await later.later(days=1).sweep(UNANSWERED) == 1


async def test_whoever_acknowledges_owns_the_case_until_it_is_handed_over(
    desk: Desk, case: int
) -> None:
    async with desk.work(AGENT.member_id) as work:
        await service.acknowledge(work, AGENT, case)
    assert (await desk.case(case)).owner == "U0AGENT"
    async with desk.work(AGENT.member_id) as work:
        await service.hand_over(work, AGENT, case, APPROVER)
    complaint = await desk.case(case)
    assert (complaint.owner, complaint.acknowledged_by) == ("U0APPROVER", "U0AGENT")
    [event] = await desk.events(Kind.COMPLAINT_HANDED_OVER)
    assert (event.actor, event.data["owner"]) == ("U0AGENT", "U0APPROVER")


async def test_handing_over_is_no_answer(desk: Desk, case: int) -> None:
    async with desk.work() as work:
        await service.hand_over(work, AGENT, case, APPROVER)
    complaint = await desk.case(case)
    assert (complaint.state, complaint.owner) == (State.OPEN, "U0APPROVER")
    assert complaint.answered_at is None
    assert await desk.later(days=1).sweep(UNANSWERED) == 1


@pytest.mark.parametrize("to", [FINANCE, NOBODY])
async def test_a_case_is_given_only_to_who_may_work_on_it(
    desk: Desk, case: int, to: Member
) -> None:
    with pytest.raises(people.CantOwn, match="they need to be admin, agent or approver") as no:
        async with desk.work() as work:
            await service.hand_over(work, AGENT, case, to)
    assert no.value.field == "owner"
    assert (await desk.case(case)).owner is None


async def test_a_case_is_not_given_to_its_owner_nor_once_it_is_resolved(
    desk: Desk, case: int
) -> None:
    async with desk.work() as work:
        await service.acknowledge(work, AGENT, case)
    with pytest.raises(people.CantOwn, match=f"They have complaint C-{case} already"):
        async with desk.work() as work:
            await service.hand_over(work, OTHER_AGENT, case, AGENT)
    async with desk.work() as work:
        await service.resolve(work, AGENT, case, Outcome.EXPLAINED, "")
    with pytest.raises(WrongState, match="is resolved, so it can't be handed over"):
        async with desk.work() as work:
            await service.hand_over(work, AGENT, case, APPROVER)


async def test_a_case_needs_words_a_role_and_an_order(desk: Desk) -> None:
    order_id = await desk.order()
    with pytest.raises(ReasonNeeded):
        await desk.complain(order_id, " \n ")
    with pytest.raises(RecordNotFound):
        await desk.complain(404)
    attempts: tuple[Callable[[Work], Awaitable[Complaint]], ...] = (
        lambda work: service.open_case(work, FINANCE, order_id, "Broken"),
        lambda work: service.acknowledge(work, FINANCE, 1),
        lambda work: service.hand_over(work, FINANCE, 1, AGENT),
        lambda work: service.escalate(work, FINANCE, 1, "Why"),
        lambda work: service.resolve(work, FINANCE, 1, Outcome.UNFOUNDED, ""),
        lambda work: service.reopen(work, FINANCE, 1),
    )
    for attempt in attempts:
        with pytest.raises(
            RoleNeeded, match="To work on complaints you need to be admin, agent or"
        ):
            async with desk.work() as work:
                await attempt(work)


async def test_open_cases_come_most_escalated_and_oldest_first(desk: Desk) -> None:
    order_id = await desk.order()
    first, _, third, done = [await desk.complain(order_id) for _ in range(4)]
    async with desk.work() as work:
        await service.escalate(work, AGENT, third, "Angry")
        await service.resolve(work, AGENT, done, Outcome.EXPLAINED, "")
    async with desk.look() as session:
        cases, total = await queries.unresolved(session, most=2)
        card = await queries.card(session, first)
        with pytest.raises(RecordNotFound, match=r"This complaint \(404\)"):
            await queries.card(session, 404)
    assert ([one.id for one in cases], total) == ([third, first], 3)
    assert (card.complaint.id, card.order.number) == (first, "1001")


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_a_case_moves_as_its_table_says(before: State, after: State) -> None:
    complaint = Complaint(id=7, state=before)
    if after in TRANSITIONS[before]:
        complaint.move(after)
        assert complaint.state is after
    else:
        with pytest.raises(WrongState, match=f"Complaint C-7 is {before}, .* It can be "):
            complaint.move(after)
