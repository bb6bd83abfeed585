"""Storms: when many parcels are in the same trouble at once, one message speaks for all.

People stop reading a channel past some twenty automated messages a day. So what goes wrong beyond a
handful within an hour, for one cause, is counted in one message with the worst in it. A cause is a
trouble and a carrier. The storm goes on as long as it grows, and each of its parcels is in the list
behind it; a few that matter most have a message of their own all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import merchants
from domain.complaints.model import CLOSED as CASE_CLOSED
from domain.complaints.model import Complaint, Severity
from domain.errors import RecordNotFound
from domain.events import Kind
from domain.orders.clocks import ALERT_HORIZON
from domain.orders.model import UNSHIPPED, Order
from domain.shipping.alert import GOING_ON, Alert, AlertState
from domain.shipping.model import ENDED, Parcel, Storm, Trouble
from domain.shipping.policy import PATIENCE, steps
from domain.shipping.queries import PAGE, Late
from domain.store import Work
from domain.tables import among, upsert

#: So many alerts of one cause at once are still read one by one.
A_HANDFUL = 5
#: "At once": what went wrong longer ago than this has had its readers.
WINDOW = timedelta(hours=1)
#: A storm that has not grown for so long is over; what comes then is another.
QUIET = timedelta(hours=4)
_WORST = 8
#: So many of the worst are there for what they are worth, the others for their promise.
_DEAREST = 3


@dataclass(frozen=True, slots=True)
class StormCard:
    """A storm with how many it holds by now, and the worst of them: by value and by promise.

    So many of them are `in_hand`: somebody took them, or put them off.
    """

    storm: Storm
    total: int
    worst: tuple[Late, ...]
    in_hand: int = 0


@dataclass(frozen=True, slots=True)
class _Cause:
    """Why parcels are in trouble, and the ones that are from now on, with their orders' ids."""

    trouble: Trouble
    carrier: str
    found: Sequence[tuple[int, int]]


async def gather(
    work: Work, found: Sequence[tuple[Parcel | Order, Trouble]]
) -> Mapping[int, Storm]:
    """Return the storms that speak for what is in trouble from now on, by the ids of that.

    What is missing speaks for itself: it is one of a handful, or matters more than the others.
    """
    spoken_for: dict[int, Storm] = {}
    for cause in _causes(found):
        storm = await _growing(work, cause)
        if storm is None:
            storm = await _begun(work, cause)
        if storm is None:
            continue
        storm.grew_at = work.now
        important = await _important(work, cause, A_HANDFUL - storm.surfaced)
        storm.surfaced += len(important)
        spoken_for |= {one: storm for one, _ in cause.found if one not in important}
        work.record(
            Kind.STORM_GREW,
            storm,
            order_id=None,
            trouble=cause.trouble,
            carrier=cause.carrier,
            found=len(cause.found),
        )
    return spoken_for


async def card(session: AsyncSession, storm_id: int) -> StormCard:
    """Read a storm as it stands now; raises `RecordNotFound`."""
    storm = await _storm(session, storm_id)
    total, in_hand, _ = await count(session, storm)
    dearest = _listed(storm).order_by(Order.total.desc().nulls_last(), Order.id).limit(_DEAREST)
    longest = _by_promise(_listed(storm)).limit(_WORST)
    worst: dict[tuple[int, int], Late] = {}
    for query in (dearest, longest):
        for order, parcel, alert in await session.execute(query):
            late = Late(order, parcel, alert)
            worst.setdefault((late.order.id, late.parcel.id if late.parcel else 0), late)
    shown = sorted([*worst.values()][:_WORST], key=_promised)
    return StormCard(storm, total, tuple(shown), in_hand)


