"""A shop at Shopify: its orders, payments and refunds, and the shapes in which it tells of them.

GraphQL's objects are answers of the Admin API; webhooks carry those of the older REST API.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

CLIENT_SECRET = "shpss_deskhand"


@dataclass
class Transaction:
    """Money that moved, or was to, in the buyer's currency."""

    number: int
    kind: str
    amount: Decimal
    status: str = "SUCCESS"
    gateway: str = "shopify_payments"
    by_hand: bool = False
    parent: Transaction | None = None
    error: str | None = None

    @property
    def counts(self) -> bool:
        return self.status not in ("FAILURE", "ERROR")


@dataclass
class Refund:
    """A refund and its transactions; `made_at` is when."""

    number: int
    order: Order
    note: str | None
    transactions: list[Transaction]
    made_at: datetime
    asked: dict[str, Any] = field(default_factory=dict)

    @property
    def paid(self) -> Decimal:
        return sum((one.amount for one in self.transactions if one.counts), Decimal(0))


@dataclass
class Fulfillment:
    """A parcel of an order: how many of which lines, and what the carrier says of it."""

    number: int
    lines: Counter[int]
    tracking: str | None
    company: str | None = "UPS"
    made_at: datetime = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    status: str = "SUCCESS"
    shipment: str | None = None

    @property
    def counts(self) -> bool:
        return self.status != "CANCELLED"


@dataclass
class Order:
    """An order with its payments; `rate` is how much of the shop's currency one unit is worth."""

    number: int = 450
    currency: str = "USD"
    rate: Decimal = Decimal(1)
    payments: list[Transaction] = field(
        default_factory=lambda: [Transaction(901, "SALE", Decimal("50.00"))]
    )
    #: What was bought, by the line's id.
    lines: dict[int, int] = field(default_factory=lambda: {11: 4})
    refunds: list[Refund] = field(default_factory=list)
    placed_at: datetime = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    changed_at: datetime | None = None
    cancelled_at: datetime | None = None
    fulfillments: list[Fulfillment] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"#{self.number}"

    @property
    def fulfilled(self) -> Counter[int]:
        """How many of each line were sent."""
        return sum((one.lines for one in self.fulfillments if one.counts), Counter())

    @property
    def transactions(self) -> list[Transaction]:
        return [*self.payments, *(one for refund in self.refunds for one in refund.transactions)]


def signed(
    body: bytes, reference: str = "w-1", topic: str = "refunds/create", secret: str = CLIENT_SECRET
) -> dict[str, str]:
    """Return the headers of a webhook."""
    digest = hmac.digest(secret.encode(), body, hashlib.sha256)
    return {
        "X-Shopify-Hmac-SHA256": base64.b64encode(digest).decode(),
        "X-Shopify-Webhook-Id": reference,
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": "alder-finch.myshopify.com",
    }


def payload(refund: Refund) -> dict[str, Any]:
    """Return a refund as `refunds/create` carries it."""
    nothing = {"amount": "0.00", "currency_code": "USD"}
    return {
        "id": refund.number,
        "admin_graphql_api_id": f"gid://shopify/Refund/{refund.number}",
        "order_id": refund.order.number,
        "created_at": refund.made_at.isoformat(),
        "note": refund.note,
        "restock": False,
        "total_duties_set": {
            "shop_money": nothing,
            "presentment_money": {**nothing, "currency_code": refund.order.currency},
        },
        "refund_line_items": [],
        "order_adjustments": [],
        "transactions": [transaction_payload(refund, one) for one in refund.transactions],
    }


def transaction_payload(refund: Refund, moved: Transaction) -> dict[str, Any]:
    """Return a transaction as `order_transactions/create` carries it: without its refund's id."""
    return {
        "id": moved.number,
        "admin_graphql_api_id": f"gid://shopify/OrderTransaction/{moved.number}",
        "order_id": refund.order.number,
        "kind": moved.kind.lower(),
        "status": moved.status.lower(),
        "amount": str(moved.amount),
        "currency": refund.order.currency,
        "gateway": moved.gateway,
        "parent_id": moved.parent.number if moved.parent else None,
        "error_code": moved.error.lower() if moved.error else None,
        "message": None,
    }


def order_view(order: Order) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Order/{order.number}",
        "presentmentCurrencyCode": order.currency,
        "refunds": lambda _info, first: [refund_view(one) for one in order.refunds[:first]],
        "transactions": lambda _info, first: [
            transaction_view(order, one) for one in order.transactions[:first]
        ],
    }


def refund_view(refund: Refund) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Refund/{refund.number}",
        "note": refund.note,
        "createdAt": refund.made_at.isoformat(),
        "order": lambda _info: order_view(refund.order),
        "transactions": lambda _info, first: {
            "nodes": [transaction_view(refund.order, one) for one in refund.transactions[:first]]
        },
    }


def transaction_view(order: Order, one: Transaction) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/OrderTransaction/{one.number}",
        "kind": one.kind,
        "status": one.status,
        "errorCode": one.error,
        "gateway": one.gateway,
        "manualPaymentGateway": one.by_hand,
        "amountSet": {
            "presentmentMoney": {"amount": str(one.amount), "currencyCode": order.currency},
            "shopMoney": {"amount": str(one.amount * order.rate), "currencyCode": "USD"},
        },
        "parentTransaction": transaction_view(order, one.parent) if one.parent else None,
    }
