"""Where orders come from by themselves: how far each source was read, and how fresh it is.

A source speaks up (a webhook, a queue), and is asked from time to time for what it did not say
or nobody heard. The clock says when to ask, a job asks, and what a page brings is kept
together with where the next one begins: whatever happens in between, nothing is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Index, UniqueConstraint, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain import inbox
from domain.errors import DeskhandError, RecordNotFound
from domain.events import Kind
from domain.jobs import NewJob
from domain.orders import service as orders
from domain.orders.intake import OrderDraft
from domain.payouts import service as payouts
from domain.payouts.model import LineDraft, SettlementDraft
from domain.refunds import heard as refunds
from domain.refunds.payment import Report
from domain.store import Work
from domain.tables import Base, Json, Owned, upsert

#: A source that speaks up by itself is asked so often for what it left out.
EVERY = timedelta(minutes=30)
#: One that has been silent, or that failed, is asked again after so long.
SOON = timedelta(minutes=5)
#: A source is asked every half an hour; one that was not read for so long has missed several times.
STALE_AFTER = timedelta(hours=2)
#: So long a source that speaks up may be silent before it is asked more often.
_SILENT_AFTER = timedelta(hours=1)
#: To note of each message of a burst that the source spoke would be one hot row.
_NOTED_EACH = timedelta(minutes=1)
_LONGEST_WORDS = 500


class Source(Owned, Base):
    """One source of orders. `cursor` is its own word for where to go on, None for the beginning.

    `name` is its partner's, followed by a dash where it brings payouts and no orders. `heard_at`
    is when it last spoke by itself, `checked_at` when it was last asked to the end,
    `failing_since` the first of the failures since then, of which `last_error` is the latest.
    `stale_at` is when the desk said that it is not read any more, None once it is again.
    """

    __tablename__ = "sources"
    __table_args__ = (
        UniqueConstraint("merchant_id", "name"),
        Index(None, "due_at"),
        Index(None, "stale_due_at"),
    )

    name: Mapped[str]
    cursor: Mapped[Any] = mapped_column(Json, nullable=True)
    heard_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str | None]
    due_at: Mapped[datetime | None]
    stale_at: Mapped[datetime | None]
    #: When it is stale unless it is read until then; None once that was noticed.
    stale_due_at: Mapped[datetime | None]

    @property
    def partner(self) -> str:
        """Whose it is, by the partner's name."""
        return self.name.partition("-")[0]

    @property
    def brings(self) -> str:
        """What comes from it: orders or payouts."""
        return "payouts" if "-" in self.name else "orders"

    @property
    def words(self) -> str | None:
        """What it says itself about why it brings nothing, where it does."""
        words = (self.cursor or {}).get("words")
        return str(words) if words else None

    def is_stale(self, now: datetime) -> bool:
        """Whether it was not read to its end for too long."""
        late = self.checked_at is not None and now - self.checked_at > STALE_AFTER
        return late or self.stale_at is not None

    def is_well(self, now: datetime) -> bool:
        """Whether it can be read, as far as is known."""
        return self.failing_since is None and not self.is_stale(now)


@dataclass(frozen=True, slots=True)
class Unread:
    """An order that no sense could be made of, as the source's own message would tell it."""

    reference: str
    body: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some orders of a source, the longest unchanged first, and the refunds and payouts it tells of.

    `cursor` is JSON-encodable; `more` tells that another page is there already. What is `unread`
    goes the way of the source's messages, and is kept with the reason.
    """

    orders: Sequence[OrderDraft]
    cursor: Mapping[str, Any]
    more: bool
    refunds: Sequence[Report] = ()
    unread: Sequence[Unread] = ()
    settlements: Sequence[tuple[SettlementDraft, Sequence[LineDraft]]] = ()


class SourceSilent(DeskhandError):
    """A source can't be read at the moment, for a reason that may pass; says which."""


class SourceBusy(DeskhandError):
    """A source asks to wait for `after`."""

    def __init__(self, after: timedelta) -> None:
        self.after = after
        super().__init__("The source asks to wait. It is read on by itself.")


class OrderSource(Protocol):
    """A source that can be asked what changed; `name` is what its orders have as `source`."""

    name: str

    async def read(self, cursor: Mapping[str, Any] | None, now: datetime) -> Page:
        """Return what changed since the cursor; without one, from where a new desk begins.

        Raises:
            SourceSilent, SourceBusy: it can't be read now.
        """


