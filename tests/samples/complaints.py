"""Complaints and what was said in their threads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain.complaints.model import Category, Complaint, Reply, Severity
from domain.complaints.model import State as ComplaintState
from domain.complaints.queries import ComplaintCard
from tests.samples.basics import AGENT, APPROVER, NOW, ago
from tests.samples.orders import order


def complaint(**changes: Any) -> Complaint:
    """A case that nobody has answered yet."""
    values: dict[str, Any] = {
        "id": 7,
        "order_id": 42,
        "state": ComplaintState.OPEN,
        "level": 0,
        "category": Category.DAMAGED,
        "severity": Severity.HIGH,
        "text": "The lid is cracked, and it is the second time.\nWants a new one before Friday.",
        "opened_by": AGENT,
        "opened_at": ago(hours=2),
        "answer_due_at": NOW + timedelta(hours=22),
        "resolve_due_at": NOW + timedelta(hours=34),
    }
    return Complaint(**values | changes)


def complaint_card(**changes: Any) -> ComplaintCard:
    """The case's card; changes are of the complaint."""
    return ComplaintCard(complaint(**changes), order())


def snoozed_complaint(**changes: Any) -> Complaint:
    """A case that is put off until tomorrow."""
    values: dict[str, Any] = {
        "state": ComplaintState.ACKNOWLEDGED,
        "owner": AGENT,
        "answer_due_at": None,
        "snoozed_by": APPROVER,
        "wake_due_at": NOW + timedelta(days=1),
        "snooze_reason": "The spare lid comes on Friday",
    }
    return complaint(**values | changes)


def merged_complaint(**changes: Any) -> Complaint:
    """A duplicate that goes on in the case."""
    values: dict[str, Any] = {
        "id": 9,
        "state": ComplaintState.MERGED,
        "merged_into": 7,
        "merged_by": APPROVER,
        "merged_at": ago(minutes=5),
        "answer_due_at": None,
        "resolve_due_at": None,
    }
    return complaint(**values | changes)


def reply(**changes: Any) -> Reply:
    """What somebody said in the case's thread."""
    values: dict[str, Any] = {
        "id": 3,
        "complaint_id": 7,
        "place": "C0COMPLAINTS",
        "reference": "1795521600.000100",
        "author": APPROVER,
        "text": "I ask the warehouse for a spare lid",
        "said_at": ago(minutes=5),
    }
    return Reply(**values | changes)
