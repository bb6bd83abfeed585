"""The database: engine, tenancy, and the unit of work that every use case runs in.

A unit of work is opened for one merchant, and each statement it runs on a table that
merchants own is narrowed to that merchant here, once, so that no query can forget to.
On PostgreSQL row-level security holds the same line one floor below.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import Table, event, insert, select, text
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from domain import jobs
from domain.errors import DeskhandError, RecordNotFound
from domain.events import Event, Kind
from domain.tables import Base, Owned

#: Actors that are no person.
CLOCK, WORKER, IMPORT, CONSOLE = "clock", "worker", "import", "console"

#: Without it each change of which columns are NULL starts another statement.
BULK = {"render_nulls": True}

_EVERYONE = "*"
_Row = TypeVar("_Row", bound=Owned)


class StoreUnavailable(DeskhandError):
    """The database can't be used as it is configured; says what to check."""


class Subject(Protocol):
    """A record that events are about."""

    @property
    def id(self) -> Any:
        """Its number."""


class Work:
    """One unit of work: a transaction for one merchant, at one moment, by one actor.

    What it records and enqueues is stored with everything else, or not at all.
    """

    def __init__(
        self, session: AsyncSession, merchant_id: int, now: datetime, actor: str, alerts: Alerts
    ) -> None:
        self.session = session
        self.merchant_id = merchant_id
        self.now = now
        self.actor = actor
        self._alerts = alerts
        self._events: list[dict[str, Any]] = []
        self._jobs: list[jobs.NewJob] = []
        self.enqueued = False

    def record(
        self,
        kind: Kind,
        subject: Subject,
        *,
        order_id: int | None,
        why: str | None = None,
        **data: Any,
    ) -> None:
        """Record what happened to a flushed `subject`; `data` must be JSON-encodable."""
        self._events.append(
            {
                "merchant_id": self.merchant_id,
                "kind": kind,
                "at": self.now,
                "actor": self.actor,
                "why": why,
                "subject": type(subject).__name__.lower(),
                "subject_id": subject.id,
                "order_id": order_id,
                "data": data,
            }
        )

    async def lock(self, table: type[_Row], record_id: int) -> _Row:
        """Return a row as it stands now, locked for a decision; raises `RecordNotFound`."""
        row = await self.session.scalar(
            select(table)
            .where(table.id == record_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if row is None:
            raise RecordNotFound(table.__name__.lower(), record_id)
        return row

    async def due(self, table: type[_Row], when: str, *, most: int) -> Sequence[_Row]:
        """Return locked rows whose time `when` has come, earliest first; it is cleared on them.

        Rows that another replica looks at are left to it.
        """
        column = getattr(table, when)
        found = await self.session.scalars(
            select(table)
            .where(column <= self.now)
            .order_by(column)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        rows = found.all()
        for row in rows:
            setattr(row, when, None)
        return rows

    def enqueue(self, job: jobs.NewJob) -> None:
        """Ask for a job once this work is committed."""
        self._jobs.append(job)

    async def insert(self, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert many rows of this merchant in one statement."""
        if rows:
            stamped = [{**row, "merchant_id": self.merchant_id} for row in rows]
            # The table itself: the ORM would look at each row again, for a fifth of the time.
            await self.session.execute(insert(cast("Table", table.__table__)), stamped)

    async def settle(self) -> None:
        """Write the recorded events, turn them into jobs, and write those."""
        if self._events:
            # Not add_all: it would have SQLite write one event a statement.
            stored = await self.session.scalars(
                insert(Event).returning(Event), self._events, execution_options=BULK
            )
            self._events.clear()
            self._jobs += await self._alerts(self.session, stored.all())
        if self._jobs:
            added = await jobs.add(self.session, self.merchant_id, self._jobs, self.now)
            self._jobs.clear()
            self.enqueued = self.enqueued or added


#: Says which jobs stored events call for.
Alerts = Callable[[AsyncSession, Sequence[Event]], Awaitable[Iterable[jobs.NewJob]]]


async def _silence(_session: AsyncSession, _events: Sequence[Event]) -> Iterable[jobs.NewJob]:
    return ()


class Store:
    """The database behind one URL.

    `alerts` turns events into jobs; `wake` is called after a commit that enqueued some.
    """

    def __init__(
        self,
        url: str,
        *,
        alerts: Alerts = _silence,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self.url = parse_url(url)
        self.alerts = alerts
        self.wake = wake
        self.engine = _engine(self.url)
        self._writer = self.engine.execution_options(deskhand_write=True)
        # Each statement of PostgreSQL's sees what was committed before it, by default.
        self._still = (
            self.engine
            if self.is_sqlite
            else self.engine.execution_options(isolation_level="REPEATABLE READ")
        )
        # SQLite has one writer, for which it polls: within one process taking turns is
        # quicker, fair, and keeps the connections of those who wait free for readers.
        self._turn = asyncio.Lock()

    @property
    def is_sqlite(self) -> bool:
        """Whether there is one file and one writer at a time."""
        return self.engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def read(self, merchant_id: int) -> AsyncGenerator[AsyncSession]:
        """Open a read-only look at one merchant's rows."""
        async with self._session(merchant_id, self.engine) as session:
            yield session

    @asynccontextmanager
    async def snapshot(self, merchant_id: int) -> AsyncGenerator[AsyncSession]:
        """Open a read-only look at one moment: what is written meanwhile does not show."""
        async with self._session(merchant_id, self._still) as session:
            yield session

    @asynccontextmanager
    async def write(self, merchant_id: int, *, now: datetime, actor: str) -> AsyncGenerator[Work]:
        """Open a unit of work; it commits at the end, or not at all if an error leaves it."""
        async with self._session(merchant_id, self._writer) as session:
            work = Work(session, merchant_id, now, actor, self.alerts)
            yield work
            await work.settle()
            await session.commit()
        if work.enqueued:
            self.wake()

    @asynccontextmanager
    async def across(self, *, write: bool = False) -> AsyncGenerator[AsyncSession]:
        """Open a session over every merchant: for the worker, the clock and migrations alone."""
        async with self._session(None, self._writer if write else self.engine) as session:
            yield session
            await session.commit()

    @asynccontextmanager
    async def _session(
        self, merchant_id: int | None, bind: AsyncEngine
    ) -> AsyncGenerator[AsyncSession]:
        async with (
            self._turn if bind is self._writer and self.is_sqlite else nullcontext(),
            AsyncSession(bind, expire_on_commit=False) as session,
        ):
            session.info["merchant_id"] = merchant_id
            yield session

    async def check(self) -> None:
        """Raise `StoreUnavailable` unless the database answers."""
        try:
            async with self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except Exception as error:
            raise StoreUnavailable(
                f"The database at {self.url.render_as_string()} can't be reached: "
                f"{_first_line(error)}. Check DATABASE_URL and that the server is up."
            ) from error

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def parse_url(url: str) -> URL:
    """Return the URL with its async driver; raises `StoreUnavailable` with what is accepted."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreUnavailable(
            "DATABASE_URL is not a database address. Use sqlite+aiosqlite:///deskhand.db "
            "or postgresql+asyncpg://user:password@host/name."
        ) from None
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    backend = "postgresql" if parsed.drivername == "postgres" else parsed.get_backend_name()
    if backend not in drivers:
        raise StoreUnavailable(
            f"DATABASE_URL names {backend}; Deskhand keeps its data in sqlite or postgresql."
        )
    return parsed.set(drivername=drivers[backend])


def _engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() == "postgresql":
        return create_async_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=10)
    engine = create_async_engine(url, connect_args={"timeout": 30})
    event.listen(engine.sync_engine, "connect", _sqlite_pragmas)
    event.listen(engine.sync_engine, "begin", _sqlite_begin)
    return engine


def _sqlite_pragmas(connection: Any, _record: Any) -> None:
    # The driver must not open transactions of its own: ours begin in _sqlite_begin.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    # A deferred read that turns into a write fails at once when another writer is ahead,
    # whatever the time-out: whoever means to write takes the lock first.
    write = connection.get_execution_options().get("deskhand_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@event.listens_for(Session, "after_begin")
def _tell_row_security(session: Session, _transaction: Any, connection: Connection) -> None:
    if connection.dialect.name == "postgresql" and "merchant_id" in session.info:
        merchant = session.info["merchant_id"]
        connection.execute(
            text("SELECT set_config('deskhand.merchant', :merchant, true)"),
            {"merchant": _EVERYONE if merchant is None else str(merchant)},
        )


@event.listens_for(Session, "do_orm_execute")
def _narrow_to_merchant(state: ORMExecuteState) -> None:
    merchant_id = state.session.info.get("merchant_id")
    if merchant_id is not None and (state.is_select or state.is_update or state.is_delete):
        state.statement = state.statement.options(
            with_loader_criteria(
                Owned,
                lambda owned: owned.merchant_id == merchant_id,
                include_aliases=True,
                propagate_to_loaders=True,
            )
        )


@event.listens_for(Session, "before_flush")
def _stamp_merchant(session: Session, _context: Any, _instances: Any) -> None:
    merchant_id = session.info.get("merchant_id")
    for row in session.new:
        if merchant_id is not None and isinstance(row, Owned):
            row.merchant_id = merchant_id


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
