from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from domain import people
from domain.definitions import ROLES
from domain.errors import NoRole, RoleNeeded, UnknownSetting
from domain.events import Kind
from domain.money import Money
from domain.people import Can, CantBeAway, Member
from tests.domain.desk import ADMIN, NOBODY, Desk, usd

_FLOOR = {Can.LOOK, Can.SHIP, Can.RECEIVE, Can.STOCK}
_AGENT = _FLOOR | {Can.REQUEST_REFUND, Can.COMPLAIN, Can.RETURN}
COVERED = {
    "agent": _AGENT,
    "approver": _AGENT | {Can.DECIDE_REFUND, Can.REPORT},
    "warehouse": _FLOOR,
    "finance": {Can.LOOK, Can.REQUEST_REFUND, Can.PAY_REFUND, Can.REPORT},
    "admin": set(Can),
}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_covers_its_work_and_no_more(role: str) -> None:
    member = Member("U1", role)
    assert {can for can in Can if member.may(can)} == COVERED[role]
    for can in set(Can) - COVERED[role]:
        with pytest.raises(RoleNeeded, match=f"To {can} you need to be "):
            member.must(can)
    for can in COVERED[role]:
        member.must(can)


def test_without_a_role_there_is_nothing_but_advice() -> None:
    with pytest.raises(NoRole, match="Ask @U0ADMIN to give you one"):
        NOBODY.must(Can.LOOK)
    with pytest.raises(NoRole, match="Ask @U1, @U2 or @U3 to give you one"):
        Member("U9", None, admins=("U1", "U2", "U3")).must(Can.LOOK)
    with pytest.raises(NoRole, match="Ask whoever runs Deskhand"):
        Member("U9", None).must(Can.LOOK)
    assert not NOBODY.may(Can.LOOK)


def test_the_default_role_opens_the_desk_to_those_without_one() -> None:
    assert NOBODY.with_default("agent").may(Can.LOOK)
    assert NOBODY.with_default("agent").admins == ()
    assert NOBODY.with_default(None) == NOBODY
    assert ADMIN.with_default("agent") == ADMIN


async def test_a_person_gets_a_role_and_a_limit_per_currency(desk: Desk) -> None:
    async with desk.work(ADMIN.member_id) as work:
        await people.set_role(work, "U1", "approver", usd(50000))
        await people.set_role(work, "U1", "approver", Money(40000, "EUR"))
        await people.set_role(work, "U1", "approver", usd(60000))
    async with desk.look() as session:
        member = await people.member(session, "U1")
    assert (member.role, member.limits) == ("approver", {"USD": 60000, "EUR": 40000})
    assert (member.limit("USD"), member.limit("GBP")) == (usd(60000), None)
    changes = await desk.events(Kind.PERSON_CHANGED)
    assert [one.data["limit"] for one in changes] == [
        [50000, "USD"],
        [40000, "EUR"],
        [60000, "USD"],
    ]
    assert {(one.actor, one.data["member"], one.subject) for one in changes} == {
        ("U0ADMIN", "U1", "person")
    }


async def test_a_role_is_taken_away_and_admins_are_named(desk: Desk) -> None:
    async with desk.work() as work:
        await people.set_role(work, "U1", "agent")
        await people.set_role(work, "U2", "admin")
        await people.set_role(work, "U1", None)
    async with desk.look() as session:
        member = await people.member(session, "U1", admins=["U7", "U2"])
        stranger = await people.member(session, "U9")
        by_configuration = await people.member(session, "U7", admins=["U7"])
        assert [one.member_id for one in await people.everyone(session)] == ["U2"]
    assert (member.role, member.admins, member.known) == (None, ("U7", "U2"), False)
    assert (stranger.role, stranger.admins) == (None, ("U2",))
    assert (by_configuration.role, by_configuration.admins) == ("admin", ())


@pytest.mark.parametrize("role", ["boss", "", "Admin", "x" * 400])
async def test_a_role_that_does_not_exist_is_refused(desk: Desk, role: str) -> None:
    with pytest.raises(UnknownSetting, match="Roles are agent, approver"):
        async with desk.work() as work:
            await people.set_role(work, "U1", role)


@pytest.mark.parametrize("role", ["agent", "warehouse", None])
async def test_a_limit_is_for_those_who_approve(desk: Desk, role: str | None) -> None:
    with pytest.raises(UnknownSetting, match="Only an approver or admin has a limit"):
        async with desk.work() as work:
            await people.set_role(work, "U1", role, usd(1))
    async with desk.look() as session:
        assert list(await people.everyone(session)) == []


