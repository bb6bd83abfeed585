"""What each card says first, what it offers, and what it keeps to itself."""

from __future__ import annotations

import json

import pytest

from domain.complaints.model import Category, Outcome, Severity
from domain.complaints.policy import Snooze
from domain.orders import search
from domain.refunds.model import Reason
from domain.shipping import queries as shipping
from templates import Reader, render
from tests import samples
from tests.templates.blocks import first_line, inputs, options, primary, values, whole
from tests.templates.cases import CASES, rendered

PERSONAL = ("Marge", "marge@example.com", "Homer", "742 Evergreen", "Springfield", "97475")
#: What goes to a channel: the buyer is nobody's business there.
PUBLIC = [
    case
    for case in CASES
    if case.startswith(
        (
            "refunds/approval",
            "refunds/note",
            "refunds/told",
            "refunds/reconciliation",
            "reports/refunds",
            "orders/arrival",
            "shipping/alert",
            "shipping/ship_by",
        )
    )
    or case == "orders/card@shared"
]


@pytest.mark.parametrize(
    ("case", "line"),
    [
        ("orders/card", ":large_yellow_circle: *Order 1042 · Shipped, 2 days late* — $84.90"),
        ("orders/card@pending", ":white_circle: *Order 1042 · Pending, 2 days late* — $84.90"),
        ("orders/card@delivered", ":large_green_circle: *Order 1042 · Delivered* — $84.90"),
        ("orders/page", "*Orders 9–16* for “simpson”"),
        ("orders/page@nothing", "*No order matches* “simpson”"),
        (
            "refunds/approval",
            ":large_yellow_circle: *Refund of $24.00* for order 1042 needs approval",
        ),
        (
            "refunds/approval@second",
            ":large_yellow_circle: *Refund of $24.00* for order 1042 needs one more approval",
        ),
        (
            "refunds/note@RefundReminded",
            "<@U0APPROVER1>, <!subteam^S0LEADS>, this refund of $24.00 still needs a decision",
        ),
        (
            "refunds/note@RefundPassedOn",
            (
                "<@U0APPROVER1>, <!subteam^S0LEADS>, this refund of $24.00 is passed on to you: "
                "nobody decided in 24 hours"
            ),
        ),
        ("refunds/note@nobody", "This refund of $24.00 still needs a decision"),
        (
            "refunds/approval@by_hand",
            ":large_yellow_circle: *Refund of $24.00* for order 1042 is approved and waits to be paid by hand",
        ),
        (
            "refunds/approval@torn",
            ":large_yellow_circle: *Refund of $24.00* for order 1042 is in doubt: Shopify paid back a part",
        ),
        (
            "refunds/approval@declined",
            ":white_circle: *Refund of $24.00* for order 1042 was declined by <@U0APPROVER1>: The carrier pays",
        ),
        (
            "refunds/approval@failed",
            ":red_circle: *Refund of $24.00* for order 1042 failed, no money moved: The card is closed",
        ),
        (
            "refunds/approval@failed_by_hand",
            ":red_circle: *Refund of $24.00* for order 1042 was marked as failed by <@U0APPROVER1>: Not in Stripe's list",
        ),
        (
            "refunds/approval@paid_after_all",
            ":large_green_circle: *Refund of $24.00* for order 1042 is paid after all, though it was marked as failed",
        ),
        (
            "reports/refunds",
            "*Refunds of the last 30 days* · 57 asked for, 45 paid: €80.00, $1,204.50",
        ),
        ("reports/refunds@nothing", "*Refunds of the last day* · none was asked for"),
        ("refunds/reconciliation@agreed", ":large_green_circle: *Stripe and the desk agree*"),
        (
            "refunds/told@succeeded",
            ":large_green_circle: *Refund of $24.00* for order 1042 is paid",
        ),
        (
            "complaints/case@acknowledged",
            ":large_blue_circle: *Complaint C-7 about order 1042* · <@U0APPROVER1> has it in hand, to be resolved by <!date^1795638600^{date_short_pretty} at {time}|Nov 25, 2026, 8:30 PM UTC>",
        ),
        (
            "complaints/case@overdue",
            ":red_circle: *Complaint C-7 about order 1042* · <@U0APPROVER1> has it in hand, not resolved in time",
        ),
        (
            "complaints/case@snoozed",
            ":white_circle: *Complaint C-7 about order 1042* · snoozed until <!date^1795602600^{date_short_pretty} at {time}|Nov 25, 2026, 10:30 AM UTC>, by <@U0APPROVER1>: The spare lid comes on Friday",
        ),
        (
            "complaints/case@merged",
            ":white_circle: *Complaint C-9 about order 1042* · merged into C-7 by <@U0APPROVER1>",
        ),
        (
            "complaints/note@half_to_resolve",
            "Most of the time to resolve it is over: due <!date^1795638600^{date_short_pretty} at {time}|Nov 25, 2026, 8:30 PM UTC> · <@U0AGENT1> is away, and nobody stands in",
        ),
        (
            "complaints/note@next_level",
            "Escalated to level 1. Everyone there is away, so level 2 is called: <@U0APPROVER1>",
        ),
        ("complaints/note@duplicate", "<@U0AGENT1> merged C-9 into this case"),
        (
            "complaints/case@resolved",
            ":large_green_circle: *Complaint C-7 about order 1042* · resolved by <@U0AGENT1>: replaced — A new lid is on its way",
        ),
        (
            "complaints/note@ComplaintWarned",
            "Half of the time to answer is over: due <!date^1795595400^{date_short_pretty} at {time}|Nov 25, 2026, 8:30 AM UTC> · <@U0APPROVER1>",
        ),
        (
            "complaints/note@ComplaintHandedOver",
            "<@U0AGENT1> handed it over to <@U0APPROVER1>",
        ),
        (
            "complaints/note@ComplaintEscalated",
            "<@U0AGENT1> escalated it to level 2: <@U0APPROVER1>, <!subteam^S0LEADS>",
        ),
        ("complaints/note@ComplaintResolved", "<@U0AGENT1> resolved it: replaced"),
        ("complaints/opened", "*Complaint C-7* about order 1042 is open."),
        (
            "shipping/alert@delivery_failed",
            ":large_yellow_circle: *Delivery failed · order 1042*",
        ),
        (
            "shipping/alert@in_hand",
            ":large_blue_circle: *Delivery failed · order 1042* · <@U0AGENT1> is on it",
        ),
        ("shipping/alert@lost", ":large_yellow_circle: *Lost · order 1042*"),
        ("shipping/alert@damaged", ":large_yellow_circle: *Damaged · order 1042*"),
        ("shipping/alert@over", ":large_green_circle: *Order 1042* · parcel delivered"),
        ("shipping/parcels", "*Order 1042 · 1 parcel*"),
        ("shipping/late", "*34 orders are late or in trouble* · 11–13"),
        ("shipping/late@none", ":large_green_circle: *Nothing is late*"),
        ("desk/done", "The settings are saved."),
    ],
)
def test_the_first_line_answers(case: str, line: str) -> None:
    assert first_line(rendered(case)) == line


