"""Storms: when many parcels are in the same trouble at once, one message speaks for all.

People stop reading a channel past some twenty automated messages a day, so what one sweep
of the clock finds beyond a handful is counted in one message, with the worst in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import RecordNotFound
from domain.events import Kind
from domain.orders.clocks import ALERT_HORIZON
from domain.orders.model import UNSHIPPED, Order
from domain.shipping.model import ENDED, Parcel, Storm, Trouble
from domain.shipping.queries import Late
from domain.store import Work
from domain.tables import upsert

#: So many alerts of one kind at once are still read one by one.
A_HANDFUL = 5
AN_HOUR = timedelta(hours=1)
_WORST = 8


@dataclass(frozen=True, slots=True)
class StormCard:
    """A storm with how many it holds by now, and the worst of them: the oldest promises."""

    storm: Storm
    total: int
    worst: tuple[Late, ...]


async def gather(work: Work, trouble: Trouble, found: Sequence[object]) -> int | None:
    """Return the storm that speaks for what was found, None for a handful that need none."""
    if len(found) <= A_HANDFUL:
        return None
    since = work.now.replace(minute=0, second=0, microsecond=0)
    statement = upsert(work.session, Storm).values(
        merchant_id=work.merchant_id, trouble=trouble, since=since
    )
    stored = await work.session.scalars(
        statement.on_conflict_do_update(
            index_elements=["merchant_id", "trouble", "since"],
            set_={"since": statement.excluded.since},
        ).returning(Storm)
    )
    storm: Storm = stored.one()
    work.record(Kind.STORM_GREW, storm, order_id=None, trouble=trouble, found=len(found))
    return storm.id


async def card(session: AsyncSession, storm_id: int) -> StormCard:
    """Read a storm as it stands now; raises `RecordNotFound`."""
    storm = await session.get(Storm, storm_id)
    if storm is None:
        raise RecordNotFound("storm", storm_id)
    # An order's other parcels must not count: no parcel has the trouble of an unshipped order.
    troubled = and_(
        Parcel.order_id == Order.id, Parcel.return_id.is_(None), Parcel.trouble == storm.trouble
    )
    query = select(Order, Parcel).outerjoin(Parcel, troubled).where(_in(storm))
    total = await session.scalar(select(func.count()).select_from(query.subquery()))
    worst = await session.execute(
        query.order_by(func.coalesce(Order.deliver_by, Order.ship_by), Order.id).limit(_WORST)
    )
    return StormCard(storm, total or 0, tuple(Late(order, parcel) for order, parcel in worst))


def _in(storm: Storm) -> ColumnElement[bool]:
    if storm.trouble is Trouble.SHIP_BY_NEAR:
        # The clock has looked at these: their ship-by was near, and nobody shipped since.
        return and_(
            Order.state.in_(UNSHIPPED),
            Order.ship_by >= storm.since - ALERT_HORIZON,
            Order.ship_by_due_at.is_(None),
        )
    return and_(
        Parcel.return_id.is_(None),
        Parcel.trouble == storm.trouble,
        Parcel.troubled_at >= storm.since,
        Parcel.troubled_at < storm.since + AN_HOUR,
        Parcel.state.not_in(ENDED),
    )
