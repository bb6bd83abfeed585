"""The orders of a shop at Shopify in full, and how its parcels are entered.

One order has one fulfilment order here, as it has in a shop with one warehouse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests.connectors.shopify_shapes import Fulfillment, Order, order_view, payload

PRICE = Decimal("12.50")


def sale_view(order: Order) -> dict[str, Any]:
    """Return an order as the GraphQL API shows it."""
    return {
        **order_view(order),
        "name": order.name,
        "createdAt": order.placed_at.isoformat(),
        "updatedAt": (order.changed_at or order.placed_at).isoformat(),
        "cancelledAt": order.cancelled_at.isoformat() if order.cancelled_at else None,
        "currencyCode": "USD",
        "displayFinancialStatus": _financial(order).upper(),
        "displayFulfillmentStatus": _fulfillment_status(order).upper(),
        "totalPriceSet": _money(_total(order)),
        "totalOutstandingSet": _money(Decimal(0)),
        "email": "bob@example.com",
        "customer": {"firstName": "Bob", "lastName": "Norman"},
        "shippingAddress": {
            "name": "Bob Norman",
            "address1": "1 Main St",
            "address2": "Apt 5",
            "city": "Louisville",
            "provinceCode": "KY",
            "zip": "40202",
            "countryCodeV2": "US",
        },
        "lineItems": lambda _info, first: {
            "nodes": [_line_view(one, count) for one, count in [*order.lines.items()][:first]],
            "pageInfo": {"hasNextPage": len(order.lines) > first},
        },
        "fulfillments": lambda _info, first: [_parcel_view(one) for one in order.fulfillments][
            :first
        ],
        "fulfillmentOrders": lambda _info, first: {"nodes": [_to_do_view(order)][:first]},
    }


def sale_payload(order: Order) -> dict[str, Any]:
    """Return an order as `orders/create` and `orders/updated` carry it."""
    status = _fulfillment_status(order)
    return {
        "id": order.number,
        "admin_graphql_api_id": f"gid://shopify/Order/{order.number}",
        "name": order.name,
        "created_at": order.placed_at.isoformat(),
        "updated_at": (order.changed_at or order.placed_at).isoformat(),
        "cancelled_at": order.cancelled_at.isoformat() if order.cancelled_at else None,
        "currency": "USD",
        "financial_status": _financial(order),
        "fulfillment_status": {"unfulfilled": None, "partially_fulfilled": "partial"}.get(
            status, status
        ),
        "total_price": str(_total(order)),
        "total_outstanding": "0.00",
        "email": "bob@example.com",
        "customer": {"first_name": "Bob", "last_name": "Norman"},
        "shipping_address": {
            "name": "Bob Norman",
            "address1": "1 Main St",
            "address2": "Apt 5",
            "city": "Louisville",
            "province_code": "KY",
            "zip": "40202",
            "country_code": "US",
        },
        "line_items": [
            {
                "id": line,
                "sku": f"SKU-{line}",
                "name": f"Product {line}",
                "quantity": count,
                "price": str(PRICE),
            }
            for line, count in order.lines.items()
        ],
        "fulfillments": [fulfillment_payload(order, one) for one in order.fulfillments],
        "refunds": [payload(one) for one in order.refunds],
    }


def fulfillment_payload(order: Order, one: Fulfillment) -> dict[str, Any]:
    """Return a parcel as `fulfillments/update` carries it."""
    return {
        "id": one.number,
        "order_id": order.number,
        "status": one.status.lower(),
        "created_at": one.made_at.isoformat(),
        "updated_at": (order.changed_at or one.made_at).isoformat(),
        "tracking_company": one.company,
        "tracking_number": one.tracking,
        "tracking_numbers": [one.tracking] if one.tracking else [],
        "shipment_status": one.shipment,
        "line_items": [{"id": line, "quantity": count} for line, count in one.lines.items()],
    }


def fulfill(
    orders: Sequence[Order], asked: dict[str, Any], number: int
) -> tuple[dict[str, Any] | None, str | None]:
    """Enter a parcel as `fulfillmentCreate` does; returns it, or why not."""
    lines: Counter[int] = Counter()
    order = None
    for group in asked["lineItemsByFulfillmentOrder"]:
        wanted = int(group["fulfillmentOrderId"].rpartition("/")[2])
        order = next((one for one in orders if one.number == wanted), None)
        for line in group.get("fulfillmentOrderLineItems") or ():
            lines[int(line["id"].rpartition("/")[2])] += line["quantity"]
    if order is None or order.cancelled_at:
        return None, "Fulfillment order does not exist."
    if any(count > _left(order)[line] or count < 1 for line, count in lines.items()):
        return None, "Invalid fulfillment order line item quantity requested."
    tracking = asked.get("trackingInfo") or {}
    one = Fulfillment(number, lines, tracking.get("number"), tracking.get("company"))
    order.fulfillments.append(one)
    return _parcel_view(one), None


def _left(order: Order) -> Counter[int]:
    return Counter(order.lines) - order.fulfilled


def _total(order: Order) -> Decimal:
    return PRICE * sum(order.lines.values())


def _financial(order: Order) -> str:
    paid = sum((one.paid for one in order.refunds), Decimal(0))
    if not paid:
        return "paid"
    return "refunded" if paid >= _total(order) else "partially_refunded"


def _fulfillment_status(order: Order) -> str:
    if not order.fulfilled:
        return "unfulfilled"
    return "partially_fulfilled" if _left(order) else "fulfilled"


def _money(amount: Decimal) -> dict[str, Any]:
    money = {"amount": str(amount), "currencyCode": "USD"}
    return {"shopMoney": money, "presentmentMoney": money}


def _line_view(line: int, count: int) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/LineItem/{line}",
        "sku": f"SKU-{line}",
        "name": f"Product {line}",
        "quantity": count,
        "originalUnitPriceSet": _money(PRICE),
    }


def _parcel_view(one: Fulfillment) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Fulfillment/{one.number}",
        "createdAt": one.made_at.isoformat(),
        "status": one.status,
        "displayStatus": (one.shipment or "fulfilled").upper(),
        "trackingInfo": lambda _info, first: [{"company": one.company, "number": one.tracking}][
            :first
        ],
        "fulfillmentLineItems": lambda _info, first: {
            "nodes": [
                {
                    "id": f"gid://shopify/FulfillmentLineItem/{one.number}{line}",
                    "quantity": count,
                    "lineItem": _line_view(line, count),
                }
                for line, count in one.lines.items()
            ][:first]
        },
    }


def _to_do_view(order: Order) -> dict[str, Any]:
    left = _left(order)
    return {
        "id": f"gid://shopify/FulfillmentOrder/{order.number}",
        "status": "OPEN" if left else "CLOSED",
        "lineItems": lambda _info, first: {
            "nodes": [
                {
                    "id": f"gid://shopify/FulfillmentOrderLineItem/{line}",
                    "remainingQuantity": left[line],
                    "lineItem": _line_view(line, count),
                }
                for line, count in order.lines.items()
            ][:first]
        },
    }
