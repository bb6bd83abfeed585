"""The job table: a transactional outbox that any replica may work off.

A job is written in the transaction of the fact that calls for it. Workers claim due
jobs under a lease; the lease's token fences off a worker that comes back late. Jobs of
one `lane` (a channel) run one at a time and no faster than the lane's pace.

Delivery is at least once: a handler of a job must be safe to run again with the same key.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Index,
    TextClause,
    UniqueConstraint,
    and_,
    func,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from domain.tables import Base, Owned, upsert

#: The channel on which PostgreSQL tells every replica that there is new work.
NOTICE = "deskhand_jobs"
LEASE = timedelta(seconds=60)
#: With the back-off below, the eighth attempt comes about twenty minutes after the first.
MAX_ATTEMPTS = 8
_FIRST_RETRY = timedelta(seconds=5)
_LONGEST_RETRY = timedelta(minutes=15)


_OPEN = text("finished_at IS NULL")
_HELD = text("lease_until IS NOT NULL")
_DEAD = text("state = 'dead'")
_WAITING = text("waits_as IS NOT NULL")


def _partial(name: str, rows: TextClause, *columns: str, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=rows, postgresql_where=rows)


class State(StrEnum):
    """Where a job stands; `dead` is parked until a person retries it."""

    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


class Job(Owned, Base):
    """Something to do outside the database, at `due_at` or later.

    `key` is unique for the merchant and goes to the other side as idempotency key. Of jobs
    that wait under one name, `waits_as`, there is one; whoever claims it gives the name free.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("merchant_id", "key"),
        # Done jobs pile up and are never claimed again: no index that a claim uses holds them.
        _partial("ix_jobs_open", _OPEN, "due_at", "id"),
        _partial("ix_jobs_open_lane", _OPEN, "merchant_id", "lane", "id"),
        _partial("ix_jobs_held_lane", _HELD, "merchant_id", "lane"),
        _partial("ix_jobs_dead", _DEAD, "id"),
        _partial("ix_jobs_waiting", _WAITING, "merchant_id", "waits_as", unique=True),
    )

    key: Mapped[str]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    lane: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=State.READY)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[str | None]
    last_error: Mapped[str | None]
    waits_as: Mapped[str | None]


class Lane(Owned, Base):
    """When a lane may next be used; written after each use, read at each claim."""

    __tablename__ = "lanes"
    __table_args__ = (UniqueConstraint("merchant_id", "name"),)

    name: Mapped[str]
    free_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to enqueue; `lane` names the channel whose pace it must keep.

    While one waits under the name `waits_as`, that one does for this, too.
    """

    key: str
    kind: str
    payload: dict[str, Any] = field(default_factory=dict)
    lane: str | None = None
    due_at: datetime | None = None
    waits_as: str | None = None


def retry_delay(attempts: int) -> timedelta:
    """Return an exponential back-off with full jitter on its upper half."""
    longest = min(_FIRST_RETRY * 2.0 ** (attempts - 1), _LONGEST_RETRY)
    return longest * random.uniform(0.5, 1)  # noqa: S311 — jitter, not a secret


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this worker holds for `LEASE`; `token` proves it.

    `repeated` tells that an earlier attempt may have reached the other side.
    """

    id: int
    merchant_id: int
    key: str
    kind: str
    payload: dict[str, Any]
    lane: str | None
    created_at: datetime
    attempts: int
    repeated: bool
    token: str

    @classmethod
    def of(cls, job: Job, token: str) -> Claim:
        """Make a claim of a job that this token holds."""
        return cls(
            id=job.id,
            merchant_id=job.merchant_id,
            key=job.key,
            kind=job.kind,
            payload=job.payload,
            lane=job.lane,
            created_at=job.created_at,
            attempts=job.attempts,
            repeated=job.attempts > 1 or job.last_error is not None,
            token=token,
        )


async def add(
    session: AsyncSession, merchant_id: int, jobs: Sequence[NewJob], now: datetime
) -> bool:
    """Enqueue; a key that the merchant already has is left as it stands.

    Returns False if all of them have one that waits for the same already, as far as is known.
    """
    rows = [
        {
            "merchant_id": merchant_id,
            "key": job.key,
            "kind": job.kind,
            "payload": job.payload,
            "lane": job.lane,
            "state": State.READY,
            "due_at": job.due_at or now,
            "created_at": now,
            "attempts": 0,
            "waits_as": job.waits_as,
        }
        for job in jobs
    ]
    usual = [row for row in rows if row["waits_as"] is None]
    if usual:
        await session.execute(
            upsert(session, Job).on_conflict_do_nothing(index_elements=["merchant_id", "key"]),
            usual,
        )
    if not await _add_waiting(session, rows) and not usual:
        return False
    await _announce(session)
    return True


