"""What can be done with an order: receive it from a source, confirm it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from domain import merchants
from domain.events import Event, Kind
from domain.orders import queries
from domain.orders.intake import LineDraft, OrderDraft, ParcelDraft
from domain.orders.model import TRANSITIONS, UNSHIPPED, Line, Order, State, fold
from domain.people import Can, Member
from domain.shipping.model import ENDED, Content, Parcel
from domain.store import Work

#: An import brings years of history: nobody wants to be alerted to a promise that was
#: broken longer ago than this.
ALERT_HORIZON = timedelta(days=7)


@dataclass(slots=True)
class Counts:
    """How many orders a source brought, by what became of them."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    def add(self, other: Counts) -> None:
        """Count another batch in."""
        self.added += other.added
        self.changed += other.changed
        self.unchanged += other.unchanged


async def receive(work: Work, drafts: Sequence[OrderDraft], *, source: str) -> Counts:
    """Take in a batch of orders: add new ones, follow changes, leave equal ones alone.

    A number that stands twice in the batch counts once, as its last draft tells it. A
    change of lines keeps the lines' ids, so that refunds go on pointing at them.
    """
    latest = {(draft.channel, draft.number): draft for draft in drafts}
    known = await _known(work, list(latest.values()))
    fresh = [draft for key, draft in latest.items() if key not in known]
    moved = [
        (known[key], draft)
        for key, draft in latest.items()
        if key in known and known[key].fingerprint != draft.fingerprint
    ]
    clocks = _Clocks.of(work.now, await merchants.settings(work.session))
    await _add(work, fresh, source, clocks)
    for order, draft in moved:
        await _change(work, order, draft, clocks)
    return Counts(len(fresh), len(moved), len(latest) - len(fresh) - len(moved))


async def confirm(work: Work, member: Member, order_id: int) -> Order:
    """Confirm a pending order; raises `WrongState` once it has gone on."""
    member.must(Can.SHIP)
    order = await queries.lock(work.session, order_id)
    order.move(State.CONFIRMED)
    work.record(Kind.ORDER_CONFIRMED, order, order_id=order.id)
    return order


