"""New orders as their message and their pages show them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain.orders.arrivals import Arrival, ArrivalCard, Done
from domain.orders.checks import Checked, Waiting
from domain.orders.policy import Concern, Finding, OrderFacts
from tests.samples import AGENT, NOW, ago

SHORT = Finding(Concern.SHORT, "MUG-1: 3 ordered, 1 available.")
PRICE = Finding(Concern.PRICE, "TP-3 was sold at 9.00 USD, its list price is 56.00 USD.")


def checked(number: str = "1042", *findings: Finding) -> Checked:
    """An order of a buyer in Springfield, with what was found."""
    order = OrderFacts(
        id=int(number),
        number=number,
        currency="USD",
        total=8490,
        marketplace_status="paid / unfulfilled",
        awaits_payment=False,
        ship_by=NOW + timedelta(days=1),
        ship_to_name="Marge Simpson",
        ship_to_street="742 Evergreen Terrace",
        ship_to_city="Springfield",
        ship_to_postcode="97475",
        ship_to_country="US",
    )
    return Checked(order, findings)


def arrival_card(**changes: Any) -> ArrivalCard:
    """Fourteen new orders: eleven are fine, two need a look, one is confirmed."""
    values: dict[str, Any] = {
        "arrival": Arrival(id=7, merchant_id=1, since=ago(minutes=5)),
        "total": 14,
        "fine": 11,
        "to_look_at": 2,
        "flagged": (checked("1042", SHORT, PRICE), checked("1043", PRICE)),
        "done": (Done(AGENT, 1),),
        "order": None,
    }
    return ArrivalCard(**values | changes)


def waiting(**changes: Any) -> Waiting:
    """The second of three pages."""
    orders = (checked("1042", SHORT), checked("1043"))
    return Waiting(**{"start": 8, "total": 20, "orders": orders} | changes)
