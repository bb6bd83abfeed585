"""What every sample is made with: a moment, people, amounts, events and jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.events import Event, Kind
from domain.jobs import Job
from domain.money import Money
from domain.people import Member

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
AGENT, APPROVER, OTHER_APPROVER = "U0AGENT1", "U0APPROVER1", "U0APPROVER2"


def usd(minor: int) -> Money:
    """Dollars in cents."""
    return Money(minor, "USD")


def ago(**span: float) -> datetime:
    """Some time before `NOW`."""
    return NOW - timedelta(**span)


def member(role: str | None = "approver", **changes: Any) -> Member:
    """An approver up to 500 dollars."""
    return Member(APPROVER, role, **{"limits": {"USD": 50000}} | changes)


def event(kind: Kind, **changes: Any) -> Event:
    """Something that happened to the case."""
    values: dict[str, Any] = {
        "id": 99,
        "kind": kind.value,
        "at": ago(minutes=5),
        "actor": AGENT,
        "why": None,
        "subject": "complaint",
        "subject_id": 7,
        "order_id": 42,
        "data": {},
    }
    return Event(**values | changes)


def job(**changes: Any) -> Job:
    """A job that failed for good."""
    values: dict[str, Any] = {
        "id": 3,
        "kind": "post",
        "key": "post:99",
        "payload": {},
        "state": "dead",
        "attempts": 8,
        "created_at": ago(hours=2),
        "finished_at": ago(hours=1),
        "last_error": "not_in_channel: invite the app with /invite @Deskhand.",
    }
    return Job(**values | changes)
