"""Where the cards of a record were posted, so that every copy can be kept true."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Index, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain import links
from domain.jobs import Job, NewJob
from domain.links import Linked
from domain.tables import Base, Id, Owned, among


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


async def worth_doing(session: AsyncSession, wanted: Sequence[NewJob]) -> list[NewJob]:
    """Leave out the jobs that would bring cards up to date of which there is none.

    Whoever posts a card draws it first and keeps where it stands after: in between, its job is
    not finished. So those jobs are asked for before the cards.
    """
    records = {_record(job) for job in wanted if job.kind == "refresh"}
    if not records:
        return [*wanted]
    posting = await session.scalars(
        select(Job.payload).where(Job.finished_at.is_(None), Job.kind == "post")
    )
    shown = {Linked(one["subject"], one["id"]) for one in posting}
    shown |= {_record(job) for job in wanted if job.kind == "post"}
    speak_of: dict[Linked, set[Linked]] = {one: {one} for one in records}
    for subject, ids in _by_subject(records).items():
        for record_id, other in await links.of_many(session, subject, ids):
            speak_of[Linked(subject, record_id)].add(other)
    for subject, ids in _by_subject(set().union(*speak_of.values())).items():
        found = await session.scalars(
            select(Card.subject_id).where(
                Card.subject == subject, among(session, Card.subject_id, ids)
            )
        )
        shown |= {Linked(subject, record_id) for record_id in found}
    return [
        job
        for job in wanted
        if job.kind != "refresh" or not shown.isdisjoint(speak_of[_record(job)])
    ]


def _record(job: NewJob) -> Linked:
    return Linked(job.payload["subject"], job.payload["id"])


def _by_subject(records: Collection[Linked]) -> dict[str, set[int]]:
    ids: dict[str, set[int]] = {}
    for record in records:
        ids.setdefault(record.subject, set()).add(record.id)
    return ids
