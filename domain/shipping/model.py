"""The parcel: one shipment of an order under one tracking number."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.tables import Base, Id, Owned

_TROUBLED = text("trouble IS NOT NULL")
_GROWING = text("ended_at IS NULL")


class ParcelState(StrEnum):
    """Where a parcel is; partners' vocabularies map onto these in their connectors."""

    PENDING = "pending"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    READY_FOR_PICKUP = "ready_for_pickup"
    DELIVERED = "delivered"
    DELIVERY_DELAYED = "delivery_delayed"
    DELIVERY_FAILED = "delivery_failed"
    ON_HOLD = "on_hold"
    RETURN_TO_SENDER = "return_to_sender"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Trouble(StrEnum):
    """Why a parcel, or an order not yet shipped, needs a person."""

    DELIVERY_FAILED = "delivery_failed"
    DELAYED = "delayed"
    RETURN_TO_SENDER = "return_to_sender"
    ON_HOLD = "on_hold"
    CARRIER_SILENT = "carrier_silent"
    STUCK = "stuck"
    DISPUTED = "disputed"
    SHIP_BY_NEAR = "ship_by_near"


class Mishap(StrEnum):
    """What became of a parcel that will not arrive as it left."""

    LOST = "lost"
    DAMAGED = "damaged"


#: States that call for a person as soon as a carrier reports them.
TROUBLES = {
    ParcelState.DELIVERY_FAILED: Trouble.DELIVERY_FAILED,
    ParcelState.DELIVERY_DELAYED: Trouble.DELAYED,
    ParcelState.RETURN_TO_SENDER: Trouble.RETURN_TO_SENDER,
    ParcelState.ON_HOLD: Trouble.ON_HOLD,
}
#: States after which a carrier has nothing more to say.
ENDED = frozenset({ParcelState.DELIVERED, ParcelState.CANCELLED})


def as_tracked(number: str | None) -> str | None:
    """Write a tracking number as carriers do: in capitals, without the spaces people copy."""
    return "".join(number.split()).upper() or None if number else None


#: An import brings years of history: what left longer ago than this is not tracked any more.
_TRACKED_WITHIN = timedelta(days=30)


def track_due(
    now: datetime, number: str | None, left_at: datetime | None, *, over: bool
) -> datetime | None:
    """Say when to have a parcel tracked: now, or never if it is over or of long ago."""
    is_history = left_at is not None and left_at < now - _TRACKED_WITHIN
    return None if over or is_history or number is None else now


class Parcel(Owned, Base):
    """A parcel of an order, to the buyer or back; `trouble` is set while it needs a person."""

    __tablename__ = "parcels"
    __table_args__ = (
        Index(None, "merchant_id", "order_id"),
        Index(None, "merchant_id", "tracking_number"),
        Index(None, "merchant_id", "delivered_at"),
        Index(None, "silent_due_at"),
        Index(None, "late_due_at"),
        Index(None, "track_due_at"),
        Index(None, "merchant_id", "shipped_at"),
        Index(None, "stuck_due_at"),
        Index(
            "ix_parcels_troubled",
            "merchant_id",
            "trouble",
            "troubled_at",
            sqlite_where=_TROUBLED,
            postgresql_where=_TROUBLED,
        ),
    )

    order_id: Mapped[int] = mapped_column(Id, ForeignKey("orders.id", ondelete="CASCADE"))
    #: The return it brings back; None for a parcel on its way to the buyer.
    return_id: Mapped[int | None] = mapped_column(Id, ForeignKey("returns.id", ondelete="CASCADE"))
    carrier: Mapped[str | None]
    tracking_number: Mapped[str | None]
    state: Mapped[ParcelState] = mapped_column(default=ParcelState.UNKNOWN)
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    last_event_at: Mapped[datetime | None]
    trouble: Mapped[Trouble | None]
    #: One that was lost and is seen again is not any more; what was damaged stays so.
    mishap: Mapped[Mishap | None]
    troubled_at: Mapped[datetime | None]
    #: What somebody said became of each of its troubles: outcomes by trouble, none so far if None.
    settled: Mapped[dict[str, Any] | None]
    #: When the clock has to look whether the carrier fell silent; None once it has.
    silent_due_at: Mapped[datetime | None]
    #: When the delivery promise runs out; None once that was noticed.
    late_due_at: Mapped[datetime | None]
    #: When to ask that this be tracked; None once that was asked, and for what is over.
    track_due_at: Mapped[datetime | None]
    #: When the clock has to look whether it still is where it was; None while nothing says so.
    stuck_due_at: Mapped[datetime | None]

    contents: Mapped[list[Content]] = relationship(cascade="all, delete-orphan")


class Storm(Owned, Base):
    """Many parcels in one trouble at one carrier, at about the same time: one message for all.

    It goes on as long as it grows, and is over when it was quiet for a while.
    """

    __tablename__ = "storms"
    __table_args__ = (
        Index(
            "ix_storms_cause",
            "merchant_id",
            "trouble",
            "carrier",
            unique=True,
            sqlite_where=_GROWING,
            postgresql_where=_GROWING,
        ),
        Index(None, "answer_due_at"),
    )

    trouble: Mapped[Trouble]
    #: Empty for orders not yet shipped, and where nobody said who carries the parcels.
    carrier: Mapped[str] = mapped_column(default="")
    since: Mapped[datetime]
    grew_at: Mapped[datetime]
    #: When it last grew, once it is over.
    ended_at: Mapped[datetime | None]
    #: How many of its parcels have a message of their own all the same.
    surfaced: Mapped[int] = mapped_column(default=0)
    #: Who took it, with all that nobody had in hand by then, and has what it grows by.
    owner: Mapped[str | None]
    taken_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    #: When the clock has to look whether somebody took it; None once it need not.
    answer_due_at: Mapped[datetime | None]


class Content(Owned, Base):
    """How many of an order's line a parcel holds; `again` of them had been sent before."""

    __tablename__ = "parcel_lines"
    __table_args__ = (UniqueConstraint("parcel_id", "line_id"),)

    parcel_id: Mapped[int] = mapped_column(Id, ForeignKey("parcels.id", ondelete="CASCADE"))
    line_id: Mapped[int] = mapped_column(Id, ForeignKey("order_lines.id", ondelete="CASCADE"))
    quantity: Mapped[int]
    again: Mapped[int] = mapped_column(default=0)


class Scan(Owned, Base):
    """One thing a carrier said of a parcel; `reference` is the carrier's own id of it."""

    __tablename__ = "parcel_scans"
    __table_args__ = (
        UniqueConstraint("parcel_id", "reference"),
        Index(None, "parcel_id", "at"),
    )

    parcel_id: Mapped[int] = mapped_column(Id, ForeignKey("parcels.id", ondelete="CASCADE"))
    reference: Mapped[str]
    at: Mapped[datetime]
    #: What the carrier's clock said where that was ahead of ours.
    told_at: Mapped[datetime | None]
    state: Mapped[ParcelState]
    description: Mapped[str | None]
    place: Mapped[str | None]
