"""Parcels of an order, what is late, and storms."""

from __future__ import annotations

from typing import Any

from domain.shipping.model import Trouble
from tests import samples
from tests.samples import NOW
from tests.samples import alerts as made
from tests.templates.cases import alerts

Values = dict[str, Any]


def cases() -> dict[str, Values]:
    """Return the values of each case by its name."""
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
        **alerts.storms(),
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
