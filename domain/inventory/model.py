"""Stock items, and what of them is promised to the lines of orders."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.errors import Invalid, NotFound
from domain.money import Money
from domain.tables import Base, Id, Owned


class ItemNotFound(NotFound):
    """No stock item has this SKU."""

    def __init__(self, sku: str) -> None:
        super().__init__(
            f"There is no item {sku[:60]} in stock. `deskhand import` brings items in from a CSV."
        )


class NotThatMany(Invalid):
    """A quantity that stock can't have."""

    field = "quantity"


class Shortage(StrEnum):
    """Why an item needs somebody: it runs out, or more is promised than there is."""

    LOW = "low"
    OVERSOLD = "oversold"


def as_key(sku: str | None) -> str | None:
    """Return what a SKU is known by: channels write its letters and spaces as they like."""
    return " ".join(sku.split()).casefold() or None if sku else None


class Item(Owned, Base):
    """What is kept of one SKU. Quantities are pieces; the price is minor units of `currency`.

    `reserved` of those on hand are promised to orders. Counting may find fewer than were
    promised: then `available` is negative, which is the one way in which it can be.
    `low_at` is the re-order point, None where nobody wants to be told. `shortage` is what was
    noticed and is still so.
    """

    __tablename__ = "items"
    __table_args__ = (
        UniqueConstraint("merchant_id", "key"),
        Index(None, "merchant_id", "shortage"),
        Index(None, "checks_due_at"),
        CheckConstraint("on_hand >= 0", "on_hand"),
        CheckConstraint("reserved >= 0", "reserved"),
    )

    key: Mapped[str]
    sku: Mapped[str]
    title: Mapped[str | None]
    location: Mapped[str | None]
    on_hand: Mapped[int] = mapped_column(Id, default=0)
    reserved: Mapped[int] = mapped_column(Id, default=0)
    low_at: Mapped[int | None] = mapped_column(Id)
    list_price: Mapped[int | None] = mapped_column(Id)
    currency: Mapped[str | None]
    shortage: Mapped[Shortage | None]
    short_since: Mapped[datetime | None]
    #: When the clock has to check the orders again that ask for it and wait to be confirmed.
    checks_due_at: Mapped[datetime | None]

    @property
    def available(self) -> int:
        """How many can still be promised."""
        return self.on_hand - self.reserved

    @property
    def price(self) -> Money | None:
        """What it sells for, None where that is not known."""
        if self.list_price is None or self.currency is None:
            return None
        return Money(self.list_price, self.currency)

    @property
    def due_shortage(self) -> Shortage | None:
        """What its quantities call for now."""
        if self.available < 0:
            return Shortage.OVERSOLD
        return Shortage.LOW if self.low_at is not None and self.available <= self.low_at else None


_WAITING = text("quantity < wanted")


class Reservation(Owned, Base):
    """Pieces of an item that a line of an order is promised: `quantity` of the `wanted`.

    The rest is a back-order. Whoever changes one holds the lock of its item.
    """

    __tablename__ = "reservations"
    __table_args__ = (
        UniqueConstraint("line_id"),
        Index(None, "merchant_id", "order_id"),
        Index(None, "item_id"),
        Index(
            "ix_reservations_waiting",
            "item_id",
            "id",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        CheckConstraint("quantity >= 0 AND quantity <= wanted", "quantity"),
    )

    order_id: Mapped[int] = mapped_column(Id, ForeignKey("orders.id", ondelete="CASCADE"))
    line_id: Mapped[int] = mapped_column(Id, ForeignKey("order_lines.id", ondelete="CASCADE"))
    item_id: Mapped[int] = mapped_column(Id, ForeignKey("items.id", ondelete="RESTRICT"))
    wanted: Mapped[int] = mapped_column(Id)
    quantity: Mapped[int] = mapped_column(Id)

    @property
    def missing(self) -> int:
        """How many are on back-order."""
        return self.wanted - self.quantity


class Watch(Owned, Base):
    """One message about items that need somebody: it counts as long as any does."""

    __tablename__ = "watches"

    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]
