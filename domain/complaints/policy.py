"""How long a case may wait for an answer, and when its thread is reminded: no I/O."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.merchants import Settings

#: How much of the time to answer is over when the thread is reminded, in per cent.
WARNINGS = (50, 80)


def answer_within(settings: Settings) -> timedelta:
    """Return the time to answer; weekends count."""
    return timedelta(hours=settings["complaint.answer_within_hours"])


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
