"""Alerts and what their cards are drawn from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain.events import Event, Kind
from domain.orders.model import Line
from domain.orders.model import State as OrderState
from domain.shipping.alert import Alert, AlertState, Outcome
from domain.shipping.model import ParcelState, Trouble
from domain.shipping.queries import AlertCard, ParcelCard, ShipByCard
from domain.shipping.reshipping import Goods, ReshipmentCard, Whereabouts
from tests import samples

AGENT, NOW = samples.AGENT, samples.NOW


def alert(trouble: Trouble = Trouble.DELIVERY_FAILED, **changes: Any) -> Alert:
    """An alert that nobody has in hand."""
    values: dict[str, Any] = {
        "id": 9,
        "order_id": 42,
        "parcel_id": 5,
        "trouble": trouble,
        "noticed_at": samples.ago(minutes=30),
        "waiting_since": samples.ago(minutes=30),
        "state": AlertState.OPEN,
    }
    return Alert(**values | changes)


def snoozed(trouble: Trouble = Trouble.DELIVERY_FAILED) -> Alert:
    """An alert that somebody put off."""
    return alert(
        trouble,
        state=AlertState.SNOOZED,
        owner=AGENT,
        snoozed_by=AGENT,
        wake_due_at=NOW + timedelta(hours=20),
        snooze_reason="the carrier is asked",
    )


def resolved(trouble: Trouble = Trouble.DELIVERY_FAILED, **changes: Any) -> Alert:
    """An alert that somebody dealt with."""
    values: dict[str, Any] = {
        "state": AlertState.RESOLVED,
        "owner": AGENT,
        "resolved_by": AGENT,
        "resolved_at": NOW,
        "outcome": Outcome.OTHER,
        "note": "the neighbour had it",
    }
    return alert(trouble, **values | changes)


def parcel_card(what: Alert | None = None, **changes: Any) -> ParcelCard:
    """The card of a parcel in trouble; changes are of the card."""
    about = what or alert()
    values: dict[str, Any] = {
        "parcel": samples.parcel(
            trouble=None if about.is_closed else about.trouble, troubled_at=about.noticed_at
        ),
        "order": samples.order(),
        "scan": samples.scan(),
        "alert": about,
        "attempts": 1,
    }
    return ParcelCard(**values | changes)


def card(what: Alert | None = None) -> AlertCard:
    """An alert with its order and parcel."""
    return AlertCard(what or alert(), samples.order(), samples.parcel())


def unshipped_card(what: Alert | None = None) -> AlertCard:
    """An alert about an order that nobody shipped."""
    return AlertCard(
        what or alert(Trouble.SHIP_BY_NEAR, parcel_id=None),
        samples.order(state=OrderState.PACKED, ship_by=NOW + timedelta(hours=4)),
        None,
    )


def ship_by_card(what: Alert | None = None, **changes: Any) -> ShipByCard:
    """An order that has to be shipped in four hours; changes are of the order."""
    values: dict[str, Any] = {
        "state": OrderState.PACKED,
        "ship_by": samples.ago(hours=-4),
        "shipped_at": None,
    }
    return ShipByCard(samples.order_view(**values | changes), what)


def note(kind: Kind, **data: Any) -> Event:
    """An event of an alert."""
    values: dict[str, Any] = {"alert_id": 9, "owner": AGENT, "called": [AGENT]}
    return Event(
        id=7,
        kind=kind,
        at=NOW,
        actor=data.pop("actor", "clock"),
        why=data.pop("why", None),
        subject="parcel",
        subject_id=5,
        order_id=42,
        data=values | data,
    )


def reshipment(left: int = 2, parcels: int = 0, called_off: int = 0) -> ReshipmentCard:
    """Two mugs that are sent again, in so many parcels so far."""
    where = Whereabouts(left, [samples.parcel(id=50 + at) for at in range(parcels)], called_off)
    line = Line(id=1, order_id=42, position=1, sku="MUG", title="Alpine mug", quantity=2)
    return ReshipmentCard(samples.order(), [Goods(line, 2)], "it was lost", AGENT, NOW, where, 9)


def delivered() -> dict[str, Any]:
    """A parcel that arrived, whose alert is over."""
    return {
        "parcel": samples.parcel(trouble=None, state=ParcelState.DELIVERED),
        "alert": alert(state=AlertState.OVER, owner=AGENT),
    }
