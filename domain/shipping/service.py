"""What can be done with a parcel: follow its scans, notice its troubles."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import select

from domain import merchants
from domain.events import Kind
from domain.fulfilment import progress
from domain.inventory import service as inventory
from domain.orders import completion
from domain.orders.model import UNSHIPPED, Order
from domain.orders.model import State as OrderState
from domain.returns import arrivals
from domain.shipping import alerts, policy, storms, stuck, unmatched
from domain.shipping.model import (
    ENDED,
    Content,
    Mishap,
    Parcel,
    ParcelState,
    Scan,
    Storm,
    Trouble,
    as_tracked,
)
from domain.shipping.reshipment import IS_OPEN, Reshipment
from domain.shipping.sighting import Sighting
from domain.shipping.unmatched import Unmatched
from domain.store import BULK, Work
from domain.tables import Owned, among, upsert

__all__ = [
    "Found",
    "Sighting",
    "follow",
    "follow_all",
    "match",
    "sweep_late",
    "sweep_silent",
    "sweep_stuck",
    "sweep_unmatched",
    "trouble_found",
    "troubles_found",
    "troubles_over",
]

_Row = TypeVar("_Row", bound=Owned)


@dataclass(frozen=True, slots=True)
class Found:
    """A trouble that a parcel is in from now on, and what says so."""

    parcel: Parcel
    trouble: Trouble
    why: str | None


@dataclass(frozen=True, slots=True)
class _News:
    """A scan that said where its parcel was; `early` is its order's state if that was unshipped.

    `worse` tells that it is lost or damaged since this scan.
    """

    parcel: Parcel
    sighting: Sighting
    early: OrderState | None
    worse: bool


async def follow(work: Work, sighting: Sighting) -> Parcel | None:
    """Take in a scan; returns its parcel, None if nobody knows it. See `follow_all`."""
    known = await follow_all(work, [sighting])
    return known.get(as_tracked(sighting.tracking_number) or "")


async def follow_all(work: Work, sightings: Sequence[Sighting]) -> Mapping[str, Parcel]:
    """Take in scans, of any number of parcels; returns those that are known, by tracking number.

    Repeated and late ones change nothing, those of unknown parcels wait until one is known. The
    newest scan says where a parcel is; one that its carrier dates ahead counts from when it is
    heard of. A parcel that moves again is no trouble any more, one in the same trouble as before
    is no new alert, and a trouble that is over by the last of the scans was none; a delivered
    parcel stays delivered.
    """
    heard = [sighting.heard_at(work.now) for sighting in sightings]
    orders, parcels = await _locked(work, heard)
    await unmatched.keep(work, [one for one in heard if one.number not in parcels])
    known = [(parcels[one.number], one) for one in heard if one.number in parcels]
    partly = await _partly_shipped(work, orders)
    news = [
        _take_in(orders[parcel.order_id], parcel, sighting, partly)
        for parcel, sighting in await _kept(work, known)
        if _is_news(parcel, sighting)
    ]
    await _follow_clocks(work, news)
    await _follow_orders(work, orders, news)
    moved = {one.parcel.id: one.parcel for one in news}
    for parcel in sorted(moved.values(), key=lambda one: (one.return_id or 0, one.id)):
        await arrivals.follow(work, parcel)
    await _tell(work, news)
    return parcels


async def match(work: Work, numbers: Collection[str | None]) -> None:
    """Take in what was heard of parcels before their tracking numbers were known."""
    waiting = await unmatched.take(work, {number for number in numbers if number})
    if waiting:
        await follow_all(work, waiting)


async def sweep_unmatched(work: Work, *, most: int) -> int:
    """Look whether unmatched scans have a parcel by now; returns how many were due."""
    due = await work.due(Unmatched, "due_at", most=most)
    numbers = {one.tracking_number for one in due}
    known = await work.session.scalars(
        select(Parcel.tracking_number).where(among(work.session, Parcel.tracking_number, numbers))
    )
    found = set(known)
    await unmatched.look_later(work, [one for one in due if one.tracking_number not in found])
    await match(work, found)
    return len(due)


async def sweep_late(work: Work, *, most: int) -> int:
    """Notice parcels whose delivery promise ran out; returns how many were due."""
    due = await work.due(Parcel, "late_due_at", most=most)
    await _notice(work, due, Trouble.DELAYED, "past its delivery promise")
    return len(due)


async def sweep_silent(work: Work, *, most: int) -> int:
    """Notice parcels that their carrier says nothing more of; returns how many were due."""
    due = await work.due(Parcel, "silent_due_at", most=most)
    await _notice(work, due, Trouble.CARRIER_SILENT, "no scan for days")
    return len(due)


async def sweep_stuck(work: Work, *, most: int) -> int:
    """Notice parcels that are scanned, but do not get on; returns how many were due."""
    due = await work.due(Parcel, "stuck_due_at", most=most)
    in_one_place = await stuck.among_due(work, due)
    await _notice(work, in_one_place, Trouble.STUCK, "in the same place for days")
    return len(due)


async def _notice(work: Work, parcels: Sequence[Parcel], trouble: Trouble, why: str) -> None:
    await troubles_found(
        work,
        [
            Found(one, trouble, why)
            for one in parcels
            if one.state not in ENDED
            and one.trouble is None
            and not policy.is_settled(one, trouble)
        ],
    )


async def troubles_found(work: Work, found: Sequence[Found]) -> None:
    """Record new troubles of locked parcels; of many with one cause a storm's message speaks."""
    # What comes back is looked after by its return.
    outward = [(one.parcel, one.trouble) for one in found if one.parcel.return_id is None]
    spoken_for = await storms.gather(work, outward)
    for one in found:
        storm = spoken_for.get(one.parcel.id)
        trouble_found(work, one.parcel, one.trouble, one.why, storm=storm)


