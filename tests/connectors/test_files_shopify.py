"""Shopify's orders export and its REST orders."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.connectors.files import Format, Rejected, read, sniff
from domain.orders.intake import LineDraft, OrderDraft
from domain.orders.model import State
from domain.shipping.model import ParcelState

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "shopify"
needs_examples = pytest.mark.skipif(not SHARED.is_dir(), reason="Shopify's examples are not here")

COLUMNS = [
    "Name",
    "Email",
    "Financial Status",
    "Paid at",
    "Fulfillment Status",
    "Fulfilled at",
    "Accepts Marketing",
    "Currency",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Discount Code",
    "Discount Amount",
    "Shipping Method",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
    "Lineitem compare at price",
    "Lineitem sku",
    "Lineitem requires shipping",
    "Lineitem taxable",
    "Lineitem fulfillment status",
    "Billing Name",
    "Billing City",
    "Shipping Name",
    "Shipping City",
    "Shipping Zip",
    "Shipping Province",
    "Shipping Country",
    "Notes",
    "Cancelled at",
    "Payment Method",
    "Payment Reference",
    "Refunded Amount",
    "Outstanding Balance",
    "Id",
    "Tags",
]
FIRST = {
    "Name": "#1042",
    "Email": "kim@example.org",
    "Financial Status": "paid",
    "Fulfillment Status": "fulfilled",
    "Fulfilled at": "2026-03-06 09:00:00 +0100",
    "Currency": "EUR",
    "Shipping": "4.90",
    "Total": "58.90",
    "Created at": "2026-03-05 22:11:27 +0100",
    "Lineitem quantity": "2",
    "Lineitem name": 'Shelf "Oslo", 60 cm\nwhite',
    "Lineitem price": "24.50",
    "Lineitem sku": "SH-60",
    "Billing Name": "Kim Lind",
    "Shipping Name": "Office Lind",
    "Shipping City": "Kiel",
    "Shipping Zip": "'04103",
    "Shipping Country": "DE",
    "Payment Reference": "c1.1",
    "Refunded Amount": "0.00",
    "Id": "5551",
}
SECOND = {
    "Name": "#1042",
    "Lineitem quantity": "1",
    "Lineitem name": "Screws",
    "Lineitem price": "5.00",
    "Lineitem sku": "SCR",
}


def export(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "orders_export_1.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def saved(folder: Path, document: Any) -> Path:
    path = folder / "shopify.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def the_order(path: Path) -> OrderDraft:
    (order,) = read(path)
    assert isinstance(order, OrderDraft), order
    return order


def test_an_export_is_read_with_all_lines_of_an_order(tmp_path: Path) -> None:
    path = export(tmp_path, FIRST, SECOND)
    assert sniff(path) is Format.SHOPIFY_CSV
    assert the_order(path) == OrderDraft(
        number="#1042",
        channel="shopify",
        state=State.SHIPPED,
        marketplace_status="paid / fulfilled",
        currency="EUR",
        lines=(
            LineDraft(2, "SH-60", 'Shelf "Oslo", 60 cm\nwhite', 2450),
            LineDraft(1, "SCR", "Screws", 500),
        ),
        captured=5890,
        total=5890,
        placed_at=datetime(2026, 3, 5, 21, 11, 27, tzinfo=UTC),
        shipped_at=datetime(2026, 3, 6, 8, tzinfo=UTC),
        buyer_name="Office Lind",
        buyer_email="kim@example.org",
        ship_to_name="Office Lind",
        ship_to_city="Kiel",
        ship_to_postcode="04103",
        ship_to_country="DE",
        payment_provider="shopify",
        payment_reference="5551",
    )


def test_a_line_without_a_name_belongs_to_the_order_above(tmp_path: Path) -> None:
    orders = list(read(export(tmp_path, FIRST, SECOND | {"Name": ""}, FIRST | {"Name": "#1043"})))
    assert [len(order.lines) for order in orders if isinstance(order, OrderDraft)] == [2, 1]


@pytest.mark.parametrize(
    ("said", "captured"),
    [
        ({"Financial Status": "authorized"}, 0),
        ({"Financial Status": "pending"}, 0),
        ({"Financial Status": "partially_refunded", "Refunded Amount": "8.90"}, 5000),
        ({"Financial Status": "refunded", "Refunded Amount": "58.90"}, 0),
        ({"Financial Status": "partially_paid", "Outstanding Balance": "18.90"}, 4000),
        ({"Financial Status": "partially_paid"}, None),
    ],
)
def test_captured_is_what_was_paid_less_what_was_refunded(
    tmp_path: Path, said: dict[str, str], captured: int | None
) -> None:
    order = the_order(export(tmp_path, FIRST | said))
    assert (order.captured, order.total) == (captured, 5890)


def test_a_cancelled_order_is_cancelled_whatever_else_it_says(tmp_path: Path) -> None:
    order = the_order(export(tmp_path, FIRST | {"Cancelled at": "2026-03-06 10:00:00 +0100"}))
    assert order.state is State.CANCELLED


def test_an_unknown_status_is_not_guessed(tmp_path: Path) -> None:
    (rejected,) = read(export(tmp_path, FIRST | {"Fulfillment Status": "lost"}))
    assert isinstance(rejected, Rejected)
    assert "fulfillment status “lost” is not one of Shopify's" in rejected.reason


def rest_order(**more: Any) -> dict[str, Any]:
    return {
        "id": 77,
        "admin_graphql_api_id": "gid://shopify/Order/77",
        "name": "#1042",
        "email": "kim@example.org",
        "created_at": "2026-03-05T22:11:27+01:00",
        "updated_at": "2026-03-06T22:11:27+01:00",
        "currency": "EUR",
        "total_price": "29.40",
        "financial_status": "paid",
        "fulfillment_status": "fulfilled",
        "cancelled_at": None,
        "refunds": [],
        "customer": {"first_name": "Kim", "last_name": "Lind"},
        "shipping_address": {
            "name": "Kim Lind",
            "company": "Lind Boats",
            "address1": "Kai 7",
            "address2": "",
            "province_code": "SH",
            "city": "Kiel",
            "zip": "24103",
            "country_code": "DE",
        },
        "line_items": [{"id": 1, "quantity": 1, "sku": "SH-60", "name": "Shelf", "price": "24.50"}],
        "fulfillments": [
            {
                "id": 9,
                "created_at": "2026-03-06T09:00:00+01:00",
                "status": "success",
                "shipment_status": "out_for_delivery",
                "tracking_company": "DHL",
                "tracking_numbers": ["JD7"],
                "line_items": [{"id": 1, "quantity": 1}],
            }
        ],
    } | more


def test_a_rest_order_is_read_completely(tmp_path: Path) -> None:
    path = saved(tmp_path, {"orders": [rest_order()]})
    assert sniff(path) is Format.SHOPIFY_JSON
    order = the_order(path)
    assert (order.number, order.state, order.captured) == ("#1042", State.SHIPPED, 2940)
    assert order.lines == (LineDraft(1, "SH-60", "Shelf", 2450, None, "1"),)
    assert (order.buyer_name, order.ship_to_city) == ("Kim Lind", "Kiel")
    assert (order.ship_to_name, order.ship_to_street) == ("Kim Lind, Lind Boats", "Kai 7")
    assert order.ship_to_region == "SH"
    assert order.payment_reference == "77"
    (parcel,) = order.parcels
    assert (parcel.carrier, parcel.tracking_number) == ("DHL", "JD7")
    assert (parcel.state, parcel.lines) == (ParcelState.OUT_FOR_DELIVERY, ((1, 1),))
    assert order.shipped_at == datetime(2026, 3, 6, 8, tzinfo=UTC)


def test_refunds_before_the_import_are_taken_off_what_was_captured(tmp_path: Path) -> None:
    transactions = [
        {"kind": "refund", "status": "success", "amount": "9.40"},
        {"kind": "refund", "status": "failure", "amount": "5.00"},
    ]
    order = rest_order(
        financial_status="partially_refunded", refunds=[{"transactions": transactions}]
    )
    assert the_order(saved(tmp_path, {"order": order})).captured == 2000


def test_an_order_without_an_envelope_is_read(tmp_path: Path) -> None:
    assert the_order(saved(tmp_path, rest_order())).number == "#1042"


def test_a_json_file_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    path = saved(tmp_path, {"orders": [rest_order(), rest_order(id=78, name="#1043")]})
    path.write_bytes(path.read_bytes()[:-40])
    order, rejected = read(path)
    assert isinstance(order, OrderDraft)
    assert isinstance(rejected, Rejected)
    assert rejected.reason == (
        "shopify.json breaks off, or is not JSON, after order 1; export it again"
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_hindrance(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "orders.json"
    order = rest_order(customer={"first_name": "Søren"})
    path.write_text(json.dumps({"orders": [order]}, ensure_ascii=False), encoding=encoding)
    assert the_order(path).buyer_name == "Søren"


def test_no_orders_at_all_is_no_error(tmp_path: Path) -> None:
    assert list(read(saved(tmp_path, {"orders": []}))) == []


@needs_examples
def test_shopifys_own_examples_are_read() -> None:
    order = the_order(SHARED / "order.json")
    assert (order.number, order.total, order.captured, len(order.lines)) == ("#1001", 40994, 0, 3)
    assert (order.buyer_name, order.ship_to_postcode) == ("Bob Norman", "40202")
    assert [parcel.tracking_number for parcel in order.parcels] == ["1Z2345"]
    listed = the_order(SHARED / "orders.json")
    assert (listed.total, listed.captured) == (59894, None)
    assert listed.payment_reference == "450789469"
