"""What happens to a refund that nobody decides."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain import people
from domain.events import Event, Kind
from domain.refunds import service, undecided
from domain.refunds.model import State
from tests.domain.desk import (
    AGENT,
    APPROVER,
    OTHER_APPROVER,
    Desk,
)

LEAD, BOSS = "U0LEAD", "U0BOSS"


@pytest.fixture
async def asked(desk: Desk) -> int:
    """A refund that waits, on a desk that says who is called; returns its id."""
    await desk.setting("refund.approvers", f"{APPROVER.member_id} S0LEADS")
    await desk.setting("refund.fallback", BOSS)
    return (await desk.request(await desk.order(), 1000)).id


async def _calls(desk: Desk) -> list[tuple[str, list[str]]]:
    found = [one for one in await desk.events() if one.kind in _CALLS]
    return [(one.kind, one.data["called"]) for one in found]


_CALLS = (Kind.REFUND_REMINDED, Kind.REFUND_PASSED_ON)


async def _away(desk: Desk, member_id: str, deputy: str | None = None) -> None:
    async with desk.work(member_id) as work:
        await people.go_away(work, member_id, desk.now + timedelta(days=9), deputy)


async def test_approvers_are_reminded_and_then_the_fallback_is_called_once_each(
    desk: Desk, asked: int
) -> None:
    swept = [
        await desk.later(hours=hours).sweep(undecided.sweep)
        for hours in (3.9, 4, 4.1, 23.9, 24, 25, 71)
    ]
    assert swept == [0, 1, 0, 0, 1, 0, 0]
    assert await _calls(desk) == [
        (Kind.REFUND_REMINDED, ["U0APPROVER", "S0LEADS"]),
        (Kind.REFUND_PASSED_ON, [BOSS]),
    ]
    refund = await desk.refund(asked)
    assert (refund.passed_on_to, refund.passed_on_at) == ([BOSS], desk.later(hours=24).now)
    assert refund.state is State.AWAITING_APPROVAL
    assert await desk.later(hours=72).sweep(service.sweep_expired) == 1


async def test_of_what_came_due_together_only_the_later_is_said(desk: Desk, asked: int) -> None:
    late = desk.later(hours=30)
    assert [await late.sweep(undecided.sweep) for _ in range(2)] == [1, 0]
    assert await _calls(desk) == [(Kind.REFUND_PASSED_ON, [BOSS])]
    assert (await desk.refund(asked)).reminded_at is None


@pytest.mark.parametrize("end", ["approve", "decline", "withdraw", "expire"])
async def test_nobody_is_reminded_of_what_is_decided(desk: Desk, asked: int, end: str) -> None:
    async with desk.work() as work:
        if end == "approve":
            await service.approve(work, APPROVER, asked)
        elif end == "decline":
            await service.decline(work, APPROVER, asked, "No")
        elif end == "withdraw":
            await service.withdraw(work, AGENT, asked)
    if end == "expire":
        await desk.later(hours=72).sweep(service.sweep_expired)
    assert await desk.later(hours=80).sweep(undecided.sweep) == 0
    assert await _calls(desk) == []


@pytest.mark.usefixtures("asked")
async def test_a_deputy_is_called_for_who_is_away(desk: Desk) -> None:
    await _away(desk, APPROVER.member_id, OTHER_APPROVER.member_id)
    await desk.later(hours=4).sweep(undecided.sweep)
    assert await _calls(desk) == [(Kind.REFUND_REMINDED, ["U0APPROVER2", "S0LEADS"])]


async def test_if_no_approver_can_be_reached_the_fallback_is_called_at_once(
    desk: Desk, asked: int
) -> None:
    await desk.setting("refund.approvers", f"{APPROVER.member_id} {LEAD}")
    await _away(desk, APPROVER.member_id)
    await _away(desk, LEAD, APPROVER.member_id)
    for hours in (4, 24):
        await desk.later(hours=hours).sweep(undecided.sweep)
    passed: list[Event] = await desk.events(Kind.REFUND_PASSED_ON)
    assert [(one.data["called"], one.why) for one in passed] == [
        ([BOSS], "whoever decides refunds can't be reached")
    ]
    assert await _calls(desk) == [(Kind.REFUND_PASSED_ON, [BOSS])]
    assert (await desk.refund(asked)).passed_on_at == desk.later(hours=4).now


async def test_whoever_asked_or_approved_is_not_called(desk: Desk) -> None:
    await desk.setting("refund.two_approvers_above", "0 USD")
    await desk.setting(
        "refund.approvers", f"{APPROVER.member_id} {OTHER_APPROVER.member_id} {LEAD}"
    )
    refund = await desk.request(await desk.order(), 1000, APPROVER)
    await desk.approve(refund.id, OTHER_APPROVER)
    await desk.later(hours=4).sweep(undecided.sweep)
    assert await _calls(desk) == [(Kind.REFUND_REMINDED, [LEAD])]


async def test_a_fallback_that_is_away_is_called_all_the_same(desk: Desk, asked: int) -> None:
    await _away(desk, BOSS)
    await desk.later(hours=24).sweep(undecided.sweep)
    assert (await desk.refund(asked)).passed_on_to == [BOSS]
    await _away(desk, BOSS, LEAD)
    other = await desk.request(await desk.order(number="1002"), 1000)
    await desk.later(hours=24).sweep(undecided.sweep)
    assert (await desk.refund(other.id)).passed_on_to == [LEAD]


async def test_without_names_there_is_one_reminder_that_mentions_nobody(desk: Desk) -> None:
    refund = await desk.request(await desk.order(), 1000)
    for hours in (4, 24, 30):
        await desk.later(hours=hours).sweep(undecided.sweep)
    assert await _calls(desk) == [(Kind.REFUND_REMINDED, [])]
    assert (await desk.refund(refund.id)).passed_on_at is None


async def test_changed_settings_move_what_is_to_come_and_repeat_nothing(
    desk: Desk, asked: int
) -> None:
    await desk.later(hours=4).sweep(undecided.sweep)
    await desk.setting("refund.remind_after_hours", "20")
    await desk.setting("refund.fallback_after_hours", "48")
    assert await desk.later(hours=24).sweep(undecided.sweep) == 1
    assert len(await _calls(desk)) == 1
    assert (await desk.refund(asked)).reminder_due_at == desk.later(hours=48).now
    await desk.later(hours=48).sweep(undecided.sweep)
    assert await _calls(desk) == [
        (Kind.REFUND_REMINDED, ["U0APPROVER", "S0LEADS"]),
        (Kind.REFUND_PASSED_ON, [BOSS]),
    ]


async def test_a_refund_without_an_approver_has_no_clock(desk: Desk) -> None:
    await desk.setting("refund.auto_limit", "20 USD")
    refund = await desk.request(await desk.order(), 1000)
    assert (refund.reminder_due_at, refund.expires_due_at) == (None, None)
