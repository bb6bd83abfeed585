"""Refunds: their cards, threads and forms, and what is reported of them."""

from __future__ import annotations

from typing import Any

from domain.events import Kind
from domain.links import Linked
from domain.refunds.model import Reason
from domain.refunds.model import State as RefundState
from tests import samples
from tests.samples import APPROVER, NOW

Values = dict[str, Any]


def cases() -> dict[str, Values]:
    """Return the values of each case by its name."""
    return _refunds() | _reports()


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
