"""What was delivered in time, and what was paid out for it."""

from __future__ import annotations

from typing import Any

from domain.money import Money
from domain.payouts.differences import Difference
from domain.payouts.model import Origin, Settlement
from domain.payouts.policy import Mismatch
from domain.payouts.queries import PayoutReport, SettlementCard, Sums, Unpaid
from domain.shipping.punctuality import DeliveryReport, Punctuality
from tests.samples import ago, usd


def delivery_report(**changes: Any) -> DeliveryReport:
    """A month of three carriers."""
    values: dict[str, Any] = {
        "days": 30,
        "since": ago(days=30),
        "total": Punctuality(None, 412, 31),
        "carriers": (
            Punctuality("UPS", 240, 8),
            Punctuality("DHL", 170, 23),
            Punctuality(None, 2, 0),
        ),
        "channels": (Punctuality("amazon", 300, 20), Punctuality("shopify", 112, 11)),
        "overdue": 4,
    }
    return DeliveryReport(**values | changes)


def difference(kind: Mismatch, **changes: Any) -> Difference:
    """An order that brought other than it should."""
    values: dict[str, Any] = {
        "order_id": 42,
        "order_number": "113-1042042-1042042",
        "expected": usd(7190),
        "paid": usd(6540),
    }
    return Difference(kind, **values | changes)


def settlement_card(**changes: Any) -> SettlementCard:
    """Two weeks at Amazon, with one of each difference."""
    whole = {"order_id": None, "order_number": None}
    unknown = ("113-0000001-0000001", "113-0000009-0000009")
    differences = changes.pop(
        "differences",
        (
            *(difference(kind) for kind in Mismatch if kind not in ("unknown_order", "total")),
            difference(Mismatch.UNKNOWN_ORDER, expected=None, payments=unknown, count=7, **whole),
            difference(Mismatch.TOTAL, count=0, **whole),
        ),
    )
    values: dict[str, Any] = {
        "id": 3,
        "provider": "amazon",
        "reference": "236628501",
        "origin": Origin.REPORT,
        "currency": "USD",
        "total": 1_204_510,
        "started_at": ago(days=17),
        "ended_at": ago(days=3),
        "paid_at": ago(days=1),
        "received_at": ago(hours=1),
        "compared_at": ago(hours=1),
        "counted": 214,
        "differing": 13,
        "differences": [],
    }
    return SettlementCard(Settlement(**values | changes), differences)


def sums(provider: str, currency: str, total: int) -> Sums:
    """Some weeks of a marketplace."""
    kinds = {"sale": 130, "refund": -6, "fee": -20, "tax": -3, "other": -1}
    return Sums(
        provider,
        2,
        214,
        {kind: Money(total * share // 100, currency) for kind, share in kinds.items()},
        Money(total, currency),
    )


def payout_report(**changes: Any) -> PayoutReport:
    """A month of two marketplaces."""
    values: dict[str, Any] = {
        "days": 30,
        "since": ago(days=30),
        "sums": (
            sums("amazon", "EUR", 420_090),
            sums("amazon", "USD", 2_409_020),
            sums("shopify", "USD", 310_200),
        ),
        "differing": 13,
        "worst": (
            ("amazon", difference(Mismatch.LESS)),
            ("shopify", difference(Mismatch.NOT_DEDUCTED, order_number="1042")),
            ("amazon", settlement_card().differences[-2]),
        ),
        "unpaid": (
            Unpaid(42, "1042", "amazon", usd(8490), ago(days=30)),
            Unpaid(43, "1043", "shopify", usd(12_000), ago(days=20)),
        ),
        "unpaid_total": 6,
        "unchecked": ("shopify",),
    }
    return PayoutReport(**values | changes)
