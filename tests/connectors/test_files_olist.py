"""The Olist data set: a folder of tables."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bot.connectors.files import Format, Rejected, UnreadableFile, read, readings, sniff
from bot.connectors.files.olist import STATES
from domain.orders.intake import LineDraft, OrderDraft
from domain.orders.model import State
from domain.shipping.model import ParcelState

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "olist"
needs_olist = pytest.mark.skipif(not SHARED.is_dir(), reason="the Olist sample is not here")

TABLES = {
    "o.csv": """\
order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,\
order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date
o1,c1,delivered,2018-08-15 11:30:33,,2018-08-16 12:44:00,2018-08-20 15:15:42,2018-08-27 00:00:00
o2,c9,unavailable,2018-08-15 11:30:33,,,,
o3,c1,lost,2018-08-15 11:30:33,,,,
""",
    "i.csv": """\
order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value
o1,2,p2,s,2018-08-18 10:00:00,10.00,1.50
o1,1,p1,s,2018-08-17 10:00:00,39.95,17.93
""",
    "p.csv": """\
order_id,payment_sequential,payment_type,payment_installments,payment_value
o1,2,voucher,1,19.38
o1,1,credit_card,1,50.00
""",
    "c.csv": """\
customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state
c1,u1,01310,sao paulo,SP
""",
    "pr.csv": """\
product_id,product_category_name,product_name_lenght,product_photos_qty
p1,beleza_saude,56,1
p2,,56,1
""",
    "t.csv": """\
product_category_name,product_category_name_english
beleza_saude,health_beauty
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, table in TABLES.items():
        (tmp_path / name).write_text(table, encoding="utf-8")
    return tmp_path


def test_the_tables_are_joined_into_orders(folder: Path) -> None:
    assert sniff(folder) is Format.OLIST
    order, unavailable, lost = read(folder)
    assert isinstance(order, OrderDraft)
    assert order.lines == (
        LineDraft(1, "p1", "Health beauty", 3995, 1793, "1"),
        LineDraft(1, "p2", None, 1000, 150, "2"),
    )
    assert (order.total, order.captured, order.currency) == (6938, 6938, "BRL")
    assert order.placed_at == datetime(2018, 8, 15, 14, 30, 33, tzinfo=UTC)
    assert order.ship_by == datetime(2018, 8, 18, 13, tzinfo=UTC)
    assert (order.ship_to_city, order.ship_to_postcode) == ("sao paulo", "01310")
    (parcel,) = order.parcels
    assert (parcel.tracking_number, parcel.state) == (None, ParcelState.DELIVERED)
    assert isinstance(unavailable, OrderDraft)
    assert (unavailable.state, unavailable.lines) == (State.CANCELLED, ())
    assert (unavailable.total, unavailable.captured) == (None, None)
    assert isinstance(lost, Rejected)
    assert "order_status “lost” is not one of created, approved" in lost.reason


def test_any_table_stands_for_its_folder(folder: Path) -> None:
    (reading,) = readings([folder / "i.csv", folder / "o.csv", folder])
    assert len(list(reading)) == 3


def test_a_folder_without_orders_is_refused(folder: Path) -> None:
    (folder / "o.csv").unlink()
    with pytest.raises(UnreadableFile, match="its orders table is missing"):
        read(folder)
    with pytest.raises(UnreadableFile, match="has no orders table"):
        read(folder / "i.csv")


def rows_of(name: str) -> list[dict[str, str]]:
    with (SHARED / name).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@needs_olist
def test_all_real_orders_are_read_and_their_sums_are_right() -> None:
    drafts = {order.number: order for order in read(SHARED) if isinstance(order, OrderDraft)}
    source = {row["order_id"]: row for row in rows_of("olist_orders_dataset.csv")}
    assert len(list(read(SHARED))) == len(drafts) == len(source) == 3000
    totals: dict[str, Decimal] = defaultdict(Decimal)
    lines: dict[str, int] = defaultdict(int)
    for row in rows_of("olist_order_items_dataset.csv"):
        totals[row["order_id"]] += Decimal(row["price"]) + Decimal(row["freight_value"])
        lines[row["order_id"]] += 1
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows_of("olist_order_payments_dataset.csv"):
        paid[row["order_id"]] += Decimal(row["payment_value"])
    for number, row in source.items():
        order = drafts[number]
        assert order.state is STATES[row["order_status"]]
        assert order.total == (int(totals[number] * 100) if number in totals else None)
        assert order.captured == (int(paid[number] * 100) if number in paid else None)
        assert len(order.lines) == lines[number]
        assert bool(order.parcels) == bool(row["order_delivered_carrier_date"])
        assert order.ship_to_city
