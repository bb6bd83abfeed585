"""What goes wrong when orders are packed, and where they wait on their way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Float, Select, Subquery, case, cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import IS_PACKING_PROBLEM, Event, Kind
from domain.fulfilment.model import Problem
from domain.orders.model import Order
from domain.reports import Spread, spreads
from domain.shipping.model import Parcel, ParcelState
from domain.tables import seconds_between

#: SKUs that a report shows.
SHOWN = 10
#: What an order waits for, in turn, and from its confirmation until it leaves.
STEPS = ("picked", "packed", "shipped")
WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Trouble:
    """How often something was wrong, by what; `sku` is None where it was the whole box."""

    sku: str | None
    total: int
    counts: Mapping[Problem, int]


@dataclass(frozen=True, slots=True)
class PackingReport:
    """The packing problems since a moment, and how long the `orders` waited that left since then.

    `problems` are by kind, `skus` those with the most of them, of `skus_total`. `waits` has for
    each of `STEPS` the time from the one before, the first from the confirmation, and `WHOLE`.
    """

    days: int
    since: datetime
    total: int
    problems: Mapping[Problem, int]
    skus: tuple[Trouble, ...]
    skus_total: int
    orders: int
    waits: Mapping[str, Spread]

    @property
    def bottleneck(self) -> str | None:
        """The step that orders wait for longest, by the median; None while that can't be said."""
        known = [step for step in STEPS if step in self.waits]
        if len(known) < len(STEPS):
            return None
        return max(known, key=lambda step: self.waits[step].median)


async def report(session: AsyncSession, now: datetime, days: int) -> PackingReport:
    """Report on the orders that were packed and left in the last `days`."""
    since = now - timedelta(days=days)
    problems = await _problems(session, since)
    skus, skus_total = await _skus(session, since)
    orders, waits = await _waits(session, since, now)
    return PackingReport(
        days=days,
        since=since,
        total=sum(problems.values()),
        problems=problems,
        skus=skus,
        skus_total=skus_total,
        orders=orders,
        waits=waits,
    )


def _told(since: datetime) -> Subquery:
    """Return the problems since then, one row each."""
    return (
        select(
            Event.data["problem"].as_string().label("problem"),
            Event.data["sku"].as_string().label("sku"),
        )
        .where(IS_PACKING_PROBLEM, Event.at >= since)
        .subquery()
    )


async def _problems(session: AsyncSession, since: datetime) -> dict[Problem, int]:
    told = _told(since)
    found = await session.execute(
        select(told.c.problem, func.count()).group_by(told.c.problem).order_by(func.count().desc())
    )
    return {Problem(problem): count for problem, count in found}


async def _skus(session: AsyncSession, since: datetime) -> tuple[tuple[Trouble, ...], int]:
    """Return the SKUs with the most problems, and how many have any."""
    told = _told(since)
    kinds = [
        func.sum(case((told.c.problem == problem.value, 1), else_=0)).label(problem.name)
        for problem in Problem
    ]
    many = func.count().over()
    found = await session.execute(
        select(told.c.sku, func.count(), many, *kinds)
        .group_by(told.c.sku)
        .order_by(func.count().desc(), told.c.sku)
        .limit(SHOWN)
    )
    rows = found.all()
    skus = tuple(
        Trouble(sku, total, {one: int(n) for one, n in zip(Problem, counts, strict=True) if n})
        for sku, total, _, *counts in rows
    )
    return skus, rows[0][2] if rows else 0


async def _waits(
    session: AsyncSession, since: datetime, now: datetime
) -> tuple[int, dict[str, Spread]]:
    """Return how many orders began to leave since then, and how long the first of each waited."""
    left = _left(since, now)
    marks = _marks(left)
    before = {"picked": "confirmed", "packed": "picked", "shipped": "packed", WHOLE: "confirmed"}
    spans = [
        _span(session, step, marks.c[start], marks.c["shipped" if step == WHOLE else step])
        for step, start in before.items()
    ]
    orders = await session.scalar(select(func.count()).select_from(left))
    return orders or 0, await spreads(session, *spans)


def _left(since: datetime, now: datetime) -> Subquery:
    """Return the orders whose first parcel left since then, and when."""
    lately = select(Parcel.order_id).where(
        Parcel.return_id.is_(None), Parcel.shipped_at >= since, Parcel.shipped_at <= now
    )
    first = func.min(Parcel.shipped_at)
    return (
        select(Parcel.order_id, first.label("shipped"))
        .where(
            Parcel.order_id.in_(lately),
            Parcel.return_id.is_(None),
            Parcel.state != ParcelState.CANCELLED,
        )
        .group_by(Parcel.order_id)
        .having(first >= since)
        .subquery()
    )


def _marks(left: Subquery) -> Subquery:
    """Return when these orders were confirmed, and the first of each picked, packed and shipped."""
    first = {
        name: func.min(case((Event.kind == kind, Event.at))).label(name)
        for name, kind in (("picked", Kind.ORDER_PICKED), ("packed", Kind.ORDER_PACKED))
    }
    done = (
        select(Event.order_id, *first.values())
        .where(
            Event.order_id.in_(select(left.c.order_id)),
            Event.kind.in_([Kind.ORDER_PICKED, Kind.ORDER_PACKED]),
        )
        .group_by(Event.order_id)
        .subquery()
    )
    # What came in confirmed waits since then.
    confirmed = func.coalesce(Order.confirmed_at, Order.received_at).label("confirmed")
    return (
        select(confirmed, done.c.picked, done.c.packed, left.c.shipped)
        .select_from(left)
        .join(Order, Order.id == left.c.order_id)
        .outerjoin(done, done.c.order_id == left.c.order_id)
        .subquery()
    )


def _span(session: AsyncSession, what: str, start: Any, end: Any) -> Select[Any]:
    return select(
        literal(what).label("what"),
        cast(seconds_between(session, start, end), Float).label("seconds"),
    ).where(start.is_not(None), end >= start)
