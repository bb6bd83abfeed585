"""The reshipment: pieces of a line that are sent again, in addition to what was ordered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.tables import Base, Id, Owned

_OPEN = text("ended_at IS NULL")


class Reshipment(Owned, Base):
    """How many of a line are sent again, and how many of them have left, in `parcel_id` last.

    Until all have, `ended_at` is None, and the rest is goods to be picked, packed and shipped.
    Whoever changes one holds the lock of its order.
    """

    __tablename__ = "reshipments"
    __table_args__ = (
        Index(None, "merchant_id", "order_id"),
        Index(None, "line_id"),
        Index(
            "ix_reshipments_open",
            "merchant_id",
            "id",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        CheckConstraint("quantity > 0", "quantity"),
        CheckConstraint("sent >= 0 AND sent <= quantity", "sent"),
    )

    order_id: Mapped[int] = mapped_column(Id, ForeignKey("orders.id", ondelete="CASCADE"))
    line_id: Mapped[int] = mapped_column(Id, ForeignKey("order_lines.id", ondelete="CASCADE"))
    #: What it answers: who asked for it, and why, its event says.
    alert_id: Mapped[int] = mapped_column(Id, ForeignKey("alerts.id", ondelete="CASCADE"))
    quantity: Mapped[int] = mapped_column(Id)
    sent: Mapped[int] = mapped_column(Id, default=0)
    parcel_id: Mapped[int | None] = mapped_column(Id, ForeignKey("parcels.id", ondelete="SET NULL"))
    ended_at: Mapped[datetime | None]

    @property
    def left(self) -> int:
        """How many have not left the house."""
        return self.quantity - self.sent


#: What is still to be sent.
IS_OPEN = Reshipment.ended_at.is_(None)
