"""Complaints: their cards, threads and forms."""

from __future__ import annotations

from typing import Any

from domain.complaints.model import Outcome
from domain.complaints.model import State as ComplaintState
from domain.complaints.queries import ComplaintCard
from domain.events import Kind
from domain.links import Linked
from tests import samples
from tests.samples import AGENT, APPROVER, NOW

Values = dict[str, Any]
_AWAY = {"owner": AGENT, "called": []}
#: What else a thread may be told: name, kind, and what is particular about the event.
_NOTES: tuple[tuple[str, Kind, Values], ...] = (
    (
        "half_to_resolve",
        Kind.COMPLAINT_WARNED,
        {"data": {"share": 80, "target": "resolve"} | _AWAY},
    ),
    (
        "deputy",
        Kind.COMPLAINT_WARNED,
        {"data": {"share": 50, "owner": AGENT, "called": [APPROVER]}},
    ),
    (
        "next_level",
        Kind.COMPLAINT_ESCALATED,
        {"actor": "clock", "data": {"level": 1, "called": [APPROVER], "called_level": 2}},
    ),
    (
        "all_away",
        Kind.COMPLAINT_ESCALATED,
        {"actor": "clock", "data": {"level": 1, "called": [], "all_away": True}},
    ),
    ("awake", Kind.COMPLAINT_WOKEN, {"actor": "clock", "data": _AWAY}),
    ("duplicate", Kind.COMPLAINT_MERGED, {"subject_id": 9}),
    ("apart", Kind.COMPLAINT_REOPENED, {"subject_id": 9}),
    ("refund", Kind.REFUND_REQUESTED, {"subject": "refund", "subject_id": 12}),
)


def cases() -> dict[str, Values]:
    """Return the values of each case by its name."""
    card = samples.complaint_card()
    duplicate = samples.merged_complaint()
    links = [Linked("parcel", 5), Linked("refund", 12)]
    survivor = ComplaintCard(samples.complaint(), samples.order(), links, [duplicate])
    return {
        "complaints/case": {"card": card, "now": NOW},
        "complaints/case@escalated": {
            "card": samples.complaint_card(
                state=ComplaintState.ESCALATED,
                level=2,
                owner=APPROVER,
                answer_due_at=samples.ago(hours=1),
            ),
            "now": NOW,
        },
        "complaints/case@acknowledged": {
            "card": samples.complaint_card(
                state=ComplaintState.ACKNOWLEDGED, owner=APPROVER, answer_due_at=None
            ),
            "now": NOW,
        },
        "complaints/case@resolved": {
            "card": samples.complaint_card(
                state=ComplaintState.RESOLVED,
                resolved_by=AGENT,
                resolved_at=NOW,
                outcome=Outcome.REPLACED,
                resolution="A new lid is on its way",
                answer_due_at=None,
            ),
            "now": NOW,
        },
        "complaints/case@snoozed": {
            "card": ComplaintCard(samples.snoozed_complaint(), samples.order()),
            "now": NOW,
        },
        "complaints/case@merged": {
            "card": ComplaintCard(samples.merged_complaint(), samples.order()),
            "now": NOW,
        },
        "complaints/case@overdue": {
            "card": samples.complaint_card(
                state=ComplaintState.ACKNOWLEDGED,
                owner=APPROVER,
                answer_due_at=None,
                resolve_due_at=None,
            ),
            "now": NOW,
        },
        "complaints/case@survivor": {"card": survivor, "now": NOW},
        "complaints/form": {"order": samples.order_view(), "text": None},
        "complaints/pick": {"text": "The lid of 1042 is cracked"},
        "complaints/opened": {"card": card, "channel": "C0COMPLAINTS"},
        "complaints/opened@unset": {"card": card, "channel": None},
        "complaints/escalate_form": {"card": card, "replies": [samples.reply()]},
        "complaints/hand_over_form": {"card": card, "replies": [samples.reply()]},
        "complaints/snooze_form": {"card": card, "replies": [samples.reply()]},
        "complaints/merge_form": {
            "card": card,
            "replies": [samples.reply()],
            "others": [samples.complaint_card(id=12)],
        },
        "complaints/merge_form@alone": {"card": card, "replies": [], "others": []},
        "complaints/resolve_form": {"card": card, "replies": [samples.reply()]},
        **{
            f"complaints/note@{kind}": {
                "card": card,
                "event": samples.event(
                    kind,
                    why="Third time",
                    data={
                        "level": 2,
                        "outcome": "replaced",
                        "share": 50,
                        "owner": APPROVER,
                        "called": [APPROVER, "S0LEADS"],
                        "about": [{"subject": "complaint", "id": 12}],
                    },
                ),
            }
            for kind in Kind
            if kind.startswith("Complaint")
        },
        **{
            f"complaints/note@{name}": {"card": survivor, "event": samples.event(kind, **changes)}
            for name, kind, changes in _NOTES
        },
    }
