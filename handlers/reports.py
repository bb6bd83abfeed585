"""Reports: what some days came to, for who decides, pays, or answers for it."""

from __future__ import annotations

import re

from slack_bolt.async_app import AsyncApp

from domain import reports
from domain.people import Can
from handlers import desk
from handlers.turn import Payload, Turn

#: Days that a report covers where nobody says, and the most: it is counted while Slack waits.
USUAL, MOST = 30, 92


def register(app: AsyncApp) -> None:
    """Listen to `/report` and the buttons of reports."""
    app.command("/report")(report)
    app.action(re.compile(r"^report\."))(click)


async def report(turn: Turn) -> None:
    """`/report refunds [DAYS]`, `/report help`."""
    turn.member.must(Can.REPORT)
    match turn.words:
        case [] | ["help"]:
            await desk.help_with(turn, "/report")
        case ["refunds"]:
            await turn.send(await _refunds(turn, USUAL))
        case ["refunds", days]:
            await turn.send(await _refunds(turn, _days(days)))
        case ["refunds", *_]:
            raise desk.Incomplete("Give one number of days, as in `/report refunds 7`.")
        case [name, *_]:
            raise desk.Incomplete(f"There is no report “{name[:40]}”. There is `/report refunds`.")


async def click(turn: Turn) -> None:
    """Put a copy of the report into the channel, as it stands now."""
    turn.member.must(Can.REPORT)
    await turn.share(await _refunds(turn, _days(turn.value), shared=True))


async def _refunds(turn: Turn, days: int, *, shared: bool = False) -> Payload:
    async with turn.read() as session:
        found = await reports.refunds(session, turn.now, days)
    shared_by = turn.member.member_id if shared else None
    return turn.render("reports/refunds", report=found, shared_by=shared_by, now=turn.now)


def _days(said: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", said) or not 1 <= int(said) <= MOST:
        raise desk.Incomplete(
            f"“{said[:40]}” is not a number of days from 1 to {MOST}, as in `/report refunds 7`."
        )
    return int(said)
