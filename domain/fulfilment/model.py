"""How far the lines of an order are on their way out, and the lists that they are picked by."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.tables import Base, Id, Owned


class Problem(StrEnum):
    """What is wrong with pieces that should have gone into a box."""

    MISSING = "missing"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    WRONG_LABEL = "wrong_label"
    OTHER = "other"


class Fulfilment(Owned, Base):
    """How many of a line were picked and packed so far, those that left the house among them.

    What left is what its parcels hold. `missing` are pieces of a line without a stock item
    that were looked for in vain, and are not looked for again by themselves. Whoever changes
    one holds the lock of its order.
    """

    __tablename__ = "fulfilments"
    __table_args__ = (
        UniqueConstraint("line_id"),
        Index(None, "merchant_id", "order_id"),
        CheckConstraint("packed >= 0 AND packed <= picked", "packed"),
        CheckConstraint("missing >= 0", "missing"),
    )

    order_id: Mapped[int] = mapped_column(Id, ForeignKey("orders.id", ondelete="CASCADE"))
    line_id: Mapped[int] = mapped_column(Id, ForeignKey("order_lines.id", ondelete="CASCADE"))
    picked: Mapped[int] = mapped_column(Id, default=0)
    packed: Mapped[int] = mapped_column(Id, default=0)
    missing: Mapped[int] = mapped_column(Id, default=0)


class PickList(Owned, Base):
    """What somebody goes to fetch, for several orders at once; `ended_at` None until they did."""

    __tablename__ = "pick_lists"
    __table_args__ = (Index(None, "merchant_id", "ended_at"),)

    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    picks: Mapped[list[Pick]] = relationship(cascade="all, delete-orphan", order_by="Pick.id")

    @property
    def name(self) -> str:
        """What people call it."""
        return f"PL-{self.id}"


_OPEN = text("found IS NULL")


class Pick(Owned, Base):
    """So many of a line to fetch; `found` is how many there were, None until somebody looked."""

    __tablename__ = "picks"
    __table_args__ = (
        UniqueConstraint("pick_list_id", "line_id"),
        # A line is looked for by one person at a time.
        Index("ix_picks_open", "line_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(None, "merchant_id", "order_id"),
        CheckConstraint("quantity > 0", "quantity"),
        CheckConstraint("found >= 0 AND found <= quantity", "found"),
    )

    pick_list_id: Mapped[int] = mapped_column(Id, ForeignKey("pick_lists.id", ondelete="CASCADE"))
    order_id: Mapped[int] = mapped_column(Id, ForeignKey("orders.id", ondelete="CASCADE"))
    line_id: Mapped[int] = mapped_column(Id, ForeignKey("order_lines.id", ondelete="CASCADE"))
    location: Mapped[str | None]
    quantity: Mapped[int] = mapped_column(Id)
    found: Mapped[int | None] = mapped_column(Id)
