"""What a form is opened from, such as a case: kept in it, and tied to what comes of it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from domain import links
from domain.complaints import queries as complaints
from domain.links import Linked
from handlers.turn import Payload, Turn


def keep(regarding: Linked | None) -> Payload:
    """Return what the form keeps of it, nothing if it was opened by itself."""
    return links.as_data([regarding] if regarding else [])


async def kept(turn: Turn, session: AsyncSession) -> Sequence[Linked]:
    """Return what the submitted form is about; for a case merged meanwhile, where it goes on."""
    if "view" not in turn.body:
        return []
    named = [Linked(**one) for one in turn.kept.get("about", ())]
    return [
        Linked(one.subject, await complaints.surviving(session, one.id))
        if one.subject == "complaint"
        else one
        for one in named
    ]
