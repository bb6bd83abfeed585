"""What a refund's card offers, what its form asks, and what reports of refunds say."""

from __future__ import annotations

import pytest

from domain.refunds.differences import Mismatch
from domain.refunds.model import State as RefundState
from templates import Reader
from tests import samples
from tests.templates.blocks import buttons, first_line, inputs, nodes, primary, whole
from tests.templates.cases import rendered


@pytest.mark.parametrize(
    "state",
    [s for s in RefundState if s not in {RefundState.AWAITING_APPROVAL, RefundState.UNKNOWN}],
)
def test_a_decided_refund_has_no_buttons_left(state: RefundState) -> None:
    card = rendered(f"refunds/approval@{state}")
    assert buttons(card) == {}
    assert len(card["blocks"]) == 2


@pytest.mark.parametrize("case", ["refunds/approval@unknown", "refunds/approval@by_hand"])
def test_what_nobody_tells_of_a_person_can_end(case: str) -> None:
    card = rendered(case)
    assert list(buttons(card)) == ["refund.paid", "refund.failed"]
    assert primary(card) == ["refund.paid"]


def test_a_refund_in_doubt_says_when_it_is_asked_after() -> None:
    head = rendered("refunds/approval@unknown")["blocks"][0]["text"]["text"]
    assert head.split("\n")[1].startswith("It is asked again every few minutes.")


@pytest.mark.parametrize("kind", Mismatch)
def test_every_difference_comes_with_what_to_do(kind: Mismatch) -> None:
    card = samples.reconciliation_card(differing=1, differences=(samples.difference(kind),))
    payload = rendered("refunds/reconciliation", card=card)
    assert "Stripe and the desk differ in 1 refund" in first_line(payload)
    what, advice = payload["blocks"][1]["text"]["text"].split("\n")
    assert "$2" in what or kind is Mismatch.UNNAMED
    assert advice.endswith(".")


def test_differences_without_room_are_counted() -> None:
    many = tuple(samples.difference(Mismatch.MISSING, refund_id=n) for n in range(12))
    card = samples.reconciliation_card(differing=12, differences=many)
    assert "2 more are in" in whole(rendered("refunds/reconciliation", card=card))


def test_a_report_offers_nothing_in_the_channel() -> None:
    assert [*buttons(rendered("reports/refunds"))] == ["order.show", "report.share"]
    assert buttons(rendered("reports/refunds@shared")) == {}
    assert "Shared by <@U0APPROVER1>" in whole(rendered("reports/refunds@shared"))


def test_a_report_names_each_provider_s_last_comparison() -> None:
    last = rendered("reports/refunds")["blocks"][-1]["elements"][0]["text"].split("\n")
    assert last[0].startswith("Stripe: 118 refunds compared")
    assert last[1].endswith("no differences")
    assert last[2] == "Amazon: not compared yet"


def test_a_report_is_in_its_reader_s_words() -> None:
    shown = whole(rendered("reports/refunds", Reader("de-DE", "Europe/Berlin")))
    assert "1.204,50" in shown
    assert "80,00" in shown


def test_approving_asks_once_more_with_the_amount() -> None:
    asks = [node["confirm"] for node in nodes(rendered("refunds/approval")) if "confirm" in node]
    assert [ask["text"]["text"] for ask in asks[:1]] == [
        "$24.00 goes back to the buyer of order 1042."
    ]


def test_the_first_of_two_approvals_is_named() -> None:
    assert "1 of 2 approved, by <@U0APPROVER1>" in whole(rendered("refunds/approval@second"))


def test_a_request_can_be_withdrawn_until_it_is_decided() -> None:
    assert list(buttons(rendered("refunds/asked"))) == ["refund.withdraw"]
    assert buttons(rendered("refunds/asked@approved")) == {}
    assert "<#C0REFUNDS>" in whole(rendered("refunds/asked"))
    assert "/deskhand settings" in whole(rendered("refunds/asked@unset"))


def test_the_refund_form_asks_for_what_its_handler_reads() -> None:
    form = rendered("refunds/form")
    assert form["callback_id"] == "refund.request"
    assert inputs(form) == {
        "line:1": "refund.quantity",
        "line:2": "refund.quantity",
        "shipping": "refund.shipping",
        "goodwill": "refund.goodwill",
        "amount": "refund.amount",
        "reason": "refund.reason",
        "note": "refund.note",
    }
    assert [block["block_id"] for block in form["blocks"] if not block.get("optional", True)] == [
        "reason"
    ]


def test_the_refund_form_leaves_out_what_cant_be_refunded_by_quantity() -> None:
    lines = (
        samples.line_view(id=1, refunded_quantity=2),
        samples.line_view(id=2, unit_price=None),
        *(samples.line_view(id=n) for n in range(3, 33)),
    )
    form = rendered("refunds/form", order=samples.order_view(lines=lines))
    asked = [name for name in inputs(form) if name.startswith("line:")]
    assert asked == [f"line:{n}" for n in range(3, 23)]
    assert "12 lines are not listed" in whole(form)