async def _add_waiting(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> bool:
    """Enqueue those that wait under a name, unless one does; returns whether any may be new."""
    waiting = {row["waits_as"]: row for row in reversed(rows) if row["waits_as"] is not None}
    if not waiting:
        return False
    statement = upsert(session, Job)
    same: Any = {"index_elements": ["merchant_id", "waits_as"], "index_where": _WAITING}
    # In one order everywhere, as each holds what it finds.
    ordered = [waiting[name] for name in sorted(waiting)]
    if session.get_bind().dialect.name != "postgresql":
        added = await session.scalars(
            statement.on_conflict_do_nothing(**same).returning(Job.id), ordered
        )
        return bool(added.all())
    # Whoever claims the one that waits has to see what this transaction did: it is held, so
    # that it can't be claimed, and have looked, before the commit.
    held = statement.on_conflict_do_update(**same, set_={"waits_as": statement.excluded.waits_as})
    await session.execute(held, ordered)
    return True


async def claim(
    session: AsyncSession, now: datetime, *, most: int, kinds: Collection[str] = ()
) -> list[Claim]:
    """Take up to `most` due jobs of any merchant, at most one a lane, oldest first.

    A job whose lease ran out counts as due: its worker is gone. `kinds` narrows it.
    """
    other = aliased(Job)
    earlier = (
        select(other.id)
        .where(other.merchant_id == Job.merchant_id, other.lane == Job.lane)
        .where(_is_due(other, now), other.id < Job.id)
        .exists()
    )
    due = (
        select(Job.id, Job.merchant_id, Job.lane)
        .where(_is_due(Job, now))
        .where(or_(Job.lane.is_(None), and_(_lane_is_free(now), ~earlier)))
        .order_by(Job.due_at, Job.id)
        .limit(most)
        .with_for_update(skip_locked=True, of=Job)
    )
    if kinds:
        due = due.where(Job.kind.in_(kinds))
    ids = await _with_lane((await session.execute(due)).all(), session)
    if not ids:
        return []
    token = secrets.token_hex(8)
    taken = await session.scalars(
        update(Job)
        .where(Job.id.in_(ids))
        .where(or_(Job.lane.is_(None), _lane_is_free(now)))
        .values(
            state=State.RUNNING,
            lease_until=now + LEASE,
            lease_token=token,
            attempts=Job.attempts + 1,
            waits_as=None,
        )
        .returning(Job)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return sorted((Claim.of(job, token) for job in taken), key=lambda one: one.id)


async def finish(session: AsyncSession, claims: Collection[Claim], now: datetime) -> set[int]:
    """Mark as done; returns the ids of those that no other worker holds by now."""
    held = [(claim.id, claim.token) for claim in claims]
    done = await session.scalars(
        update(Job)
        # SQLite would not look pairs up by the primary key alone.
        .where(Job.id.in_([claim.id for claim in claims]))
        .where(tuple_(Job.id, Job.lease_token).in_(held))
        .values(
            state=State.DONE,
            finished_at=now,
            last_error=None,
            lease_until=None,
            lease_token=None,
        )
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    return set(done)


async def fail(
    session: AsyncSession, claim: Claim, now: datetime, error: str, *, final: bool = False
) -> State | None:
    """Put the job back for a later attempt, or park it as dead.

    Returns which, None if another worker holds the job by now.
    """
    dead = final or claim.attempts >= MAX_ATTEMPTS
    state = State.DEAD if dead else State.READY
    held = await _release(
        session,
        claim,
        state=state,
        due_at=now if dead else now + retry_delay(claim.attempts),
        finished_at=now if dead else None,
        last_error=error[:2000],
    )
    return state if held else None


async def postpone(session: AsyncSession, claim: Claim, until: datetime) -> bool:
    """Put the job back without counting the attempt: it was asked to wait, not refused."""
    return await _release(
        session, claim, state=State.READY, due_at=until, attempts=claim.attempts - 1
    )


async def put_back(session: AsyncSession, claim: Claim, now: datetime) -> bool:
    """Give up the lease of a job that was cut off, for any worker to take it at once.

    The attempt counts, so that the next one knows that there was one.
    """
    return await _release(session, claim, state=State.READY, due_at=now)


async def rest(session: AsyncSession, merchant_id: int, lane: str, until: datetime) -> None:
    """Keep every job of the lane from running before `until`."""
    statement = upsert(session, Lane).values(merchant_id=merchant_id, name=lane, free_at=until)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["merchant_id", "name"], set_={"free_at": statement.excluded.free_at}
        )
    )


async def next_due(session: AsyncSession, now: datetime) -> datetime | None:
    """Return the first moment after `now` at which a job is due or a lane is free again."""
    moments = await session.execute(
        select(
            select(func.min(Job.due_at))
            .where(Job.finished_at.is_(None), Job.due_at > now)
            .scalar_subquery(),
            select(func.min(Lane.free_at)).where(Lane.free_at > now).scalar_subquery(),
        )
    )
    return min((moment for moment in moments.one() if moment is not None), default=None)


async def counts(session: AsyncSession) -> dict[str, int]:
    """Return how many jobs are ready, running and dead; the done ones have no end."""
    rows = await session.execute(
        select(Job.state, func.count()).where(Job.finished_at.is_(None)).group_by(Job.state)
    )
    parked = await session.scalar(select(func.count()).select_from(Job).where(_DEAD)) or 0
    return {**dict(rows.all()), **({State.DEAD: parked} if parked else {})}


async def dead(session: AsyncSession, *, most: int = 50) -> Sequence[Job]:
    """Return the parked jobs, latest first."""
    found = await session.scalars(select(Job).where(_DEAD).order_by(Job.id.desc()).limit(most))
    return found.all()


async def revive(
    session: AsyncSession, now: datetime, job_id: int | None = None, *, lane: str | None = None
) -> int:
    """Give one dead job, a lane's, or all of them, fresh attempts; returns how many."""
    statement = update(Job).where(_DEAD)
    if job_id is not None:
        statement = statement.where(Job.id == job_id)
    if lane is not None:
        statement = statement.where(Job.lane == lane)
    done = await session.execute(
        statement.values(state=State.READY, due_at=now, attempts=0, finished_at=None).returning(
            Job.id
        )
    )
    await _announce(session)
    return len(done.all())


def _is_due(job: type[Job], now: datetime) -> ColumnElement[bool]:
    # A running job was due when it was claimed, so `due_at` narrows both kinds.
    return and_(
        job.finished_at.is_(None),
        job.due_at <= now,
        or_(job.state == State.READY, job.lease_until < now),
    )


def _lane_is_free(now: datetime) -> ColumnElement[bool]:
    other = aliased(Job)
    taken = (
        select(other.id)
        .where(other.merchant_id == Job.merchant_id, other.lane == Job.lane)
        .where(other.lease_until >= now)
        .exists()
    )
    resting = (
        select(Lane.id)
        .where(Lane.merchant_id == Job.merchant_id, Lane.name == Job.lane, Lane.free_at > now)
        .exists()
    )
    return and_(~resting, ~taken)


async def _with_lane(
    found: Sequence[tuple[int, int, str | None]], session: AsyncSession
) -> list[int]:
    """Return the jobs whose lane no other claim has in its hands at this moment.

    On PostgreSQL two claims at once may each see a free lane and a different job of it. Each
    takes the lane's lock first and looks again after; the lock ends with the transaction.
    """
    if session.get_bind().dialect.name != "postgresql":
        return [job_id for job_id, _, _ in found]
    return [
        job_id
        for job_id, merchant_id, lane in found
        if lane is None
        or await session.scalar(
            select(
                func.pg_try_advisory_xact_lock(
                    func.hashtextextended(f"{NOTICE}:{merchant_id}:{lane}", 0)
                )
            )
        )
    ]


async def _announce(session: AsyncSession) -> None:
    """Let PostgreSQL wake every replica's worker when this transaction commits."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_notify(NOTICE, "")))


async def _release(session: AsyncSession, claim: Claim, **values: Any) -> bool:
    result = await session.execute(
        update(Job)
        .where(Job.id == claim.id, Job.lease_token == claim.token)
        .values(lease_until=None, lease_token=None, **values)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", result).rowcount == 1