async def test_what_the_workspace_says_of_a_member_is_kept_once(desk: Desk) -> None:
    async with desk.work("worker") as work:
        await people.learn(work, "U1", name="Ana", locale="de-AT", tz="Europe/Vienna")
    async with desk.work("worker") as work:
        await people.learn(work, "U1", name="Ana K", locale=None, tz="Europe/Paris")
        await people.set_role(work, "U1", "agent")
    async with desk.look() as session:
        member = await people.member(session, "U1")
    assert (member.locale, member.tz, member.known) == (None, "Europe/Paris", True)
    assert member.role == "agent"


async def test_everyone_is_listed_by_role(desk: Desk) -> None:
    async with desk.work() as work:
        for member_id, role in (("U3", "finance"), ("U2", "agent"), ("U1", "finance")):
            await people.set_role(work, member_id, role)
        await people.set_role(work, "U4", "approver", usd(100))
    async with desk.look() as session:
        everyone = await people.everyone(session)
    assert [one.member_id for one in everyone] == ["U2", "U4", "U1", "U3"]
    assert [limit.amount for limit in everyone[1].limits] == [100]


async def test_a_deputy_is_called_for_who_is_away_and_nobody_twice(desk: Desk) -> None:
    called = ["U1", "S1", "U2", "U3"]
    async with desk.work() as work:
        await people.go_away(work, "U1", desk.now + timedelta(days=2), "U2")
        await people.go_away(work, "U3", desk.now + timedelta(days=2), None)
    async with desk.look() as session:
        assert await people.on_duty(session, called, desk.now) == ["U2", "S1"]
        later = desk.now + timedelta(days=2)
        assert await people.on_duty(session, called, later) == called
    async with desk.work() as work:
        await people.come_back(work, "U3")
        await people.come_back(work, "U4")
    async with desk.look() as session:
        assert await people.on_duty(session, called, desk.now) == ["U2", "S1", "U3"]
    assert [event.data["member"] for event in await desk.events("PersonBack")] == ["U3"]


async def test_deputies_who_are_away_themselves_pass_it_on_and_never_in_a_circle(
    desk: Desk,
) -> None:
    until = desk.now + timedelta(days=1)
    async with desk.work() as work:
        await people.go_away(work, "U1", until, "U2")
        await people.go_away(work, "U2", until, "U3")
    async with desk.look() as session:
        assert await people.on_duty(session, ["U1"], desk.now) == ["U3"]
    async with desk.work() as work:
        await people.go_away(work, "U3", until, "U1")
    async with desk.look() as session:
        assert await people.on_duty(session, ["U1", "U2"], desk.now) == []


@pytest.mark.parametrize(
    ("tz", "hour"),
    [("America/New_York", 5), ("Asia/Tokyo", -9), (None, 0), ("Atlantis/Poseidonis", 0)],
)
def test_a_day_begins_where_somebody_lives(tz: str | None, hour: int) -> None:
    until = people.first_day_back("2026-12-01", tz)
    assert until == datetime(2026, 12, 1, tzinfo=UTC) + timedelta(hours=hour)
    assert people.day_in(until.astimezone(UTC), tz) == date(2026, 12, 1)


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01", "1.12.2026", "x" * 400])
def test_what_is_no_day_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(CantBeAway, match="such as 2026-12-01") as refused:
        people.first_day_back(text, None)
    assert refused.value.field == "until"


def test_a_deputy_should_do_what_the_desk_calls_people_for() -> None:
    agent, approver = Member("U1", "agent"), Member("U2", "approver")
    assert agent.can_not_do_for(approver) == [Can.DECIDE_REFUND]
    assert Member("U3", None).can_not_do_for(approver) == [
        Can.DECIDE_REFUND,
        Can.COMPLAIN,
        Can.SHIP,
    ]
    assert approver.can_not_do_for(agent) == ADMIN.can_not_do_for(approver) == []


async def test_being_away_is_known_of_a_member_until_that_time(desk: Desk) -> None:
    until = desk.now + timedelta(days=2)
    async with desk.work() as work:
        await people.go_away(work, "U1", until, "U2")
    async with desk.look() as session:
        member = await people.member(session, "U1")
        assert [one.member_id for one in await people.absent(session, desk.now)] == ["U1"]
        assert list(await people.absent(session, until)) == []
    assert (member.away_until, member.deputy) == (until, "U2")
    assert (member.is_away(desk.now), member.is_away(until)) == (True, False)


@pytest.mark.parametrize(("days", "deputy"), [(0, None), (-1, "U2"), (1, "U1")])
async def test_an_absence_that_makes_no_sense_is_refused(
    desk: Desk, days: int, deputy: str | None
) -> None:
    with pytest.raises(CantBeAway):
        async with desk.work() as work:
            await people.go_away(work, "U1", desk.now + timedelta(days=days), deputy)
    async with desk.look() as session:
        assert await people.on_duty(session, ["U1"], desk.now) == ["U1"]
