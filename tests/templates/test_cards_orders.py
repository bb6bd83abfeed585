"""What an order's card shows, offers, and has no room for."""

from __future__ import annotations

import pytest

from domain.orders.model import State as OrderState
from domain.people import Can
from tests import samples
from tests.samples import NOW
from tests.templates.blocks import buttons, whole
from tests.templates.cases import rendered


def test_a_shared_copy_says_who_shared_it_and_offers_nothing() -> None:
    card = rendered("orders/card@shared")
    assert buttons(card) == {}
    assert "Shared by <@U0AGENT1>" in card["blocks"][-1]["elements"][0]["text"]


def test_a_card_offers_only_what_the_role_covers() -> None:
    assert list(buttons(rendered("orders/card", may={Can.LOOK}))) == ["parcel.show", "order.share"]
    assert list(buttons(rendered("orders/card"))) == [
        "refund.open",
        "return.open",
        "complaint.open",
        "parcel.show",
        "order.share",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"captured": None},
        {"held": samples.usd(8490)},
        {"state": OrderState.CANCELLED},
    ],
)
def test_no_refund_is_offered_where_none_can_be_given(changes: dict[str, object]) -> None:
    card = rendered("orders/card", order=samples.order_view(**changes))
    assert "refund.open" not in buttons(card)


def test_a_card_shows_at_most_eight_facts() -> None:
    order = samples.order_view(
        state=OrderState.DELIVERED, delivered_at=NOW, refunded=samples.usd(500)
    )
    facts = next(block["fields"] for block in rendered("orders/card", order=order)["blocks"][1:])
    assert len(facts) <= 8


def test_a_late_delivery_is_measured_against_its_promise() -> None:
    facts = rendered("orders/card@delivered")["blocks"][1]["fields"]
    assert any(fact["text"].endswith("2 days late") for fact in facts)


def test_long_orders_are_summed_up() -> None:
    order = samples.order_view(lines=tuple(samples.line_view(id=n) for n in range(12)))
    assert "and 4 more" in whole(rendered("orders/card", order=order))


def test_what_a_card_has_no_room_for_is_counted() -> None:
    order = samples.order_view(
        parcels=tuple(samples.parcel_view(id=n) for n in range(4)),
        refunds=tuple(samples.refund_view(id=n) for n in range(7)),
        complaints=tuple(samples.complaint_view(id=n) for n in range(6)),
    )
    shown = whole(rendered("orders/card", order=order))
    assert "and 1 more parcel" in shown
    assert "and 5 earlier" in shown
    assert "*R-6*" in shown
    assert "*R-2*" not in shown
