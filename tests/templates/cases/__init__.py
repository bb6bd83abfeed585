"""One or more ordinary renderings of every template; a template without any fails the tests.

A case is `name` or `name@variant`; its values are what handlers pass.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import templates
from domain.complaints.model import Outcome
from domain.complaints.model import State as ComplaintState
from domain.complaints.queries import ComplaintCard
from domain.definitions import DEFINITIONS
from domain.events import Kind
from domain.links import Linked
from domain.orders.model import State as OrderState
from domain.people import Can
from domain.refunds.model import Reason
from domain.refunds.model import State as RefundState
from domain.returns.model import Disposal, Verdict
from domain.returns.model import State as ReturnState
from domain.returns.queries import Waiting
from domain.shipping.model import ParcelState, Trouble
from handlers.commands import COMMANDS
from templates import Reader, render
from tests import samples
from tests.samples import AGENT, APPROVER, NOW, OTHER_APPROVER
from tests.samples import alerts as made
from tests.samples import new_orders as new_order_samples
from tests.templates.cases import alerts as alert_cases
from tests.templates.cases import carriers, fulfilment, inventory, packing, payouts, sources
from tests.templates.cases import new_orders as new_order_cases

Values = dict[str, Any]

_FOLDER = Path(templates.__file__).parent
NAMES = sorted(
    path.relative_to(_FOLDER).as_posix().removesuffix(".json.jinja")
    for path in _FOLDER.rglob("*.json.jinja")
)


def _orders() -> dict[str, Values]:
    same: Values = {"findings": (), "labels": False, "now": NOW}
    own = {"personal": True, "may": set(Can), "share": True, "shared_by": None, **same}
    copy = {"personal": False, "may": set(), "share": False, "shared_by": AGENT, **same}
    order = samples.order_view()
    return {
        "orders/card": {"order": order, **own},
        "orders/card@shared": {"order": order, **copy},
        "orders/card@pending": {
            "order": samples.order_view(state=OrderState.PENDING, parcels=(), shipped_at=None),
            **own,
            "findings": (new_order_samples.SHORT,),
        },
        "orders/card@delivered": {
            "order": samples.order_view(
                state=OrderState.DELIVERED, delivered_at=NOW, refunded=samples.usd(500)
            ),
            **own,
        },
        "orders/card@held": {
            "order": samples.order_view(
                state=OrderState.DELIVERED,
                delivered_at=NOW,
                complete_due_at=NOW,
                complaints=samples.order_view().complaints * 4,
            ),
            **own,
        },
        "orders/page": {"page": samples.page()},
        "orders/page@nothing": {"page": samples.page(hits=(), start=0, more=False)},
    }


def _refunds() -> dict[str, Values]:
    asked = samples.refund_card()
    decided = {
        state: samples.refund_card(
            samples.decided_refund(
                state,
                decision_note="The carrier pays",
                failure="The card is closed" if state is RefundState.FAILED else None,
                provider_reference="re_1",
            )
        )
        for state in RefundState
        if state is not RefundState.AWAITING_APPROVAL
    }
    by_hand = samples.decided_refund(RefundState.SUBMITTED, provider="manual")
    torn = samples.decided_refund(
        RefundState.UNKNOWN, provider="shopify", failure="Shopify paid back a part"
    )
    lost = samples.decided_refund(RefundState.UNKNOWN, failure=None)
    second = samples.refund(
        approvers_needed=2,
        approvals=[samples.approval()],
        explanation="needs two approvers: 24.00 USD is above 20.00 USD",
    )
    return {
        "refunds/approval": {"card": asked, "now": NOW},
        "refunds/approval@second": {"card": samples.refund_card(second)},
        "refunds/approval@passed_on": {
            "card": samples.refund_card(
                passed_on_at=samples.ago(minutes=5),
                passed_on_to=[APPROVER, "S0LEADS"],
                policy_version=7,
            )
        },
        "refunds/approval@lost": {"card": samples.refund_card(lost)},
        "refunds/approval@by_hand": {"card": samples.refund_card(by_hand)},
        "refunds/approval@torn": {"card": samples.refund_card(torn)},
        **{f"refunds/approval@{state}": {"card": card} for state, card in decided.items()},
        **{
            f"refunds/note@{kind}": {
                "card": samples.refund_card(requested_at=samples.ago(hours=24, minutes=5)),
                "event": samples.event(
                    kind, actor="clock", subject="refund", data={"called": [APPROVER, "S0LEADS"]}
                ),
            }
            for kind in (Kind.REFUND_REMINDED, Kind.REFUND_PASSED_ON)
        },
        "refunds/note@nobody": {
            "card": asked,
            "event": samples.event(Kind.REFUND_REMINDED, actor="clock", data={"called": []}),
        },
        "refunds/asked": {"card": asked, "channel": "C0REFUNDS"},
        "refunds/asked@unset": {"card": asked, "channel": None},
        "refunds/asked@approved": {"card": decided[RefundState.APPROVED], "channel": None},
        **{f"refunds/told@{state}": {"card": card} for state, card in decided.items()},
        "refunds/form": {
            "order": samples.order_view(),
            "amount": "12.50",
            "reason": Reason.DAMAGED,
            "note": "damaged in transit",
            "about": Linked("complaint", 7),
            "quantities": {samples.order_view().lines[0].id: 1},
        },
        "refunds/form@blank": {
            "order": samples.order_view(),
            "amount": None,
            "reason": None,
            "note": None,
            "about": None,
            "quantities": {},
        },
        "refunds/decline_form": {"card": asked},
        "refunds/paid_form": {"card": samples.refund_card(by_hand)},
        "refunds/failed_form": {"card": decided[RefundState.UNKNOWN]},
        "refunds/failed_form@by_hand": {"card": samples.refund_card(by_hand)},
        "refunds/approval@failed_by_hand": {
            "card": samples.refund_card(
                samples.decided_refund(
                    RefundState.FAILED, failure="Not in Stripe's list", settled_by=APPROVER
                )
            )
        },
        "refunds/approval@paid_after_all": {
            "card": samples.refund_card(
                samples.decided_refund(RefundState.SUCCEEDED, failure="Not in Stripe's list")
            )
        },
        "refunds/reconciliation": {"card": samples.reconciliation_card(), "now": NOW},
        "refunds/reconciliation@agreed": {
            "card": samples.reconciliation_card(differing=0, differences=()),
            "now": NOW,
        },
    }


def _reports() -> dict[str, Values]:
    own = {"shared_by": None, "now": NOW}
    return {
        "reports/refunds": {"report": samples.refund_report(), **own},
        "reports/refunds@shared": {
            "report": samples.refund_report(),
            "shared_by": APPROVER,
            "now": NOW,
        },
        "reports/refunds@nothing": {"report": samples.empty_report(), **own},
    }


_AWAY = {"owner": AGENT, "called": []}
#: What else a thread may be told: name, kind, and what is particular about the event.
_NOTES: tuple[tuple[str, Kind, Values], ...] = (
    (
        "half_to_resolve",
        Kind.COMPLAINT_WARNED,
        {"data": {"share": 80, "target": "resolve"} | _AWAY},
    ),
    (
        "deputy",
        Kind.COMPLAINT_WARNED,
        {"data": {"share": 50, "owner": AGENT, "called": [APPROVER]}},
    ),
    (
        "next_level",
        Kind.COMPLAINT_ESCALATED,
        {"actor": "clock", "data": {"level": 1, "called": [APPROVER], "called_level": 2}},
    ),
    (
        "all_away",
        Kind.COMPLAINT_ESCALATED,
        {"actor": "clock", "data": {"level": 1, "called": [], "all_away": True}},
    ),
    ("awake", Kind.COMPLAINT_WOKEN, {"actor": "clock", "data": _AWAY}),
    ("duplicate", Kind.COMPLAINT_MERGED, {"subject_id": 9}),
    ("apart", Kind.COMPLAINT_REOPENED, {"subject_id": 9}),
    ("refund", Kind.REFUND_REQUESTED, {"subject": "refund", "subject_id": 12}),
)


def _complaints() -> dict[str, Values]:
    card = samples.complaint_card()
    duplicate = samples.merged_complaint()
    links = [Linked("parcel", 5), Linked("refund", 12)]
    survivor = ComplaintCard(samples.complaint(), samples.order(), links, [duplicate])
    return {
        "complaints/case": {"card": card, "now": NOW},
        "complaints/case@escalated": {
            "card": samples.complaint_card(
                state=ComplaintState.ESCALATED,
                level=2,
                owner=APPROVER,
                answer_due_at=samples.ago(hours=1),
            ),
            "now": NOW,
        },
        "complaints/case@acknowledged": {
            "card": samples.complaint_card(
                state=ComplaintState.ACKNOWLEDGED, owner=APPROVER, answer_due_at=None
            ),
            "now": NOW,
        },
        "complaints/case@resolved": {
            "card": samples.complaint_card(
                state=ComplaintState.RESOLVED,
                resolved_by=AGENT,
                resolved_at=NOW,
                outcome=Outcome.REPLACED,
                resolution="A new lid is on its way",
                answer_due_at=None,
            ),
            "now": NOW,
        },
        "complaints/case@snoozed": {
            "card": ComplaintCard(samples.snoozed_complaint(), samples.order()),
            "now": NOW,
        },
        "complaints/case@merged": {
            "card": ComplaintCard(samples.merged_complaint(), samples.order()),
            "now": NOW,
        },
        "complaints/case@overdue": {
            "card": samples.complaint_card(
                state=ComplaintState.ACKNOWLEDGED,
                owner=APPROVER,
                answer_due_at=None,
                resolve_due_at=None,
            ),
            "now": NOW,
        },
        "complaints/case@survivor": {"card": survivor, "now": NOW},
        "complaints/form": {"order": samples.order_view(), "text": None},
        "complaints/pick": {"text": "The lid of 1042 is cracked"},
        "complaints/opened": {"card": card, "channel": "C0COMPLAINTS"},
        "complaints/opened@unset": {"card": card, "channel": None},
        "complaints/escalate_form": {"card": card, "replies": [samples.reply()]},
        "complaints/hand_over_form": {"card": card, "replies": [samples.reply()]},
        "complaints/snooze_form": {"card": card, "replies": [samples.reply()]},
        "complaints/merge_form": {
            "card": card,
            "replies": [samples.reply()],
            "others": [samples.complaint_card(id=12)],
        },
        "complaints/merge_form@alone": {"card": card, "replies": [], "others": []},
        "complaints/resolve_form": {"card": card, "replies": [samples.reply()]},
        **{
            f"complaints/note@{kind}": {
                "card": card,
                "event": samples.event(
                    kind,
                    why="Third time",
                    data={
                        "level": 2,
                        "outcome": "replaced",
                        "share": 50,
                        "owner": APPROVER,
                        "called": [APPROVER, "S0LEADS"],
                        "about": [{"subject": "complaint", "id": 12}],
                    },
                ),
            }
            for kind in Kind
            if kind.startswith("Complaint")
        },
        **{
            f"complaints/note@{name}": {"card": survivor, "event": samples.event(kind, **changes)}
            for name, kind, changes in _NOTES
        },
    }


def _inspected(state: ReturnState, **of_line: Any) -> Any:
    line = samples.return_line(**{"received": 2, "verdict": Verdict.ACCEPT} | of_line)
    return samples.rma(
        state,
        lines=[line],
        decided_by=APPROVER,
        received_at=samples.ago(hours=4),
        refund_by=samples.ago(hours=-44),
        inspected_by=AGENT,
        inspected_at=NOW,
    )


def _return_cards() -> dict[str, Any]:
    ended = {"ended_by": APPROVER, "ended_at": NOW, "ending": "Past the time to return it"}
    coming: Values = {"decided_by": APPROVER, "decided_at": samples.ago(hours=2)}
    lapsed = (ReturnState.DECLINED, ReturnState.WITHDRAWN)
    back = [samples.parcel(trouble=None, return_id=4, state=ParcelState.IN_TRANSIT)]
    kept = {"verdict": Verdict.REJECT, "note": "Used, the box is gone"}
    unclear = {"verdict": Verdict.NEEDS_A_LOOK, "note": "Smells of smoke", "received": 1}
    disposed = {"disposal": Disposal.RESTOCKED}
    accepted, closed = ReturnState.ACCEPTED, ReturnState.CLOSED
    refund = [samples.refund()]
    return {
        "requested": samples.return_card(),
        "overdue": samples.return_card(samples.rma(answer_by=samples.ago(hours=1))),
        **{
            str(state): samples.return_card(samples.rma(state, **coming, **ended))
            for state in lapsed
        },
        "expired": samples.return_card(samples.rma(ReturnState.EXPIRED, **coming, ended_at=NOW)),
        "authorised": samples.return_card(samples.rma(ReturnState.AUTHORISED, **coming)),
        "in_transit": samples.return_card(
            samples.rma(ReturnState.IN_TRANSIT, **coming), parcels=back
        ),
        "received": samples.return_card(
            samples.rma(
                ReturnState.RECEIVED,
                **coming,
                received_at=samples.ago(hours=50),
                refund_by=samples.ago(hours=2),
            )
        ),
        "needs_a_look": samples.return_card(_inspected(ReturnState.NEEDS_A_LOOK, **unclear)),
        "rejected": samples.return_card(_inspected(ReturnState.REJECTED, **kept)),
        "missing": samples.return_card(_inspected(ReturnState.REJECTED, received=0, verdict=None)),
        "accepted": samples.return_card(_inspected(accepted)),
        "disposed": samples.return_card(_inspected(accepted, **disposed)),
        "asked": samples.return_card(_inspected(accepted), refunds=refund),
        "closed": samples.return_card(_inspected(closed, **disposed), refunds=refund),
        "refused": samples.return_card(
            _inspected(closed, **disposed),
            refunds=[samples.decided_refund(RefundState.DECLINED)],
        ),
        "unrefunded": samples.return_card(samples.rma(closed, **coming, **ended)),
    }


def _returns() -> dict[str, Values]:
    cards = _return_cards()
    data = {
        "state": "requested",
        "accept": 2,
        "reject": 1,
        "needs_a_look": 1,
        "missing": 1,
        "called": [APPROVER, "S0LEADS"],
        "refund": "R-12",
        "trouble": "on_hold",
    }
    received, accepted = cards["received"], cards["accepted"]
    unpriced = samples.return_card(
        accepted.rma, lines=(samples.return_line_view(accepted.rma.lines[0], unit_price=None),)
    )
    return {
        **{f"returns/card@{name}": {"card": card, "now": NOW} for name, card in cards.items()},
        **{
            f"returns/note@{kind}": {
                "card": received,
                "event": samples.event(kind, why="It smells", subject="return", data=data),
                "now": NOW,
            }
            for kind in (
                *(kind for kind in Kind if kind.startswith("Return")),
                Kind.PARCEL_TROUBLED,
            )
        },
        "returns/note@half": {
            "card": received,
            "event": samples.event(Kind.RETURN_REMINDED, data={"state": "received"}),
            "now": NOW,
        },
        "returns/told": {"card": cards["declined"], "now": NOW},
        "returns/asked": {"card": cards["requested"], "channel": "C0RETURNS"},
        "returns/asked@unset": {"card": cards["requested"], "channel": None},
        "returns/form": {"about": None, "order": samples.order_view(), "note": None},
        "returns/form@note": {
            "about": None,
            "order": samples.order_view(
                lines=(samples.line_view(refunded_quantity=1, returned_quantity=1),)
            ),
            "note": "too small",
        },
        **{
            f"returns/{verb}_form": {"card": cards["requested"]}
            for verb in ("decline", "withdraw", "close")
        },
        "returns/track_form": {"card": cards["authorised"]},
        "returns/track_form@again": {
            "card": samples.return_card(parcels=[samples.parcel(last_event_at=None, return_id=4)])
        },
        "returns/inspect_form": {"card": received},
        "returns/inspect_form@again": {"card": cards["needs_a_look"]},
        "returns/restock_form": {"card": accepted},
        "returns/refund_form": {"card": accepted},
        "returns/refund_form@unpriced": {"card": unpriced},
    }


def _shipping() -> dict[str, Values]:
    return {
        "shipping/parcels": {"order": samples.order_view(), "labels": {5: 3}, "now": NOW},
        "shipping/parcels@coming_back": {
            "order": samples.order_view(parcels=(samples.parcel_view(return_id=4),)),
            "labels": {},
            "now": NOW,
        },
        "shipping/parcels@none": {
            "order": samples.order_view(parcels=()),
            "labels": {},
            "now": NOW,
        },
        "shipping/late": {
            "late": [
                samples.late(alert=made.alert(Trouble.DELAYED)),
                samples.late(alert=made.snoozed(Trouble.DELAYED)),
                samples.unshipped(number="1043"),
            ],
            "total": 34,
            "start": 10,
            "storm": None,
            "may_take": True,
            "now": NOW,
        },
        "shipping/storm": {"card": samples.storm_card(), "now": NOW},
        "shipping/storm@ship_by": {
            "card": samples.storm_card(trouble=Trouble.SHIP_BY_NEAR),
            "now": NOW,
        },
        **alert_cases.storms(),
        "shipping/storm@over": {"card": samples.storm_card(total=0, worst=()), "now": NOW},
        "shipping/late@storm": {
            "late": [samples.late(), samples.late(number="1043")],
            "total": 120,
            "start": 10,
            "storm": samples.storm(),
            "may_take": False,
            "now": NOW,
        },
        "shipping/late@none": {
            "late": [],
            "total": 0,
            "start": 0,
            "storm": None,
            "may_take": False,
            "now": NOW,
        },
    }


def _desk() -> dict[str, Values]:
    busy: Values = {
        "pending_total": 2,
        "refunds": [samples.refund()],
        "refunds_total": 1,
        "complaints": [samples.complaint()],
        "complaints_total": 1,
        "snoozed": [samples.snoozed_complaint(id=8)],
        "snoozed_total": 1,
        "now": NOW,
        "late_total": 3,
        "alerts": [made.card(), made.unshipped_card(made.snoozed(Trouble.SHIP_BY_NEAR))],
        "alerts_total": 6,
        "warehouse": fulfilment.samples.waiting(),
        "reconciliations": [samples.reconciliation_card()],
        "sources": [],
        "ill": [],
        "returns": Waiting(2, 1, 1),
        "jobs": {"ready": 2, "dead": 1},
        "dead": [samples.job()],
        "member": samples.member(),
        "away": False,
        "missing": ("channel.refunds", "channel.shipping"),
    }
    quiet = busy | {
        "pending_total": 0,
        "refunds": [],
        "refunds_total": 0,
        "complaints": [],
        "complaints_total": 0,
        "snoozed": [],
        "snoozed_total": 0,
        "late_total": 0,
        "alerts": [],
        "alerts_total": 0,
        "warehouse": None,
        "reconciliations": [],
        "returns": Waiting(),
        "jobs": {},
        "dead": [],
        "missing": (),
    }
    return {
        "desk/help": {"command": None, "commands": COMMANDS},
        "desk/help@order": {"command": "/order", "commands": COMMANDS[:1]},
        "desk/error": {
            "sentence": "You have no role on this desk yet. Ask @U0ADMIN1 or see `/deskhand help`.",
            "lost": "Nothing was changed.",
        },
        "desk/error_modal": {"sentence": "You have no role on this desk yet. Ask @U0ADMIN1."},
        "desk/home": busy,
        "desk/home@quiet": quiet,
        "desk/home@away": quiet
        | {
            "away": True,
            "member": samples.member(away_until=NOW + timedelta(days=7), deputy=OTHER_APPROVER),
        },
        "desk/home@stranger": quiet | {"member": samples.member(None, limits={})},
        "desk/settings_form": {
            "values": {"channel.refunds": "C0REFUNDS", "refund.auto_limit": "20.00 USD"},
            "definitions": DEFINITIONS,
        },
        "desk/status": busy,
        "desk/status@quiet": quiet,
        "desk/done": {"sentence": "The settings are saved."},
        **sources.cases(quiet),
    }


def _people() -> dict[str, Values]:
    until = NOW + timedelta(days=7)
    away: Values = {"until": until, "member": samples.member(), "deputy": None, "now": NOW}
    absent = samples.member(away_until=until, deputy=AGENT)
    return {
        "people/away_form": {"day": None},
        "people/away_form@day": {"day": until.date()},
        "people/away": away,
        "people/away@deputy": away | {"deputy": samples.member()},
        "people/away@role": away | {"deputy": samples.member("warehouse")},
        "people/away@both": away | {"deputy": absent},
    }


CASES: dict[str, Values] = {
    **_orders(),
    **_refunds(),
    **_reports(),
    **fulfilment.cases(),
    **inventory.cases(),
    **payouts.cases(),
    **carriers.cases(),
    **packing.cases(),
    **_complaints(),
    **_returns(),
    **_shipping(),
    **alert_cases.cases(),
    **new_order_cases.cases(),
    **_desk(),
    **_people(),
}


def rendered(case: str, reader: Reader | None = None, **changes: object) -> dict[str, Any]:
    """Render a case, with some of its values changed."""
    return render(case.partition("@")[0], reader or Reader(), **CASES[case] | changes)
