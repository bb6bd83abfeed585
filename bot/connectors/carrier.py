"""Carriers that no partner speaks for: a signed webhook of our own, which docs/carriers.md tells of."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.connectors import inbound
from bot.connectors.files.values import text
from bot.connectors.inbound import UnreadableEvent
from bot.work.outcomes import Handler
from domain import merchants
from domain.shipping import service as shipping
from domain.shipping import statuses
from domain.shipping.model import ParcelState
from domain.shipping.service import Sighting
from domain.store import Store, Work

SOURCE = "carrier"

#: Seconds that a signature may be old, or ahead of this machine's clock.
TOLERANCE = 300
_HEADER = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})", re.ASCII)
_PARTNER = "a carrier's"
_EXPECTED = "an id, a tracking_number, a status, and a time with its zone in `at`"
_LONGEST = 500


def signature(secret: str, body: bytes, at: int) -> str:
    """Return the header's value for a raw body that is sent at this Unix time."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def verify(secret: str, body: bytes, header: str | None) -> bool:
    """Tell whether `X-Deskhand-Signature` is that of this raw body, made within five minutes."""
    found = _HEADER.fullmatch(header or "")
    if found is None or abs(time.time() - int(found[1])) > TOLERANCE:
        return False
    return hmac.compare_digest(signature(secret, body, int(found[1])), found[0])


def event_id(body: bytes | str) -> str:
    """Return the event's id; raises `UnreadableEvent` for what is none of a parcel."""
    reference = inbound.event_id(body, _PARTNER)
    _sighting(body)
    return reference


def sightings(body: bytes | str) -> list[Sighting]:
    """Return what an event says of its parcel, its status as the carrier words it.

    Raises:
        UnreadableEvent: it is no event.
    """
    return [_sighting(body)]


def reader(store: Store, now: Callable[[], datetime]) -> Handler:
    """Return the handler of `inbox.carrier`; parcels nobody knows are left in the inbox."""

    async def meaning(body: str) -> list[tuple[str, Sighting]]:
        status = _text(inbound.event(body, _PARTNER), "status") or ""
        return [(status, one) for one in sightings(body)]

    async def take(work: Work, told: tuple[str, Sighting]) -> None:
        await shipping.follow(work, await _understood(work, *told))

    return inbound.reader(store, now, SOURCE, meaning, take)


async def _understood(work: Work, status: str, sighting: Sighting) -> Sighting:
    """Give the sighting the state that the merchant's settings say the carrier's word means."""
    told = (await merchants.settings(work.session))["shipping.carrier_statuses"]
    state, mishap = statuses.meaning(status, told)
    return Sighting(
        tracking_number=sighting.tracking_number,
        state=state,
        at=sighting.at,
        description=sighting.description or (status if state is ParcelState.UNKNOWN else None),
        place=sighting.place,
        reference=sighting.reference,
        mishap=mishap,
    )


def _sighting(body: bytes | str) -> Sighting:
    event = inbound.event(body, _PARTNER)
    number, at = _text(event, "tracking_number"), _moment(event.get("at"))
    if number is None or at is None or _text(event, "status") is None:
        raise UnreadableEvent(_PARTNER, _EXPECTED)
    return Sighting(
        tracking_number=number,
        state=ParcelState.UNKNOWN,
        at=at,
        description=_text(event, "description"),
        place=_text(event, "place"),
        reference=f"carrier:{event['id']}",
    )


def _text(event: Mapping[str, Any], name: str) -> str | None:
    value = event.get(name)
    written = text(value) if isinstance(value, str) else None
    return written[:_LONGEST] if written else None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
