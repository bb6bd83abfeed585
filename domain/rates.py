"""How often a partner may be asked: token buckets that all replicas draw from.

A partner fills a bucket at a steady rate up to its burst, and each request takes a token. Ours
are filled by the same figures: whoever draws does so in a short transaction of its own, under
the bucket's lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.store import Work
from domain.tables import Base, Owned, upsert


@dataclass(frozen=True, slots=True)
class Limit:
    """What a partner publishes of one operation: requests a second, and how many at once."""

    name: str
    rate: float
    burst: int


class Bucket(Owned, Base):
    """The tokens of one operation as of `filled_at`; `rate` is what the partner said last."""

    __tablename__ = "buckets"
    __table_args__ = (UniqueConstraint("merchant_id", "name"),)

    name: Mapped[str]
    tokens: Mapped[float]
    filled_at: Mapped[datetime]
    rate: Mapped[float | None] = mapped_column(default=None)


async def draw(work: Work, limit: Limit) -> timedelta | None:
    """Take a token; returns how long it takes until there is one, None when it was taken."""
    bucket = await _filled(work, limit)
    if bucket.tokens >= 1:
        bucket.tokens -= 1
        return None
    return timedelta(seconds=(1 - bucket.tokens) / (bucket.rate or limit.rate))


async def empty(work: Work, limit: Limit) -> timedelta:
    """Learn that the partner's bucket is empty; returns how long to wait."""
    bucket = await _filled(work, limit)
    bucket.tokens = 0
    return timedelta(seconds=1 / (bucket.rate or limit.rate))


async def learn(work: Work, limit: Limit, rate: float) -> None:
    """Take the rate that the partner says in an answer for the one that it publishes."""
    bucket = await _filled(work, limit)
    bucket.rate = rate


async def _filled(work: Work, limit: Limit) -> Bucket:
    await work.session.execute(
        upsert(work.session, Bucket)
        .values(
            merchant_id=work.merchant_id,
            name=limit.name,
            tokens=float(limit.burst),
            filled_at=work.now,
        )
        .on_conflict_do_nothing(index_elements=["merchant_id", "name"])
    )
    bucket = (
        await work.session.scalars(
            select(Bucket)
            .where(Bucket.name == limit.name)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).one()
    # Clocks of replicas differ: one that is behind must not fill it twice.
    passed = (work.now - bucket.filled_at).total_seconds()
    if passed > 0:
        rate = bucket.rate or limit.rate
        bucket.tokens = min(bucket.tokens + passed * rate, float(limit.burst))
        bucket.filled_at = work.now
    return bucket
