"""Reports: what some days came to, counted by the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Row,
    Select,
    case,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from domain.money import Money
from domain.refunds import queries, reconciliation
from domain.refunds.model import Approval, Refund, State
from domain.refunds.reconciliation import ReconciliationCard
from domain.tables import seconds_between

#: Waiting refunds that a report shows one by one.
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Slice:
    """Refunds that have something in common: how many, and their sums, one a currency."""

    name: str | None
    count: int
    sums: tuple[Money, ...]

    @property
    def pair(self) -> tuple[str, int]:
        """Name and number, for a chart."""
        return (self.name or "").replace("_", " ").capitalize(), self.count


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took, in seconds: half of the `count` times, and nine of ten."""

    count: int
    median: float
    p90: float


@dataclass(frozen=True, slots=True)
class Decider:
    """How many refunds a member approved (one of two counts as well) and declined."""

    member_id: str
    approved: int
    declined: int

    @property
    def decided(self) -> int:
        """How many in all."""
        return self.approved + self.declined


@dataclass(frozen=True, slots=True)
class RefundReport:
    """The refunds asked for since a moment, and what waits and differs now.

    `approval` has how many approvers the policy wanted (0, 1, 2), and None for what was made
    at the provider. `decision` is from request to a person's decision, `payment` from there.
    """

    days: int
    since: datetime
    total: Slice
    states: tuple[Slice, ...]
    reasons: tuple[Slice, ...]
    providers: tuple[Slice, ...]
    approval: tuple[Slice, ...]
    decision: Spread | None
    payment: Spread | None
    deciders: tuple[Decider, ...]
    waiting: Sequence[Refund]
    waiting_total: int
    reconciliations: Sequence[ReconciliationCard]

    @property
    def paid(self) -> Slice | None:
        """Those that are paid."""
        return next((one for one in self.states if one.name == State.SUCCEEDED), None)


async def refunds(session: AsyncSession, now: datetime, days: int) -> RefundReport:
    """Report on the refunds that were asked for in the last `days`."""
    since = now - timedelta(days=days)
    groups = await _groups(session, since)
    spreads = await _spreads(session, since)
    waiting, waiting_total = await queries.waiting(session, most=SHOWN)
    order = [*State]
    return RefundReport(
        days=days,
        since=since,
        total=_slice(None, groups),
        states=tuple(
            sorted(_cut(groups, lambda group: group.state), key=lambda one: order.index(one.name))
        ),
        reasons=_ranked(groups, lambda group: group.reason),
        providers=_ranked([one for one in groups if one.provider], lambda group: group.provider),
        approval=tuple(
            sorted(_cut(groups, lambda group: group.approvers), key=lambda one: one.name or "9")
        ),
        decision=spreads.get("decision"),
        payment=spreads.get("payment"),
        deciders=await _deciders(session, since),
        waiting=waiting,
        waiting_total=waiting_total,
        reconciliations=await reconciliation.latest(session),
    )


async def _groups(session: AsyncSession, since: datetime) -> Sequence[Row[Any]]:
    """Return count and sum of every combination that there is: some dozens of rows."""
    elsewhere = Refund.requested_by == Refund.provider
    approvers = case((elsewhere, None), else_=Refund.approvers_needed)
    keys = (Refund.state, Refund.reason, Refund.provider, approvers, Refund.currency)
    found = await session.execute(
        select(
            Refund.state,
            Refund.reason,
            Refund.provider,
            approvers.label("approvers"),
            Refund.currency,
            func.count().label("number"),
            func.sum(Refund.amount).label("total"),
        )
        .where(Refund.requested_at >= since)
        .group_by(*keys)
    )
    return found.all()


def _cut(groups: Sequence[Row[Any]], by: Callable[[Row[Any]], Any]) -> list[Slice]:
    parts: dict[Any, list[Row[Any]]] = defaultdict(list)
    for group in groups:
        parts[by(group)].append(group)
    return [_slice(name, part) for name, part in parts.items()]


def _ranked(groups: Sequence[Row[Any]], by: Callable[[Row[Any]], Any]) -> tuple[Slice, ...]:
    return tuple(sorted(_cut(groups, by), key=lambda one: (-one.count, one.name or "")))


def _slice(name: Any, groups: Sequence[Row[Any]]) -> Slice:
    sums: dict[str, int] = defaultdict(int)
    for group in groups:
        sums[group.currency] += int(group.total)
    return Slice(
        None if name is None else str(name),
        sum(group.number for group in groups),
        tuple(Money(minor, currency) for currency, minor in sorted(sums.items())),
    )


async def _spreads(session: AsyncSession, since: datetime) -> dict[str, Spread]:
    decided = Refund.approvers_needed > 0, Refund.state.not_in((State.EXPIRED, State.WITHDRAWN))
    return await spreads(
        session,
        _spans(session, "decision", Refund.requested_at, Refund.decided_at, since).where(*decided),
        _spans(session, "payment", Refund.decided_at, Refund.settled_at, since).where(
            Refund.state == State.SUCCEEDED
        ),
    )


async def spreads(session: AsyncSession, *times: Select[Any]) -> dict[str, Spread]:
    """Return median and ninetieth percentile by nearest rank, which both databases can count.

    Each of `times` selects `what` took so many `seconds`, which is what they are returned by.
    """
    spans = union_all(*times).subquery()
    ranked = select(
        spans.c.what,
        spans.c.seconds,
        func.row_number().over(partition_by=spans.c.what, order_by=spans.c.seconds).label("rank"),
        func.count().over(partition_by=spans.c.what).label("number"),
    ).subquery()
    median, p90 = (ranked.c.number + 1) // 2, (ranked.c.number * 9 + 9) // 10
    found = await session.execute(
        select(
            ranked.c.what,
            func.max(ranked.c.number),
            func.min(ranked.c.seconds),
            func.max(ranked.c.seconds),
        )
        .where((ranked.c.rank == median) | (ranked.c.rank == p90))
        .group_by(ranked.c.what)
    )
    return {what: Spread(number, low, high) for what, number, low, high in found}


def _spans(session: AsyncSession, what: str, start: Any, end: Any, since: datetime) -> Select[Any]:
    return select(
        literal(what).label("what"),
        cast(seconds_between(session, start, end), Float).label("seconds"),
    ).where(Refund.requested_at >= since, start.is_not(None), end.is_not(None))


async def _deciders(session: AsyncSession, since: datetime) -> tuple[Decider, ...]:
    """Return who decided, the most first."""
    approved = (
        select(Approval.member_id.label("member_id"), _number(1), _number(0, "declined"))
        .join(Refund, Refund.id == Approval.refund_id)
        .where(Refund.requested_at >= since)
    )
    declined = select(Refund.decided_by, _number(0), _number(1, "declined")).where(
        Refund.requested_at >= since,
        Refund.state == State.DECLINED,
        Refund.decided_by.is_not(None),
    )
    decisions = union_all(approved, declined).subquery()
    found = await session.execute(
        select(
            decisions.c.member_id,
            func.sum(decisions.c.approved),
            func.sum(decisions.c.declined),
        ).group_by(decisions.c.member_id)
    )
    deciders = [Decider(member, int(yes), int(no)) for member, yes, no in found]
    return tuple(sorted(deciders, key=lambda one: (-one.decided, one.member_id)))


def _number(value: int, name: str = "approved") -> ColumnElement[int]:
    return literal(value).label(name)
