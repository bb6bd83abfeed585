"""How long a case may wait for an answer, and who hears of it then: no I/O."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.complaints.model import Severity
from domain.merchants import CALLED_LEVELS, Settings

#: How much of the time to answer is over when the thread is reminded, in per cent.
WARNINGS = (50, 80)


def answer_within(settings: Settings, severity: Severity) -> timedelta:
    """Return the time to answer, half of it where much hangs on it; weekends count."""
    usual = timedelta(hours=settings["complaint.answer_within_hours"])
    return usual / 2 if severity is Severity.HIGH else usual


def called(settings: Settings, level: int) -> list[str]:
    """Return the members and user groups to call at a level; above the last, the last one's."""
    found: list[str] = settings[f"complaint.level_{min(level, CALLED_LEVELS)}"]
    return found


def passed(started_at: datetime, due_at: datetime, now: datetime) -> int:
    """Return the highest warning that has come due by now, in per cent, 0 for none."""
    come = [share for share in WARNINGS if now >= _at(started_at, due_at, share)]
    return max(come, default=0)


def next_warning(started_at: datetime, due_at: datetime, now: datetime) -> datetime | None:
    """Return when the next warning comes due, None once all are over."""
    times = (_at(started_at, due_at, share) for share in WARNINGS)
    return next((time for time in times if time > now), None)


def _at(started_at: datetime, due_at: datetime, share: int) -> datetime:
    return started_at + (due_at - started_at) * share / 100
