"""Orders as Shopify tells them: in its order webhooks, and asked for where one was missed.

Webhooks carry the REST shape of an order, GraphQL has its own: it is turned into the first, so
that one reader understands both. https://shopify.dev/docs/api/admin-graphql/latest/objects/Order
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.connectors.files import shopify_orders
from bot.connectors.files.values import checked, part, parts
from bot.connectors.shopify.objects import number
from domain.orders.intake import OrderDraft

#: Words of GraphQL that REST has others for.
_FULFILLMENT_STATUSES = {
    "FULFILLED": "fulfilled",
    "PARTIALLY_FULFILLED": "partial",
    "RESTOCKED": "restocked",
}


def draft(order: Mapping[str, Any]) -> OrderDraft:
    """Make an order of a webhook's payload; raises `BadValue`."""
    return checked(shopify_orders.draft(order, live=True))


def as_payload(order: Mapping[str, Any]) -> dict[str, Any]:
    """Write an order of GraphQL's as a webhook carries it, without its refunds."""
    address = part(order, "shippingAddress")
    customer = part(order, "customer")
    return {
        "id": number(order["id"]),
        "name": order.get("name"),
        "created_at": order.get("createdAt"),
        "updated_at": order.get("updatedAt"),
        "cancelled_at": order.get("cancelledAt"),
        "currency": order.get("currencyCode"),
        "financial_status": (order.get("displayFinancialStatus") or "").lower() or None,
        "fulfillment_status": _FULFILLMENT_STATUSES.get(
            order.get("displayFulfillmentStatus") or ""
        ),
        "total_price": _amount(order, "totalPriceSet"),
        "total_outstanding": _amount(order, "totalOutstandingSet"),
        "email": order.get("email"),
        "customer": {
            "first_name": customer.get("firstName"),
            "last_name": customer.get("lastName"),
        },
        "shipping_address": {
            "name": address.get("name"),
            "address1": address.get("address1"),
            "address2": address.get("address2"),
            "city": address.get("city"),
            "province_code": address.get("provinceCode"),
            "zip": address.get("zip"),
            "country_code": address.get("countryCodeV2"),
        },
        "line_items": [_item(one) for one in _nodes(order, "lineItems")],
        "fulfillments": [_fulfillment(one) for one in parts(order.get("fulfillments"))],
    }


def _item(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": number(line["id"]),
        "sku": line.get("sku"),
        "name": line.get("name"),
        "quantity": line.get("quantity"),
        "price": _amount(line, "originalUnitPriceSet"),
    }


def _fulfillment(one: Mapping[str, Any]) -> dict[str, Any]:
    tracking = parts(one.get("trackingInfo"))
    return {
        "created_at": one.get("createdAt"),
        "status": (one.get("status") or "").lower(),
        "shipment_status": (one.get("displayStatus") or "").lower(),
        "tracking_company": next((each.get("company") for each in tracking), None),
        "tracking_numbers": [each["number"] for each in tracking if each.get("number")],
        "line_items": [
            {"id": number(each["lineItem"]["id"]), "quantity": each.get("quantity")}
            for each in _nodes(one, "fulfillmentLineItems")
        ],
    }


def _nodes(owner: Mapping[str, Any], name: str) -> Sequence[dict[str, Any]]:
    return parts(part(owner, name).get("nodes"))


def _amount(owner: Mapping[str, Any], name: str) -> Any:
    return part(owner, name, "shopMoney").get("amount")
