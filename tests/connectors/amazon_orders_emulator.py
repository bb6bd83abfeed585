"""Amazon's orders on this machine: searched, read one by one, and confirmed as shipped."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.connectors.amazon_emulator import MARKETPLACE, ORDER, Emulator, _error

ITEM = "11498765431234"


@dataclass
class Shop(Emulator):
    """A seller's orders as the Orders API has them; `mishaps` also for `search`, `order`, `ship`."""

    orders: list[dict[str, Any]] = field(default_factory=list)
    orders_a_page: int = 2
    rate_limit: str = ""
    #: Whose confirmation is refused, with Amazon's words.
    unshippable: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    confirmations: list[dict[str, Any]] = field(default_factory=list)

    def application(self) -> web.Application:
        application = super().application()
        add = application.router.add_route
        add("GET", "/orders/2026-01-01/orders", self._on("search", self._search))
        add("GET", "/orders/2026-01-01/orders/{order}", self._on("order", self._read))
        path = "/orders/v0/orders/{order}/shipmentConfirmation"
        add("POST", path, self._on("ship", self._ship))
        return application

    def change(self, at: datetime, **facts: Any) -> dict[str, Any]:
        """Let the first order change."""
        self.orders[0] |= {"lastUpdatedTime": at.isoformat(), **facts}
        return self.orders[0]

    async def _search(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        self.asked.append(query)
        since = datetime.fromisoformat(query["lastUpdatedAfter"])
        assert query["marketplaceIds"] == MARKETPLACE
        assert {"PAYMENT", "PACKAGES"} <= set(query["includedData"].split(","))
        found = [
            one
            for one in sorted(self.orders, key=lambda one: str(one["lastUpdatedTime"]))
            if datetime.fromisoformat(one["lastUpdatedTime"]) >= since
        ]
        start = int(query.get("paginationToken", 0))
        page: dict[str, Any] = {"orders": found[start : start + self.orders_a_page]}
        if len(found) > start + self.orders_a_page:
            page["pagination"] = {"nextToken": str(start + self.orders_a_page)}
        return self._answer(page)

    async def _read(self, request: web.Request) -> web.Response:
        found = self._order(request)
        if found is None:
            return _error(404, "NotFound", "The requested order does not exist")
        return self._answer({"order": found})

    async def _ship(self, request: web.Request) -> web.Response:
        order = self._order(request)
        asked = await request.json()
        assert asked["marketplaceId"] == MARKETPLACE
        package = asked["packageDetail"]
        assert package["packageReferenceId"].isdigit()
        if order is None or order["orderId"] in self.unshippable:
            words = self.unshippable.get(request.match_info["order"], "No such order")
            return _error(400, "InvalidInput", words)
        self.confirmations.append(package)
        order.setdefault("packages", []).append(
            {
                "packageReferenceId": package["packageReferenceId"],
                "carrier": package["carrierCode"],
                "trackingNumber": package["trackingNumber"],
                "shipTime": package["shipDate"],
                "packageStatus": {"status": "SHIPPED"},
                "packageItems": package["orderItems"],
            }
        )
        return web.Response(status=204)

    def _order(self, request: web.Request) -> dict[str, Any] | None:
        number = request.match_info["order"]
        return next((one for one in self.orders if one["orderId"] == number), None)

    def _answer(self, told: dict[str, Any]) -> web.Response:
        headers = {"x-amzn-RateLimit-Limit": self.rate_limit} if self.rate_limit else {}
        return web.json_response(told, headers=headers)


def order(number: str = ORDER, *, at: datetime, **facts: Any) -> dict[str, Any]:
    """Return an order of two mugs as Amazon tells it."""
    return {
        "orderId": number,
        "createdTime": at.isoformat(),
        "lastUpdatedTime": at.isoformat(),
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": MARKETPLACE},
        "buyer": {"buyerName": "Jane Doe", "buyerEmail": "jane@marketplace.amazon.com"},
        "recipient": {
            "deliveryAddress": {
                "name": "Jane Doe",
                "addressLine1": "100 Main Street",
                "city": "Seattle",
                "stateOrRegion": "WA",
                "postalCode": "98101",
                "countryCode": "US",
            }
        },
        "proceeds": {"grandTotal": {"amount": "25.00", "currencyCode": "USD"}},
        "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT"},
        "orderItems": [
            {
                "orderItemId": ITEM,
                "quantityOrdered": 2,
                "product": {
                    "sellerSku": "MUG-1",
                    "title": "Alpine mug",
                    "price": {"unitPrice": {"amount": "12.50", "currencyCode": "USD"}},
                },
            }
        ],
        **facts,
    }


def notification(
    name: str,
    *,
    at: datetime,
    number: str = ORDER,
    kind: str = "ORDER_CHANGE",
    by: str = "MFN",
    status: str = "Unshipped",
) -> str:
    """Return what Amazon sends when an order changes."""
    return json.dumps(
        {
            "NotificationVersion": "1.0",
            "NotificationType": kind,
            "PayloadVersion": "1.0",
            "EventTime": at.isoformat(),
            "Payload": {
                "OrderChangeNotification": {
                    "NotificationLevel": "OrderLevel",
                    "SellerId": "A3TH9S8BH6GOGM",
                    "AmazonOrderId": number,
                    "OrderChangeType": "OrderStatusChange",
                    "OrderChangeTrigger": {"TimeOfOrderChange": at.isoformat()},
                    "Summary": {
                        "MarketplaceId": MARKETPLACE,
                        "OrderStatus": status,
                        "FulfillmentType": by,
                    },
                }
            },
            "NotificationMetadata": {"NotificationId": name, "PublishTime": at.isoformat()},
        }
    )
