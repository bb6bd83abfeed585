"""Orders' cards and pages of a search."""

from __future__ import annotations

from typing import Any

from domain.orders.model import State as OrderState
from domain.people import Can
from tests import samples
from tests.samples import AGENT, NOW
from tests.samples import new_orders as new_order_samples

Values = dict[str, Any]


def cases() -> dict[str, Values]:
    """Return the values of each case by its name."""
    same: Values = {"findings": (), "labels": False, "now": NOW}
    own = {"personal": True, "may": set(Can), "share": True, "shared_by": None, **same}
    copy = {"personal": False, "may": set(), "share": False, "shared_by": AGENT, **same}
    order = samples.order_view()
    return {
        "orders/card": {"order": order, **own},
        "orders/card@shared": {"order": order, **copy},
        "orders/card@pending": {
            "order": samples.order_view(state=OrderState.PENDING, parcels=(), shipped_at=None),
            **own,
            "findings": (new_order_samples.SHORT,),
        },
        "orders/card@delivered": {
            "order": samples.order_view(
                state=OrderState.DELIVERED, delivered_at=NOW, refunded=samples.usd(500)
            ),
            **own,
        },
        "orders/card@held": {
            "order": samples.order_view(
                state=OrderState.DELIVERED,
                delivered_at=NOW,
                complete_due_at=NOW,
                complaints=samples.order_view().complaints * 4,
            ),
            **own,
        },
        "orders/page": {"page": samples.page()},
        "orders/page@nothing": {"page": samples.page(hits=(), start=0, more=False)},
    }
