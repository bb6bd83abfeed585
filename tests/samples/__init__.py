"""Records as they come from the store, made without one: an ordinary desk on an ordinary day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.complaints.model import Category, Complaint, Reply, Severity
from domain.complaints.model import State as ComplaintState
from domain.complaints.queries import ComplaintCard
from domain.events import Event, Kind
from domain.jobs import Job
from domain.money import Money
from domain.orders.model import Order
from domain.orders.model import State as OrderState
from domain.orders.queries import (
    ComplaintView,
    HistoryView,
    Hit,
    LineView,
    OrderView,
    Page,
    ParcelView,
    RefundView,
    ReturnView,
    ScanView,
)
from domain.people import Member
from domain.refunds.differences import Difference, Mismatch
from domain.refunds.model import Approval, Part, PartKind, Reason, Refund
from domain.refunds.model import State as RefundState
from domain.refunds.queries import PartView, RefundCard
from domain.refunds.reconciliation import ReconciliationCard
from domain.reports import Decider, RefundReport, Slice, Spread
from domain.returns.model import Reason as ReturnReason
from domain.returns.model import Return, ReturnLine
from domain.returns.model import State as ReturnState
from domain.returns.queries import ReturnCard, ReturnLineView
from domain.shipping.alert import Alert
from domain.shipping.model import Parcel, ParcelState, Scan, Storm, Trouble
from domain.shipping.queries import Late
from domain.shipping.storms import StormCard

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
AGENT, APPROVER, OTHER_APPROVER = "U0AGENT1", "U0APPROVER1", "U0APPROVER2"


def usd(minor: int) -> Money:
    """Dollars in cents."""
    return Money(minor, "USD")


def ago(**span: float) -> datetime:
    """Some time before `NOW`."""
    return NOW - timedelta(**span)


def line_view(**changes: Any) -> LineView:
    """Two mugs of which none was refunded."""
    values: dict[str, Any] = {
        "id": 1,
        "sku": "AM-1",
        "title": "Alpine mug",
        "quantity": 2,
        "unit_price": usd(1200),
        "shipping_price": usd(490),
        "refunded_quantity": 0,
        "returned_quantity": 0,
    }
    return LineView(**values | changes)


def scan_view(**changes: Any) -> ScanView:
    """A scan in the buyer's town."""
    values: dict[str, Any] = {
        "at": ago(hours=5),
        "state": ParcelState.OUT_FOR_DELIVERY,
        "description": "With the driver",
        "place": "Springfield",
    }
    return ScanView(**values | changes)


def parcel_view(**changes: Any) -> ParcelView:
    """A parcel on its last mile."""
    values: dict[str, Any] = {
        "id": 5,
        "return_id": None,
        "carrier": "UPS",
        "tracking_number": "1Z999AA10123456784",
        "state": ParcelState.OUT_FOR_DELIVERY,
        "trouble": None,
        "shipped_at": ago(days=3),
        "delivered_at": None,
        "last_event_at": ago(hours=5),
        "scans": (
            scan_view(),
            scan_view(
                at=ago(hours=30),
                state=ParcelState.IN_TRANSIT,
                description="Departed facility",
                place="Columbus, OH",
            ),
        ),
    }
    return ParcelView(**values | changes)


def refund_view(**changes: Any) -> RefundView:
    """A refund that waits for approval."""
    values: dict[str, Any] = {
        "id": 12,
        "state": RefundState.AWAITING_APPROVAL,
        "money": usd(2400),
        "requested_by": AGENT,
        "at": ago(hours=1),
    }
    return RefundView(**values | changes)


def complaint_view(**changes: Any) -> ComplaintView:
    """An escalated complaint whose text names the buyer."""
    values: dict[str, Any] = {
        "id": 7,
        "state": ComplaintState.ESCALATED,
        "level": 1,
        "text": "Marge Simpson says the lid is cracked.",
        "at": ago(hours=2),
    }
    return ComplaintView(**values | changes)


