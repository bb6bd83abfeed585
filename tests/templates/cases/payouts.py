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
    payouts = samples.payout_report()
    empty = samples.payout_report(
        days=1, sums=(), differing=0, worst=(), unpaid=(), unpaid_total=0, unchecked=()
    )
    return {
        "payouts/settlement": {"card": samples.settlement_card(), "now": NOW},
        "payouts/settlement@agrees": {
            "card": samples.settlement_card(differing=0, differences=()),
            "now": NOW,
        },
        "payouts/settlement@bare": {
            "card": samples.settlement_card(
                total=None, started_at=None, paid_at=None, compared_at=None, differing=1
            ),
            "now": NOW,
        },
        "reports/payouts": {"report": payouts, **own},
        "reports/payouts@shared": {"report": payouts, **shared},
        "reports/payouts@nothing": {"report": empty, **own},
        "reports/delivery": {"report": delivery, **own},
        "reports/delivery@shared": {"report": delivery, **shared},
        "reports/delivery@nothing": {"report": nothing, **own},
    }