@pytest.mark.parametrize(
    ("case", "action"),
    [
        ("orders/card", "refund.open"),
        ("orders/card@pending", "order.confirm"),
        ("refunds/approval", "refund.approve"),
        ("refunds/approval@by_hand", "refund.paid"),
        ("refunds/approval@torn", "refund.paid"),
        ("complaints/case", "complaint.acknowledge"),
        ("shipping/alert@delayed", "alert.wait"),
    ],
)
def test_the_next_step_is_the_one_primary_button(case: str, action: str) -> None:
    assert primary(rendered(case)) == [action]


@pytest.mark.parametrize("case", CASES)
def test_no_card_has_two_primary_buttons(case: str) -> None:
    assert len(primary(rendered(case))) <= 1


@pytest.mark.parametrize("case", PUBLIC)
def test_nothing_about_the_buyer_reaches_a_channel(case: str) -> None:
    shown = whole(rendered(case))
    assert not [secret for secret in PERSONAL if secret in shown]


def test_whoever_asks_sees_the_buyer() -> None:
    shown = whole(rendered("orders/card"))
    assert [secret for secret in PERSONAL if secret in shown] == list(PERSONAL)


@pytest.mark.parametrize("case", [case for case in CASES if "text" in rendered(case)])
def test_no_notification_names_the_buyer(case: str) -> None:
    assert not [secret for secret in PERSONAL if secret in rendered(case)["text"]]


