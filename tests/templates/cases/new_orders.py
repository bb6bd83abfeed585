"""Cases of new orders: announced, listed, and confirmed although something was found."""

from __future__ import annotations

from typing import Any

from domain.events import Kind
from domain.orders.arrivals import Done
from domain.orders.model import State
from tests import samples
from tests.samples import AGENT, APPROVER, new_orders


def cases() -> dict[str, dict[str, Any]]:
    """Return each case by its name."""
    pending = samples.order_view(state=State.PENDING, parcels=(), shipped_at=None, refunds=())
    confirmed = samples.order_view(
        state=State.CONFIRMED,
        parcels=(),
        history=(samples.history_view(kind=Kind.ORDER_CONFIRMED.value, why="Paid by wire"),),
    )
    alone = {"total": 1, "done": ()}
    looked = new_orders.checked("1042", new_orders.SHORT, new_orders.PRICE)
    over = {"fine": 0, "to_look_at": 0, "flagged": ()}
    cards = {
        "": {},
        "@fine": {"fine": 14, "to_look_at": 0, "flagged": (), "done": ()},
        "@look": {"fine": 0},
        "@over": {
            **over,
            "done": (Done("clock", 9), Done(AGENT, 3), Done(APPROVER, 1), Done(None, 1)),
        },
        "@one": {**alone, **over, "fine": 1, "order": pending},
        "@one_to_look_at": {
            **alone,
            "fine": 0,
            "to_look_at": 1,
            "flagged": (looked,),
            "order": pending,
        },
        "@one_confirmed": {**over, **alone, "done": (Done(AGENT, 1),), "order": confirmed},
        "@one_by_rule": {**over, **alone, "done": (Done("clock", 1),), "order": confirmed},
        "@one_cancelled": {
            **over,
            **alone,
            "done": (Done(None, 1),),
            "order": samples.order_view(state=State.CANCELLED, history=()),
        },
    }
    return {
        **{
            f"orders/arrival{variant}": {
                "card": new_orders.arrival_card(**changes),
                "now": samples.NOW,
            }
            for variant, changes in cards.items()
        },
        "orders/pending": {"waiting": new_orders.waiting()},
        "orders/pending@nothing": {"waiting": new_orders.waiting(start=0, total=0, orders=())},
        "orders/confirm_form": {"order": pending, "findings": looked.findings},
    }
