"""EasyPost: webhooks that tell where parcels are.

Signature, events and trackers: https://docs.easypost.com/docs/webhooks, …/events, …/trackers.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.connectors import inbound
from bot.connectors.files.values import LONGEST_TEXT, BadValue, moment, part, parts, text
from bot.connectors.inbound import PartlyUnreadable
from bot.work.outcomes import Handler
from domain.shipping import service as shipping
from domain.shipping.model import Mishap, ParcelState
from domain.shipping.service import Sighting
from domain.store import Store

SOURCE = "easypost"

#: A tracker's `status`.
STATES: Mapping[str, ParcelState] = {
    "unknown": ParcelState.UNKNOWN,
    "pre_transit": ParcelState.PENDING,
    "in_transit": ParcelState.IN_TRANSIT,
    "out_for_delivery": ParcelState.OUT_FOR_DELIVERY,
    "delivered": ParcelState.DELIVERED,
    "available_for_pickup": ParcelState.READY_FOR_PICKUP,
    "return_to_sender": ParcelState.RETURN_TO_SENDER,
    "failure": ParcelState.DELIVERY_FAILED,
    "cancelled": ParcelState.CANCELLED,
    "error": ParcelState.UNKNOWN,
}
#: A `status_detail` that says more than a status which only means "on its way".
DETAILS: Mapping[str, ParcelState] = {
    "received_at_origin_facility": ParcelState.PICKED_UP,
    "arrived_at_pickup_location": ParcelState.READY_FOR_PICKUP,
    "delayed": ParcelState.DELIVERY_DELAYED,
    "weather_delay": ParcelState.DELIVERY_DELAYED,
    "transit_exception": ParcelState.DELIVERY_DELAYED,
    "missorted": ParcelState.DELIVERY_DELAYED,
    "held": ParcelState.ON_HOLD,
    "awaiting_information": ParcelState.ON_HOLD,
    "address_correction": ParcelState.ON_HOLD,
    "delivery_exception": ParcelState.DELIVERY_FAILED,
    "damaged": ParcelState.DELIVERY_FAILED,
    "lost": ParcelState.DELIVERY_FAILED,
    "refused": ParcelState.RETURN_TO_SENDER,
    "return": ParcelState.RETURN_TO_SENDER,
}
#: A `status_detail` that tells what became of the parcel, whatever its status.
MISHAPS: Mapping[str, Mishap] = {"lost": Mishap.LOST, "damaged": Mishap.DAMAGED}
_ON_ITS_WAY = ("in_transit", "out_for_delivery", "unknown", "error")
_PARTNER = "an EasyPost"


def verify(secret: str, body: bytes, header: str | None) -> bool:
    """Tell whether `X-Hmac-Signature` is that of this raw body under the webhook's secret."""
    key = unicodedata.normalize("NFKD", secret).encode()
    digest = hmac.new(key, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"hmac-sha256-hex={digest}".encode(), (header or "").encode())


def event_id(body: bytes | str) -> str:
    """Return EasyPost's own id of the event; raises `UnreadableEvent` if it has none."""
    return inbound.event_id(body, _PARTNER)


def sightings(body: bytes | str) -> list[Sighting]:
    """Return what a tracker's event says of its parcel, oldest first; other events say nothing.

    Raises:
        UnreadableEvent: it is no event.
        PartlyUnreadable: a scan has a time that can't be read.
    """
    event = inbound.event(body, _PARTNER)
    tracker = event.get("result")
    if not str(event.get("description")).startswith("tracker.") or not isinstance(tracker, dict):
        return []
    return sightings_of(tracker)


def sightings_of(tracker: Mapping[str, Any]) -> list[Sighting]:
    """Return what a tracker says of its parcel, oldest first; see `sightings` for what it raises."""
    number = _text(tracker.get("tracking_code"))
    if number is None:
        return []
    told = parts(tracker.get("tracking_details"))
    told = told or [{**tracker, "datetime": tracker.get("updated_at")}]
    seen, odd = [], None
    for detail in told:
        try:
            at = moment(detail.get("datetime"), "datetime")
        except BadValue as bad:
            odd = str(bad)
        else:
            if at is not None:
                seen.append(_sighting(number, at, detail))
    seen.sort(key=lambda one: one.at)
    if odd:
        raise PartlyUnreadable(
            f"A scan of this EasyPost event has a time that can't be read: {odd}. What else it "
            "tells was taken in. Look the parcel up at its carrier.",
            seen,
        )
    return seen


def reader(store: Store, now: Callable[[], datetime]) -> Handler:
    """Return the handler of `inbox.easypost`; parcels nobody knows are left in the inbox."""
    return inbound.Together(store, now, SOURCE, sightings, shipping.follow_all)


def _sighting(number: str, at: datetime, detail: Mapping[str, Any]) -> Sighting:
    status, more = _text(detail.get("status")), _text(detail.get("status_detail"))
    return Sighting(
        tracking_number=number,
        state=_state(status, more),
        at=at,
        description=_words(detail, status),
        mishap=MISHAPS.get(more or ""),
        place=_text(part(detail, "tracking_location").get("city")),
    )


def _words(detail: Mapping[str, Any], status: str | None) -> str | None:
    """Return the carrier's words; of a status that has no place in the table, it itself."""
    said = _text(detail.get("message")) or _text(detail.get("description"))
    return said or (status if status not in STATES else None)


def _state(status: str | None, detail: str | None) -> ParcelState:
    state = STATES.get(status or "", ParcelState.UNKNOWN)
    return DETAILS.get(detail or "", state) if status in _ON_ITS_WAY else state


def _text(value: object) -> str | None:
    written = text(value)
    return written[:LONGEST_TEXT] if written else None
