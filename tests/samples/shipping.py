"""Parcels, and orders that are late, alone and in a storm."""

from __future__ import annotations

from typing import Any

from domain.orders.model import State as OrderState
from domain.shipping.alert import Alert
from domain.shipping.model import Parcel, ParcelState, Scan, Storm, Trouble
from domain.shipping.queries import Late
from domain.shipping.storms import StormCard
from tests.samples.basics import NOW, ago
from tests.samples.orders import order


def parcel(**changes: Any) -> Parcel:
    """A parcel whose delivery failed."""
    values: dict[str, Any] = {
        "id": 5,
        "order_id": 42,
        "carrier": "UPS",
        "tracking_number": "1Z999AA10123456784",
        "state": ParcelState.DELIVERY_FAILED,
        "trouble": Trouble.DELIVERY_FAILED,
        "troubled_at": ago(minutes=30),
        "last_event_at": ago(minutes=40),
        "shipped_at": ago(days=3),
    }
    return Parcel(**values | changes)


def scan(**changes: Any) -> Scan:
    """A scan at the buyer's door."""
    values: dict[str, Any] = {
        "id": 1,
        "parcel_id": 5,
        "at": ago(minutes=40),
        "state": ParcelState.DELIVERY_FAILED,
        "description": "Nobody was home",
        "place": "Springfield",
    }
    return Scan(**values | changes)


def late(alert: Alert | None = None, **changes: Any) -> Late:
    """A parcel past its promise; changes are of the order."""
    held = parcel(trouble=Trouble.DELAYED, state=ParcelState.IN_TRANSIT)
    return Late(order(**changes), held, alert)


def unshipped(**changes: Any) -> Late:
    """An order that nobody shipped in time."""
    return Late(order(state=OrderState.PACKED, **changes), None)


def storm(*, trouble: Trouble = Trouble.DELAYED) -> Storm:
    """A storm of two hours."""
    carrier = "" if trouble is Trouble.SHIP_BY_NEAR else "UPS"
    return Storm(id=2, trouble=trouble, carrier=carrier, since=ago(hours=2), grew_at=NOW)


def storm_card(*, trouble: Trouble = Trouble.DELAYED, **changes: Any) -> StormCard:
    """A hundred and twenty parcels in the same trouble."""
    worst = unshipped if trouble is Trouble.SHIP_BY_NEAR else late
    values: dict[str, Any] = {
        "storm": storm(trouble=trouble),
        "total": 120,
        "worst": tuple(worst(number=str(1100 + position)) for position in range(8)),
    }
    return StormCard(**values | changes)
