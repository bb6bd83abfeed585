"""What partners sent, kept raw until a worker has made sense of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Index, UniqueConstraint, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain.jobs import NewJob
from domain.store import Work
from domain.tables import Base, Owned, among, upsert

_UNREAD = text("unread")
#: What comes within this time is read together, and is no longer delayed than a person notices.
_GATHERED_FOR = timedelta(milliseconds=100)


class Delivery(Owned, Base):
    """One message of a partner, unique by the partner's own id of it.

    `unread` is one that is read together with others; what has a job of its own is not.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("merchant_id", "source", "reference"),
        Index(
            "ix_inbox_unread",
            "merchant_id",
            "source",
            "id",
            sqlite_where=_UNREAD,
            postgresql_where=_UNREAD,
        ),
    )

    source: Mapped[str]
    reference: Mapped[str]
    body: Mapped[str]
    received_at: Mapped[datetime]
    unread: Mapped[bool] = mapped_column(default=False)


@dataclass(frozen=True, slots=True)
class Message:
    """What is kept of what a partner sent: its own id of the event, and the text."""

    reference: str
    body: str


async def keep(
    work: Work, source: str, reference: str, body: str, *, lane: str | None = None
) -> bool:
    """Keep a message and ask a worker to read it by itself; False if it came before.

    Messages of one `lane` are read one after the other.
    """
    message = Message(reference, body)
    return bool(await keep_all(work, source, [message], together=False, lane=lane))


async def keep_all(
    work: Work,
    source: str,
    messages: Sequence[Message],
    *,
    together: bool,
    lane: str | None = None,
) -> frozenset[str]:
    """Keep messages and ask a worker to read them; returns the references that are new.

    Those read `together` share a job, and wait until it comes; the others have one each.
    """
    new = {message.reference: message for message in reversed(messages)}
    rows = [
        {
            "merchant_id": work.merchant_id,
            "source": source,
            "reference": reference,
            "body": new[reference].body,
            "received_at": work.now,
            "unread": together,
        }
        # In one order everywhere: two that keep the same must not wait for each other.
        for reference in sorted(new)
    ]
    statement = upsert(work.session, Delivery).on_conflict_do_nothing(
        index_elements=["merchant_id", "source", "reference"]
    )
    found = await work.session.execute(statement.returning(Delivery.id, Delivery.reference), rows)
    kept = {reference: delivery_id for delivery_id, reference in found}
    if together and kept:
        work.enqueue(
            NewJob(
                key=f"inbox:{source}:from:{min(kept.values())}",
                kind=f"inbox.{source}",
                due_at=work.now + _GATHERED_FOR,
                waits_as=f"inbox:{source}",
            )
        )
    elif kept:
        for reference, delivery_id in kept.items():
            work.enqueue(_alone(source, reference, delivery_id, lane))
    return frozenset(kept)


async def unread(work: Work, source: str, *, most: int) -> Sequence[Delivery]:
    """Return a source's oldest unread messages, locked; those another reader has are left to it."""
    found = await work.session.scalars(
        select(Delivery)
        .where(Delivery.unread, Delivery.source == source)
        .order_by(Delivery.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return found.all()


async def newest_unread(session: AsyncSession, source: str) -> datetime | None:
    """Return when the newest of a source's unread messages came, None if all are read."""
    found: datetime | None = await session.scalar(
        select(Delivery.received_at)
        .where(Delivery.unread, Delivery.source == source)
        .order_by(Delivery.id.desc())
        .limit(1)
    )
    return found


async def among_unread(work: Work, ids: Collection[int]) -> Sequence[Delivery]:
    """Return those of some messages that are unread still, locked."""
    found = await work.session.scalars(
        select(Delivery)
        .where(Delivery.unread, among(work.session, Delivery.id, ids))
        .order_by(Delivery.id)
        .with_for_update(skip_locked=True)
    )
    return found.all()


async def read(work: Work, deliveries: Sequence[Delivery]) -> None:
    """Write down that messages are read, in the unit of work that takes in what they say."""
    await work.session.execute(
        update(Delivery)
        .where(among(work.session, Delivery.id, [one.id for one in deliveries]))
        .values(unread=False)
        .execution_options(synchronize_session=False)
    )


async def set_aside(work: Work, deliveries: Sequence[Delivery]) -> None:
    """Give messages that can't be read with the others a job each, which says why not."""
    await read(work, deliveries)
    for one in deliveries:
        work.enqueue(_alone(one.source, one.reference, one.id))


def _alone(source: str, reference: str, delivery_id: int, lane: str | None = None) -> NewJob:
    return NewJob(
        key=f"inbox:{source}:{reference}",
        kind=f"inbox.{source}",
        payload={"delivery_id": delivery_id},
        lane=lane,
    )
