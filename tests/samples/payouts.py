"""What was delivered in time, and what was paid out for it."""

from __future__ import annotations

from typing import Any

from domain.shipping.punctuality import DeliveryReport, Punctuality
from tests.samples import ago


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
