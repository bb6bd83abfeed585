"""The Olist data set: orders of a Brazilian marketplace, spread over several CSV files.

Times have no zone; the shop's are Brasília's, so they are read as America/Sao_Paulo. A
title is the product's category, since names are not part of the data.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.connectors.files.sniffing import UnreadableFile
from bot.connectors.files.spill import scratch
from bot.connectors.files.values import BadValue, Rejected, amount, checked, moment, text
from domain.orders.intake import LineDraft, OrderDraft, ParcelDraft
from domain.orders.model import State
from domain.shipping.model import ParcelState

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from bot.connectors.files.progress import Progress
    from bot.connectors.files.sniffing import Source

CHANNEL = "olist"
CURRENCY = "BRL"
COUNTRY = "BR"
ZONE = ZoneInfo("America/Sao_Paulo")

STATES = {
    "created": State.PENDING,
    "approved": State.CONFIRMED,
    "invoiced": State.CONFIRMED,
    "processing": State.PICKING,
    "shipped": State.SHIPPED,
    "delivered": State.DELIVERED,
    "unavailable": State.CANCELLED,
    "canceled": State.CANCELLED,
}
#: Where a parcel is that was handed to the carrier, as far as the order's state tells.
_PARCEL_STATES = {
    State.SHIPPED: ParcelState.IN_TRANSIT,
    State.DELIVERED: ParcelState.DELIVERED,
}
_TABLES = {
    "orders": (
        "order_id",
        "customer_id",
        "order_status",
        "order_purchase_timestamp",
        "order_delivered_carrier_date",
        "order_delivered_customer_date",
        "order_estimated_delivery_date",
    ),
    "items": (
        "order_id",
        "order_item_id",
        "product_id",
        "shipping_limit_date",
        "price",
        "freight_value",
    ),
    "payments": ("order_id", "payment_sequential", "payment_value"),
    "customers": ("customer_id", "customer_zip_code_prefix", "customer_city"),
    "products": ("product_id", "product_category_name"),
    "translation": ("product_category_name", "product_category_name_english"),
}
_INDEXED = {
    "items": "order_id",
    "payments": "order_id",
    "customers": "customer_id",
    "products": "product_id",
    "translation": "product_category_name",
}
_ORDERS = """
    SELECT orders.*, customer_zip_code_prefix, customer_city
    FROM orders LEFT JOIN customers USING (customer_id) ORDER BY orders.rowid
"""
_ITEMS = """
    SELECT items.*, product_category_name, product_category_name_english
    FROM items LEFT JOIN products USING (product_id)
    LEFT JOIN translation USING (product_category_name)
    WHERE order_id = ? ORDER BY CAST(order_item_id AS INTEGER)
