"""How new orders, their lines and parcels are written: in batches, nothing per row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import insert, select

from domain.events import Event, Kind
from domain.orders import arrivals
from domain.orders.clocks import Clocks
from domain.orders.intake import LineDraft, OrderDraft
from domain.orders.model import Line, Order, State, fold
from domain.shipping import service as shipping
from domain.shipping.model import Content, Parcel, as_tracked
from domain.store import BULK, Work
from domain.tables import among, upsert

#: What a merchant knows an order by: its sales channel and its number there.
Key = tuple[str, str]
#: What a source says is in a parcel: its id, its order's, and (position, quantity) of each line.
Told = tuple[int, int, Sequence[tuple[int, int]]]


async def add(
    work: Work,
    drafts: Iterable[OrderDraft],
    source: str,
    clocks: Clocks,
    arrival_id: int | None = None,
) -> dict[Key, int]:
    """Write new orders; returns the ids of those written, as somebody else may have written some meanwhile.

    Those that nobody has begun to ship are announced with the arrival, if there is one.
    """
    # In one order everywhere: two batches that share orders must not wait for each other.
    ordered = sorted(drafts, key=lambda draft: (draft.channel, draft.number))
    if not ordered:
        return {}
    ids = await _insert_orders(work, ordered, source, clocks, arrival_id)
    placed = [
        (ids[draft.channel, draft.number], draft)
        for draft in ordered
        if (draft.channel, draft.number) in ids
    ]
    await _add_lines(work, placed)
    await add_parcels(work, placed, clocks)
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
    if arrival_id is not None and (arrived := sum(to_be_confirmed(draft) for _, draft in placed)):
        await arrivals.announce(work, arrival_id, arrived)
    return ids


def to_be_confirmed(draft: OrderDraft) -> bool:
    """Tell whether nobody has begun to ship it: to be paid is enough for its source to confirm it."""
    return draft.state in (State.PENDING, State.CONFIRMED) and not draft.parcels


async def add_parcels(work: Work, placed: Sequence[tuple[int, OrderDraft]], clocks: Clocks) -> None:
    """Write every parcel of the drafts, and what is in it where the source knows."""
    rows: list[dict[str, Any]] = []
    contents = []
    for order_id, draft in placed:
        for parcel in draft.parcels:
            contents.append((order_id, parcel.lines))
            rows.append(
                {
                    "merchant_id": work.merchant_id,
                    "order_id": order_id,
                    "carrier": parcel.carrier,
                    "tracking_number": as_tracked(parcel.tracking_number),
                    "state": parcel.state,
                    "shipped_at": parcel.shipped_at,
                    "delivered_at": parcel.delivered_at,
                    "last_event_at": parcel.delivered_at or parcel.shipped_at,
                    "late_due_at": clocks.late(draft, parcel),
                    "silent_due_at": clocks.silent(draft, parcel),
                    "track_due_at": clocks.untracked(draft, parcel),
                }
            )
    if any(lines for _, lines in contents):
        await _insert_with_contents(work, rows, contents)
    else:
        await work.insert(Parcel, rows)
    await shipping.match(work, {row["tracking_number"] for row in rows})


async def _insert_with_contents(
    work: Work,
    rows: Sequence[dict[str, Any]],
    contents: Sequence[tuple[int, Sequence[tuple[int, int]]]],
) -> None:
    # Both databases number the rows of an INSERT as they come. To have SQLAlchemy see to it
    # would cost SQLite a statement a row.
    ids = sorted(
        await work.session.scalars(
            insert(Parcel).returning(Parcel.id), rows, execution_options=BULK
        )
    )
    told = [
        (parcel_id, order_id, lines)
        for parcel_id, (order_id, lines) in zip(ids, contents, strict=True)
    ]
    await _insert_contents(work, told)


async def add_contents(work: Work, told: Sequence[Told]) -> None:
    """Write what is in parcels of which that was not known; what is known stays."""
    known = set(
        await work.session.scalars(
            select(Content.parcel_id).where(
                among(work.session, Content.parcel_id, [parcel_id for parcel_id, *_ in told])
            )
        )
    )
    await _insert_contents(work, [one for one in told if one[0] not in known])


async def _insert_contents(work: Work, told: Sequence[Told]) -> None:
    found = await work.session.execute(
        select(Line.order_id, Line.position, Line.id).where(
            among(work.session, Line.order_id, {order_id for _, order_id, lines in told if lines})
        )
    )
    line_ids = {(order_id, position): line_id for order_id, position, line_id in found}
    quantities: Counter[tuple[int, int]] = Counter()
    for parcel_id, order_id, lines in told:
        for position, quantity in lines:
            quantities[parcel_id, line_ids[order_id, position]] += quantity
    await work.insert(
        Content,
        [
            {"parcel_id": parcel_id, "line_id": line_id, "quantity": quantity}
            for (parcel_id, line_id), quantity in quantities.items()
        ],
    )


def facts(draft: OrderDraft) -> dict[str, Any]:
    """Return an order's columns as its source tells them, None where it does not say."""
    return {
        "state": draft.state,
        "marketplace_status": draft.marketplace_status,
        "currency": draft.currency,
        "captured": draft.captured,
        "total": draft.total,
        "placed_at": draft.placed_at,
        "ship_by": draft.ship_by,
        "deliver_by": draft.deliver_by,
        "shipped_at": draft.left_at,
        "delivered_at": draft.delivered_at,
        "buyer_name": draft.buyer_name,
        "buyer_name_folded": fold(draft.buyer_name),
        "buyer_email": draft.buyer_email.casefold() if draft.buyer_email else None,
        "ship_to_name": draft.ship_to_name,
        "ship_to_street": draft.ship_to_street,
        "ship_to_region": draft.ship_to_region,
        "ship_to_city": draft.ship_to_city,
        "ship_to_city_folded": fold(draft.ship_to_city),
        "ship_to_postcode": draft.ship_to_postcode,
        "ship_to_country": draft.ship_to_country,
        "payment_provider": draft.payment_provider,
        "payment_reference": draft.payment_reference,
        "awaits_payment": draft.awaits_payment,
        "changed_at": draft.changed_at,
        "fingerprint": draft.fingerprint,
    }


