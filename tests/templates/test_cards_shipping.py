"""What an alert says and offers, and to whom."""

from __future__ import annotations

import pytest

from domain.shipping.model import Trouble
from tests import samples
from tests.templates.blocks import buttons, first_line, values
from tests.templates.cases import CASES, rendered


@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_comes_with_advice(trouble: Trouble) -> None:
    head = rendered(f"shipping/alert@{trouble}")["blocks"][0]["text"]["text"]
    assert head.split("\n")[1].endswith(".")


def test_a_parcel_in_hand_cant_be_taken_twice_and_one_on_its_way_needs_nobody() -> None:
    assert "parcel.acknowledge" in buttons(rendered("shipping/alert@delayed"))
    assert "parcel.acknowledge" not in buttons(rendered("shipping/alert@in_hand"))
    assert "alert.acknowledge" not in buttons(rendered("shipping/ship_by@in_hand"))
    for case in ("alert@over", "alert@resolved", "alert@refunded", "ship_by@resolved"):
        shown = rendered(f"shipping/{case}")
        assert (buttons(shown), "overflow" in str(shown)) == ({}, False)


@pytest.mark.parametrize("case", [one for one in CASES if one.startswith("shipping/alert")])
def test_an_alert_says_nothing_of_the_buyer(case: str) -> None:
    """Nor where they live: the last scans before the door are in their own town."""
    shown = str(rendered(case))
    order = samples.order()
    for said in (order.buyer_name, order.buyer_email, order.ship_to_city, order.ship_to_postcode):
        assert said
        assert said not in shown


def test_whoever_may_not_ship_is_offered_no_alert_to_take() -> None:
    assert values(rendered("shipping/late"), "alert.take") == ["9:10"]
    assert values(rendered("shipping/late", may_take=False), "alert.take") == []


def test_the_carriers_page_is_a_button_where_it_is_known() -> None:
    assert "https://www.ups.com/track?tracknum=" in str(rendered("shipping/contact_form"))
    assert "url" not in str(rendered("shipping/contact_form@unknown_carrier"))


def test_an_order_to_ship_loses_its_button_once_it_left() -> None:
    assert "has to be shipped by" in first_line(rendered("shipping/ship_by"))
    assert "was to be shipped by" in first_line(rendered("shipping/ship_by@missed"))
    assert buttons(rendered("shipping/ship_by@shipped")) == {}
