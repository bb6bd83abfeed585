"""How fresh the orders are that sources bring by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.doctor.findings import Finding, Mark
from domain.sources import Source

#: A source is asked every half an hour; whatever is later has missed several times.
_FRESH = timedelta(hours=2)


def freshness(source: Source, now: datetime) -> Finding:
    """Say when a source of orders was last read, and what keeps it from being."""
    name = source.name.capitalize()
    spoke = f"; it last spoke up {_moment(source.heard_at)}" if source.heard_at else ""
    if source.failing_since is not None:
        return Finding(
            Mark.BAD,
            f"{name}'s orders can't be read since {_moment(source.failing_since)}: "
            f"{source.last_error} It is tried again every few minutes.",
        )
    if source.checked_at is None:
        return Finding(Mark.OPEN, f"{name}'s orders were not read yet{spoke}.")
    read = f"{name}'s orders were last read {_moment(source.checked_at)}{spoke}."
    if now - source.checked_at > _FRESH:
        return Finding(
            Mark.BAD, f"{read} See that `deskhand serve` runs, and that {name} is still connected."
        )
    return Finding(Mark.GOOD, read)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
