"""Checking orders that wait for confirmation: many of them in a few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import merchants
from domain.merchants import Settings
from domain.orders import goods
from domain.orders.model import Line, Order, State
from domain.orders.policy import Finding, LineFacts, OrderFacts, Stock, check, promise
from domain.tables import among

PAGE = 8

_FACTS = (
    Order.id,
    Order.number,
    Order.currency,
    Order.total,
    Order.marketplace_status,
    Order.awaits_payment,
    Order.ship_by,
    Order.ship_to_name,
    Order.ship_to_street,
    Order.ship_to_city,
    Order.ship_to_postcode,
    Order.ship_to_country,
)


@dataclass(frozen=True, slots=True)
class Checked:
    """An order that waits, and what was found; nothing means that it is fine."""

    order: OrderFacts
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A page of the orders that wait for confirmation, those to be shipped first before."""

    start: int
    total: int
    orders: Sequence[Checked]


async def of(
    session: AsyncSession, which: ColumnElement[bool], settings: Settings, now: datetime
) -> list[Checked]:
    """Check orders, oldest first, each against what those before it leave in stock."""
    orders = await facts(session, which)
    return check_all(orders, await goods.of(session, skus(orders)), settings, now)


async def one(session: AsyncSession, order_id: int, now: datetime) -> tuple[Finding, ...]:
    """Check one order, whatever else waits for the same goods."""
    settings = await merchants.settings(session)
    checked = await of(session, Order.id == order_id, settings, now)
    return checked[0].findings if checked else ()


async def waiting(session: AsyncSession, now: datetime, start: int = 0) -> Waiting:
    """Return a page of the orders that wait for confirmation, and how many there are."""
    found = await session.scalars(
        select(Order.id)
        .where(Order.state == State.PENDING)
        .order_by(Order.ship_by.nulls_last(), Order.id)
        .offset(start)
        .limit(PAGE)
    )
    ids = list(found)
    settings = await merchants.settings(session)
    checked = {one.order.id: one for one in await of(session, Order.id.in_(ids), settings, now)}
    return Waiting(start, await count(session), [checked[order_id] for order_id in ids])


async def count(session: AsyncSession) -> int:
    """Return how many orders wait for confirmation."""
    found = select(func.count()).select_from(Order).where(Order.state == State.PENDING)
    return await session.scalar(found) or 0


def check_all(
    orders: Iterable[OrderFacts], stock: Stock, settings: Settings, now: datetime
) -> list[Checked]:
    """Check orders one after the other; one that is fine takes what it needs from the stock."""
    checked = []
    for order in orders:
        findings = check(order, stock, settings, now)
        if not findings:
            promise(order, stock)
        checked.append(Checked(order, findings))
    return checked


async def facts(session: AsyncSession, which: ColumnElement[bool]) -> list[OrderFacts]:
    """Read what is checked of these orders and their lines, oldest first, in two queries."""
    orders = (await session.execute(select(*_FACTS).where(which).order_by(Order.id))).mappings()
    found = {row["id"]: row for row in orders}
    # Not joined to the orders: without statistics PostgreSQL would look at each order anew.
    rows = await session.execute(
        select(Line.order_id, Line.sku, Line.quantity, Line.unit_price)
        .where(among(session, Line.order_id, found))
        .order_by(Line.order_id, Line.position)
    )
    lines = defaultdict(list)
    for order_id, sku, quantity, unit_price in rows:
        lines[order_id].append(LineFacts(sku, goods.key(sku or ""), quantity, unit_price))
    return [OrderFacts(**row, lines=tuple(lines[order_id])) for order_id, row in found.items()]


def skus(orders: Iterable[OrderFacts]) -> set[str]:
    """Return every SKU that the orders ask for."""
    return {line.key for order in orders for line in order.lines if line.key}
