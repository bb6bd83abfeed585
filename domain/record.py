"""The record: the log's events chained by digests, so that tampering shows.

An event is written without a seal, so that nobody who records something waits for somebody
else. A sealer comes after, gives each event the next position of its merchant, without gaps,
and chains it: its digest is SHA-256 of the digest before it, a line feed, and the event as
canonical JSON. An event that was committed later than one with a higher id gets a later
position. The newest seal is kept apart, so that an end cut off is missed as well. Whoever
can write to the database can forge the whole chain, but not so that it meets a digest
written down elsewhere: the anchor.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Select, Table, UniqueConstraint, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain.errors import DeskhandError
from domain.events import Event
from domain.orders.model import Order
from domain.store import Work
from domain.tables import Base, Id, Owned, upsert

#: What the first event is chained to.
GENESIS = "0" * 64

#: Rows in memory at once, however long the record is.
_AT_ONCE = 1000


class Tampered(DeskhandError):
    """The record is not what was sealed; says where that shows first."""

    def __init__(self, what: str) -> None:
        # What a tampered row says of itself must not break the line.
        super().__init__(f"{' '.join(what.split())} Compare it with an earlier export or a backup.")


class Unreadable(Tampered):
    """What stands in a row is no event any more."""


class Seal(Owned, Base):
    """The newest seal of a merchant's record: what its end must be."""

    __tablename__ = "seals"
    __table_args__ = (UniqueConstraint("merchant_id"),)

    position: Mapped[int] = mapped_column(Id)
    digest: Mapped[str]
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it stands in the record; `position` and `digest` are None until it is sealed."""

    position: int | None
    id: int
    at: datetime
    actor: str
    kind: str
    subject: str
    subject_id: int
    order_id: int | None
    why: str | None
    data: dict[str, Any]
    digest: str | None

    @property
    def facts(self) -> dict[str, Any]:
        """All that the seal covers, ready for JSON; the time is ISO 8601 in UTC."""
        return {
            "position": self.position,
            "id": self.id,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": self.actor,
            "kind": self.kind,
            "subject": self.subject,
            "subject_id": self.subject_id,
            "order_id": self.order_id,
            "why": self.why,
            "data": self.data,
        }

    def __str__(self) -> str:
        when = f"{self.at:%Y-%m-%d %H:%M:%S} UTC"
        return f"Event {self.id} ({self.kind} of {self.subject} {self.subject_id}, {when})"


@dataclass(frozen=True, slots=True)
class Chain:
    """A stretch of the record, from its beginning, in which every event fits.

    `position` is also how many events there are; `earliest` and `latest` are None for none.
    """

    position: int = 0
    digest: str = GENESIS
    earliest: datetime | None = None
    latest: datetime | None = None
    unsealed: int = 0

    @property
    def end(self) -> tuple[int, str]:
        """What the newest seal must say."""
        return self.position, self.digest

    def then(self, entry: Entry) -> Chain:
        """Return the chain with an event that fits."""
        return Chain(
            self.position + 1,
            entry.digest or "",
            min(self.earliest or entry.at, entry.at),
            max(self.latest or entry.at, entry.at),
        )

    def takes(self, entry: Entry) -> bool:
        """Tell whether the event carries the seal that comes next."""
        fits = entry.position == self.position + 1
        return fits and entry.digest == link(self.digest, entry)


def canonical(facts: dict[str, Any]) -> str:
    """Return the one JSON text of these facts: ASCII, keys sorted, no blanks."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def link(previous: str, entry: Entry) -> str:
    """Return the digest of an event that comes after the one with the `previous` digest."""
    return hashlib.sha256(f"{previous}\n{canonical(entry.facts)}".encode("ascii")).hexdigest()


_COLUMNS = (
    Event.position,
    Event.id,
    Event.at,
    Event.actor,
    Event.kind,
    Event.subject,
    Event.subject_id,
    Event.order_id,
    Event.why,
    Event.data,
    Event.digest,
)
_IN_ORDER = select(*_COLUMNS).where(Event.position.is_not(None)).order_by(Event.position, Event.id)
_EVENTS = cast("Table", Event.__table__)


async def unsealed_merchants(session: AsyncSession) -> Sequence[int]:
    """Return who has events that are not sealed yet."""
    found = await session.scalars(
        select(Event.merchant_id).where(Event.position.is_(None)).distinct()
    )
    return found.all()


async def seal(work: Work, *, most: int) -> int:
    """Seal the oldest events that are not; returns how many, 0 if another sealer is at it."""
    # Not an upsert each time: PostgreSQL would have it wait for whoever is sealing.
    if await work.session.scalar(select(Seal.id)) is None:
        await work.session.execute(
            upsert(work.session, Seal)
            .values(merchant_id=work.merchant_id, position=0, digest=GENESIS, at=work.now)
            .on_conflict_do_nothing(index_elements=["merchant_id"])
        )
    # One sealer at a time: two would give the same position twice.
    head = await work.session.scalar(select(Seal).with_for_update(skip_locked=True))
    if head is None:
        return 0
    found = await work.session.execute(
        select(*_COLUMNS).where(Event.position.is_(None)).order_by(Event.id).limit(most)
    )
    seals = []
    for row in found:
        head.position += 1
        head.digest = link(head.digest, replace(Entry(*row), position=head.position))
        seals.append({"event_id": row.id, "at_position": head.position, "as_digest": head.digest})
    if seals:
        head.at = work.now
        await work.session.execute(
            update(_EVENTS)
            .where(_EVENTS.c.merchant_id == work.merchant_id, _EVENTS.c.id == bindparam("event_id"))
            .values(position=bindparam("at_position"), digest=bindparam("as_digest")),
            seals,
        )
    return len(seals)


