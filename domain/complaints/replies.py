"""What people say in a case's thread, kept on the case once, however often it is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from domain.complaints.model import Reply
from domain.store import Work
from domain.tables import upsert


@dataclass(frozen=True, slots=True)
class Said:
    """One message as it stands now; `at` is when it was first said.

    `edited_at` is None until its words are changed; `deleted` means it was taken back.
    """

    place: str
    reference: str
    text: str
    at: datetime
    edited_at: datetime | None = None
    deleted: bool = False


async def keep(work: Work, complaint_id: int, author: str, said: Said) -> bool:
    """Keep it, or bring what is kept up to date; returns whether it was not known yet.

    A deletion is final and an older edit changes nothing, in whatever order they are told.
    """
    statement = upsert(work.session, Reply).values(
        merchant_id=work.merchant_id,
        complaint_id=complaint_id,
        place=said.place,
        reference=said.reference,
        author=author,
        text="" if said.deleted else said.text,
        said_at=said.at,
        edited_at=said.edited_at,
        deleted_at=work.now if said.deleted else None,
    )
    is_new = await work.session.scalar(
        statement.on_conflict_do_nothing(
            index_elements=["merchant_id", "place", "reference"]
        ).returning(Reply.id)
    )
    if is_new is None:
        await _change(work, said)
    return is_new is not None


async def _change(work: Work, said: Said) -> None:
    reply = (
        await work.session.scalars(
            select(Reply).where(Reply.place == said.place, Reply.reference == said.reference)
        )
    ).one()
    if reply.deleted_at is not None:
        return
    if said.deleted:
        # What was taken back there is not held on to here.
        reply.text, reply.deleted_at = "", work.now
    elif said.edited_at and (reply.edited_at is None or said.edited_at > reply.edited_at):
        reply.text, reply.edited_at = said.text, said.edited_at
