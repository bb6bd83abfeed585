"""People: going away, naming who is called instead, coming back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from slack_bolt.async_app import AsyncApp

from domain import people
from domain.people import Can
from handlers.turn import Turn

#: A member's id, or Slack's mention of one. A bare name could be anybody's: the form asks then.
_MEMBER = re.compile(r"<?@?(?P<id>[UW](?=[A-Z]*[0-9])[A-Z0-9]{2,30})(?:\|[^>]*)?>?")


def register(app: AsyncApp) -> None:
    """Listen to the form of who goes away."""
    app.view("person.away")(submit)


async def away(turn: Turn, words: list[str]) -> None:
    """`/deskhand away [DAY [@DEPUTY]]`: acts when complete, else opens the form."""
    turn.member.must(Can.LOOK)
    if not words:
        await turn.form("people/away_form", keep={}, day=None)
        return
    day, *named = words
    until = people.first_day_back(day, turn.member.tz)
    deputy = _MEMBER.fullmatch(named[0]) if len(named) == 1 else None
    if named and deputy is None:
        await turn.form("people/away_form", keep={}, day=until.date())
        return
    await _go(turn, until, deputy["id"] if deputy else None)


async def submit(turn: Turn) -> None:
    """Take the form in."""
    turn.member.must(Can.LOOK)
    until = people.first_day_back(turn.field("until") or "", turn.member.tz)
    await _go(turn, until, turn.field("deputy"))


async def back(turn: Turn) -> None:
    """`/deskhand back`: they are called again, from now on."""
    await come_back(turn)
    await turn.answer("desk/done", sentence="You are back: the desk calls you again.")


async def come_back(turn: Turn) -> None:
    """Take the person's absence away; one who never was away stays as they are."""
    async with turn.write() as work:
        await people.come_back(work, turn.member.member_id)
    turn.member = replace(turn.member, away_until=None, deputy=None)


async def _go(turn: Turn, until: datetime, deputy: str | None) -> None:
    async with turn.write() as work:
        await people.go_away(work, turn.member.member_id, until, deputy)
    async with turn.read() as session:
        stand_in = deputy and await people.at_desk(session, deputy, admins=turn.desk.admins)
    await turn.answer(
        "people/away", until=until, member=turn.member, deputy=stand_in or None, now=turn.now
    )
