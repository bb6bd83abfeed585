"""A duplicate goes on in another case, which is as strict as the stricter of the two."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain import links
from domain.complaints import merging, queries, service, snoozing
from domain.complaints.case import MergedAway
from domain.complaints.model import Complaint, Outcome, Reply, Severity, State, Target
from domain.complaints.replies import Said
from domain.errors import Conflict, DeskhandError, RoleNeeded, WrongState
from domain.events import Kind
from domain.links import Linked
from tests.domain.desk import AGENT, APPROVER, FINANCE, UNANSWERED, UNRESOLVED, Desk, draft


@pytest.fixture
async def pair(desk: Desk) -> tuple[int, int]:
    """Two cases of one order, the second an hour later."""
    order_id = await desk.order()
    return await desk.complain(order_id), await desk.later(hours=1).complain(order_id)


async def merge(desk: Desk, duplicate: int, into: int) -> Complaint:
    async with desk.work(AGENT.member_id) as work:
        return await merging.merge(work, AGENT, duplicate, into)


async def test_a_duplicate_ends_in_the_case_it_goes_on_in(
    desk: Desk, pair: tuple[int, int]
) -> None:
    case, duplicate = pair
    await merge(desk, duplicate, case)
    gone = await desk.case(duplicate)
    assert (gone.state, gone.merged_into, gone.merged_by) == (State.MERGED, case, "U0AGENT")
    assert gone.next_due is None
    assert await desk.later(days=90).sweep(UNRESOLVED) == 1
    [event] = await desk.events(Kind.COMPLAINT_MERGED)
    assert event.subject_id == duplicate
    assert event.data["about"] == [{"subject": "complaint", "id": case}]
    async with desk.look() as session:
        card = await queries.card(session, case)
        open_cases, _ = await queries.unresolved(session)
    assert [one.id for one in card.merged] == [duplicate]
    assert [one.id for one in open_cases] == [case]


async def test_what_is_said_in_the_old_thread_is_kept_where_it_goes_on(
    desk: Desk, pair: tuple[int, int]
) -> None:
    case, duplicate = pair
    third = await desk.complain(await desk.identify("1001"))
    await merge(desk, duplicate, case)
    await merge(desk, case, third)
    said = Said("C1", "1.1", "The buyer called", desk.now)
    async with desk.work(APPROVER.member_id) as work:
        await service.hear(work, APPROVER, duplicate, said)
    [reply] = await desk.all(select(Reply))
    assert reply.complaint_id == third
    assert (await desk.case(third)).owner == "U0APPROVER"
    assert (await desk.case(duplicate)).state is State.MERGED


async def test_the_survivor_takes_over_whatever_was_stricter(
    desk: Desk, pair: tuple[int, int]
) -> None:
    case, _ = pair
    async with desk.later(hours=2).work() as work:
        other = await service.open_case(
            work, AGENT, (await desk.case(case)).order_id, "On fire", severity=Severity.HIGH
        )
        await service.escalate(work, AGENT, other.id, "On fire")
    await merge(desk, other.id, case)
    survivor = await desk.case(case)
    assert survivor.severity is Severity.HIGH
    assert (survivor.state, survivor.level) == (State.ESCALATED, 1)
    assert survivor.answer_due_at == desk.now + timedelta(hours=2 + 12)
    assert survivor.resolve_due_at == desk.now + timedelta(hours=2 + 36)


async def test_what_somebody_has_in_hand_stays_so(desk: Desk, pair: tuple[int, int]) -> None:
    case, duplicate = pair
    async with desk.work() as work:
        await service.acknowledge(work, AGENT, case)
        await snoozing.snooze(work, AGENT, case, desk.now + timedelta(days=1), "Waits")
    await merge(desk, duplicate, case)
    survivor = await desk.case(case)
    assert (survivor.state, survivor.is_snoozed) == (State.ACKNOWLEDGED, False)
    assert survivor.clock(Target.ANSWER) is None
    assert survivor.resolve_due_at == desk.now + timedelta(hours=72)
    assert await desk.later(days=2).sweep(UNANSWERED) == 0


async def test_links_are_shown_on_the_survivor_too(desk: Desk, pair: tuple[int, int]) -> None:
    case, duplicate = pair
    refund = await desk.request(await desk.identify("1001"), 100)
    async with desk.work() as work:
        await links.tie(work, refund, [Linked("complaint", duplicate)])
    await merge(desk, duplicate, case)
    async with desk.look() as session:
        assert (await queries.card(session, case)).links == [Linked("refund", refund.id)]
        assert await links.of(session, "refund", refund.id) == [
            Linked("complaint", one) for one in pair
        ]


async def test_reopening_takes_it_apart_again(desk: Desk, pair: tuple[int, int]) -> None:
    case, duplicate = pair
    await merge(desk, duplicate, case)
    later = desk.later(days=5)
    async with later.work() as work:
        await service.reopen(work, AGENT, duplicate)
    apart = await desk.case(duplicate)
    assert (apart.state, apart.merged_into, apart.merged_by) == (State.REOPENED, None, None)
    assert apart.answer_due_at == later.now + timedelta(hours=24)
    [event] = await desk.events(Kind.COMPLAINT_REOPENED)
    assert event.data["about"] == [{"subject": "complaint", "id": case}]
    async with desk.look() as session:
        assert (await queries.card(session, case)).merged == []
    await merge(desk, case, duplicate)
    assert (await desk.case(case)).merged_into == duplicate


async def test_nothing_is_done_on_a_merged_case_and_it_says_where_to(
    desk: Desk, pair: tuple[int, int]
) -> None:
    case, duplicate = pair
    await merge(desk, duplicate, case)
    says = f"C-{duplicate} was merged into C-{case}. Go on there, or reopen C-{duplicate} first"
    until = desk.now + timedelta(days=1)
    async with desk.work() as work:
        for attempt in (
            service.acknowledge(work, AGENT, duplicate),
            service.escalate(work, AGENT, duplicate, "Angry"),
            service.hand_over(work, AGENT, duplicate, APPROVER),
            service.resolve(work, AGENT, duplicate, Outcome.EXPLAINED, ""),
            snoozing.snooze(work, AGENT, duplicate, until, "Waits"),
            snoozing.wake(work, AGENT, duplicate),
            merging.merge(work, AGENT, duplicate, case),
        ):
            with pytest.raises(MergedAway, match=says):
                await attempt


async def test_what_can_t_take_a_case_in_says_why(desk: Desk, pair: tuple[int, int]) -> None:
    case, duplicate = pair
    with pytest.raises(merging.CantMerge, match="can't be merged into itself"):
        await merge(desk, case, case)
    third = await desk.complain(await desk.identify("1001"))
    await merge(desk, duplicate, case)
    with pytest.raises(merging.CantMerge, match=f"was itself merged into C-{case}. Choose that"):
        await merge(desk, third, duplicate)
    async with desk.work() as work:
        await service.resolve(work, AGENT, case, Outcome.EXPLAINED, "")
    with pytest.raises(merging.CantMerge, match=r"is resolved\. Reopen it first, or choose"):
        await merge(desk, third, case)
    with pytest.raises(
        WrongState, match=r"is resolved, so it can't be merged\. It can be reopened"
    ):
        await merge(desk, case, third)
    with pytest.raises(RoleNeeded):
        async with desk.work() as work:
            await merging.merge(work, FINANCE, third, case)
    assert (await desk.case(third)).state is State.OPEN


async def test_cases_are_called_by_their_names(desk: Desk, pair: tuple[int, int]) -> None:
    case, _ = pair
    async with desk.look() as session:
        for name in (f"C-{case}", f" c-{case} ", f"{case}"):
            assert await queries.identify(session, name) == case
        for name in ("C-404", "", "R-1", "C-9999999999999999999", "<@U1>"):
            with pytest.raises(queries.NoSuchCase, match="Give a name such as C-12"):
                await queries.identify(session, name)


async def test_open_cases_of_the_same_order_or_buyer_are_offered(
    desk: Desk, pair: tuple[int, int]
) -> None:
    case, duplicate = pair
    same_buyer = await desk.complain(await desk.order(number="1002"))
    await desk.receive(draft("1003", buyer_email="homer@example.com"))
    await desk.complain(await desk.identify("1003"))
    done = await desk.complain(await desk.identify("1001"))
    async with desk.work() as work:
        await service.resolve(work, AGENT, done, Outcome.EXPLAINED, "")
    async with desk.look() as session:
        offered = await queries.alike(session, await queries.card(session, case))
    assert [one.complaint.id for one in offered] == [same_buyer, duplicate]


async def test_merging_both_ways_at_once_merges_once(desk: Desk, pair: tuple[int, int]) -> None:
    for _ in range(5):
        one, other = pair
        answers = await asyncio.gather(
            merge(desk, one, other), merge(desk, other, one), return_exceptions=True
        )
        assert sum(isinstance(answer, Complaint) for answer in answers) == 1
        assert sum(isinstance(answer, DeskhandError) for answer in answers) == 1
        [merged] = [case for case in pair if (await desk.case(case)).state is State.MERGED]
        async with desk.work() as work:
            await service.reopen(work, AGENT, merged)


async def test_resolving_and_merging_at_once_does_one_of_them(
    desk: Desk, pair: tuple[int, int]
) -> None:
    case, duplicate = pair

    async def resolve() -> Complaint:
        async with desk.work() as work:
            return await service.resolve(work, AGENT, duplicate, Outcome.EXPLAINED, "")

    answers = await asyncio.gather(resolve(), merge(desk, duplicate, case), return_exceptions=True)
    assert sorted(isinstance(one, Conflict) for one in answers) == [False, True]
    assert (await desk.case(duplicate)).is_closed
    assert (await desk.case(case)).state is State.OPEN
