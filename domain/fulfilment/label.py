"""A label that is bought at a partner for a parcel that is about to leave."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from domain.errors import WrongState
from domain.money import Money
from domain.tables import Base, Id, Owned


class LabelState(StrEnum):
    """How far buying a label, or giving it back, is; it is paid for once it is bought."""

    ASKED = "asked"
    QUOTED = "quoted"
    BOUGHT = "bought"
    FAILED = "failed"
    VOIDING = "voiding"
    VOIDED = "voided"


TRANSITIONS: Mapping[LabelState, frozenset[LabelState]] = {
    LabelState.ASKED: frozenset({LabelState.QUOTED, LabelState.FAILED}),
    LabelState.QUOTED: frozenset({LabelState.BOUGHT, LabelState.FAILED}),
    LabelState.BOUGHT: frozenset({LabelState.VOIDING}),
    # A partner may refuse to take it back.
    LabelState.VOIDING: frozenset({LabelState.VOIDED, LabelState.BOUGHT}),
    LabelState.VOIDED: frozenset(),
    LabelState.FAILED: frozenset(),
}
#: States in which the partner may still be asked.
UNDER_WAY = (LabelState.ASKED, LabelState.QUOTED)


class Label(Owned, Base):
    """A label that somebody asked for, and what became of it.

    `reference` names it at the partner, who has one quote for it and sells one label of that.
    """

    __tablename__ = "labels"
    __table_args__ = (
        UniqueConstraint("merchant_id", "reference"),
        Index(None, "merchant_id", "order_id"),
        CheckConstraint("weight > 0", "weight"),
    )

    order_id: Mapped[int] = mapped_column(Id, ForeignKey("orders.id", ondelete="CASCADE"))
    reference: Mapped[str]
    state: Mapped[LabelState] = mapped_column(default=LabelState.ASKED)
    #: What goes into the parcel: how many, by the lines' ids.
    quantities: Mapped[dict[str, Any]]
    #: Grams.
    weight: Mapped[int] = mapped_column(Id)
    #: Who is to carry it; None for whoever is cheapest.
    wanted: Mapped[str | None]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    #: The partner's ids of the parcel and of the rate that is bought, None until it is quoted.
    quote: Mapped[str | None]
    rate: Mapped[str | None]
    carrier: Mapped[str | None]
    tracking_number: Mapped[str | None]
    url: Mapped[str | None]
    cost: Mapped[int | None] = mapped_column(Id)
    currency: Mapped[str | None]
    #: The parcel that left under it; None for one that was bought, and could not leave.
    parcel_id: Mapped[int | None] = mapped_column(Id, ForeignKey("parcels.id", ondelete="CASCADE"))
    #: Why there is no label, or no parcel: for who asked, as a partner's words may hold an address.
    problem: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    #: Who has it given back, or asked for that last.
    voided_by: Mapped[str | None]
    #: When it was said that the partner does not answer.
    unheard_at: Mapped[datetime | None]

    def move(self, to: LabelState) -> None:
        """Pass to another state; raises `WrongState` if the table has no such arrow."""
        if to not in TRANSITIONS[self.state]:
            raise WrongState("This label", self.state, to, TRANSITIONS[self.state])
        self.state = to

    @property
    def price(self) -> Money | None:
        """What it cost, None until it is bought."""
        if self.cost is None or self.currency is None:
            return None
        return Money(self.cost, self.currency)

    @property
    def contents(self) -> dict[int, int]:
        """How many of which line go into the parcel."""
        return {int(line_id): quantity for line_id, quantity in self.quantities.items()}
