"""Orders, as rows and as their cards show them."""

from __future__ import annotations

from typing import Any

from domain.complaints.model import State as ComplaintState
from domain.events import Kind
from domain.orders.model import Order
from domain.orders.model import State as OrderState
from domain.orders.search import Hit, Page
from domain.orders.views import (
    ComplaintView,
    HistoryView,
    LineView,
    OrderView,
    ParcelView,
    RefundView,
    ReturnView,
    ScanView,
)
from domain.refunds.model import State as RefundState
from domain.returns.model import State as ReturnState
from domain.shipping.model import ParcelState
from tests.samples.basics import AGENT, ago, usd


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
