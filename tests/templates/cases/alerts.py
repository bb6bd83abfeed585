"""Renderings of alerts, and of what is done about them."""

from __future__ import annotations

from typing import Any

from domain.events import Kind
from domain.orders.model import State as OrderState
from domain.shipping.alert import Outcome
from domain.shipping.model import Mishap, ParcelState, Trouble
from tests import samples
from tests.samples import AGENT, APPROVER, NOW
from tests.samples import alerts as made

Values = dict[str, Any]


def cases() -> dict[str, Values]:
    """Return the values of each case by its name."""
    return _cards() | _ship_by() | _forms() | _notes()


def _cards() -> dict[str, Values]:
    nearly = {
        "in_hand": made.alert(state="acknowledged", owner=AGENT),
        "snoozed": made.snoozed(),
        "woken": made.alert(owner=AGENT),
        "escalated": made.alert(escalated_at=NOW),
        "resolved": made.resolved(),
        "refunded": made.resolved(outcome=Outcome.REFUNDED, note=None),
    }
    back = samples.parcel(
        state=ParcelState.RETURN_TO_SENDER,
        trouble=Trouble.RETURN_TO_SENDER,
        troubled_at=samples.ago(minutes=30),
    )
    alerts: dict[str, Values] = {
        **{
            f"shipping/alert@{trouble}": {"card": made.parcel_card(made.alert(trouble))}
            for trouble in Trouble
        },
        **{
            f"shipping/alert@{name}": {"card": made.parcel_card(what)}
            for name, what in nearly.items()
        },
        "shipping/alert@valuable": {
            "card": made.parcel_card(
                made.alert(Trouble.RETURN_TO_SENDER), parcel=back, valuable=True
            )
        },
        **{
            f"shipping/alert@{mishap}": {
                "card": made.parcel_card(
                    parcel=samples.parcel(
                        state=ParcelState.DELIVERY_FAILED,
                        trouble=Trouble.DELIVERY_FAILED,
                        troubled_at=samples.ago(minutes=30),
                        mishap=mishap,
                    )
                )
            }
            for mishap in Mishap
        },
        "shipping/alert@never_scanned": {
            "card": made.parcel_card(made.alert(Trouble.CARRIER_SILENT), scan=None)
        },
        "shipping/alert@over": {"card": made.parcel_card(**made.delivered())},
        "shipping/alert_past": {"card": made.parcel_card()},
        **{
            f"shipping/alert@{name}": {
                "card": made.parcel_card(
                    made.resolved(outcome=Outcome.RESHIPPED), again=made.reshipment(*how).where
                )
            }
            for name, how in {
                "to_reship": (2, 0),
                "reshipped": (0, 9),
                "called_off": (0, 0, 2),
            }.items()
        },
        "shipping/reship": {"card": made.reshipment()},
        "shipping/reship@partly": {"card": made.reshipment(1, 1)},
        "shipping/reship@sent": {"card": made.reshipment(0, 9)},
        "shipping/reship@called_off": {"card": made.reshipment(0, 0, 2)},
    }
    return {name: values | {"now": NOW} for name, values in alerts.items()}


def _ship_by() -> dict[str, Values]:
    near = Trouble.SHIP_BY_NEAR
    cards = {
        "shipping/ship_by": made.ship_by_card(made.alert(near)),
        "shipping/ship_by@in_hand": made.ship_by_card(
            made.alert(near, state="acknowledged", owner=AGENT)
        ),
        "shipping/ship_by@snoozed": made.ship_by_card(made.snoozed(near)),
        "shipping/ship_by@missed": made.ship_by_card(
            made.alert(near, escalated_at=NOW), ship_by=samples.ago(hours=1)
        ),
        "shipping/ship_by@resolved": made.ship_by_card(made.resolved(near)),
        "shipping/ship_by@from_before": made.ship_by_card(None),
        "shipping/ship_by@shipped": made.ship_by_card(
            made.alert(near), state=OrderState.SHIPPED, shipped_at=NOW
        ),
    }
    return {name: {"card": card, "now": NOW} for name, card in cards.items()}


def _forms() -> dict[str, Values]:
    of_parcel = {"card": made.card(), "parcel": made.parcel_card(), "now": NOW}
    of_order = {"card": made.unshipped_card(), "parcel": None, "now": NOW}
    unknown = made.parcel_card(parcel=samples.parcel(carrier=None, tracking_number=None))
    return {
        **{
            f"shipping/{verb}_form": of_parcel
            for verb in ("assign", "snooze", "resolve", "call_off")
        },
        **{f"shipping/{verb}_form@order": of_order for verb in ("assign", "snooze", "resolve")},
        "shipping/contact_form": of_parcel,
        "shipping/contact_form@unknown_carrier": of_parcel | {"parcel": unknown},
        "shipping/reship_form": {
            "card": made.card(),
            "order": samples.order_view(),
            "quantities": {samples.order_view().lines[0].id: 1},
        },
        "shipping/told": {"card": made.card()},
        "shipping/told@order": {"card": made.unshipped_card()},
    }


def _notes() -> dict[str, Values]:
    notes = {
        "assigned": made.note(Kind.ALERT_ASSIGNED, actor=APPROVER),
        "snoozed": made.note(Kind.ALERT_SNOOZED, actor=AGENT, why="the carrier is asked"),
        "woken": made.note(Kind.ALERT_WOKEN),
        "reminded": made.note(Kind.ALERT_REMINDED, called=[]),
        "escalated": made.note(Kind.ALERT_ESCALATED, called=[AGENT, "S0TEAM1"]),
        "resolved": made.note(
            Kind.ALERT_RESOLVED, actor=AGENT, outcome=Outcome.BUYER_HAS_IT, why="a neighbour"
        ),
        "over": made.note(Kind.ALERT_OVER, state=ParcelState.IN_TRANSIT),
        "arrived": made.note(Kind.ALERT_OVER, state=ParcelState.DELIVERED, owner=None),
    }
    return {
        f"shipping/note@{name}": {"card": made.card(made.snoozed()), "event": event}
        for name, event in notes.items()
    }


def storms() -> dict[str, dict[str, Any]]:
    """One that somebody took, ones that are partly in hand, and the call for one that is ignored."""
    taken = samples.storm()
    taken.owner = AGENT
    card = samples.storm_card(in_hand=7)
    called = made.note(Kind.STORM_ESCALATED, called=[AGENT], ignored=113)
    return {
        "shipping/storm@taken": {"card": samples.storm_card(storm=taken), "now": NOW},
        "shipping/storm@taken_over": {
            "card": samples.storm_card(storm=taken, total=0, worst=()),
            "now": NOW,
        },
        "shipping/storm@partly": {"card": card, "now": NOW},
        "shipping/storm_note": {"card": samples.storm_card(), "event": called, "now": NOW},
        "shipping/storm_note@partly": {"card": card, "event": called, "now": NOW},
    }