def return_view(**changes: Any) -> ReturnView:
    """A return on its way."""
    values: dict[str, Any] = {"id": 4, "state": ReturnState.IN_TRANSIT, "at": ago(hours=3)}
    return ReturnView(**values | changes)


def history_view(**changes: Any) -> HistoryView:
    """Somebody asked for a refund."""
    values: dict[str, Any] = {
        "kind": Kind.REFUND_REQUESTED.value,
        "at": ago(hours=1),
        "actor": AGENT,
        "why": "Marge asked twice",
    }
    return HistoryView(**values | changes)


def order_view(**changes: Any) -> OrderView:
    """A shipped order of two lines, past its promise, with a refund and a complaint."""
    values: dict[str, Any] = {
        "id": 42,
        "number": "1042",
        "channel": "shopify",
        "source": "shopify",
        "state": OrderState.SHIPPED,
        "marketplace_status": "fulfilled",
        "currency": "USD",
        "total": usd(8490),
        "captured": usd(8490),
        "held": usd(2400),
        "refunded": usd(0),
        "placed_at": ago(days=6),
        "ship_by": ago(days=4),
        "deliver_by": ago(days=2),
        "shipped_at": ago(days=3),
        "delivered_at": None,
        "buyer_name": "Marge Simpson",
        "buyer_email": "marge@example.com",
        "ship_to_name": "Homer Simpson",
        "ship_to_street": "742 Evergreen Terrace",
        "ship_to_region": "OR",
        "ship_to_city": "Springfield",
        "ship_to_postcode": "97475",
        "ship_to_country": "US",
        "payment_provider": "stripe",
        "received_at": ago(days=6),
        "lines": (
            line_view(),
            line_view(
                id=2, sku="TP-3", title="Teapot, cast iron", quantity=1, unit_price=usd(5600)
            ),
        ),
        "parcels": (parcel_view(),),
        "refunds": (refund_view(),),
        "complaints": (complaint_view(),),
        "returns": (return_view(),),
        "history": (
            history_view(),
            history_view(
                kind=Kind.PARCEL_TROUBLED.value,
                actor="clock",
                at=ago(days=2),
                why="past its promise",
            ),
            history_view(kind=Kind.ORDER_RECEIVED.value, actor="import", at=ago(days=6), why=None),
        ),
    }
    return OrderView(**values | changes)


def hit(**changes: Any) -> Hit:
    """An order that a search found."""
    values: dict[str, Any] = {
        "id": 42,
        "number": "1042",
        "channel": "shopify",
        "state": OrderState.SHIPPED,
        "total": usd(8490),
        "placed_at": ago(days=6),
        "buyer_name": "Marge Simpson",
        "ship_to_city": "Springfield",
    }
    return Hit(**values | changes)


def page(**changes: Any) -> Page:
    """The second of three pages."""
    values: dict[str, Any] = {
        "text": "simpson",
        "start": 8,
        "hits": tuple(hit(id=number, number=str(number)) for number in range(1042, 1050)),
        "more": True,
    }
    return Page(**values | changes)


def order(**changes: Any) -> Order:
    """The order's row."""
    values: dict[str, Any] = {
        "id": 42,
        "number": "1042",
        "channel": "shopify",
        "source": "shopify",
        "state": OrderState.SHIPPED,
        "currency": "USD",
        "total": 8490,
        "captured": 8490,
        "placed_at": ago(days=6),
        "ship_by": ago(days=4),
        "deliver_by": ago(days=2),
        "buyer_name": "Marge Simpson",
        "buyer_email": "marge@example.com",
        "ship_to_name": "Homer Simpson",
        "ship_to_street": "742 Evergreen Terrace",
        "ship_to_region": "OR",
        "ship_to_city": "Springfield",
        "ship_to_postcode": "97475",
        "payment_provider": "stripe",
        "received_at": ago(days=6),
    }
    return Order(**values | changes)


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