async def connect(work: Work, names: Sequence[str]) -> None:
    """Make known which sources can be asked; the clock goes to new ones at once.

    One that somebody disconnected is asked no more, and nobody is told that it is stale.
    """
    await work.session.execute(
        update(Source).where(Source.name.not_in(names)).values(due_at=None, stale_due_at=None)
    )
    for name in names:
        await work.session.execute(
            upsert(work.session, Source)
            .values(
                merchant_id=work.merchant_id,
                name=name,
                due_at=work.now,
                stale_due_at=work.now + STALE_AFTER,
            )
            .on_conflict_do_nothing(index_elements=["merchant_id", "name"])
        )
    await work.session.execute(
        update(Source)
        .where(Source.name.in_(names), Source.due_at.is_(None))
        .values(due_at=work.now)
    )
    # What nobody read while the desk was down is asked for now, before that is anyone's concern.
    soon = work.now + SOON
    await work.session.execute(
        update(Source)
        .where(
            Source.name.in_(names),
            Source.stale_at.is_(None),
            or_(Source.stale_due_at.is_(None), Source.stale_due_at < soon),
        )
        .values(stale_due_at=soon)
    )


async def heard(work: Work, name: str) -> None:
    """Note that a source spoke by itself, to the minute."""
    await work.session.execute(
        update(Source)
        .where(
            Source.name == name,
            or_(Source.heard_at.is_(None), Source.heard_at < work.now - _NOTED_EACH),
        )
        .values(heard_at=work.now)
    )


async def sweep_due(work: Work, *, most: int) -> int:
    """Have the sources asked whose time has come; returns how many."""
    due = await work.due(Source, "due_at", most=most)
    for one in due:
        one.due_at = work.now + (EVERY if _speaks(one, work.now) else SOON)
        work.enqueue(
            NewJob(
                key=f"source:{one.id}:{work.now.isoformat()}",
                kind="source.read",
                payload={"source_id": one.id},
                # One job at a time: what an earlier one reads, the next need not read again.
                lane=f"source:{one.name}",
            )
        )
    return len(due)


async def sweep_stale(work: Work, *, most: int) -> int:
    """Say once of each source that it was not read for too long; returns how many were due."""
    due = await work.due(Source, "stale_due_at", most=most)
    for one in due:
        one.stale_at = work.now
        work.record(Kind.SOURCE_STALE, one, order_id=None, name=one.name, brings=one.brings)
    return len(due)


async def take_in(work: Work, source_id: int, page: Page) -> None:
    """Take in a page of a source's orders, and where the next one begins."""
    name = (await work.session.get_one(Source, source_id)).name
    await orders.receive(work, page.orders, source=name, announce=True)
    for report in page.refunds:
        await refunds.hear(work, report)
    for draft, lines in page.settlements:
        await payouts.take_in(work, draft, lines)
    for one in page.unread:
        await inbox.keep(work, name, one.reference, one.body)
    # After the orders: so do the source's own messages, which note that it spoke.
    source = await work.lock(Source, source_id)
    source.cursor = dict(page.cursor)
    # Who reads a long past is not behind as long as it goes on.
    source.stale_due_at = None if page.more and source.stale_at else work.now + STALE_AFTER
    if not page.more:
        source.checked_at = work.now
        source.failing_since = source.last_error = None
        _back(work, source)


async def failed(work: Work, source_id: int, words: str) -> None:
    """Note that a source can't be read, and why; it is asked again soon."""
    source = await work.lock(Source, source_id)
    source.failing_since = source.failing_since or work.now
    source.last_error = words[:_LONGEST_WORDS]
    source.due_at = work.now + SOON


async def card(session: AsyncSession, source_id: int) -> Source:
    """Read a source as it stands now; raises `RecordNotFound`."""
    source = await session.get(Source, source_id)
    if source is None:
        raise RecordNotFound("source", source_id)
    return source


async def every(session: AsyncSession) -> Sequence[Source]:
    """Return the sources that are connected, by name."""
    found = await session.scalars(
        select(Source).where(Source.due_at.is_not(None)).order_by(Source.name)
    )
    return found.all()


def _back(work: Work, source: Source) -> None:
    """Say of a source that was stale that it is read again."""
    if source.stale_at is not None:
        source.stale_at = None
        work.record(
            Kind.SOURCE_FRESH, source, order_id=None, name=source.name, brings=source.brings
        )


def _speaks(source: Source, now: datetime) -> bool:
    return source.heard_at is not None and source.heard_at > now - _SILENT_AFTER
