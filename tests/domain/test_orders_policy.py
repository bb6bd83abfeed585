"""What is found before an order is confirmed, without any database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.definitions import DEFINITIONS
from domain.merchants import Settings
from domain.orders.policy import (
    Concern,
    Goods,
    LineFacts,
    OrderFacts,
    Stock,
    by_rule,
    check,
    promise,
)
from tests.domain.desk import usd

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MUG = LineFacts("MUG-1", "mug-1", 2, 1200)
FINE = OrderFacts(
    id=1,
    number="1001",
    currency="USD",
    total=2400,
    marketplace_status="paid / unfulfilled",
    awaits_payment=False,
    ship_by=NOW + timedelta(days=1),
    ship_to_name="Marge Bouvier",
    ship_to_street="742 Evergreen Terrace",
    ship_to_city="Springfield",
    ship_to_postcode="97475",
    ship_to_country="US",
    lines=(MUG,),
)


def settings(**said: str) -> Settings:
    keys = {name: f"order.{name}" for name in said}
    return Settings({keys[name]: DEFINITIONS[keys[name]].read(text) for name, text in said.items()})


def stock() -> dict[str, Goods]:
    return {"mug-1": Goods(10, usd(1200))}


def lines(*made: LineFacts) -> dict[str, Any]:
    return {"lines": made}


@pytest.mark.parametrize(
    ("changes", "said", "found"),
    [
        ({}, {}, []),
        ({"ship_by": None, "total": None, "marketplace_status": None}, {}, []),
        ({"marketplace_status": "Cancelled"}, {}, [Concern.CANCELLED]),
        ({"awaits_payment": True, "ship_to_city": None}, {}, [Concern.UNPAID]),
        ({"ship_by": NOW - timedelta(hours=3)}, {}, [Concern.LATE]),
        (lines(), {}, [Concern.EMPTY]),
        (lines(replace(MUG, quantity=0)), {}, [Concern.EMPTY]),
        (lines(replace(MUG, sku="POT", key="pot")), {}, [Concern.UNKNOWN_SKU]),
        (lines(replace(MUG, sku=None, key="")), {}, [Concern.UNKNOWN_SKU]),
        (lines(replace(MUG, quantity=10)), {}, []),
        (lines(replace(MUG, quantity=11)), {}, [Concern.SHORT]),
        (lines(replace(MUG, quantity=6), replace(MUG, quantity=5)), {}, [Concern.SHORT]),
        (lines(replace(MUG, unit_price=1080)), {}, []),
        (lines(replace(MUG, unit_price=1079)), {}, [Concern.PRICE]),
        (lines(replace(MUG, unit_price=1079)), {"price_tolerance": "11"}, []),
        (lines(replace(MUG, unit_price=None)), {}, []),
        ({**lines(replace(MUG, unit_price=100)), "currency": "EUR"}, {}, []),
        ({}, {"most_units": "1"}, [Concern.QUANTITY]),
        ({}, {"most_value": "24.00 USD"}, []),
        ({}, {"most_value": "23.99 USD"}, [Concern.VALUE]),
        ({"ship_to_street": None}, {}, [Concern.ADDRESS]),
        # A source that tells no streets tells no names either.
        ({"ship_to_street": None, "ship_to_name": None}, {}, []),
        ({"ship_to_city": None, "ship_to_country": None}, {}, [Concern.ADDRESS]),
        ({"ship_to_postcode": None}, {}, [Concern.ADDRESS]),
        ({"ship_to_postcode": None, "ship_to_country": "HK"}, {}, []),
        ({}, {"ship_to": "US CA"}, []),
        ({}, {"ship_to": "CA, MX"}, [Concern.COUNTRY]),
        ({"ship_to_street": "P.O. Box 12"}, {}, [Concern.RISK]),
        ({"ship_to_street": "Postfach 1001"}, {}, [Concern.RISK]),
        ({"ship_to_street": "12 Boxwood Lane\nUnit 4"}, {}, []),
        ({"ship_to_street": "c/o Acme Freight Forwarding\n1 Dock"}, {}, [Concern.RISK]),
    ],
)
def test_each_finding_is_about_what_is_wrong(
    changes: dict[str, Any], said: dict[str, str], found: list[Concern]
) -> None:
    findings = check(replace(FINE, **changes), stock(), settings(**said), NOW)
    assert [finding.concern for finding in findings] == found
    told = " ".join(finding.sentence for finding in findings)
    for secret in ("Marge", "Evergreen", "Springfield", "97475", "Acme", "1001"):
        assert secret not in told


def test_a_finding_gives_the_figures() -> None:
    order = replace(
        FINE,
        ship_by=NOW - timedelta(hours=3, minutes=5),
        ship_to_city=None,
        ship_to_postcode=None,
        lines=(replace(MUG, quantity=11, unit_price=900),),
    )
    assert [finding.sentence for finding in check(order, stock(), settings(), NOW)] == [
        "Its ship-by passed 3 hours ago.",
        "MUG-1: 11 ordered, 10 available.",
        "MUG-1 was sold at 9.00 USD, its list price is 12.00 USD.",
        "The address has no city and postcode.",
    ]


def test_where_no_stock_is_kept_nothing_is_checked_against_it() -> None:
    order = replace(FINE, lines=(LineFacts(None, "", 2, 1),))
    assert check(order, None, settings(), NOW) == ()


def test_what_one_order_takes_the_next_one_can_not_have() -> None:
    left: Stock = stock()
    order = replace(FINE, lines=(replace(MUG, quantity=6),))
    assert check(order, left, settings(), NOW) == ()
    promise(order, left)
    (finding,) = check(order, left, settings(), NOW)
    assert finding.sentence == "MUG-1: 6 ordered, 4 available."


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({}, None),
        ({"auto_confirm_below": "50.00 USD"}, None),
        ({"auto_confirm": "clean"}, "nothing to look at"),
        (
            {"auto_confirm": "clean", "auto_confirm_below": "24.00 USD"},
            "nothing to look at, up to 24.00 USD",
        ),
        ({"auto_confirm": "clean", "auto_confirm_below": "23.99 USD"}, None),
        ({"auto_confirm": "clean", "auto_confirm_below": "50.00 EUR"}, None),
    ],
)
def test_a_rule_confirms_what_it_is_set_to(said: dict[str, str], rule: str | None) -> None:
    assert by_rule(FINE, settings(**said)) == rule