def return_line(**changes: Any) -> ReturnLine:
    """Two mugs that are to come back."""
    values: dict[str, Any] = {"id": 8, "line_id": 1, "quantity": 2}
    return ReturnLine(**values | changes)


def return_line_view(line: ReturnLine, **changes: Any) -> ReturnLineView:
    """The line with its title and price; none of it was refunded."""
    values: dict[str, Any] = {
        "id": line.id,
        "line_id": line.line_id,
        "title": "Alpine mug",
        "sku": "AM-1",
        "unit_price": usd(1200),
        "quantity": line.quantity,
        "received": line.received,
        "verdict": line.verdict,
        "note": line.note,
        "disposal": line.disposal,
        "accepted": line.received if line.is_accepted else 0,
        "refunded": 0,
    }
    return ReturnLineView(**values | changes)


def rma(state: ReturnState = ReturnState.REQUESTED, **changes: Any) -> Return:
    """A return of two mugs that waits for an answer, unless its state says otherwise."""
    values: dict[str, Any] = {
        "id": 4,
        "order_id": 42,
        "state": state,
        "reason": ReturnReason.DAMAGED,
        "note": "Both lids are cracked; the buyer sent photos.",
        "requested_by": AGENT,
        "requested_at": ago(hours=3),
        "answer_by": NOW + timedelta(hours=45),
    }
    made = Return(**values | changes)
    if not made.lines:
        made.lines = [return_line()]
    return made


def return_card(what: Return | None = None, **changes: Any) -> ReturnCard:
    """The return's card."""
    record = what or rma()
    values: dict[str, Any] = {
        "rma": record,
        "order": order(state=OrderState.DELIVERED),
        "lines": tuple(return_line_view(line) for line in record.lines),
    }
    return ReturnCard(**values | changes)


def parcel(**changes: Any) -> Parcel:
    """A parcel whose delivery failed."""
    values: dict[str, Any] = {
        "id": 5,
        "order_id": 42,
        "carrier": "UPS",
        "tracking_number": "1Z999AA10123456784",
        "state": ParcelState.DELIVERY_FAILED,
        "trouble": Trouble.DELIVERY_FAILED,
        "troubled_at": ago(minutes=30),
        "last_event_at": ago(minutes=40),
        "shipped_at": ago(days=3),
    }
    return Parcel(**values | changes)


def scan(**changes: Any) -> Scan:
    """A scan at the buyer's door."""
    values: dict[str, Any] = {
        "id": 1,
        "parcel_id": 5,
        "at": ago(minutes=40),
        "state": ParcelState.DELIVERY_FAILED,
        "description": "Nobody was home",
        "place": "Springfield",
    }
    return Scan(**values | changes)


def late(alert: Alert | None = None, **changes: Any) -> Late:
    """A parcel past its promise; changes are of the order."""
    held = parcel(trouble=Trouble.DELAYED, state=ParcelState.IN_TRANSIT)
    return Late(order(**changes), held, alert)


def unshipped(**changes: Any) -> Late:
    """An order that nobody shipped in time."""
    return Late(order(state=OrderState.PACKED, **changes), None)


def storm_card(*, trouble: Trouble = Trouble.DELAYED, **changes: Any) -> StormCard:
    """A hundred and twenty parcels in the same trouble."""
    worst = unshipped if trouble is Trouble.SHIP_BY_NEAR else late
    values: dict[str, Any] = {
        "storm": Storm(id=2, trouble=trouble, since=NOW),
        "total": 120,
        "worst": tuple(worst(number=str(1100 + position)) for position in range(8)),
    }
    return StormCard(**values | changes)


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


def member(role: str | None = "approver", **changes: Any) -> Member:
    """An approver up to 500 dollars."""
    return Member(APPROVER, role, **{"limits": {"USD": 50000}} | changes)