def test_the_forms_offer_every_reason_and_outcome() -> None:
    assert options(rendered("refunds/form")) == [reason.value for reason in Reason]
    assert options(rendered("complaints/resolve_form")) == [outcome.value for outcome in Outcome]
    assert options(rendered("complaints/snooze_form")) == list(Snooze)
    kinds = [one.value for one in (*Category, *Severity)]
    assert options(rendered("complaints/form")) == kinds
    assert options(rendered("complaints/pick")) == kinds


@pytest.mark.parametrize(
    ("case", "callback", "fields"),
    [
        ("refunds/decline_form", "refund.decline", {"reason": "refund.why"}),
        ("refunds/paid_form", "refund.paid", {"reference": "refund.reference"}),
        (
            "complaints/form",
            "complaint.open",
            {
                "text": "complaint.text",
                "category": "complaint.category",
                "severity": "complaint.severity",
            },
        ),
        (
            "complaints/pick",
            "complaint.pick",
            {
                "order": "complaint.order",
                "text": "complaint.text",
                "category": "complaint.category",
                "severity": "complaint.severity",
            },
        ),
        ("complaints/escalate_form", "complaint.escalate", {"reason": "complaint.why"}),
        ("complaints/hand_over_form", "complaint.hand_over", {"owner": "complaint.owner"}),
        (
            "complaints/resolve_form",
            "complaint.resolve",
            {"outcome": "complaint.outcome", "note": "complaint.note"},
        ),
        (
            "complaints/snooze_form",
            "complaint.snooze",
            {"until": "complaint.until", "day": "complaint.day", "reason": "complaint.why"},
        ),
        (
            "complaints/merge_form",
            "complaint.merge",
            {"into": "complaint.into", "name": "complaint.name"},
        ),
    ],
)
def test_a_form_is_read_by_these_names(case: str, callback: str, fields: dict[str, str]) -> None:
    form = rendered(case)
    assert form["callback_id"] == callback
    assert inputs(form) == fields


def test_pages_lead_back_and_on() -> None:
    assert values(rendered("orders/page"), "order.page.") == [
        json.dumps({"text": "simpson", "start": start}, separators=(",", ":"))
        for start in (8 - search.PAGE, 16)
    ]
    assert values(rendered("orders/page@nothing"), "order.page.") == []
    assert values(rendered("shipping/late"), "parcel.page.") == [str(10 - shipping.PAGE), "13"]
    assert values(rendered("shipping/late@none"), "parcel.page.") == []


def test_amounts_and_times_are_the_readers() -> None:
    berlin = Reader("de-DE", "Europe/Berlin")
    card = render("orders/card", berlin, **CASES["orders/card"])
    assert first_line(card).endswith("— 84,90\xa0$") or first_line(card).endswith("— 84,90 $")
    assert "|21.11.2026>" in whole(card)
    yen = samples.refund_card(samples.refund(amount=2400, currency="JPY"))
    japanese = render("refunds/approval", Reader("ja-JP", "Asia/Tokyo"), card=yen)
    assert "2,400" in first_line(japanese)
    assert "24.00" not in first_line(japanese)
