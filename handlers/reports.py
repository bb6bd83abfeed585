"""Reports: what some days came to, for who decides, pays, or answers for it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp

from domain import reports
from domain.fulfilment import report as packing
from domain.payouts import queries as payouts
from domain.people import Can
from domain.shipping import punctuality, scores
from handlers import desk
from handlers.turn import Payload, Turn

#: Days that a report covers where nobody says, and the most: it is counted while Slack waits.
USUAL, MOST = 30, 92
#: Each report, as it is typed, and what counts it; its template has the same name.
_REPORTS: Mapping[str, Callable[..., Awaitable[Any]]] = {
    "refunds": reports.refunds,
    "delivery": punctuality.report,
    "payouts": payouts.report,
    "carriers": scores.report,
    "packing": packing.report,
}
#: Those that are for who works on parcels, too.
_OF_PARCELS = frozenset({"packing"})
#: A carrier is judged by more than a month.
_USUALLY: Mapping[str, int] = {"carriers": scores.USUAL}


def register(app: AsyncApp) -> None:
    """Listen to `/report` and the buttons of reports."""
    app.command("/report")(report)
    app.action(re.compile(r"^report\."))(click)


async def report(turn: Turn) -> None:
    """`/report NAME [DAYS]`, `/report help`."""
    _must_read(turn, next(iter(turn.words), "help"))
    match turn.words:
        case [] | ["help"]:
            await desk.help_with(turn, "/report")
        case [name, *_] if name not in _REPORTS:
            there = ", ".join(f"`/report {one}`" for one in _REPORTS)
            raise desk.Incomplete(f"There is no report “{name[:40]}”. There is {there}.")
        case [name]:
            await turn.send(await _drawn(turn, name, _USUALLY.get(name, USUAL)))
        case [name, days]:
            await turn.send(await _drawn(turn, name, _days(days)))
        case [name, *_]:
            raise desk.Incomplete(f"Give one number of days, as in `/report {name} 7`.")


async def click(turn: Turn) -> None:
    """Put a copy of the report into the channel, as it stands now."""
    # A button from before there were several reports has the days alone.
    name, _, days = turn.value.rpartition(" ")
    _must_read(turn, name or "refunds")
    await turn.share(await _drawn(turn, name or "refunds", _days(days), shared=True))


def _must_read(turn: Turn, name: str) -> None:
    """Raise `RoleNeeded` unless this report, or the help of those that they may read, is for them."""
    if not (name in {*_OF_PARCELS, "help"} and turn.member.may(Can.SHIP)):
        turn.member.must(Can.REPORT)


async def _drawn(turn: Turn, name: str, days: int, *, shared: bool = False) -> Payload:
    async with turn.read() as session:
        found = await _REPORTS[name](session, turn.now, days)
    shared_by = turn.member.member_id if shared else None
    return turn.render(f"reports/{name}", report=found, shared_by=shared_by, now=turn.now)


def _days(said: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", said) or not 1 <= int(said) <= MOST:
        raise desk.Incomplete(
            f"“{said[:40]}” is not a number of days from 1 to {MOST}, as in `/report refunds 7`."
        )
    return int(said)
