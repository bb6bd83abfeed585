"""What partners sent, kept raw until a worker has made sense of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from domain.jobs import NewJob
from domain.store import Work
from domain.tables import Base, Owned, upsert


class Delivery(Owned, Base):
    """One message of a partner, unique by the partner's own id of it."""

    __tablename__ = "inbox"
    __table_args__ = (UniqueConstraint("merchant_id", "source", "reference"),)

    source: Mapped[str]
    reference: Mapped[str]
    body: Mapped[str]
    received_at: Mapped[datetime]


async def keep(
    work: Work, source: str, reference: str, body: str, *, lane: str | None = None
) -> bool:
    """Keep a message and ask a worker to read it; False if it came before.

    Messages of one `lane` are read one after the other.
    """
    statement = upsert(work.session, Delivery).values(
        merchant_id=work.merchant_id,
        source=source,
        reference=reference,
        body=body,
        received_at=work.now,
    )
    delivery_id = await work.session.scalar(
        statement.on_conflict_do_nothing(
            index_elements=["merchant_id", "source", "reference"]
        ).returning(Delivery.id)
    )
    if delivery_id is None:
        return False
    work.enqueue(
        NewJob(
            key=f"inbox:{source}:{reference}",
            kind=f"inbox.{source}",
            payload={"delivery_id": delivery_id},
            lane=lane,
        )
    )
    return True
