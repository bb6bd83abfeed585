"""Arrivals: orders that come in together are announced by one message, which counts along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, UniqueConstraint, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from domain import merchants
from domain.errors import RecordNotFound
from domain.events import Kind
from domain.merchants import Settings
from domain.orders import checks, queries
from domain.orders.checks import Checked
from domain.orders.model import Order, State
from domain.orders.views import OrderView
from domain.store import Work
from domain.tables import Base, Owned, upsert

#: As many of the orders to look at stand in the message; all of them are on the page behind it.
_SHOWN = 5


class Arrival(Owned, Base):
    """The orders that came in from `since` on, for `order.announce_minutes`."""

    __tablename__ = "arrivals"
    __table_args__ = (UniqueConstraint("merchant_id", "since"),)

    since: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Done:
    """How many of an arrival's orders one actor confirmed; None for what its source ended."""

    actor: str | None
    orders: int


@dataclass(frozen=True, slots=True)
class ArrivalCard:
    """An arrival as it stands: what waits, by what was found, and who dealt with the rest.

    `order` is the only one it holds, in full; `flagged` are the first of those to look at.
    """

    arrival: Arrival
    total: int
    fine: int
    to_look_at: int
    flagged: tuple[Checked, ...]
    done: tuple[Done, ...]
    order: OrderView | None

    @property
    def waiting(self) -> int:
        """How many wait for somebody to confirm them."""
        return self.fine + self.to_look_at


async def current(work: Work, settings: Settings) -> int:
    """Return the arrival that orders of this moment belong to, opened when missing."""
    seconds = 60 * settings["order.announce_minutes"]
    since = datetime.fromtimestamp(work.now.timestamp() // seconds * seconds, UTC)
    found = select(Arrival.id).where(Arrival.since == since)
    # Not an upsert each time: every webhook of a burst would wait for the one before.
    if (arrival_id := await work.session.scalar(found)) is None:
        await work.session.execute(
            upsert(work.session, Arrival)
            .values(merchant_id=work.merchant_id, since=since)
            .on_conflict_do_nothing(index_elements=["merchant_id", "since"])
        )
        arrival_id = (await work.session.scalars(found)).one()
    return arrival_id


async def announce(work: Work, arrival_id: int, found: int) -> None:
    """Record that so many orders came in with an arrival."""
    arrival = await work.session.get_one(Arrival, arrival_id)
    work.record(Kind.ORDERS_ARRIVED, arrival, order_id=None, found=found)


async def card(session: AsyncSession, arrival_id: int, now: datetime) -> ArrivalCard:
    """Read an arrival as it stands now; raises `RecordNotFound`."""
    arrival = await session.get(Arrival, arrival_id)
    if arrival is None:
        raise RecordNotFound("arrival", arrival_id)
    settings = await merchants.settings(session)
    checked = await checks.of(session, waiting_in(arrival_id), settings, now)
    flagged = [one for one in checked if one.findings]
    done = await _done(session, arrival_id)
    total = len(checked) + sum(one.orders for one in done)
    return ArrivalCard(
        arrival,
        total,
        fine=len(checked) - len(flagged),
        to_look_at=len(flagged),
        flagged=tuple(flagged[:_SHOWN]),
        done=tuple(done),
        order=await _only(session, arrival_id) if total == 1 else None,
    )


def waiting_in(arrival_id: int) -> ColumnElement[bool]:
    """Match an arrival's orders that wait for confirmation."""
    return and_(Order.arrival_id == arrival_id, Order.state == State.PENDING)


async def _done(session: AsyncSession, arrival_id: int) -> Sequence[Done]:
    count = func.count()
    found = await session.execute(
        select(Order.confirmed_by, count)
        .where(Order.arrival_id == arrival_id, Order.state != State.PENDING)
        .group_by(Order.confirmed_by)
        .order_by(count.desc(), Order.confirmed_by)
    )
    return [Done(actor, orders) for actor, orders in found]


async def _only(session: AsyncSession, arrival_id: int) -> OrderView:
    order_id = (await session.scalars(select(Order.id).where(Order.arrival_id == arrival_id))).one()
    return await queries.card_by_id(session, order_id)
