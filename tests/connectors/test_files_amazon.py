"""Amazon's All Orders report, and the answers of both its Orders APIs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.connectors.files import Format, Rejected, read, readings, sniff
from bot.connectors.files.amazon import PARCEL_STATES, STATES
from domain.orders.intake import LineDraft, OrderDraft
from domain.orders.model import State
from domain.shipping.model import ParcelState

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "amazon"
needs_models = pytest.mark.skipif(not SHARED.is_dir(), reason="Amazon's API models are not here")

COLUMNS = [
    "amazon-order-id",
    "merchant-order-id",
    "purchase-date",
    "last-updated-date",
    "order-status",
    "fulfillment-channel",
    "sales-channel",
    "order-channel",
    "ship-service-level",
    "product-name",
    "sku",
    "asin",
    "item-status",
    "quantity",
    "currency",
    "item-price",
    "item-tax",
    "shipping-price",
    "shipping-tax",
    "gift-wrap-price",
    "gift-wrap-tax",
    "item-promotion-discount",
    "ship-promotion-discount",
    "ship-city",
    "ship-state",
    "ship-postal-code",
    "ship-country",
    "promotion-ids",
    "is-business-order",
    "purchase-order-number",
    "price-designation",
]
SHIPPED = {
    "amazon-order-id": "303-1111111-2222222",
    "purchase-date": "2026-10-03T08:04:21+00:00",
    "order-status": "Shipped",
    "fulfillment-channel": "Merchant",
    "sales-channel": "Amazon.de",
    "product-name": 'Monitor 24" "silent", black',
    "sku": "MON-24",
    "item-status": "Shipped",
    "quantity": "2",
    "currency": "EUR",
    "item-price": "399.80",
    "shipping-price": "5.90",
    "item-promotion-discount": "10.00",
    "ship-city": "Münster",
    "ship-postal-code": "48143",
    "ship-country": "DE",
}


def report(folder: Path, *rows: dict[str, str], encoding: str = "utf-8", end: str = "\n") -> Path:
    path = folder / "1234567890.txt"
    lines = ["\t".join(COLUMNS)]
    lines += ["\t".join(row.get(column, "") for column in COLUMNS) for row in rows]
    path.write_bytes(("\n".join(lines) + end).encode(encoding))
    return path


def saved(folder: Path, document: Any, name: str = "orders.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def the_order(path: Path) -> OrderDraft:
    (order,) = read(path)
    assert isinstance(order, OrderDraft), order
    return order


def test_a_report_row_becomes_an_order(tmp_path: Path) -> None:
    path = report(tmp_path, SHIPPED)
    assert sniff(path) is Format.AMAZON_REPORT
    order = the_order(path)
    assert order == OrderDraft(
        number="303-1111111-2222222",
        channel="amazon",
        state=State.SHIPPED,
        marketplace_status="Shipped",
        currency="EUR",
        lines=(
            LineDraft(
                2,
                "MON-24",
                'Monitor 24" "silent", black',
                unit_price=19990,
                shipping_price=590,
            ),
        ),
        captured=39570,
        total=39570,
        placed_at=datetime(2026, 10, 3, 8, 4, 21, tzinfo=UTC),
        ship_to_city="Münster",
        ship_to_postcode="48143",
        ship_to_country="DE",
        payment_provider="amazon",
        payment_reference="303-1111111-2222222",
    )


def test_a_price_that_does_not_divide_leaves_the_unit_price_unknown(tmp_path: Path) -> None:
    order = the_order(report(tmp_path, SHIPPED | {"quantity": "3", "item-price": "10.00"}))
    assert order.lines[0].unit_price is None
    assert order.total == 1000 + 590 - 1000


@pytest.mark.parametrize(
    ("channel", "total"),
    [("Amazon.com", 39570 + 3000), ("Amazon.de", 39570), ("Non-Amazon", None)],
)
def test_tax_is_added_only_where_prices_do_not_hold_it(
    tmp_path: Path, channel: str, total: int | None
) -> None:
    order = the_order(report(tmp_path, SHIPPED | {"sales-channel": channel, "item-tax": "30.00"}))
    assert order.total == total


def test_a_pending_row_without_amounts_takes_its_marketplaces_currency(tmp_path: Path) -> None:
    pending = {
        "amazon-order-id": "026-1",
        "order-status": "Pending",
        "sales-channel": "Amazon.co.uk",
        "quantity": "1",
    }
    order = the_order(report(tmp_path, pending))
    assert (order.state, order.currency) == (State.PENDING, "GBP")
    assert (order.total, order.captured) == (None, 0)


def test_a_cancelled_row_is_no_longer_part_of_its_order(tmp_path: Path) -> None:
    gone = SHIPPED | {"item-status": "Cancelled", "sku": "GONE", "item-price": ""}
    order = the_order(report(tmp_path, SHIPPED, gone))
    assert [(line.sku, line.quantity) for line in order.lines] == [("MON-24", 2), ("GONE", 0)]
    assert order.total == 39570


def test_a_western_code_page_is_read(tmp_path: Path) -> None:
    assert the_order(report(tmp_path, SHIPPED, encoding="cp1252")).ship_to_city == "Münster"


def test_a_japanese_code_page_is_read(tmp_path: Path) -> None:
    japanese = {"sales-channel": "Amazon.co.jp", "ship-city": "東京都", "currency": "JPY"}
    amounts = {"item-price": "3000", "shipping-price": "", "item-promotion-discount": ""}
    path = report(tmp_path, SHIPPED | japanese | amounts, encoding="cp932")
    order = the_order(path)
    assert (order.ship_to_city, order.total) == ("東京都", 3000)


def test_utf_16_is_read(tmp_path: Path) -> None:
    path = report(tmp_path, SHIPPED, encoding="utf-16")
    assert sniff(path) is Format.AMAZON_REPORT
    assert the_order(path).ship_to_city == "Münster"


def test_a_report_that_breaks_off_loses_only_its_last_order(tmp_path: Path) -> None:
    path = report(tmp_path, SHIPPED, SHIPPED | {"amazon-order-id": "303-9"})
    cut = path.read_bytes()
    path.write_bytes(cut[: cut.rindex(b"Amazon.de") + 4])
    order, rejected = read(path)
    assert isinstance(order, OrderDraft)
    assert isinstance(rejected, Rejected)
    assert rejected.reason == "row 3: the file breaks off in this row; export it again"


def test_an_unknown_status_is_not_guessed(tmp_path: Path) -> None:
    (rejected,) = read(report(tmp_path, SHIPPED | {"order-status": "Teleported"}))
    assert isinstance(rejected, Rejected)
    assert rejected.reason == "row 2: order status “Teleported” is not one of Amazon's"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Unshipped", State.CONFIRMED),
        ("PartiallyShipped", State.CONFIRMED),
        ("Shipped - Delivered to Buyer", State.DELIVERED),
        ("Shipped - Returned to Seller", State.SHIPPED),
        ("Cancelled", State.CANCELLED),
    ],
)
def test_report_statuses_become_ours(tmp_path: Path, status: str, state: State) -> None:
    order = the_order(report(tmp_path, SHIPPED | {"order-status": status}))
    assert (order.state, order.marketplace_status) == (state, status)


def api_order(**more: Any) -> dict[str, Any]:
    return {
        "orderId": "701-1",
        "createdTime": "2026-05-01T10:00:00Z",
        "lastUpdatedTime": "2026-05-02T10:00:00Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "A1PA6795UKMFR9"},
        "buyer": {"buyerName": "Eva Kern", "buyerEmail": "x@marketplace.example"},
        "recipient": {
            "deliveryAddress": {"city": "Ulm", "postalCode": "89073", "countryCode": "DE"}
        },
        "proceeds": {"grandTotal": {"amount": "31.00", "currencyCode": "EUR"}},
        "fulfillment": {
            "fulfillmentStatus": "SHIPPED",
            "shipByWindow": {"latestDateTime": "2026-05-03T21:59:59Z"},
            "deliverByWindow": {"latestDateTime": "2026-05-06T21:59:59Z"},
        },
        "orderItems": [
            {
                "orderItemId": "11",
                "quantityOrdered": 2,
                "product": {
                    "title": "Lamp",
                    "sellerSku": "LAMP",
                    "price": {"unitPrice": {"amount": "13.00", "currencyCode": "EUR"}},
                },
                "proceeds": {
                    "breakdowns": [
                        {"type": "SHIPPING", "subtotal": {"amount": "5", "currencyCode": "EUR"}}
                    ]
                },
            }
        ],
        "packages": [
            {
                "packageReferenceId": "1",
                "packageStatus": {"status": "IN_TRANSIT", "detailedStatus": "RETURNING_TO_SELLER"},
                "carrier": "DHL",
                "trackingNumber": "JD9",
                "shipTime": "2026-05-02T09:00:00Z",
                "packageItems": [{"orderItemId": "11", "quantity": 2}],
            }
        ],
        "somethingNew": {"nobody": ["knows"]},
    } | more


def test_an_api_order_is_read_completely(tmp_path: Path) -> None:
    path = saved(tmp_path, {"pagination": {"nextToken": "t"}, "orders": [api_order()]})
    assert sniff(path) is Format.AMAZON_ORDERS
    order = the_order(path)
    assert order.lines == (LineDraft(2, "LAMP", "Lamp", 1300, 500, "11"),)
    assert (order.total, order.captured, order.currency) == (3100, 3100, "EUR")
    assert (order.buyer_name, order.buyer_email) == ("Eva Kern", "x@marketplace.example")
    assert (order.ship_to_city, order.ship_to_postcode, order.ship_to_country) == (
        "Ulm",
        "89073",
        "DE",
    )
    assert order.ship_by == datetime(2026, 5, 3, 21, 59, 59, tzinfo=UTC)
    assert order.deliver_by == datetime(2026, 5, 6, 21, 59, 59, tzinfo=UTC)
    assert order.shipped_at == datetime(2026, 5, 2, 9, tzinfo=UTC)
    (parcel,) = order.parcels
    assert parcel.state is ParcelState.RETURN_TO_SENDER
    assert (parcel.carrier, parcel.tracking_number, parcel.lines) == ("DHL", "JD9", ((1, 2),))


def test_an_order_is_delivered_once_all_its_packages_are(tmp_path: Path) -> None:
    package = {"packageReferenceId": "1", "packageStatus": {"status": "DELIVERED"}}
    assert the_order(saved(tmp_path, {"order": api_order(packages=[package])})).state == "delivered"


def test_cash_on_delivery_is_not_taken_for_paid(tmp_path: Path) -> None:
    payment = {"paymentExecutions": [{"paymentMethod": "CashOnDelivery"}]}
    assert the_order(saved(tmp_path, {"order": api_order(payment=payment)})).captured is None


def test_the_later_telling_wins_and_the_earlier_one_is_not_forgotten(tmp_path: Path) -> None:
    newer = api_order(lastUpdatedTime="2026-05-09T00:00:00Z", buyer={}, packages=[])
    newer["fulfillment"] = {"fulfillmentStatus": "CANCELLED"}
    order = the_order(saved(tmp_path, {"orders": [newer, api_order()]}))
    assert order.state is State.CANCELLED
    assert order.buyer_name == "Eva Kern"
    assert len(order.parcels) == 1
    assert order.ship_by is not None


V0_ORDER = {
    "AmazonOrderId": "903-1",
    "PurchaseDate": "2026-05-01T10:00:00Z",
    "LastUpdateDate": "2026-05-02T10:00:00Z",
    "OrderStatus": "Unshipped",
    "OrderTotal": {"CurrencyCode": "USD", "Amount": "21.70"},
    "PaymentExecutionDetail": [{"Payment": {"CurrencyCode": "BRL", "Amount": "2.00"}}],
    "LatestShipDate": "2026-05-03T21:59:59Z",
    "MarketplaceId": "ATVPDKIKX0DER",
}
V0_ITEMS = {
    "AmazonOrderId": "903-1",
    "OrderItems": [
        {
            "OrderItemId": "5",
            "SellerSKU": "CUP",
            "Title": "Cup",
            "QuantityOrdered": 2,
            "ItemPrice": {"CurrencyCode": "USD", "Amount": "20.00"},
        }
    ],
}
V0_ADDRESS = {
    "AmazonOrderId": "903-1",
    "ShippingAddress": {"City": "SEATTLE", "PostalCode": "98121", "CountryCode": "US"},
}
V0_BUYER = {"AmazonOrderId": "903-1", "BuyerName": "Al Dee", "BuyerEmail": "a@b.example"}


def test_v0_answers_in_several_files_make_one_order(tmp_path: Path) -> None:
    answers = ({"Orders": [V0_ORDER]}, V0_ITEMS, V0_ADDRESS, V0_BUYER)
    paths = [
        saved(tmp_path, {"payload": answer}, f"{number}.json")
        for number, answer in enumerate(answers)
    ]
    assert {sniff(path) for path in paths} == {Format.AMAZON_ORDERS_V0}
    (reading,) = readings(paths)
    (order,) = reading
    assert isinstance(order, OrderDraft)
    assert order.lines == (LineDraft(2, "CUP", "Cup", 1000, None, "5"),)
    assert (order.total, order.captured) == (2170, 2170)
    assert (order.buyer_name, order.ship_to_city) == ("Al Dee", "SEATTLE")


def test_a_list_of_answers_is_read_like_the_answers(tmp_path: Path) -> None:
    path = saved(tmp_path, [{"payload": V0_ITEMS}, {"payload": {"Orders": [V0_ORDER]}}])
    assert len(the_order(path).lines) == 1


def test_answers_one_a_line_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    pages = [{"orders": [api_order()]}, {"orders": [api_order(orderId="701-2")]}]
    path.write_text("\n".join(map(json.dumps, pages)), encoding="utf-8")
    assert [order.number for order in read(path) if isinstance(order, OrderDraft)] == [
        "701-1",
        "701-2",
    ]


def test_parts_of_an_order_alone_are_rejected(tmp_path: Path) -> None:
    (rejected,) = read(saved(tmp_path, {"payload": V0_ITEMS}))
    assert isinstance(rejected, Rejected)
    assert "only parts of order 903-1 are here" in rejected.reason


def test_a_strange_shape_is_rejected_and_not_fatal(tmp_path: Path) -> None:
    strange = api_order(orderId="701-9", orderItems=[{"quantityOrdered": "two"}], buyer="me")
    rejected, order = read(saved(tmp_path, {"orders": [strange, api_order()]}))
    assert isinstance(rejected, Rejected)
    assert "quantityOrdered “two” is not a whole number" in rejected.reason
    assert isinstance(order, OrderDraft)


def examples(node: Any) -> list[dict[str, Any]]:
    """Return all example answers of an API model, found anew here."""
    if isinstance(node, list):
        return [answer for below in node for answer in examples(below)]
    if not isinstance(node, dict):
        return []
    own = [case["response"] for case in node.get("x-amzn-api-sandbox", {}).get("static", [])]
    below = [value for key, value in node.items() if key != "x-amzn-api-sandbox"]
    return own + examples(below)


@needs_models
def test_every_sandbox_order_of_2026_is_read_completely() -> None:
    path = SHARED / "orders_2026-01-01.json"
    expected = {}
    for answer in examples(json.loads(path.read_text(encoding="utf-8"))):
        for order in [*answer.get("orders", []), *([answer["order"]] if "order" in answer else [])]:
            expected[order["orderId"]] = order
    assert sniff(path) is Format.AMAZON_ORDERS
    found = {order.number: order for order in read(path) if isinstance(order, OrderDraft)}
    assert found.keys() == expected.keys()
    assert len(list(read(path))) == len(expected) == 6
    for number, source in expected.items():
        order = found[number]
        money = source["proceeds"]["grandTotal"]
        assert order.currency == money["currencyCode"]
        digits = 0 if order.currency == "JPY" else 2
        assert order.total == order.captured == round(float(money["amount"]) * 10**digits)
        assert order.marketplace_status == source["fulfillment"]["fulfillmentStatus"]
        assert [
            (line.external_id, line.quantity, line.sku, line.title) for line in order.lines
        ] == [
            (
                item["orderItemId"],
                item["quantityOrdered"],
                item["product"]["sellerSku"],
                item["product"]["title"],
            )
            for item in source["orderItems"]
        ]
        assert all(line.unit_price for line in order.lines)
        address = source["recipient"]["deliveryAddress"]
        assert (order.ship_to_name or "").startswith(address["name"])
        assert (order.ship_to_street or "").startswith(address["addressLine1"])
        assert order.ship_to_region == address.get("stateOrRegion")
        assert order.ship_to_city == address["city"]
        assert order.ship_to_postcode == address["postalCode"]
        assert order.ship_to_country == address["countryCode"]
        assert order.buyer_name == source.get("buyer", {}).get("buyerName")
        assert order.buyer_email == source.get("buyer", {}).get("buyerEmail")
        for window, ours in (
            ("shipByWindow", order.ship_by),
            ("deliverByWindow", order.deliver_by),
        ):
            said = source["fulfillment"].get(window, {}).get("latestDateTime")
            assert ours == (datetime.fromisoformat(said) if said else None)
        assert [(parcel.carrier, parcel.tracking_number) for parcel in order.parcels] == [
            (package["carrier"], package["trackingNumber"])
            for package in source.get("packages", [])
        ]


@needs_models
def test_every_sandbox_order_of_v0_is_read_completely() -> None:
    path = SHARED / "ordersV0.json"
    expected = {}
    for answer in examples(json.loads(path.read_text(encoding="utf-8"))):
        payload = answer.get("payload") or {}
        for order in [*payload.get("Orders", []), payload]:
            if "OrderStatus" in order:
                expected[order["AmazonOrderId"]] = order
    assert sniff(path) is Format.AMAZON_ORDERS_V0
    found = {order.number: order for order in read(path) if isinstance(order, OrderDraft)}
    assert found.keys() == expected.keys()
    assert len(list(read(path))) == len(expected) == 4
    for number, source in expected.items():
        order = found[number]
        total = source.get("OrderTotal")
        assert order.total == (round(float(total["Amount"]) * 100) if total else None)
        assert order.marketplace_status == source["OrderStatus"]
        assert order.ship_by == datetime.fromisoformat(source["LatestShipDate"])
    told = found["902-1845936-5435065"]
    assert told.lines == (
        LineDraft(
            1, "NABetaASINB00551Q3CS", "B00551Q3CS [Card Book]", 1000, None, "05015851154158"
        ),
    )
    assert (told.buyer_name, told.buyer_email) == (
        "MFNIntegrationTestMerchant",
        "fzyrv6gwkhbb15c@example.com",
    )
    assert (told.ship_to_city, told.ship_to_postcode, told.ship_to_country) == (
        "SEATTLE",
        "98121-2778",
        "US",
    )
    assert found["902-3159896-1390916"].currency == "USD"
    assert found["921-3175655-0452641"].captured == 10000


@needs_models
def test_every_documented_status_has_a_place_in_our_tables() -> None:
    model = json.loads((SHARED / "orders_2026-01-01.json").read_text(encoding="utf-8"))
    definitions = model["definitions"]
    for status in definitions["FulfillmentStatus"]["enum"]:
        assert status.replace("_", "").lower() in STATES
    for status in definitions["PackageStatus"]["properties"]["status"]["enum"]:
        assert status in PARCEL_STATES