async def troubles_over(work: Work, parcels: Sequence[Parcel]) -> None:
    """End the troubles of locked parcels that move again or have arrived, and their alerts."""
    if parcels:
        await alerts.over(work, parcels)
    for parcel in parcels:
        parcel.trouble = parcel.troubled_at = None


def trouble_found(
    work: Work, parcel: Parcel, trouble: Trouble, why: str | None, *, storm: Storm | None = None
) -> None:
    """Record a new trouble of a parcel; in a storm, the storm's message speaks for it."""
    parcel.trouble, parcel.troubled_at = trouble, work.now
    # A return's own card and clocks look after the parcel that brings it.
    if parcel.return_id is None:
        alerts.begin(work, parcel, trouble, storm=storm)
    work.record(
        Kind.PARCEL_TROUBLED,
        parcel,
        order_id=parcel.order_id,
        why=why,
        trouble=trouble,
        storm_id=storm.id if storm else None,
        **_coming_back(parcel),
    )


def _coming_back(parcel: Parcel) -> dict[str, int]:
    """Name the return that a parcel belongs to, which hears of it in place of the warehouse."""
    return {} if parcel.return_id is None else {"return_id": parcel.return_id}


async def _locked(
    work: Work, sightings: Sequence[Sighting]
) -> tuple[Mapping[int, Order], Mapping[str, Parcel]]:
    """Return the orders by id and the parcels by tracking number, the newest with it, locked."""
    numbers = {one.number for one in sightings}
    found = await work.session.execute(
        select(Parcel.tracking_number, Parcel.id, Parcel.order_id)
        .where(among(work.session, Parcel.tracking_number, numbers))
        .order_by(Parcel.id)
    )
    newest = {str(number): (parcel_id, order_id) for number, parcel_id, order_id in found}
    # Whoever locks both locks the order first, as an order's source does.
    orders = await _lock_all(work, Order, {order_id for _, order_id in newest.values()})
    parcels = await _lock_all(work, Parcel, {parcel_id for parcel_id, _ in newest.values()})
    return orders, {
        number: parcels[parcel_id]
        for number, (parcel_id, _) in newest.items()
        if parcel_id in parcels
    }