"""
_PAYMENTS = "SELECT * FROM payments WHERE order_id = ? ORDER BY CAST(payment_sequential AS INTEGER)"


def read(source: Source, progress: Progress) -> Iterator[OrderDraft | Rejected]:
    """Yield the orders of the folder, joined on disk."""
    with scratch() as database:
        database.row_factory = _by_column
        before = 0
        for table, columns in _TABLES.items():
            path = source.tables.get(table)
            _load(database, table, columns, path)
            before += path.stat().st_size if path else 0
            progress.read(before)
        count = database.execute("SELECT count(*) AS orders FROM orders").fetchone()["orders"]
        for done, order in enumerate(database.execute(_ORDERS), start=1):
            items = database.execute(_ITEMS, (order["order_id"],)).fetchall()
            payments = database.execute(_PAYMENTS, (order["order_id"],)).fetchall()
            try:
                yield checked(_draft(order, items, payments))
            except BadValue as bad:
                raw = {"order": order, "items": items, "payments": payments}
                yield Rejected(done + 1, raw, f"row {done + 1} of the orders: {bad}")
            progress.handed_out(done / count)
    progress.handed_out(1)


def _by_column(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip((column[0] for column in cursor.description), row, strict=True))


def _load(
    database: sqlite3.Connection, table: str, columns: tuple[str, ...], path: Path | None
) -> None:
    database.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
    if path is not None:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            rows = csv.reader(stream)
            header = [column.strip().lower() for column in next(rows)]
            if missing := [column for column in columns if column not in header]:
                raise UnreadableFile(f"{path.name} has no column {missing[0]}.")
            places = [header.index(column) for column in columns]
            marks = ", ".join("?" * len(columns))
            database.executemany(
                f"INSERT INTO {table} VALUES ({marks})",  # noqa: S608 - names from above only
                (
                    [row[place] if place < len(row) else None for place in places]
                    for row in rows
                    if row
                ),
            )
    if table in _INDEXED:
        database.execute(f"CREATE INDEX {table}_key ON {table} ({_INDEXED[table]})")


def _draft(
    order: dict[str, Any], items: list[dict[str, Any]], payments: list[dict[str, Any]]
) -> OrderDraft:
    number = text(order["order_id"])
    if number is None:
        raise BadValue("order_id is empty")
    status = text(order["order_status"]) or ""
    if status not in STATES:
        raise BadValue(f"order_status “{status[:40]}” is not one of {', '.join(STATES)}")
    state = STATES[status]
    lines = tuple(map(_line, items))
    shipped_at = _time(order, "order_delivered_carrier_date")
    delivered_at = _time(order, "order_delivered_customer_date")
    limits = [limit for item in items if (limit := _time(item, "shipping_limit_date"))]
    return OrderDraft(
        number=number,
        channel=CHANNEL,
        state=state,
        marketplace_status=status,
        currency=CURRENCY,
        lines=lines,
        parcels=_parcels(state, shipped_at, delivered_at),
        captured=_sum(payments, "payment_value"),
        total=_total(lines),
        placed_at=_time(order, "order_purchase_timestamp"),
        ship_by=max(limits, default=None),
        deliver_by=_time(order, "order_estimated_delivery_date"),
        shipped_at=shipped_at,
        delivered_at=delivered_at,
        ship_to_city=text(order["customer_city"]),
        ship_to_postcode=text(order["customer_zip_code_prefix"]),
        ship_to_country=COUNTRY,
    )


def _line(item: dict[str, Any]) -> LineDraft:
    return LineDraft(
        quantity=1,
        sku=text(item["product_id"]),
        title=_title(item),
        unit_price=amount(item["price"], CURRENCY, "price"),
        shipping_price=amount(item["freight_value"], CURRENCY, "freight_value"),
        external_id=text(item["order_item_id"]),
    )


def _title(item: dict[str, Any]) -> str | None:
    category = text(item["product_category_name_english"]) or text(item["product_category_name"])
    return category.replace("_", " ").capitalize() if category else None


def _parcels(
    state: State, shipped_at: datetime | None, delivered_at: datetime | None
) -> tuple[ParcelDraft, ...]:
    if shipped_at is None:
        return ()
    known = ParcelState.DELIVERED if delivered_at else _PARCEL_STATES.get(state)
    parcel = ParcelDraft(
        state=known or ParcelState.UNKNOWN, shipped_at=shipped_at, delivered_at=delivered_at
    )
    return (parcel,)


def _sum(rows: list[dict[str, Any]], column: str) -> int | None:
    amounts = [amount(row[column], CURRENCY, column) for row in rows]
    known = [minor for minor in amounts if minor is not None]
    return sum(known) if known and len(known) == len(amounts) else None


def _total(lines: tuple[LineDraft, ...]) -> int | None:
    prices = [line.unit_price for line in lines if line.unit_price is not None]
    if not lines or len(prices) < len(lines):
        return None
    return sum(prices) + sum(line.shipping_price or 0 for line in lines)


def _time(row: dict[str, Any], column: str) -> datetime | None:
    return moment(row[column], column, zone=ZONE)