async def entries(
    session: AsyncSession, since: datetime, until: datetime
) -> AsyncGenerator[tuple[Entry, str | None]]:
    """Yield what happened from `since` to `until`, both included, and each order's number.

    In the order of the record, and after it what is not sealed yet. The session should be a
    snapshot, or what is sealed meanwhile is left out.
    """
    for query in (
        _IN_ORDER,
        select(*_COLUMNS).where(Event.position.is_(None)).order_by(Event.id),
    ):
        numbered = (
            query.add_columns(Order.number)
            .outerjoin_from(Event, Order, Order.id == Event.order_id)
            .where(Event.at >= since, Event.at <= until)
        )
        async with aclosing(_rows(session, numbered)) as rows:
            async for *columns, number in rows:
                yield Entry(*columns), number


async def verify(session: AsyncSession, anchor: str | None = None) -> Chain:
    """Follow the record from its first event to its end; the session must be a snapshot.

    `anchor` is a digest that was written down before, and must be in the record still.

    Raises:
        Tampered: a sealed event was changed, removed, inserted or moved.
    """
    head = await session.scalar(select(Seal))
    end = (head.position, head.digest) if head else Chain().end
    chain = await _follow(session, end)
    if chain.position < end[0]:
        raise Tampered(
            f"The newest events were removed: {end[0]:,} were sealed, and the record ends at "
            f"position {chain.position}."
        )
    if chain.end != end:
        raise Tampered(
            f"The record was rewritten: its {chain.position:,} events fit each other, but not the "
            "newest seal."
        )
    if anchor is not None and not await session.scalar(
        select(_IN_ORDER.where(Event.digest == anchor).exists())
    ):
        raise Tampered(
            f"No event carries the digest {anchor}: the record was rewritten, or its end cut "
            "off, after that was written down."
        )
    waiting = select(func.count()).select_from(Event).where(Event.position.is_(None))
    return replace(chain, unsealed=await session.scalar(waiting) or 0)


async def _follow(session: AsyncSession, end: tuple[int, str]) -> Chain:
    """Return the chain of all sealed events; raises `Tampered` at the first that does not fit."""
    chain = Chain()
    try:
        async with aclosing(_rows(session, _IN_ORDER)) as rows:
            async for row in rows:
                entry = Entry(*row)
                if chain.position == end[0] or not chain.takes(entry):
                    break
                chain = chain.then(entry)
            else:
                return chain
    except Unreadable:
        raise await _unreadable(session, chain) from None
    raise Tampered(await _what_happened(session, chain, entry, end))


async def _what_happened(
    session: AsyncSession, chain: Chain, misfit: Entry, end: tuple[int, str]
) -> str:
    """Say what the first event that does not fit tells of what was done to the record."""
    place, position = chain.position + 1, misfit.position or 0
    here = f"{misfit}, at position {position},"
    if end == Chain().end:
        return f"The newest seal was removed: {here} is sealed, and nothing should be."
    if position < place or place > end[0]:
        return f"{here} was inserted: Deskhand did not seal it there."
    if position > place:
        gap = (
            f"position {place}" if position == place + 1 else f"positions {place} to {position - 1}"
        )
        return f"What was sealed at {gap} was removed: {misfit} follows, at {position}."
    after = await _after(session, misfit)
    if after and chain.takes(replace(after, position=place)):
        return f"{here} was inserted or moved there: {after} is what fits in its place."
    kept = chain.then(misfit)
    if kept.takes(after) if after else kept.end == end:
        return f"{here} was changed after it was sealed."
    return (
        f"{here} does not follow from what is before it: events in between were removed, or it "
        "was changed together with others."
    )


async def _after(session: AsyncSession, entry: Entry) -> Entry | None:
    """Return the row that comes next in the record's order."""
    place = (Event.position > entry.position) | (
        (Event.position == entry.position) & (Event.id > entry.id)
    )
    row = (await session.execute(_IN_ORDER.where(place).limit(1))).first()
    return Entry(*row) if row else None


async def _unreadable(session: AsyncSession, chain: Chain) -> Unreadable:
    """Find the first event after the chain that can't be read."""
    places = select(Event.id, Event.position).where(Event.position >= chain.position)
    for event_id, position in await session.execute(
        places.order_by(Event.position).limit(_AT_ONCE + 1)
    ):
        try:
            (await session.execute(select(*_COLUMNS).where(Event.id == event_id))).all()
        except ValueError:
            return Unreadable(
                f"Event {event_id}, at position {position}, was changed after it was sealed: it "
                "can't be read any more."
            )
    return Unreadable("An event can't be read any more: it was changed.")


async def _rows(session: AsyncSession, query: Select[Any]) -> AsyncGenerator[Sequence[Any]]:
    """Yield a query's rows, some of them in memory at a time."""
    result = await session.stream(query.execution_options(yield_per=_AT_ONCE))
    try:
        async for part in result.partitions():
            for row in part:
                yield row
    except ValueError:
        raise Unreadable("An event can't be read any more: it was changed.") from None
    finally:
        await result.close()
