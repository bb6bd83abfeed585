"""Refunds, and what is reported of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain.money import Money
from domain.refunds.differences import Difference, Mismatch
from domain.refunds.model import Approval, Part, PartKind, Reason, Refund
from domain.refunds.model import State as RefundState
from domain.refunds.queries import PartView, RefundCard
from domain.refunds.reconciliation import ReconciliationCard
from domain.reports import Decider, RefundReport, Slice, Spread
from tests.samples.basics import AGENT, APPROVER, NOW, OTHER_APPROVER, ago, usd
from tests.samples.orders import order


def refund(**changes: Any) -> Refund:
    """A refund of two mugs that waits for one approval."""
    values: dict[str, Any] = {
        "id": 12,
        "order_id": 42,
        "state": RefundState.AWAITING_APPROVAL,
        "amount": 2400,
        "currency": "USD",
        "reason": Reason.DAMAGED,
        "note": "Both lids are cracked; the buyer sent photos.",
        "approvers_needed": 1,
        "explanation": "needs one approver",
        "requested_by": AGENT,
        "requested_at": ago(minutes=20),
        "expires_due_at": NOW + timedelta(hours=72),
        "approvals": [],
    }
    return Refund(**values | changes)


def approval(member_id: str = APPROVER) -> Approval:
    """An approver's yes."""
    return Approval(member_id=member_id, at=ago(minutes=5))


def decided_refund(state: RefundState, **changes: Any) -> Refund:
    """The refund once it is decided: approved, unless the changes say otherwise."""
    return refund(
        **{
            "state": state,
            "decided_by": APPROVER,
            "decided_at": ago(minutes=5),
            "approvals": [approval()],
            "provider": "stripe",
            "expires_due_at": None,
        }
        | changes
    )


def part_view(**changes: Any) -> PartView:
    """Two mugs."""
    title = changes.pop("title", "Alpine mug")
    values: dict[str, Any] = {"kind": PartKind.ITEM, "line_id": 1, "quantity": 2, "amount": 2400}
    return PartView(Part(**values | changes), title)


def refund_card(what: Refund | None = None, **changes: Any) -> RefundCard:
    """The refund's card; changes are of the refund."""
    return RefundCard(what or refund(**changes), order(), (part_view(),))


def difference(kind: Mismatch, **changes: Any) -> Difference:
    """A refund that the provider tells otherwise; of one of ours, where the kind is of one."""
    ours: dict[str, Any] = {
        "refund_id": 12,
        "order_id": 42,
        "order_number": "1042",
        "state": RefundState.SUBMITTED,
        "since": ago(days=2),
        "here": usd(2400),
    }
    values: dict[str, Any] = {
        **({} if kind in {Mismatch.UNCOUNTED, Mismatch.UNNAMED} else ours),
        "there": usd(2000),
        "references": ("re_1",),
    }
    return Difference(kind, **values | changes)


def reconciliation_card(**changes: Any) -> ReconciliationCard:
    """Of every kind of difference one."""
    values: dict[str, Any] = {
        "id": 1,
        "provider": "stripe",
        "compared_at": ago(hours=3),
        "counted": 118,
        "differing": len(Mismatch),
        "differences": tuple(difference(kind) for kind in Mismatch),
    }
    return ReconciliationCard(**values | changes)


def slice_of(name: str | None, count: int, minor: int, **changes: Any) -> Slice:
    """Refunds in dollars."""
    values: dict[str, Any] = {"name": name, "count": count, "sums": (usd(minor),)}
    return Slice(**values | changes)


def refund_report(**changes: Any) -> RefundReport:
    """A month of a busy desk."""
    both = (Money(8000, "EUR"), usd(120_450))
    values: dict[str, Any] = {
        "days": 30,
        "since": ago(days=30),
        "total": slice_of(None, 57, 0, sums=(Money(8000, "EUR"), usd(171_300))),
        "states": (
            slice_of("awaiting_approval", 3, 6_450),
            slice_of("submitted", 2, 3_200),
            slice_of("succeeded", 45, 0, sums=both),
            slice_of("unknown", 1, 1_999),
            slice_of("declined", 6, 39_201),
        ),
        "reasons": (
            slice_of("damaged", 24, 61_200),
            slice_of("not_received", 15, 70_010),
            slice_of("late", 12, 9_900),
            slice_of("other", 6, 30_190),
        ),
        "providers": (slice_of("stripe", 41, 118_000), slice_of("manual", 7, 10_450)),
        "approval": (
            slice_of("0", 20, 20_100),
            slice_of("1", 33, 98_000),
            slice_of("2", 3, 51_200),
            slice_of(None, 1, 2_000),
        ),
        "decision": Spread(36, 1_440.0, 12_300.0),
        "payment": Spread(45, 2.4, 260.0),
        "deciders": (Decider(APPROVER, 31, 5), Decider(OTHER_APPROVER, 5, 1)),
        "waiting": [
            refund(id=7, requested_at=ago(days=3), expires_due_at=None),
            decided_refund(RefundState.UNKNOWN, id=9),
            decided_refund(RefundState.SUBMITTED, id=11, provider="manual"),
        ],
        "waiting_total": 6,
        "reconciliations": [
            reconciliation_card(
                differing=1, differences=(difference(Mismatch.MISSING, refund_id=31),)
            ),
            reconciliation_card(id=2, provider="shopify", differing=0, differences=()),
            reconciliation_card(
                id=3, provider="amazon", compared_at=None, counted=0, differing=0, differences=()
            ),
        ],
    }
    return RefundReport(**values | changes)


def empty_report(**changes: Any) -> RefundReport:
    """A day on which nobody asked for anything."""
    nothing = slice_of(None, 0, 0, sums=())
    lists = ("states", "reasons", "providers", "approval", "deciders", "waiting", "reconciliations")
    return refund_report(
        **{
            "days": 1,
            "total": nothing,
            "decision": None,
            "payment": None,
            "waiting_total": 0,
            **dict.fromkeys(lists, ()),
        }
        | changes
    )
