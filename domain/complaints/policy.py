"""How long a case may take, who hears of it then, and how long it may sleep: no I/O."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.complaints.model import Clock, Severity, Target
from domain.definitions import CALLED_LEVELS
from domain.merchants import Settings

#: How much of a target's time is over when the thread is reminded, in per cent.
WARNINGS = (50, 80)
#: A case that sleeps longer than this has been given up, not put off.
LONGEST_SNOOZE = timedelta(days=30)
#: When those who come to work begin it.
_MORNING = time(9)


class Snooze(StrEnum):
    """How long a case can be put off without naming a day."""

    HOURS = "hours"
    TOMORROW = "tomorrow"
    DAYS = "days"


def within(settings: Settings, target: Target, severity: Severity) -> timedelta:
    """Return a target's time, half of it where much hangs on the case; weekends count."""
    usual = timedelta(hours=settings[f"complaint.{target}_within_hours"])
    return usual / 2 if severity is Severity.HIGH else usual


def started(settings: Settings, target: Target, severity: Severity, now: datetime) -> Clock:
    """Return a target's clock as it starts now."""
    due_at = now + within(settings, target, severity)
    return Clock(now, due_at, _next_warning(now, due_at, now))


def warned(clock: Clock, now: datetime) -> tuple[int, Clock]:
    """Return the highest warning that has come due, in per cent, and the clock after it."""
    come = [share for share in WARNINGS if now >= _at(clock.started_at, clock.due_at, share)]
    warning_due_at = _next_warning(clock.started_at, clock.due_at, now)
    return max(come, default=0), replace(clock, warning_due_at=warning_due_at)


def shifted(clock: Clock, by: timedelta) -> Clock:
    """Return the clock as if it had stood still for a while, or gone on after all."""
    warning_due_at = clock.warning_due_at and clock.warning_due_at + by
    return Clock(clock.started_at + by, clock.due_at + by, warning_due_at)


def stricter(one: Clock | None, other: Clock | None) -> Clock | None:
    """Return the clock that is over first, of those that run."""
    running = [clock for clock in (one, other) if clock]
    return min(running, key=lambda clock: clock.due_at, default=None)


def called(settings: Settings, level: int) -> list[str]:
    """Return the members and user groups to call at a level; above the last, the last one's."""
    found: list[str] = settings[f"complaint.level_{min(level, CALLED_LEVELS)}"]
    return found


def wake_at(wanted: Snooze | date, now: datetime, tz: str | None) -> datetime:
    """Return when a case wakes that is put off now; days begin at nine where the person is.

    A time zone that is not known is taken for UTC.
    """
    if wanted is Snooze.HOURS:
        return now + timedelta(hours=4)
    if wanted is Snooze.DAYS:
        return now + timedelta(days=3)
    zone = _zone(tz)
    day = wanted if isinstance(wanted, date) else now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, _MORNING, zone).astimezone(UTC)


def _zone(tz: str | None) -> tzinfo:
    try:
        return ZoneInfo(tz or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _next_warning(started_at: datetime, due_at: datetime, now: datetime) -> datetime | None:
    times = (_at(started_at, due_at, share) for share in WARNINGS)
    return next((time for time in times if time > now), None)


def _at(started_at: datetime, due_at: datetime, share: int) -> datetime:
    return started_at + (due_at - started_at) * share / 100
