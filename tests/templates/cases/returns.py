"""Returns: their cards, threads and forms."""

from __future__ import annotations

from typing import Any

from domain.events import Kind
from domain.refunds.model import State as RefundState
from domain.returns.model import Disposal, Verdict
from domain.returns.model import State as ReturnState
from domain.shipping.model import ParcelState
from tests import samples
from tests.samples import AGENT, APPROVER, NOW

Values = dict[str, Any]


def cases() -> dict[str, Values]:
    """Return the values of each case by its name."""
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
