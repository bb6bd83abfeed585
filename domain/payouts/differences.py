"""What a settlement and the desk's books say differently, found by the database for all its orders."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from sqlalchemy import ColumnElement, Row, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.merchants import Settings
from domain.money import Money
from domain.orders.model import Order
from domain.orders.model import State as OrderState
from domain.payouts import fees
from domain.payouts.model import LineKind, PayoutLine, Settlement
from domain.payouts.policy import Books, Mismatch, Told, judge
from domain.refunds.model import Refund, State

#: What was refunded so shortly before a settlement's end may be taken off in the next one.
SETTLING = timedelta(days=3)
_LEFT = (OrderState.SHIPPED, OrderState.DELIVERED, OrderState.COMPLETED)


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: of an order what was `expected` and what was `paid`.

    `count` is how many orders it is about, `payments` the provider's names of a few of them.
    """

    kind: Mismatch
    order_id: int | None = None
    order_number: str | None = None
    expected: Money | None = None
    paid: Money | None = None
    payments: tuple[str, ...] = ()
    count: int = 1

    @property
    def gap(self) -> Money | None:
        """What was paid above what was expected; negative where it was less."""
        if self.paid is None or self.expected is None:
            return self.paid
        same = self.paid.currency == self.expected.currency
        return self.paid - self.expected if same else self.paid

    @property
    def size(self) -> int:
        """How much it is about, in minor units, for putting the worst first."""
        return abs(self.gap.minor) if self.gap else 0

    def as_json(self) -> dict[str, Any]:
        """Return it for storing."""
        return {
            "kind": self.kind,
            "order_id": self.order_id,
            "order_number": self.order_number,
            "expected": self.expected and [self.expected.minor, self.expected.currency],
            "paid": self.paid and [self.paid.minor, self.paid.currency],
            "payments": list(self.payments),
            "count": self.count,
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Read one that was stored."""
        return cls(
            kind=Mismatch(stored["kind"]),
            order_id=stored["order_id"],
            order_number=stored["order_number"],
            expected=stored["expected"] and Money(*stored["expected"]),
            paid=stored["paid"] and Money(*stored["paid"]),
            payments=tuple(stored["payments"]),
            count=stored["count"],
        )


async def compare(
    session: AsyncSession, settlement: Settlement, settings: Settings
) -> list[Difference]:
    """Return in what a settlement differs, the worst first: of its orders all that was paid by now."""
    rows = await session.execute(_orders_of(settlement))
    found = [one for row in rows if (one := _judged(row, settings))]
    found += [one async for one in _unknown(session, settlement)]
    if total := await _total(session, settlement):
        found.append(total)
    return sorted(found, key=lambda one: (-one.size, one.order_id or 0))


def _orders_of(settlement: Settlement) -> Select[Any]:
    """Select each of its orders, and what settlements and refunds come to for it."""
    named = select(PayoutLine.order_id).where(
        PayoutLine.settlement_id == settlement.id, PayoutLine.order_id.is_not(None)
    )
    kinds = (LineKind.SALE, LineKind.REFUND, LineKind.FEE)
    told = (
        select(
            PayoutLine.order_id,
            PayoutLine.currency.label("paid_in"),
            *(sum_of(kind).label(kind.value) for kind in kinds),
        )
        .where(PayoutLine.order_id.in_(named))
        .group_by(PayoutLine.order_id, PayoutLine.currency)
        .subquery()
    )
    due = case((Refund.settled_at <= settlement.ended_at - SETTLING, Refund.amount), else_=0)
    back = (
        select(
            Refund.order_id, func.sum(Refund.amount).label("refunded"), func.sum(due).label("due")
        )
        .where(Refund.order_id.in_(named), Refund.state == State.SUCCEEDED)
        .group_by(Refund.order_id)
        .subquery()
    )
    order = (Order.id, Order.number, Order.channel, Order.state, Order.currency, Order.captured)
    return (
        select(
            *order,
            *(told.c[name] for name in ("paid_in", *kinds)),
            *(func.coalesce(back.c[name], 0).label(name) for name in ("refunded", "due")),
        )
        .join(told, told.c.order_id == Order.id)
        .outerjoin(back, back.c.order_id == Order.id)
    )


def sum_of(kind: LineKind) -> ColumnElement[int]:
    """Sum up the amounts of lines of one kind."""
    return func.sum(case((PayoutLine.kind == kind, PayoutLine.amount), else_=0))


def _judged(row: Row[Any], settings: Settings) -> Difference | None:
    told = Told(*(Money(int(one), row.paid_in) for one in (row.sale, row.refund, row.fee)))
    if row.paid_in != row.currency:
        expected = None if row.captured is None else Money(row.captured, row.currency)
        return Difference(Mismatch.CURRENCY, row.id, row.number, expected, told.paid)
    if row.captured is None:
        # What the buyer paid is not known here, so nothing can be expected.
        return None
    captured, refunded, due = (
        Money(int(one), row.currency) for one in (row.captured, row.refunded, row.due)
    )
    verdict = judge(
        Books(captured, refunded, due, has_left=row.state in _LEFT),
        told,
        fees.of(settings["payout.fees"], row.channel),
        settings.amount("payout.tolerance", row.currency) or Money(0, row.currency),
    )
    if verdict is None:
        return None
    return Difference(verdict.kind, row.id, row.number, verdict.expected, verdict.paid)


async def _unknown(session: AsyncSession, settlement: Settlement) -> AsyncIterator[Difference]:
    """Give what was paid for orders that nobody here knows, as one difference a currency."""
    of_none = (
        PayoutLine.settlement_id == settlement.id,
        PayoutLine.payment.is_not(None),
        PayoutLine.order_id.is_(None),
    )
    counts = await session.execute(
        select(
            PayoutLine.currency,
            func.count(PayoutLine.payment.distinct()),
            func.sum(PayoutLine.amount),
            func.min(PayoutLine.payment),
            func.max(PayoutLine.payment),
        )
        .where(*of_none)
        .group_by(PayoutLine.currency)
    )
    for currency, count, paid, first, last in counts:
        payments = tuple(dict.fromkeys((str(first), str(last))))
        yield Difference(
            Mismatch.UNKNOWN_ORDER, paid=Money(int(paid), currency), payments=payments, count=count
        )


async def _total(session: AsyncSession, settlement: Settlement) -> Difference | None:
    """Return by what its lines miss what it says it paid, if it says so."""
    if settlement.total is None:
        return None
    found = await session.scalar(
        select(func.coalesce(func.sum(PayoutLine.amount), 0)).where(
            PayoutLine.settlement_id == settlement.id, PayoutLine.currency == settlement.currency
        )
    )
    lines, total = int(found or 0), settlement.total
    if lines == total:
        return None
    return Difference(
        Mismatch.TOTAL,
        expected=Money(lines, settlement.currency),
        paid=Money(total, settlement.currency),
        count=0,
    )
