"""EasyPost: webhooks that tell where parcels are.

Signature, events and trackers: https://docs.easypost.com/docs/webhooks, …/events, …/trackers.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.connectors import inbound
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
    """
    event = inbound.event(body, _PARTNER)
    tracker = event.get("result")
    if not str(event.get("description")).startswith("tracker.") or not isinstance(tracker, dict):
        return []
    return sightings_of(tracker)


def sightings_of(tracker: Mapping[str, Any]) -> list[Sighting]:
    """Return what a tracker says of its parcel, oldest first."""
    number = tracker.get("tracking_code")
    if not number:
        return []
    told = tracker.get("tracking_details") or [{**tracker, "datetime": tracker.get("updated_at")}]
    seen = [_sighting(str(number), detail) for detail in told]
    return sorted((one for one in seen if one is not None), key=lambda one: one.at)


def reader(store: Store, now: Callable[[], datetime]) -> Handler:
    """Return the handler of `inbox.easypost`; parcels nobody knows are left in the inbox."""
    return inbound.Together(store, now, SOURCE, sightings, shipping.follow_all)


def _sighting(number: str, detail: Mapping[str, Any]) -> Sighting | None:
    at = _moment(detail.get("datetime"))
    if at is None:
        return None
    location = detail.get("tracking_location") or {}
    return Sighting(
        tracking_number=number,
        state=_state(detail.get("status"), detail.get("status_detail")),
        at=at,
        description=_words(detail),
        mishap=MISHAPS.get(str(detail.get("status_detail"))),
        place=location.get("city") or None,
    )


def _words(detail: Mapping[str, Any]) -> str | None:
    """Return the carrier's words; of a status that has no place in the table, it itself."""
    said = detail.get("message") or detail.get("description")
    if not said and detail.get("status") not in STATES:
        said = detail.get("status")
    return str(said) if said else None


def _state(status: str | None, detail: str | None) -> ParcelState:
    state = STATES.get(status or "", ParcelState.UNKNOWN)
    return DETAILS.get(detail or "", state) if status in _ON_ITS_WAY else state


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
