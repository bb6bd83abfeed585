"""How many parcels reached their buyers by the day that was promised."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.orders.model import OPEN, Order
from domain.shipping.model import ENDED, Parcel


@dataclass(frozen=True, slots=True)
class Punctuality:
    """Parcels that have something in common: `late` of those `delivered` missed their promise."""

    name: str | None
    delivered: int
    late: int

    @property
    def late_share(self) -> float:
        """The late ones as a share from 0 to 1; 0 of none."""
        return self.late / self.delivered if self.delivered else 0.0


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The parcels delivered since a moment of which a promise is known, and what is overdue now.

    Late is a parcel that was delivered after its order's promise.
    """

    days: int
    since: datetime
    total: Punctuality
    carriers: tuple[Punctuality, ...]
    channels: tuple[Punctuality, ...]
    overdue: int


async def report(session: AsyncSession, now: datetime, days: int) -> DeliveryReport:
    """Report on the parcels that were delivered in the last `days`."""
    since = now - timedelta(days=days)
    late = func.sum(case((Parcel.delivered_at > Order.deliver_by, 1), else_=0))
    found = await session.execute(
        select(Parcel.carrier, Order.channel, func.count().label("delivered"), late.label("late"))
        .join(Order, Order.id == Parcel.order_id)
        .where(
            Parcel.return_id.is_(None),
            Parcel.delivered_at >= since,
            Parcel.delivered_at <= now,
            Order.deliver_by.is_not(None),
        )
        .group_by(Parcel.carrier, Order.channel)
    )
    groups = found.all()
    return DeliveryReport(
        days,
        since,
        _counted(None, groups),
        _by("carrier", groups),
        _by("channel", groups),
        await _overdue(session, now),
    )


async def _overdue(session: AsyncSession, now: datetime) -> int:
    """Count the parcels that are on their way past their promise."""
    return (
        await session.scalar(
            select(func.count(Parcel.id))
            .join(Order, Order.id == Parcel.order_id)
            .where(
                Parcel.return_id.is_(None),
                Parcel.state.not_in(ENDED),
                Order.state.in_(OPEN),
                Order.deliver_by < now,
            )
        )
    ) or 0


def _by(name: str, groups: Sequence[Row[Any]]) -> tuple[Punctuality, ...]:
    """Count by one of the columns, the most parcels first."""
    parts: dict[str | None, list[Row[Any]]] = defaultdict(list)
    for group in groups:
        parts[getattr(group, name)].append(group)
    counted = [_counted(part, rows) for part, rows in parts.items()]
    return tuple(sorted(counted, key=lambda one: (-one.delivered, one.name or "")))


def _counted(name: str | None, groups: Sequence[Row[Any]]) -> Punctuality:
    return Punctuality(
        name, sum(int(one.delivered) for one in groups), sum(int(one.late) for one in groups)
    )