async def _lock_all(work: Work, table: type[_Row], ids: Collection[int]) -> Mapping[int, _Row]:
    """Return rows by their ids as they stand now, locked in the order of these."""
    if not ids:
        return {}
    rows = await work.session.scalars(
        select(table)
        .where(among(work.session, table.id, sorted(ids)))
        .order_by(table.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


async def _kept(
    work: Work, known: Sequence[tuple[Parcel, Sighting]]
) -> Sequence[tuple[Parcel, Sighting]]:
    """Keep scans, each once; returns those that are new, the oldest first."""
    fresh = {(parcel.id, one.key): (parcel, one) for parcel, one in reversed(known)}
    rows = [
        {
            "merchant_id": work.merchant_id,
            "parcel_id": parcel_id,
            "reference": reference,
            "at": one.at,
            "told_at": one.told_at,
            "state": one.state,
            "description": one.description,
            "place": one.place,
        }
        for (parcel_id, reference), (_, one) in sorted(fresh.items(), key=lambda item: item[0])
    ]
    if not rows:
        return []
    statement = upsert(work.session, Scan).on_conflict_do_nothing(
        index_elements=["parcel_id", "reference"]
    )
    kept = await work.session.execute(
        statement.returning(Scan.parcel_id, Scan.reference), rows, execution_options=BULK
    )
    new = {(parcel_id, reference) for parcel_id, reference in kept}
    return sorted(
        (fresh[key] for key in new), key=lambda one: (one[1].told_at or one[1].at, one[0].id)
    )


def _is_news(parcel: Parcel, sighting: Sighting) -> bool:
    """Tell whether the scan says where the parcel is now; a delivery does, however late."""
    if parcel.state is ParcelState.DELIVERED or sighting.state is ParcelState.UNKNOWN:
        return False
    newest = parcel.last_event_at is None or sighting.at >= parcel.last_event_at
    return newest or sighting.state is ParcelState.DELIVERED


async def _partly_shipped(work: Work, orders: Mapping[int, Order]) -> frozenset[int]:
    """Return those of which something is in no parcel yet, where it is known what these hold."""
    unshipped = [order.id for order in orders.values() if order.state in UNSHIPPED]
    if not unshipped:
        return frozenset()
    told = await work.session.scalars(
        select(Parcel.order_id)
        .join(Content, Content.parcel_id == Parcel.id)
        .where(among(work.session, Parcel.order_id, unshipped))
        .distinct()
    )
    partly = [one for one in told if await progress.is_partly_shipped(work.session, one)]
    return frozenset(partly)


def _mishap(parcel: Parcel, sighting: Sighting) -> Mishap | None:
    """What is seen again is not lost any more; damage stays."""
    return sighting.mishap or (parcel.mishap if parcel.mishap is Mishap.DAMAGED else None)


def _take_in(
    order: Order, parcel: Parcel, sighting: Sighting, partly_shipped: Collection[int]
) -> _News:
    """Have the parcel be where its scan says, and its order shipped once it has left the house.

    Where it is known what its parcels hold, the first does not speak for what is in none. A
    parcel that comes back says nothing of whether the buyer got theirs.
    """
    mishap = _mishap(parcel, sighting)
    worse = mishap is not None and mishap is not parcel.mishap
    parcel.state, parcel.mishap = sighting.state, mishap
    parcel.last_event_at = max(sighting.at, parcel.last_event_at or sighting.at)
    if parcel.state is ParcelState.DELIVERED:
        parcel.delivered_at = sighting.at
    # A label that was printed, or dropped, has not left the house.
    if parcel.state in (ParcelState.PENDING, ParcelState.CANCELLED):
        return _News(parcel, sighting, None, worse)
    parcel.shipped_at = parcel.shipped_at or sighting.at
    follows = parcel.return_id is None and order.id not in partly_shipped
    if order.state not in UNSHIPPED or not follows:
        return _News(parcel, sighting, None, worse)
    early = order.state
    order.state = OrderState.SHIPPED
    order.shipped_at = order.shipped_at or sighting.at
    order.ship_by_due_at = None
    return _News(parcel, sighting, early, worse)


async def _follow_clocks(work: Work, news: Sequence[_News]) -> None:
    if not news:
        return
    settings = await merchants.settings(work.session)
    for one in news:
        parcel, at = one.parcel, one.sighting.at
        if parcel.state in ENDED:
            parcel.silent_due_at = parcel.late_due_at = parcel.stuck_due_at = None
            continue
        parcel.silent_due_at = at + timedelta(days=settings["shipping.silent_after_days"])
        if parcel.stuck_due_at is None:
            parcel.stuck_due_at = at + timedelta(days=settings["shipping.stuck_after_days"])


async def _follow_orders(work: Work, orders: Mapping[int, Order], news: Sequence[_News]) -> None:
    """Let orders follow: their stock leaves with the first parcel, they arrive with the last."""
    await inventory.end(work, left={one.parcel.order_id for one in news if one.early})
    ended = {
        one.parcel.order_id
        for one in news
        if one.parcel.state in ENDED
        and one.parcel.return_id is None
        and orders[one.parcel.order_id].state is OrderState.SHIPPED
    }
    if not ended:
        return
    sent = await work.session.scalars(
        select(Parcel).where(
            among(work.session, Parcel.order_id, ended), Parcel.return_id.is_(None)
        )
    )
    parcels: dict[int, list[Parcel]] = {}
    for parcel in sent:
        parcels.setdefault(parcel.order_id, []).append(parcel)
    reopened = await work.session.scalars(
        select(Reshipment.order_id).where(among(work.session, Reshipment.order_id, ended), IS_OPEN)
    )
    delivered = []
    for order_id in parcels.keys() - set(reopened):
        held = parcels[order_id]
        arrived = [one.delivered_at for one in held if one.state is ParcelState.DELIVERED]
        if arrived and all(one.state in ENDED or policy.is_replaced(one) for one in held):
            order = orders[order_id]
            order.move(OrderState.DELIVERED)
            order.delivered_at = max(at or work.now for at in arrived)
            delivered.append(order)
    await completion.begin(work, delivered)


async def _tell(work: Work, news: Sequence[_News]) -> None:
    """Record what the scans said, and which troubles began with the last of them, or ended."""
    last = {one.parcel.id: one for one in news}
    worse = {one.parcel.id for one in news if one.worse}
    found, over = {}, []
    for parcel_id, one in last.items():
        parcel = one.parcel
        trouble = policy.trouble_of(parcel, parcel.state) or await stuck.still(work, parcel)
        if trouble and (trouble is not parcel.trouble or parcel_id in worse):
            found[parcel_id] = Found(parcel, trouble, one.sighting.description)
        elif parcel.trouble and not trouble:
            over.append(parcel)
    await troubles_over(work, over)
    for one in news:
        if one.parcel.id not in found or one is not last[one.parcel.id]:
            _record(work, one)
    await troubles_found(work, list(found.values()))


def _record(work: Work, news: _News) -> None:
    parcel, sighting = news.parcel, news.sighting
    delivered = sighting.state is ParcelState.DELIVERED
    why, data = sighting.description, _coming_back(parcel)
    if delivered and news.early:
        # True as it may be, somebody will ask how that came about.
        said = f" ({why})" if why else ""
        why = f"delivered before it was shipped here: the order was {news.early}{said}"
    work.record(
        Kind.PARCEL_DELIVERED if delivered else Kind.PARCEL_MOVED,
        parcel,
        order_id=parcel.order_id,
        why=why,
        state=sighting.state,
        **data,
    )