def line_facts(line: LineDraft) -> dict[str, Any]:
    """Return a line's columns as its source tells them, None where it does not say."""
    return {
        "external_id": line.external_id,
        "sku": line.sku,
        "title": line.title,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "shipping_price": line.shipping_price,
    }


async def _insert_orders(
    work: Work,
    drafts: Sequence[OrderDraft],
    source: str,
    clocks: Clocks,
    arrival_id: int | None,
) -> dict[Key, int]:
    arriving = {
        "state": State.PENDING,
        "arrival_id": arrival_id,
        "confirm_due_at": work.now,
    }
    nothing = {"arrival_id": None, "confirm_due_at": None}
    rows = [
        {
            **facts(draft),
            "state": clocks.state(draft),
            "merchant_id": work.merchant_id,
            "number": draft.number,
            "channel": draft.channel,
            "source": source,
            "received_at": work.now,
            "ship_by_due_at": clocks.ship_by(draft),
            **(arriving if arrival_id is not None and to_be_confirmed(draft) else nothing),
            "complete_due_at": clocks.complete(draft),
        }
        for draft in drafts
    ]
    statement = upsert(work.session, Order).on_conflict_do_nothing(
        index_elements=["merchant_id", "channel", "number"]
    )
    found = await work.session.execute(
        statement.returning(Order.channel, Order.number, Order.id), rows, execution_options=BULK
    )
    return {(channel, number): order_id for channel, number, order_id in found}


async def _add_lines(work: Work, placed: Iterable[tuple[int, OrderDraft]]) -> None:
    await work.insert(
        Line,
        [
            {"order_id": order_id, "position": position, **line_facts(line)}
            for order_id, draft in placed
            for position, line in enumerate(draft.lines, 1)
        ],
    )
