"""What can be asked of payouts: one settlement, and what some days of them came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import merchants
from domain.errors import RecordNotFound
from domain.money import Money
from domain.orders.model import Order, State
from domain.payouts import fees
from domain.payouts.differences import Difference, sum_of
from domain.payouts.model import LineKind, PayoutLine, Settlement

#: What a report shows one by one, the worst first.
SHOWN = 5
#: Orders that were completed longer ago than this are not asked after any more.
_ASKED_AFTER = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class SettlementCard:
    """A settlement, and in what it differs; only so many `differences` are kept."""

    settlement: Settlement
    differences: tuple[Difference, ...]

    @property
    def total(self) -> Money | None:
        """What the provider says it paid."""
        minor = self.settlement.total
        return None if minor is None else Money(minor, self.settlement.currency)


@dataclass(frozen=True, slots=True)
class Sums:
    """What one provider's settlements in one currency came to, by kind, and in all."""

    provider: str
    settlements: int
    orders: int
    kinds: dict[str, Money]
    total: Money


@dataclass(frozen=True, slots=True)
class Unpaid:
    """An order that was completed a while ago, and that no settlement tells of."""

    order_id: int
    number: str
    channel: str
    captured: Money
    completed_at: datetime


@dataclass(frozen=True, slots=True)
class PayoutReport:
    """The settlements that ended since a moment, in what they differ, and what is unpaid now.

    `worst` are the differences that come to most, each with its provider.
    `unchecked` are the channels whose fee is not set, so that theirs is taken as it is.
    """

    days: int
    since: datetime
    sums: tuple[Sums, ...]
    differing: int
    worst: tuple[tuple[str, Difference], ...]
    unpaid: tuple[Unpaid, ...]
    unpaid_total: int
    unchecked: tuple[str, ...]


async def card(session: AsyncSession, settlement_id: int) -> SettlementCard:
    """Read a settlement; raises `RecordNotFound`."""
    settlement = await session.get(Settlement, settlement_id)
    if settlement is None:
        raise RecordNotFound("settlement", settlement_id)
    return SettlementCard(settlement, tuple(map(Difference.of, settlement.differences)))


async def report(session: AsyncSession, now: datetime, days: int) -> PayoutReport:
    """Report on the settlements that ended in the last `days`."""
    since = now - timedelta(days=days)
    settlements = (
        await session.scalars(select(Settlement).where(Settlement.ended_at >= since))
    ).all()
    settings = await merchants.settings(session)
    told = [
        (one.provider, Difference.of(stored)) for one in settlements for stored in one.differences
    ]
    unpaid, unpaid_total = await _unpaid(session, now, settings["payout.due_days"])
    return PayoutReport(
        days=days,
        since=since,
        sums=await _sums(session, since),
        differing=sum(one.differing for one in settlements),
        worst=tuple(sorted(told, key=lambda one: -one[1].size)[:SHOWN]),
        unpaid=unpaid,
        unpaid_total=unpaid_total,
        unchecked=tuple(
            sorted(
                {
                    one.provider
                    for one in settlements
                    if fees.of(settings["payout.fees"], one.provider) is None
                }
            )
        ),
    )


async def _sums(session: AsyncSession, since: datetime) -> tuple[Sums, ...]:
    found = await session.execute(
        select(
            Settlement.provider,
            PayoutLine.currency,
            func.count(Settlement.id.distinct()),
            func.count(PayoutLine.payment.distinct()),
            func.sum(PayoutLine.amount),
            *(sum_of(kind) for kind in LineKind),
        )
        .join(PayoutLine, PayoutLine.settlement_id == Settlement.id)
        .where(Settlement.ended_at >= since)
        .group_by(Settlement.provider, PayoutLine.currency)
        .order_by(Settlement.provider, PayoutLine.currency)
    )
    return tuple(
        Sums(
            provider,
            settlements,
            orders,
            {
                kind.value: Money(int(minor), currency)
                for kind, minor in zip(LineKind, kinds, strict=True)
                if minor
            },
            Money(int(total), currency),
        )
        for provider, currency, settlements, orders, total, *kinds in found
    )


async def _unpaid(
    session: AsyncSession, now: datetime, due_days: int
) -> tuple[tuple[Unpaid, ...], int]:
    """Return the longest unpaid orders of providers that told of a settlement since, and how many."""
    told = exists(Settlement.id).where(
        Settlement.provider == Order.payment_provider, Settlement.ended_at > Order.completed_at
    )
    paid = exists(PayoutLine.id).where(PayoutLine.order_id == Order.id)
    is_unpaid: Sequence[ColumnElement[bool]] = (
        Order.state == State.COMPLETED,
        Order.captured > 0,
        Order.completed_at >= now - _ASKED_AFTER,
        Order.completed_at <= now - timedelta(days=due_days),
        told,
        ~paid,
    )
    total = await session.scalar(select(func.count(Order.id)).where(*is_unpaid)) or 0
    found = await session.scalars(
        select(Order).where(*is_unpaid).order_by(Order.completed_at, Order.id).limit(SHOWN)
    )
    return tuple(_unpaid_order(order) for order in found), total


def _unpaid_order(order: Order) -> Unpaid:
    captured = Money(order.captured or 0, order.currency)
    completed_at = order.completed_at or order.received_at
    return Unpaid(order.id, order.number, order.channel, captured, completed_at)
