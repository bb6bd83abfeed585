"""The append-only log of what happened: the audit trail, and what an order shows as history."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.tables import Base, Id, Owned

_SEALED = text("position IS NOT NULL")
_UNSEALED = text("position IS NULL")
#: As text: no database would take an index of some rows for a value that comes as a parameter.
IS_PACKING_PROBLEM = text("kind = 'PackingProblem'")


class Kind(StrEnum):
    """What can happen; the value is what the log keeps, for ever."""

    ORDER_RECEIVED = "OrderReceived"
    ORDER_CHANGED = "OrderChanged"
    ORDER_CONFIRMED = "OrderConfirmed"
    ORDERS_ARRIVED = "OrdersArrived"
    ORDERS_CONFIRMED = "OrdersConfirmed"
    ORDERS_RECHECKED = "OrdersRechecked"
    SHIP_BY_NEAR = "ShipByNear"
    PICK_LIST_ASKED = "PickListAsked"
    PICK_LIST_ENDED = "PickListEnded"
    ORDER_LISTED = "OrderListed"
    ORDER_PICKED = "OrderPicked"
    ORDER_PACKED = "OrderPacked"
    PACKING_PROBLEM = "PackingProblem"
    PARCEL_SHIPPED = "ParcelShipped"
    LABEL_ASKED = "LabelAsked"
    LABEL_BOUGHT = "LabelBought"
    LABEL_FAILED = "LabelFailed"
    LABEL_UNHEARD = "LabelUnheard"
    LABEL_VOID_ASKED = "LabelVoidAsked"
    LABEL_VOIDED = "LabelVoided"
    LABEL_KEPT = "LabelKept"
    SHIPMENT_CONFIRMED = "ShipmentConfirmed"
    SHIPMENT_REFUSED = "ShipmentRefused"
    ORDER_COMPLETED = "OrderCompleted"
    PARCEL_MOVED = "ParcelMoved"
    PARCEL_DELIVERED = "ParcelDelivered"
    PARCEL_TROUBLED = "ParcelTroubled"
    ALERT_ACKNOWLEDGED = "AlertAcknowledged"
    ALERT_ASSIGNED = "AlertAssigned"
    ALERT_SNOOZED = "AlertSnoozed"
    ALERT_WOKEN = "AlertWoken"
    ALERT_REMINDED = "AlertReminded"
    ALERT_ESCALATED = "AlertEscalated"
    ALERT_RESOLVED = "AlertResolved"
    ALERT_OVER = "AlertOver"
    RESHIPMENT_ASKED = "ReshipmentAsked"
    RESHIPMENT_CALLED_OFF = "ReshipmentCalledOff"
    STORM_GREW = "StormGrew"
    STORM_TAKEN = "StormTaken"
    STORM_ESCALATED = "StormEscalated"
    REFUND_REQUESTED = "RefundRequested"
    REFUND_APPROVED = "RefundApproved"
    REFUND_DECLINED = "RefundDeclined"
    REFUND_WITHDRAWN = "RefundWithdrawn"
    REFUND_EXPIRED = "RefundExpired"
    REFUND_REMINDED = "RefundReminded"
    REFUND_PASSED_ON = "RefundPassedOn"
    REFUND_SUBMITTED = "RefundSubmitted"
    REFUND_SUCCEEDED = "RefundSucceeded"
    REFUND_FAILED = "RefundFailed"
    REFUND_UNKNOWN = "RefundUnknown"
    REFUND_FOUND = "RefundFound"
    BATCH_OPENED = "BatchOpened"
    BATCH_SENT = "BatchSent"
    BATCH_UNKNOWN = "BatchUnknown"
    BATCH_CLOSED = "BatchClosed"
    REFUNDS_COMPARED = "RefundsCompared"
    REFUNDS_DIFFER = "RefundsDiffer"
    PAYOUTS_COMPARED = "PayoutsCompared"
    PAYOUTS_DIFFER = "PayoutsDiffer"
    COMPLAINT_OPENED = "ComplaintOpened"
    COMPLAINT_ACKNOWLEDGED = "ComplaintAcknowledged"
    COMPLAINT_HANDED_OVER = "ComplaintHandedOver"
    COMPLAINT_WARNED = "ComplaintWarned"
    COMPLAINT_ESCALATED = "ComplaintEscalated"
    COMPLAINT_OVERDUE = "ComplaintOverdue"
    COMPLAINT_SNOOZED = "ComplaintSnoozed"
    COMPLAINT_WOKEN = "ComplaintWoken"
    COMPLAINT_MERGED = "ComplaintMerged"
    COMPLAINT_RESOLVED = "ComplaintResolved"
    COMPLAINT_REOPENED = "ComplaintReopened"
    RETURN_REQUESTED = "ReturnRequested"
    RETURN_AUTHORISED = "ReturnAuthorised"
    RETURN_DECLINED = "ReturnDeclined"
    RETURN_WITHDRAWN = "ReturnWithdrawn"
    RETURN_EXPIRED = "ReturnExpired"
    RETURN_TRACKED = "ReturnTracked"
    RETURN_IN_TRANSIT = "ReturnInTransit"
    RETURN_RECEIVED = "ReturnReceived"
    RETURN_INSPECTED = "ReturnInspected"
    RETURN_REMINDED = "ReturnReminded"
    RETURN_OVERDUE = "ReturnOverdue"
    RETURN_REFUND_ASKED = "ReturnRefundAsked"
    RETURN_RESTOCKED = "ReturnRestocked"
    RETURN_WRITTEN_OFF = "ReturnWrittenOff"
    RETURN_CLOSED = "ReturnClosed"
    STOCK_COUNTED = "StockCounted"
    STOCK_ADJUSTED = "StockAdjusted"
    STOCK_DESCRIBED = "StockDescribed"
    STOCK_LOW = "StockLow"
    STOCK_OVERSOLD = "StockOversold"
    STOCK_WATCHED = "StockWatched"
    SOURCE_STALE = "SourceStale"
    SOURCE_FRESH = "SourceFresh"
    PERSON_CHANGED = "PersonChanged"
    PERSON_AWAY = "PersonAway"
    PERSON_BACK = "PersonBack"
    SETTING_CHANGED = "SettingChanged"


class Event(Owned, Base):
    """One fact: what (`kind`, about `subject`), who (`actor`), when (`at`), and why.

    `actor` is a workspace member id (U…), or `clock`, `worker`, `import`, or a partner's
    name. `data` holds what the kind needs besides, without personal data of buyers.
    `position` and `digest` are its seal, which `domain.record` puts on it, None until then.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index(None, "merchant_id", "order_id", "id"),
        Index(None, "merchant_id", "subject", "subject_id", "id"),
        Index(
            "ix_events_sealed",
            "merchant_id",
            "position",
            unique=True,
            sqlite_where=_SEALED,
            postgresql_where=_SEALED,
        ),
        Index(
            "ix_events_packing_problems",
            "merchant_id",
            "at",
            sqlite_where=IS_PACKING_PROBLEM,
            postgresql_where=IS_PACKING_PROBLEM,
        ),
        Index(
            "ix_events_unsealed",
            "merchant_id",
            "id",
            sqlite_where=_UNSEALED,
            postgresql_where=_UNSEALED,
        ),
    )

    kind: Mapped[str]
    at: Mapped[datetime]
    actor: Mapped[str]
    why: Mapped[str | None]
    subject: Mapped[str]
    subject_id: Mapped[int] = mapped_column(Id)
    order_id: Mapped[int | None] = mapped_column(Id)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    position: Mapped[int | None] = mapped_column(Id)
    digest: Mapped[str | None]