async def sweep_ship_by(work: Work, *, most: int) -> int:
    """Record which orders are about to miss their ship-by; returns how many were due."""
    due = (
        await work.session.scalars(
            select(Order)
            .where(Order.ship_by_due_at <= work.now)
            .order_by(Order.ship_by_due_at)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
    ).all()
    for order in due:
        order.ship_by_due_at = None
        if order.state in UNSHIPPED and order.ship_by:
            work.record(
                Kind.SHIP_BY_NEAR, order, order_id=order.id, ship_by=order.ship_by.isoformat()
            )
    return len(due)


@dataclass(frozen=True, slots=True)
class _Clocks:
    now: datetime
    ship_by_warning: timedelta
    silent_after: timedelta

    @classmethod
    def of(cls, now: datetime, settings: merchants.Settings) -> _Clocks:
        return cls(
            now,
            timedelta(hours=settings["shipping.ship_by_warning_hours"]),
            timedelta(days=settings["shipping.silent_after_days"]),
        )

    def ship_by(self, draft: OrderDraft) -> datetime | None:
        if draft.ship_by is None or draft.state not in UNSHIPPED:
            return None
        return self._ahead(draft.ship_by - self.ship_by_warning)

    def late(self, draft: OrderDraft, parcel: ParcelDraft) -> datetime | None:
        if draft.deliver_by is None or self._ended(draft, parcel):
            return None
        return self._ahead(draft.deliver_by)

    def silent(self, draft: OrderDraft, parcel: ParcelDraft) -> datetime | None:
        shipped_at = parcel.shipped_at or draft.shipped_at
        if shipped_at is None or self._ended(draft, parcel):
            return None
        return self._ahead(shipped_at + self.silent_after)

    def _ahead(self, due_at: datetime) -> datetime | None:
        return due_at if due_at > self.now - ALERT_HORIZON else None

    def _ended(self, draft: OrderDraft, parcel: ParcelDraft) -> bool:
        over = (State.DELIVERED, State.COMPLETED, State.CANCELLED)
        return parcel.state in ENDED or draft.state in over


async def _known(work: Work, drafts: Sequence[OrderDraft]) -> dict[tuple[str, str], Order]:
    numbers = [draft.number for draft in drafts]
    found = await work.session.scalars(select(Order).where(Order.number.in_(numbers)))
    return {(order.channel, order.number): order for order in found}


async def _add(work: Work, drafts: Sequence[OrderDraft], source: str, clocks: _Clocks) -> None:
    if not drafts:
        return
    ids = await _insert(
        work,
        Order,
        [
            {
                **_facts(draft),
                "number": draft.number,
                "channel": draft.channel,
                "source": source,
                "received_at": work.now,
                "ship_by_due_at": clocks.ship_by(draft),
            }
            for draft in drafts
        ],
    )
    placed = list(zip(ids, drafts, strict=True))
    await _add_lines(work, placed)
    await _add_parcels(work, placed, clocks)
    await work.insert(
        Event,
        [
            {
                "kind": Kind.ORDER_RECEIVED,
                "at": work.now,
                "actor": work.actor,
                "subject": "order",
                "subject_id": order_id,
                "order_id": order_id,
                "data": {"source": source},
            }
            for order_id, _ in placed
        ],
    )


async def _add_lines(work: Work, placed: Iterable[tuple[int, OrderDraft]]) -> None:
    await work.insert(
        Line,
        [
            {"order_id": order_id, "position": position, **_line(line)}
            for order_id, draft in placed
            for position, line in enumerate(draft.lines, 1)
        ],
    )


async def _add_parcels(
    work: Work, placed: Sequence[tuple[int, OrderDraft]], clocks: _Clocks
) -> None:
    rows, contents = [], []
    for order_id, draft in placed:
        for parcel in draft.parcels:
            contents.append((order_id, parcel.lines))
            rows.append(
                {
                    "order_id": order_id,
                    "carrier": parcel.carrier,
                    "tracking_number": parcel.tracking_number,
                    "state": parcel.state,
                    "shipped_at": parcel.shipped_at,
                    "delivered_at": parcel.delivered_at,
                    "last_event_at": parcel.delivered_at or parcel.shipped_at,
                    "late_due_at": clocks.late(draft, parcel),
                    "silent_due_at": clocks.silent(draft, parcel),
                }
            )
    ids = await _insert(work, Parcel, rows)
    if not any(lines for _, lines in contents):
        return
    found = await work.session.execute(
        select(Line.order_id, Line.position, Line.id).where(
            Line.order_id.in_([order_id for order_id, lines in contents if lines])
        )
    )
    line_ids = {(order_id, position): line_id for order_id, position, line_id in found}
    await work.insert(
        Content,
        [
            {
                "parcel_id": parcel_id,
                "line_id": line_ids[order_id, position],
                "quantity": quantity,
            }
            for parcel_id, (order_id, lines) in zip(ids, contents, strict=True)
            for position, quantity in lines
        ],
    )


async def _change(work: Work, order: Order, draft: OrderDraft, clocks: _Clocks) -> None:
    before = order.state
    for name, value in _facts(draft).items():
        setattr(order, name, value)
    if not _may_follow(before, draft.state):
        order.state = before
    order.ship_by_due_at = clocks.ship_by(draft) if order.state in UNSHIPPED else None
    held = await work.session.scalars(
        select(Line).where(Line.order_id == order.id).order_by(Line.position)
    )
    lines = {line.position: line for line in held}
    for position, line in enumerate(draft.lines, 1):
        if position in lines:
            await work.session.execute(
                update(Line).where(Line.id == lines[position].id).values(**_line(line))
            )
        else:
            await work.insert(Line, [{"order_id": order.id, "position": position, **_line(line)}])
    await _change_parcels(work, order, draft, clocks)
    work.record(Kind.ORDER_CHANGED, order, order_id=order.id, state=order.state)


async def _change_parcels(work: Work, order: Order, draft: OrderDraft, clocks: _Clocks) -> None:
    held = await work.session.scalars(select(Parcel).where(Parcel.order_id == order.id))
    unnamed = {parcel.id: parcel for parcel in held}
    fresh = []
    for drawn in draft.parcels:
        known = next(
            (
                parcel
                for parcel in unnamed.values()
                if parcel.tracking_number in (drawn.tracking_number, None)
            ),
            None,
        )
        if known is None:
            fresh.append(drawn)
            continue
        del unnamed[known.id]
        known.carrier = drawn.carrier or known.carrier
        known.tracking_number = drawn.tracking_number or known.tracking_number
        if known.last_event_at is None or known.state not in ENDED:
            known.state = drawn.state
            known.shipped_at = drawn.shipped_at or known.shipped_at
            known.delivered_at = drawn.delivered_at or known.delivered_at
            known.late_due_at = clocks.late(draft, drawn)
            known.silent_due_at = clocks.silent(draft, drawn)
    if fresh:
        await _add_parcels(work, [(order.id, replace(draft, parcels=tuple(fresh)))], clocks)


def _may_follow(before: State, after: State) -> bool:
    """Tell whether a source may move the order there: forwards by any number of steps."""
    reachable, frontier = {before}, [before]
    while frontier:
        for state in TRANSITIONS[frontier.pop()] - reachable:
            reachable.add(state)
            frontier.append(state)
    return after in reachable


def _facts(draft: OrderDraft) -> dict[str, Any]:
    return {
        "state": draft.state,
        "marketplace_status": draft.marketplace_status,
        "currency": draft.currency,
        "captured": draft.captured,
        "total": draft.total,
        "placed_at": draft.placed_at,
        "ship_by": draft.ship_by,
        "deliver_by": draft.deliver_by,
        "shipped_at": draft.shipped_at,
        "delivered_at": draft.delivered_at,
        "buyer_name": draft.buyer_name,
        "buyer_name_folded": fold(draft.buyer_name),
        "buyer_email": draft.buyer_email.casefold() if draft.buyer_email else None,
        "ship_to_city": draft.ship_to_city,
        "ship_to_city_folded": fold(draft.ship_to_city),
        "ship_to_postcode": draft.ship_to_postcode,
        "ship_to_country": draft.ship_to_country,
        "payment_provider": draft.payment_provider,
        "payment_reference": draft.payment_reference,
        "fingerprint": draft.fingerprint,
    }


def _line(line: LineDraft) -> dict[str, Any]:
    return {
        "external_id": line.external_id,
        "sku": line.sku,
        "title": line.title,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "shipping_price": line.shipping_price,
    }


async def _insert(
    work: Work, table: type[Order | Parcel], rows: Sequence[dict[str, Any]]
) -> list[int]:
    if not rows:
        return []
    stamped = [{**row, "merchant_id": work.merchant_id} for row in rows]
    found = await work.session.scalars(
        insert(table).returning(table.id, sort_by_parameter_order=True), stamped
    )
    return list(found)