async def count(session: AsyncSession, storm: Storm) -> tuple[int, int, int]:
    """Return how many a storm holds, how many are in hand, and how many nobody was told of else."""
    held = _listed(storm).with_only_columns(Order.id, Alert.state, Alert.storm_id).subquery()
    is_open = held.c.state == AlertState.OPEN
    in_hand = func.sum(case((~is_open, 1), else_=0))
    ignored = func.sum(case((is_open & held.c.storm_id.is_not(None), 1), else_=0))
    query = select(func.count(), in_hand, ignored).select_from(held)
    total, taken, left = (await session.execute(query)).one()
    return total, taken or 0, left or 0


def _promised(late: Late) -> tuple[bool, float, int]:
    promise = late.order.deliver_by or late.order.ship_by
    return promise is None, promise.timestamp() if promise else 0.0, late.order.id


async def page(
    session: AsyncSession, storm_id: int, *, start: int = 0
) -> tuple[Storm, list[Late], int]:
    """Return a page of what a storm holds, the oldest promise first, and the total.

    Raises:
        RecordNotFound: there is no such storm.
    """
    storm = await _storm(session, storm_id)
    total = await session.scalar(select(func.count()).select_from(_listed(storm).subquery()))
    rows = await session.execute(_by_promise(_listed(storm)).offset(start).limit(PAGE))
    return storm, [Late(*row) for row in rows], total or 0


async def _storm(session: AsyncSession, storm_id: int) -> Storm:
    storm = await session.get(Storm, storm_id)
    if storm is None:
        raise RecordNotFound("storm", storm_id)
    return storm


def _causes(found: Sequence[tuple[Parcel | Order, Trouble]]) -> Sequence[_Cause]:
    """Tell causes apart, in one order everywhere, as each locks its storm."""
    grouped: dict[tuple[Trouble, str], list[tuple[int, int]]] = {}
    names: dict[tuple[Trouble, str], str] = {}
    for one, trouble in found:
        carrier, order_id = (
            (one.carrier or "", one.order_id) if isinstance(one, Parcel) else ("", one.id)
        )
        # People write one carrier in several ways.
        key = (trouble, carrier.lower())
        names.setdefault(key, carrier)
        grouped.setdefault(key, []).append((one.id, order_id))
    return [_Cause(key[0], names[key], grouped[key]) for key in sorted(grouped)]


