"""Where the cards of a record were posted, so that every copy can be kept true."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Index, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain.tables import Base, Id, Owned


class Card(Owned, Base):
    """One posted copy of a record: `place` is a channel's id, `reference` a message's.

    `digest` tells what it shows, so that an unchanged copy is not written again.
    """

    __tablename__ = "cards"
    __table_args__ = (
        UniqueConstraint("merchant_id", "place", "reference"),
        Index(None, "merchant_id", "subject", "subject_id"),
    )

    subject: Mapped[str]
    subject_id: Mapped[int] = mapped_column(Id)
    template: Mapped[str]
    place: Mapped[str]
    reference: Mapped[str]
    digest: Mapped[str]


async def of(session: AsyncSession, subject: str, subject_id: int) -> Sequence[Card]:
    """Return every copy of a record, oldest first."""
    found = await session.scalars(
        select(Card).where(Card.subject == subject, Card.subject_id == subject_id).order_by(Card.id)
    )
    return found.all()


async def at(session: AsyncSession, place: str, reference: str) -> Card | None:
    """Return the card that stands there, if one does."""
    return await session.scalar(
        select(Card).where(Card.place == place, Card.reference == reference)
    )
