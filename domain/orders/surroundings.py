"""All that surrounds an order, each kind of it as one column of the order's own row."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Label, Select, func, select

from domain.complaints.model import Complaint
from domain.events import Event, Kind
from domain.fulfilment import progress
from domain.links import Link
from domain.orders.model import Line, Order
from domain.refunds.model import HOLDING, Part, Refund
from domain.returns.model import IS_HELD, QUANTITY_HELD, Return, ReturnLine
from domain.rows import Row, nested
from domain.shipping.model import Content, Parcel, Scan

_HISTORY = 8
_SCANS = 6
#: For a record's thread; that a trouble is over, the scan that ended it says.
_REMINDERS = (
    Kind.COMPLAINT_WARNED,
    Kind.RETURN_REMINDED,
    Kind.ALERT_REMINDED,
    Kind.ALERT_OVER,
)


@cache
def surroundings() -> tuple[Label[list[Row]], ...]:
    """Return lines, parcels, refunds, complaints, returns and history, for a SELECT of `Order`."""
    # Always the same, and to put it together takes longer than to run it.
    return (
        nested(_lines()).label("lines"),
        nested(_parcels()).label("parcels"),
        nested(_refunds()).label("refunds"),
        nested(_complaints()).label("complaints"),
        nested(_returns()).label("returns"),
        nested(_history()).label("history"),
    )


def _lines() -> Select[*tuple[Any, ...]]:
    refunded = (
        select(func.coalesce(func.sum(Part.quantity), 0))
        .join(Refund, Refund.id == Part.refund_id)
        .where(Part.line_id == Line.id, Refund.state.in_(HOLDING))
        .correlate(Line)
        .scalar_subquery()
    )
    returned = (
        select(QUANTITY_HELD)
        .join(Return, Return.id == ReturnLine.return_id)
        .where(ReturnLine.line_id == Line.id, IS_HELD)
        .correlate(Line)
        .scalar_subquery()
    )
    return (
        select(
            Line.id,
            Line.sku,
            Line.title,
            Line.quantity,
            Line.unit_price,
            Line.shipping_price,
            refunded.label("refunded_quantity"),
            returned.label("returned_quantity"),
            *progress.columns(),
        )
        .where(Line.order_id == Order.id)
        .correlate(Order)
        .order_by(Line.position)
    )


def _parcels() -> Select[*tuple[Any, ...]]:
    scans = (
        select(Scan.at, Scan.state, Scan.description, Scan.place)
        .where(Scan.parcel_id == Parcel.id)
        .correlate(Parcel)
        .order_by(Scan.at.desc(), Scan.id.desc())
        .limit(_SCANS)
    )
    again = (
        select(func.sum(Content.again))
        .where(Content.parcel_id == Parcel.id)
        .correlate(Parcel)
        .scalar_subquery()
    )
    return (
        select(
            Parcel.id,
            Parcel.return_id,
            Parcel.carrier,
            Parcel.tracking_number,
            Parcel.state,
            Parcel.trouble,
            Parcel.shipped_at,
            Parcel.delivered_at,
            Parcel.last_event_at,
            again.label("again"),
            nested(scans).label("scans"),
        )
        .where(Parcel.order_id == Order.id)
        .correlate(Order)
        .order_by(Parcel.id)
    )


def _refunds() -> Select[*tuple[Any, ...]]:
    complaint = (
        select(func.max(Link.subject_id))
        .where(Link.subject == "complaint", Link.other == "refund", Link.other_id == Refund.id)
        .correlate(Refund)
        .scalar_subquery()
    )
    return (
        select(
            Refund.id,
            Refund.state,
            Refund.amount,
            Refund.requested_by,
            Refund.requested_at,
            complaint.label("complaint_id"),
        )
        .where(Refund.order_id == Order.id)
        .correlate(Order)
        .order_by(Refund.id)
    )


def _complaints() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Complaint.id,
            Complaint.state,
            Complaint.level,
            Complaint.text,
            Complaint.opened_at,
            Complaint.merged_into,
        )
        .where(Complaint.order_id == Order.id)
        .correlate(Order)
        .order_by(Complaint.id)
    )


def _returns() -> Select[*tuple[Any, ...]]:
    return (
        select(Return.id, Return.state, Return.requested_at)
        .where(Return.order_id == Order.id)
        .correlate(Order)
        .order_by(Return.id)
    )


def _history() -> Select[*tuple[Any, ...]]:
    return (
        select(Event.kind, Event.at, Event.actor, Event.why)
        # A reminder is for a record's thread: here it would push out what was done.
        .where(Event.order_id == Order.id, Event.kind.not_in(_REMINDERS))
        .correlate(Order)
        .order_by(Event.id.desc())
        .limit(_HISTORY)
    )