async def _growing(work: Work, cause: _Cause) -> Storm | None:
    """Return the cause's storm, locked, if it still grows; one that was quiet for long is over."""
    storm = await work.session.scalar(
        select(Storm)
        .where(
            Storm.trouble == cause.trouble,
            func.lower(Storm.carrier) == cause.carrier.lower(),
            Storm.ended_at.is_(None),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if storm is None or work.now - storm.grew_at < QUIET:
        return storm
    storm.ended_at = storm.grew_at
    await work.session.flush()
    return None


async def _begun(work: Work, cause: _Cause) -> Storm | None:
    """Begin a storm, with those that went wrong just before; None while there is but a handful."""
    since, before = work.now, 0
    if cause.trouble is not Trouble.SHIP_BY_NEAR:
        row = (
            await work.session.execute(
                select(func.min(Parcel.troubled_at), func.count())
                .where(_in_trouble(cause.trouble, cause.carrier))
                .where(Parcel.troubled_at > work.now - WINDOW)
            )
        ).one()
        since, before = row[0] or work.now, row[1]
    if before + len(cause.found) <= A_HANDFUL:
        return None
    statement = upsert(work.session, Storm).values(
        merchant_id=work.merchant_id,
        trouble=cause.trouble,
        carrier=cause.carrier,
        since=since,
        grew_at=work.now,
        surfaced=0,
        answer_due_at=await _escalates(work, cause),
    )
    stored = await work.session.scalars(
        statement.on_conflict_do_update(
            index_elements=["merchant_id", "trouble", "carrier"],
            index_where=Storm.ended_at.is_(None),
            set_={"grew_at": statement.excluded.grew_at},
        ).returning(Storm)
    )
    storm: Storm = stored.one()
    return storm


async def _escalates(work: Work, cause: _Cause) -> datetime:
    """Say when a storm that begins now escalates unless somebody takes it: as an alert would."""
    deadline = None
    if cause.trouble is Trouble.SHIP_BY_NEAR:
        order_ids = {order_id for _, order_id in cause.found}
        deadline = await work.session.scalar(
            select(func.min(Order.ship_by)).where(
                among(work.session, Order.id, order_ids), Order.ship_by > work.now
            )
        )
    return steps(await merchants.settings(work.session), work.now, deadline)[-1][0]


async def _important(work: Work, cause: _Cause, most: int) -> frozenset[int]:
    """Return those that have a message of their own: by value, by complaint, by broken promise."""
    if most <= 0:
        return frozenset()
    order_ids = {order_id for _, order_id in cause.found}
    rows = await work.session.execute(
        select(Order.id, Order.total, Order.currency, Order.deliver_by).where(
            among(work.session, Order.id, order_ids)
        )
    )
    settings = await merchants.settings(work.session)
    urgent = await _with_urgent_case(work, order_ids)
    ranks: dict[int, tuple[int, int, float]] = {}
    for order_id, total, currency, deliver_by in rows:
        above = settings.amount("shipping.valuable_above", currency)
        dear = total if above is not None and total is not None and total > above.minor else 0
        overdue = work.now - deliver_by if deliver_by else timedelta()
        broken = overdue.total_seconds() if overdue > PATIENCE else 0.0
        ranks[order_id] = (dear, int(order_id in urgent), broken)
    ranked = sorted(
        ((ranks[order_id], one) for one, order_id in cause.found if any(ranks[order_id])),
        reverse=True,
    )
    return frozenset(one for _, one in ranked[:most])


async def _with_urgent_case(work: Work, order_ids: set[int]) -> set[int]:
    found = await work.session.scalars(
        select(Complaint.order_id).where(
            among(work.session, Complaint.order_id, order_ids),
            Complaint.severity == Severity.HIGH,
            Complaint.state.not_in(CASE_CLOSED),
        )
    )
    return set(found)


def _listed(storm: Storm) -> Select[Order, Parcel, Alert]:
    """Select what a storm holds: parcels still in its trouble, or orders still not shipped."""
    # An order's other parcels must not count: no parcel has the trouble of an unshipped order.
    troubled = and_(
        Parcel.order_id == Order.id, Parcel.return_id.is_(None), Parcel.trouble == storm.trouble
    )
    live = and_(
        Alert.order_id == Order.id,
        func.coalesce(Alert.parcel_id, 0) == func.coalesce(Parcel.id, 0),
        Alert.trouble == storm.trouble,
        Alert.state.in_(GOING_ON),
        or_(Parcel.id.is_(None), Alert.noticed_at == Parcel.troubled_at),
    )
    return (
        select(Order, Parcel, Alert)
        .outerjoin(Parcel, troubled)
        .outerjoin(Alert, live)
        .where(_in(storm))
    )


def _by_promise(query: Select[Order, Parcel, Alert]) -> Select[Order, Parcel, Alert]:
    return query.order_by(func.coalesce(Order.deliver_by, Order.ship_by), Order.id, Parcel.id)


def _in(storm: Storm) -> ColumnElement[bool]:
    if storm.trouble is Trouble.SHIP_BY_NEAR:
        # The clock has looked at these: their ship-by was near, and nobody shipped since.
        return and_(
            Order.state.in_(UNSHIPPED),
            Order.ship_by >= storm.since - ALERT_HORIZON,
            Order.ship_by_due_at.is_(None),
        )
    return and_(
        _in_trouble(storm.trouble, storm.carrier),
        Parcel.troubled_at >= storm.since,
        *([] if storm.ended_at is None else [Parcel.troubled_at <= storm.ended_at]),
    )


def _in_trouble(trouble: Trouble, carrier: str) -> ColumnElement[bool]:
    return and_(
        Parcel.return_id.is_(None),
        Parcel.trouble == trouble,
        func.lower(func.coalesce(Parcel.carrier, "")) == carrier.lower(),
        Parcel.state.not_in(ENDED),
    )
