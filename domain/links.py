"""Which records belong together: a complaint, the refund that answers it, the parcel it is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Index, UniqueConstraint, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain.store import Subject, Work
from domain.tables import Base, Id, Owned, among, upsert

#: What people call records of a kind, before their number.
_PREFIXES = {"refund": "R", "complaint": "C", "return": "RMA", "parcel": "P"}


class Link(Owned, Base):
    """Two records that belong together, kept once whichever of them was tied to the other."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("merchant_id", "subject", "subject_id", "other", "other_id"),
        Index(None, "merchant_id", "other", "other_id"),
    )

    subject: Mapped[str]
    subject_id: Mapped[int] = mapped_column(Id)
    other: Mapped[str]
    other_id: Mapped[int] = mapped_column(Id)


@dataclass(frozen=True, slots=True, order=True)
class Linked:
    """A record as another one's card names it; `subject` is its kind, such as `refund`."""

    subject: str
    id: int

    @property
    def name(self) -> str:
        """What people call it, as in “R-12”."""
        return f"{_PREFIXES.get(self.subject, self.subject)}-{self.id}"


async def tie(work: Work, record: Subject, others: Iterable[Subject]) -> None:
    """Have flushed records, or `Linked` ones, belong to this one; those that do stay as they are."""
    pairs = [sorted((_of(record), _of(other))) for other in others]
    rows = [
        {
            "merchant_id": work.merchant_id,
            "subject": one.subject,
            "subject_id": one.id,
            "other": other.subject,
            "other_id": other.id,
        }
        for one, other in pairs
    ]
    if rows:
        await work.session.execute(
            upsert(work.session, Link).on_conflict_do_nothing(
                index_elements=["merchant_id", "subject", "subject_id", "other", "other_id"]
            ),
            rows,
        )


async def of(session: AsyncSession, subject: str, subject_id: int) -> Sequence[Linked]:
    """Return what belongs to a record, by kind and number."""
    found = await session.scalars(
        select(Link).where(
            or_(
                (Link.subject == subject) & (Link.subject_id == subject_id),
                (Link.other == subject) & (Link.other_id == subject_id),
            )
        )
    )
    asked = Linked(subject, subject_id)
    pairs = (
        (Linked(link.subject, link.subject_id), Linked(link.other, link.other_id)) for link in found
    )
    return sorted(other if one == asked else one for one, other in pairs)


async def of_many(
    session: AsyncSession, subject: str, ids: Collection[int]
) -> Sequence[tuple[int, Linked]]:
    """Return what belongs to records of a kind: each one's number, and what belongs to it."""
    found = await session.scalars(
        select(Link).where(
            or_(
                (Link.subject == subject) & among(session, Link.subject_id, ids),
                (Link.other == subject) & among(session, Link.other_id, ids),
            )
        )
    )
    pairs = []
    for link in found:
        one, other = Linked(link.subject, link.subject_id), Linked(link.other, link.other_id)
        pairs += [(a.id, b) for a, b in ((one, other), (other, one)) if a.subject == subject]
    return [(record_id, other) for record_id, other in pairs if record_id in ids]


def as_data(about: Iterable[Subject]) -> dict[str, Any]:
    """Return what an event or a form keeps of the records it is about, nothing if there are none."""
    told = [asdict(one) for one in named(about)]
    return {"about": told} if told else {}


def named(records: Iterable[Subject]) -> list[Linked]:
    """Return flushed records as cards name them."""
    return [_of(one) for one in records]


def _of(record: Subject) -> Linked:
    if isinstance(record, Linked):
        return record
    return Linked(type(record).__name__.lower(), record.id)
