"""What a complaint's card says and offers, and what its forms show."""

from __future__ import annotations

from typing import Any

from domain.complaints.model import State as ComplaintState
from domain.orders.views import OrderView
from tests import samples
from tests.templates.blocks import buttons, first_line, whole
from tests.templates.cases import rendered


def test_a_case_says_when_its_answer_is_due() -> None:
    assert "open, answer due <!date^" in first_line(rendered("complaints/case"))
    assert "level 2, answer was due <!date^" in first_line(rendered("complaints/case@escalated"))


def test_a_case_names_its_owner_once_and_offers_at_most_five_things() -> None:
    assert "Owner" not in whole(rendered("complaints/case"))
    assert "*Owner*\\n<@U0APPROVER1>" in whole(rendered("complaints/case@escalated"))
    assert "Owner" not in whole(rendered("complaints/case@acknowledged"))
    assert list(buttons(rendered("complaints/case@escalated"))) == [
        "complaint.acknowledge",
        "complaint.resolve",
        "complaint.escalate",
        "complaint.hand_over",
    ]


def test_the_next_step_of_a_case_comes_first_and_the_rest_is_in_its_menu() -> None:
    first = {
        "complaints/case": "complaint.acknowledge",
        "complaints/case@acknowledged": "complaint.resolve",
        "complaints/case@snoozed": "complaint.wake",
        "complaints/case@merged": "complaint.reopen",
    }
    assert {case: next(iter(buttons(rendered(case)))) for case in first} == first
    assert _menu(rendered("complaints/case")) == [
        "refund:7",
        "return:7",
        "merge:7",
        "order:7",
    ]
    assert _menu(rendered("complaints/case@acknowledged")) == [
        "refund:7",
        "return:7",
        "snooze:7",
        "merge:7",
        "order:7",
    ]


def test_a_case_shows_what_belongs_to_it() -> None:
    shown = whole(rendered("complaints/case@survivor"))
    assert "with P-5 and R-12 · took in C-9" in shown
    shared = whole(rendered("orders/card", order=_tied_order()))
    assert "awaiting approval · for C-7" in shared
    assert "complaint · merged into C-7" in shared


def _tied_order() -> OrderView:
    return samples.order_view(
        refunds=(samples.refund_view(complaint_id=7),),
        complaints=(samples.complaint_view(state=ComplaintState.MERGED, merged_into=7),),
    )


def test_a_case_says_what_it_is_about_and_how_much_hangs_on_it() -> None:
    shown = whole(rendered("complaints/case"))
    assert "*Category*\\nDamaged" in shown
    assert "*Severity*\\nHigh" in shown
    assert "*Severity*" not in whole(rendered("complaints/case@resolved"))


def test_a_case_s_forms_show_what_was_said_last() -> None:
    for verb in ("escalate", "hand_over", "resolve", "snooze", "merge"):
        assert "ask the warehouse for a spare lid" in whole(rendered(f"complaints/{verb}_form"))


def test_an_answered_case_has_nothing_to_acknowledge() -> None:
    assert "complaint.acknowledge" not in buttons(rendered("complaints/case@acknowledged"))
    assert list(buttons(rendered("complaints/case@resolved"))) == ["complaint.reopen"]


def _menu(card: dict[str, Any]) -> list[str]:
    [menu] = [
        element
        for block in card["blocks"]
        for element in block.get("elements", ())
        if element["type"] == "overflow"
    ]
    return [option["value"] for option in menu["options"]]
