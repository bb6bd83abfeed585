"""The order, its lines, and the states they may pass through."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.errors import WrongState
from domain.money import Money
from domain.tables import Base, Id, Owned

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(StrEnum):
    """Our state of an order; the marketplace's own is kept beside it."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    PICKING = "picking"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset({State.CONFIRMED, State.CANCELLED}),
    State.CONFIRMED: frozenset({State.PICKING, State.PACKED, State.SHIPPED, State.CANCELLED}),
    State.PICKING: frozenset({State.PACKED, State.CANCELLED}),
    State.PACKED: frozenset({State.SHIPPED, State.CANCELLED}),
    State.SHIPPED: frozenset({State.DELIVERED}),
    State.DELIVERED: frozenset({State.COMPLETED}),
    State.COMPLETED: frozenset(),
    State.CANCELLED: frozenset(),
}
#: States in which somebody still has to ship.
UNSHIPPED = (State.PENDING, State.CONFIRMED, State.PICKING, State.PACKED)
#: Those of them in which the goods are promised to the buyer.
TO_SHIP = (State.CONFIRMED, State.PICKING, State.PACKED)
#: States in which all of it has left the house.
GONE = (State.SHIPPED, State.DELIVERED, State.COMPLETED)
#: States in which no promise can be broken any more.
OVER = (State.DELIVERED, State.COMPLETED, State.CANCELLED)
OPEN = (*UNSHIPPED, State.SHIPPED)


class Order(Owned, Base):
    """An order of one buyer on one sales channel, in one currency.

    Amounts are minor units. `captured` is what the buyer has paid, None where the source
    does not say. What a source does not have is None, never a guess.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("merchant_id", "channel", "number"),
        Index(None, "merchant_id", "number"),
        Index(None, "merchant_id", "buyer_email"),
        Index(None, "merchant_id", "payment_reference"),
        Index(None, "merchant_id", "buyer_name_folded"),
        Index(None, "merchant_id", "ship_to_city_folded"),
        Index(None, "merchant_id", "placed_at"),
        Index(None, "merchant_id", "state"),
        Index(None, "merchant_id", "arrival_id"),
        Index(None, "ship_by_due_at"),
        Index(None, "confirm_due_at"),
        Index(None, "complete_due_at"),
        Index(None, "merchant_id", "completed_at"),
    )

    number: Mapped[str]
    channel: Mapped[str]
    source: Mapped[str]
    state: Mapped[State] = mapped_column(default=State.PENDING)
    marketplace_status: Mapped[str | None]
    currency: Mapped[str]
    captured: Mapped[int | None] = mapped_column(Id)
    total: Mapped[int | None] = mapped_column(Id)
    placed_at: Mapped[datetime | None]
    ship_by: Mapped[datetime | None]
    deliver_by: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    buyer_name: Mapped[str | None]
    buyer_name_folded: Mapped[str | None]
    buyer_email: Mapped[str | None]
    ship_to_name: Mapped[str | None]
    #: The lines above the city, separated by "\n".
    ship_to_street: Mapped[str | None]
    ship_to_region: Mapped[str | None]
    ship_to_city: Mapped[str | None]
    ship_to_city_folded: Mapped[str | None]
    ship_to_postcode: Mapped[str | None]
    ship_to_country: Mapped[str | None]
    payment_provider: Mapped[str | None]
    payment_reference: Mapped[str | None]
    #: When the clock has to look whether this was shipped; None once it has, or never.
    ship_by_due_at: Mapped[datetime | None]
    #: The burst that it came in and was announced with; None for what a file brought.
    arrival_id: Mapped[int | None] = mapped_column(Id)
    #: Whether its source holds it back until the buyer has paid.
    awaits_payment: Mapped[bool] = mapped_column(default=False)
    #: When the clock has to look whether a rule confirms it.
    confirm_due_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    #: A member's id, or `clock` where a rule did.
    confirmed_by: Mapped[str | None]
    #: When the buyer has had their time to look at what was delivered; None once that was noticed.
    complete_due_at: Mapped[datetime | None]
    #: When the clock completed it; None for what was over when it came in.
    completed_at: Mapped[datetime | None]
    #: When its source last changed it, as the source says: what is told of earlier is old news.
    changed_at: Mapped[datetime | None]
    fingerprint: Mapped[str]
    received_at: Mapped[datetime]

    lines: Mapped[list[Line]] = relationship(
        back_populates="order", order_by="Line.position", cascade="all, delete-orphan"
    )

    def move(self, to: State) -> None:
        """Pass to another state; raises `WrongState` if the table has no such arrow."""
        if to not in TRANSITIONS[self.state]:
            raise WrongState(f"Order {self.number}", self.state, to, TRANSITIONS[self.state])
        self.state = to

    def bring_back(self) -> None:
        """Be packed again, as the parcel that had left never did.

        It is no arrow of the table: a source that tells of an earlier state changes nothing.
        """
        self.state, self.shipped_at = State.PACKED, None

    @property
    def total_money(self) -> Money | None:
        """What it comes to, None where the source does not say."""
        return None if self.total is None else Money(self.total, self.currency)

    @property
    def captured_money(self) -> Money | None:
        """What the buyer has paid, None where the source does not say."""
        return None if self.captured is None else Money(self.captured, self.currency)


class Line(Owned, Base):
    """One product of an order; amounts are minor units in the order's currency."""

    __tablename__ = "order_lines"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        Index("ix_order_lines_merchant_id_sku", "merchant_id", text("lower(sku)")),
    )

    order_id: Mapped[int] = mapped_column(Id, ForeignKey("orders.id", ondelete="CASCADE"))
    position: Mapped[int]
    external_id: Mapped[str | None]
    sku: Mapped[str | None]
    title: Mapped[str | None]
    quantity: Mapped[int]
    unit_price: Mapped[int | None] = mapped_column(Id)
    shipping_price: Mapped[int | None] = mapped_column(Id)

    order: Mapped[Order] = relationship(back_populates="lines")


def fold(text: str | None) -> str | None:
    """Fold case and accents for looking up names and places: `García` is found as `garcia`."""
    if not text:
        return None
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))
