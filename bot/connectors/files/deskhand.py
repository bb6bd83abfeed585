"""Deskhand's own CSV, one row per order line; docs/importing.md describes it."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from bot.connectors.files import shopify
from bot.connectors.files.records import Shape
from bot.connectors.files.rows import Row, orders
from bot.connectors.files.sniffing import UnreadableFile
from domain.orders.intake import LineDraft, OrderDraft, ParcelDraft
from domain.orders.model import State
from domain.shipping.model import ParcelState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.connectors.files.progress import Progress
    from bot.connectors.files.sniffing import Source
    from bot.connectors.files.values import Rejected

COLUMNS = (
    "order_number",
    "placed_at",
    "status",
    "channel",
    "currency",
    "sku",
    "title",
    "quantity",
    "unit_price",
    "shipping_price",
    "buyer_name",
    "buyer_email",
    "ship_to_name",
    "ship_to_street",
    "ship_to_region",
    "ship_to_city",
    "ship_to_postcode",
    "ship_to_country",
    "ship_by",
    "deliver_by",
    "carrier",
    "tracking_number",
    "payment_provider",
    "payment_reference",
)
REQUIRED = ("order_number", "currency", "quantity")
PROVIDERS = ("stripe", "shopify", "amazon", "manual")
#: Where an order was sold, when the file does not say.
DEFAULT_CHANNEL = "direct"

#: What belongs to the order and not to a line: the rows of one order must agree on it.
_OF_THE_ORDER = (
    "placed_at",
    "status",
    "currency",
    "buyer_name",
    "buyer_email",
    "ship_to_name",
    "ship_to_street",
    "ship_to_region",
    "ship_to_city",
    "ship_to_postcode",
    "ship_to_country",
    "ship_by",
    "deliver_by",
    "payment_provider",
    "payment_reference",
)
#: How far a parcel has come, as far as the order's state tells.
_PARCEL_STATES = {
    State.SHIPPED: ParcelState.IN_TRANSIT,
    State.DELIVERED: ParcelState.DELIVERED,
    State.COMPLETED: ParcelState.DELIVERED,
    State.CANCELLED: ParcelState.CANCELLED,
}


def read(source: Source, progress: Progress) -> Iterator[OrderDraft | Rejected]:
    """Yield the orders of the file; raises `UnreadableFile` if a column is missing."""
    columns = {column.strip().lower() for column in source.header}
    if missing := [column for column in REQUIRED if column not in columns]:
        raise UnreadableFile(
            f"{source.path.name} has no column {' and no '.join(missing)}. "
            f"Its first line must name the columns; {', '.join(REQUIRED)} are required."
        )
    return orders(source, progress, Shape(key="order_number"), drafts)


def drafts(rows: list[Row]) -> Iterator[OrderDraft]:
    """Make the orders of one number, one for each channel; raises `BadRow`."""
    first = next((said for row in rows if (said := row.text("channel"))), DEFAULT_CHANNEL)
    by_channel: dict[str, list[Row]] = {}
    for row in rows:
        by_channel.setdefault((row.text("channel") or first).lower(), []).append(row)
    for channel, own in by_channel.items():
        yield _draft(channel, own)


def _draft(channel: str, rows: list[Row]) -> OrderDraft:
    said = _agreed(rows)
    currency = said["currency"].currency("currency") if "currency" in said else None
    if currency is None:
        rows[0].refuse("currency is empty")
    state = _state(said["status"]) if "status" in said else None
    lines = tuple(
        LineDraft(
            quantity=row.quantity("quantity"),
            sku=row.text("sku"),
            title=row.text("title"),
            unit_price=row.amount("unit_price", currency),
            shipping_price=row.amount("shipping_price", currency),
        )
        for row in rows
    )
    total = _total(lines)

    def text(column: str) -> str | None:
        return said[column].text(column) if column in said else None

    moments: dict[str, Any] = {
        column: said[column].moment(column, UTC, end_of_day=column != "placed_at")
        for column in ("placed_at", "ship_by", "deliver_by")
        if column in said
    }
    provider = _provider(said["payment_provider"]) if "payment_provider" in said else None
    reference = text("payment_reference")
    return OrderDraft(
        number=rows[0].text("order_number") or "",
        channel=channel,
        state=state or State.PENDING,
        marketplace_status=text("status"),
        currency=currency,
        lines=lines,
        parcels=_parcels(rows, state),
        captured=_captured(state, total),
        total=total,
        **moments,
        buyer_name=text("buyer_name"),
        buyer_email=text("buyer_email"),
        ship_to_name=text("ship_to_name"),
        ship_to_street=text("ship_to_street"),
        ship_to_region=text("ship_to_region"),
        ship_to_city=text("ship_to_city"),
        ship_to_postcode=text("ship_to_postcode"),
        ship_to_country=text("ship_to_country"),
        payment_provider=provider,
        payment_reference=shopify.order_id(reference)
        if provider == shopify.PROVIDER
        else reference,
    )


def _agreed(rows: list[Row]) -> dict[str, Row]:
    """Return, for each column of the order, the first row that fills it."""
    said: dict[str, Row] = {}
    for row in rows:
        for column in _OF_THE_ORDER:
            written = row.text(column)
            if written is None:
                continue
            before = said.setdefault(column, row)
            if before.text(column) != written:
                row.refuse(f"{column} differs from row {before.number}, which is of the same order")
    return said


def _state(row: Row) -> State:
    written = row.text("status") or ""
    try:
        return State(written.lower())
    except ValueError:
        row.refuse(f"status “{written[:40]}” is not one of {', '.join(State)}")


def _provider(row: Row) -> str:
    written = (row.text("payment_provider") or "").lower()
    if written not in PROVIDERS:
        row.refuse(f"payment_provider “{written[:40]}” is not one of {', '.join(PROVIDERS)}")
    return written


def _total(lines: tuple[LineDraft, ...]) -> int | None:
    total = 0
    for line in lines:
        if line.unit_price is None:
            return None
        total += line.quantity * line.unit_price + (line.shipping_price or 0)
    return total


def _captured(state: State | None, total: int | None) -> int | None:
    """Take a confirmed order for paid in full; nobody knows that of one without a status."""
    if state is State.PENDING:
        return 0
    return None if state in {None, State.CANCELLED} else total


def _parcels(rows: list[Row], state: State | None) -> tuple[ParcelDraft, ...]:
    """Make a parcel of each tracking number, or of each carrier where that is all."""
    contents: dict[tuple[str | None, str | None], list[tuple[int, int]]] = {}
    for position, row in enumerate(rows, start=1):
        parcel = (row.text("carrier"), row.text("tracking_number"))
        if any(parcel):
            contents.setdefault(parcel, []).append((position, row.quantity("quantity")))
    return tuple(
        ParcelDraft(
            carrier=carrier,
            tracking_number=number,
            state=_PARCEL_STATES.get(state, ParcelState.PENDING) if state else ParcelState.UNKNOWN,
            lines=tuple(lines),
        )
        for (carrier, number), lines in contents.items()
    )
