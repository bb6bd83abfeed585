"""What each card says first, what it offers, and what it keeps to itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.complaints.model import Category, Outcome, Severity
from domain.complaints.model import State as ComplaintState
from domain.complaints.policy import Snooze
from domain.definitions import DEFINITIONS
from domain.orders import queries as orders
from domain.orders.model import State as OrderState
from domain.people import Can
from domain.refunds.differences import Mismatch
from domain.refunds.model import Reason
from domain.refunds.model import State as RefundState
from domain.shipping import queries as shipping
from domain.shipping.model import Trouble
from templates import Reader, render
from tests import samples
from tests.samples import NOW
from tests.templates.blocks import Node, buttons, first_line, inputs, nodes, primary, whole
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


def test_the_forms_offer_every_reason_and_outcome() -> None:
    assert _options(rendered("refunds/form")) == [reason.value for reason in Reason]
    assert _options(rendered("complaints/resolve_form")) == [outcome.value for outcome in Outcome]
    assert _options(rendered("complaints/snooze_form")) == list(Snooze)
    kinds = [one.value for one in (*Category, *Severity)]
    assert _options(rendered("complaints/form")) == kinds
    assert _options(rendered("complaints/pick")) == kinds


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


def test_the_settings_form_has_a_field_for_every_setting() -> None:
    form = rendered("desk/settings_form")
    assert inputs(form) == {
        key: "desk.channel" if key.startswith("channel.") else "desk.value" for key in DEFINITIONS
    }
    refunds = next(b for b in form["blocks"] if b.get("block_id") == "channel.refunds")
    assert refunds["element"]["initial_conversation"] == "C0REFUNDS"


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


def _tied_order() -> orders.OrderView:
    return samples.order_view(
        refunds=(samples.refund_view(complaint_id=7),),
        complaints=(samples.complaint_view(state=ComplaintState.MERGED, merged_into=7),),
    )


def _menu(card: dict[str, Any]) -> list[str]:
    [menu] = [
        element
        for block in card["blocks"]
        for element in block.get("elements", ())
        if element["type"] == "overflow"
    ]
    return [option["value"] for option in menu["options"]]


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
    assert _values(rendered("shipping/late"), "alert.take") == ["9:10"]
    assert _values(rendered("shipping/late", may_take=False), "alert.take") == []


def test_the_carriers_page_is_a_button_where_it_is_known() -> None:
    assert "https://www.ups.com/track?tracknum=" in str(rendered("shipping/contact_form"))
    assert "url" not in str(rendered("shipping/contact_form@unknown_carrier"))


def test_an_order_to_ship_loses_its_button_once_it_left() -> None:
    assert "has to be shipped by" in first_line(rendered("shipping/ship_by"))
    assert "was to be shipped by" in first_line(rendered("shipping/ship_by@missed"))
    assert buttons(rendered("shipping/ship_by@shipped")) == {}


def test_pages_lead_back_and_on() -> None:
    assert _values(rendered("orders/page"), "order.page.") == [
        json.dumps({"text": "simpson", "start": start}, separators=(",", ":"))
        for start in (8 - orders.PAGE, 16)
    ]
    assert _values(rendered("orders/page@nothing"), "order.page.") == []
    assert _values(rendered("shipping/late"), "parcel.page.") == [str(10 - shipping.PAGE), "13"]
    assert _values(rendered("shipping/late@none"), "parcel.page.") == []


def test_an_error_mentions_whom_to_ask_and_says_what_was_lost() -> None:
    error = rendered("desk/error")
    assert first_line(error).endswith("Ask <@U0ADMIN1> or see `/deskhand help`.")
    assert error["blocks"][-1]["elements"][0]["text"] == "Nothing was changed."
    assert "submit" not in rendered("desk/error_modal")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("<@U0ADMIN1>", "&lt;@U0ADMIN1&gt;"),
        ("@channel", "@channel"),
        ("@UPS", "@UPS"),
        ("me@U0ADMIN1", "me@U0ADMIN1"),
        ("`*x*`", "`*x*`"),
        ("*x*", "∗x∗"),  # noqa: RUF001 - a look-alike, on purpose
    ],
)
def test_a_sentence_marks_up_no_more_than_our_own(typed: str, shown: str) -> None:
    assert first_line(rendered("desk/done", sentence=f"No {typed} here")) == f"No {shown} here"


def test_home_shows_what_waits_and_lets_admins_retry() -> None:
    home = rendered("desk/home")
    heads = [b["text"]["text"] for b in home["blocks"] if b["type"] == "header"]
    assert heads == [
        "1 thing went wrong",
        "2 orders wait for confirmation",
        "6 parcels need you",
        "1 refund waits",
        "1 complaint is open",
        "1 complaint is snoozed",
        "4 returns wait",
        "4 orders wait to be picked",
        "3 orders are late",
    ]
    assert "desk.retry" in buttons(home)
    assert "up to $500.00" in whole(home)


def test_a_quiet_desk_says_so() -> None:
    assert first_line(rendered("desk/home@quiet")) == "All quiet"
    assert "Everything works" in first_line(rendered("desk/status@quiet"))


def test_home_shows_a_stranger_only_whom_to_ask() -> None:
    home = rendered("desk/home", member=samples.member(None, limits={}, admins=("U0ADMIN1",)))
    assert len(home["blocks"]) == 2
    assert "Ask <@U0ADMIN1> to give you one." in whole(home)
    assert "Ask an admin" in whole(rendered("desk/home@stranger"))


def test_amounts_and_times_are_the_readers() -> None:
    berlin = Reader("de-DE", "Europe/Berlin")
    card = render("orders/card", berlin, **CASES["orders/card"])
    assert first_line(card).endswith("— 84,90\xa0$") or first_line(card).endswith("— 84,90 $")
    assert "|21.11.2026>" in whole(card)
    yen = samples.refund_card(samples.refund(amount=2400, currency="JPY"))
    japanese = render("refunds/approval", Reader("ja-JP", "Asia/Tokyo"), card=yen)
    assert "2,400" in first_line(japanese)
    assert "24.00" not in first_line(japanese)


def _options(view: Node) -> list[str]:
    return [option["value"] for node in nodes(view) for option in node.get("options", [])]


def _values(payload: Node, prefix: str) -> list[str]:
    return [
        node["value"] for node in nodes(payload) if node.get("action_id", "").startswith(prefix)
    ]
