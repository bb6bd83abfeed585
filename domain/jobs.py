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
from typing import Any

from sqlalchemy import ColumnElement, Index, UniqueConstraint, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from domain.tables import Base, Owned, upsert

LEASE = timedelta(seconds=60)
#: With the back-off below, the eighth attempt comes about twenty minutes after the first.
MAX_ATTEMPTS = 8
_FIRST_RETRY = timedelta(seconds=5)
_LONGEST_RETRY = timedelta(minutes=15)


class State(StrEnum):
    """Where a job stands; `dead` is parked until a person retries it."""

    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


class Job(Owned, Base):
    """Something to do outside the database, at `due_at` or later.

    `key` is unique for the merchant and goes to the other side as idempotency key.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("merchant_id", "key"),
        Index(None, "state", "due_at", "id"),
        Index("ix_jobs_running_lane", "merchant_id", "lane", "state"),
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


class Lane(Owned, Base):
    """When a lane may next be used; written after each use, read at each claim."""

    __tablename__ = "lanes"
    __table_args__ = (UniqueConstraint("merchant_id", "name"),)

    name: Mapped[str]
    free_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to enqueue; `lane` names the channel whose pace it must keep."""

    key: str
    kind: str
    payload: dict[str, Any] = field(default_factory=dict)
    lane: str | None = None
    due_at: datetime | None = None


def retry_delay(attempts: int) -> timedelta:
    """Return an exponential back-off with full jitter on its upper half."""
    longest = min(_FIRST_RETRY * 2.0 ** (attempts - 1), _LONGEST_RETRY)
    return longest * random.uniform(0.5, 1)  # noqa: S311 — jitter, not a secret


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this worker holds until `lease_until`; `token` proves it."""

    id: int
    merchant_id: int
    key: str
    kind: str
    payload: dict[str, Any]
    lane: str | None
    attempts: int
    token: str

    @classmethod
    def of(cls, job: Job, token: str) -> Claim:
        """Make a claim of a job that this token holds."""
        return cls(
            job.id,
            job.merchant_id,
            job.key,
            job.kind,
            job.payload,
            job.lane,
            job.attempts,
            token,
        )


async def add(
    session: AsyncSession, merchant_id: int, jobs: Sequence[NewJob], now: datetime
) -> None:
    """Enqueue; a key that the merchant already has is left as it stands."""
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
        }
        for job in jobs
    ]
    await session.execute(
        upsert(session, Job).on_conflict_do_nothing(index_elements=["merchant_id", "key"]), rows
    )


async def claim(
    session: AsyncSession, now: datetime, *, most: int, kinds: Collection[str] = ()
) -> list[Claim]:
    """Take up to `most` due jobs of any merchant, at most one a lane, oldest first.

    A job whose lease ran out counts as due: its worker is gone. `kinds` narrows it.
    """
    other = aliased(Job)
    held = and_(other.state == State.RUNNING, other.lease_until >= now)
    earlier = and_(_is_due(other, now), other.id < Job.id)
    lane_taken = (
        select(other.id)
        .where(other.merchant_id == Job.merchant_id, other.lane == Job.lane)
        .where(or_(held, earlier))
        .exists()
    )
    lane_resting = (
        select(Lane.id)
        .where(Lane.merchant_id == Job.merchant_id, Lane.name == Job.lane, Lane.free_at > now)
        .exists()
    )
    due = (
        select(Job.id)
        .where(_is_due(Job, now))
        .where(or_(Job.lane.is_(None), and_(~lane_taken, ~lane_resting)))
        .order_by(Job.due_at, Job.id)
        .limit(most)
        .with_for_update(skip_locked=True, of=Job)
    )
    if kinds:
        due = due.where(Job.kind.in_(kinds))
    ids = (await session.scalars(due)).all()
    if not ids:
        return []
    token = secrets.token_hex(8)
    taken = await session.scalars(
        update(Job)
        .where(Job.id.in_(ids))
        .values(
            state=State.RUNNING,
            lease_until=now + LEASE,
            lease_token=token,
            attempts=Job.attempts + 1,
        )
        .returning(Job)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return sorted((Claim.of(job, token) for job in taken), key=lambda one: one.id)


async def finish(session: AsyncSession, claim: Claim, now: datetime) -> None:
    """Mark as done, unless another worker holds the job by now."""
    await _release(session, claim, state=State.DONE, finished_at=now, last_error=None)


async def fail(
    session: AsyncSession, claim: Claim, now: datetime, error: str, *, final: bool = False
) -> State:
    """Put the job back for a later attempt, or park it as dead; returns which."""
    dead = final or claim.attempts >= MAX_ATTEMPTS
    state = State.DEAD if dead else State.READY
    await _release(
        session,
        claim,
        state=state,
        due_at=now if dead else now + retry_delay(claim.attempts),
        finished_at=now if dead else None,
        last_error=error[:2000],
    )
    return state


async def postpone(session: AsyncSession, claim: Claim, until: datetime) -> None:
    """Put the job back without counting the attempt: it was asked to wait, not refused."""
    await _release(session, claim, state=State.READY, due_at=until, attempts=claim.attempts - 1)


async def rest(session: AsyncSession, merchant_id: int, lane: str, until: datetime) -> None:
    """Keep every job of the lane from running before `until`."""
    statement = upsert(session, Lane).values(merchant_id=merchant_id, name=lane, free_at=until)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["merchant_id", "name"], set_={"free_at": statement.excluded.free_at}
        )
    )


async def next_due(session: AsyncSession) -> datetime | None:
    """Return when the earliest waiting job is due, lanes aside."""
    return await session.scalar(select(func.min(Job.due_at)).where(Job.state == State.READY))


async def counts(session: AsyncSession) -> dict[str, int]:
    """Return how many jobs there are in each state."""
    rows = await session.execute(select(Job.state, func.count()).group_by(Job.state))
    return dict(rows.tuples().all())


async def dead(session: AsyncSession, *, most: int = 50) -> Sequence[Job]:
    """Return the parked jobs, latest first."""
    found = await session.scalars(
        select(Job).where(Job.state == State.DEAD).order_by(Job.id.desc()).limit(most)
    )
    return found.all()


async def revive(session: AsyncSession, now: datetime, job_id: int | None = None) -> int:
    """Give one dead job, or all of them, a fresh set of attempts; returns how many."""
    statement = update(Job).where(Job.state == State.DEAD)
    if job_id is not None:
        statement = statement.where(Job.id == job_id)
    done = await session.execute(
        statement.values(state=State.READY, due_at=now, attempts=0, finished_at=None).returning(
            Job.id
        )
    )
    return len(done.all())


def _is_due(job: type[Job], now: datetime) -> ColumnElement[bool]:
    waiting = and_(job.state == State.READY, job.due_at <= now)
    abandoned = and_(job.state == State.RUNNING, job.lease_until < now)
    return or_(waiting, abandoned)


async def _release(session: AsyncSession, claim: Claim, **values: Any) -> None:
    await session.execute(
        update(Job)
        .where(Job.id == claim.id, Job.lease_token == claim.token)
        .values(lease_until=None, lease_token=None, **values)
        .execution_options(synchronize_session=False)
    )
