"""Reports on what was delivered and paid out."""

from __future__ import annotations

from typing import Any

from domain.shipping.punctuality import Punctuality
from tests.samples import APPROVER, NOW
from tests.samples import payouts as samples


def cases() -> dict[str, dict[str, Any]]:
    """Full, shared and empty ones."""
    own = {"shared_by": None, "now": NOW}
    shared = {"shared_by": APPROVER, "now": NOW}
    delivery = samples.delivery_report()
    nothing = samples.delivery_report(
        days=1, total=Punctuality(None, 0, 0), carriers=(), channels=(), overdue=0
    )
    return {
        "reports/delivery": {"report": delivery, **own},
        "reports/delivery@shared": {"report": delivery, **shared},
        "reports/delivery@nothing": {"report": nothing, **own},
    }
