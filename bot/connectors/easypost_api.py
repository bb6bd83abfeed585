"""EasyPost's API, through its SDK: trackers, one a parcel.

https://docs.easypost.com/docs/trackers, https://docs.easypost.com/docs/errors
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from easypost.easypost_client import EasyPostClient
from easypost.errors.api.api_error import ApiError
from easypost.errors.api.forbidden_error import ForbiddenError
from easypost.errors.api.payment_error import PaymentError
from easypost.errors.api.rate_limit_error import RateLimitError
from easypost.errors.api.unauthorized_error import UnauthorizedError
from easypost.errors.general.easypost_error import EasyPostError

from bot.connectors import easypost
from bot.connectors.inbound import PartlyUnreadable
from domain.shipping.scores import carrier_name
from domain.shipping.service import Sighting
from domain.shipping.tracker import CantTrack, TrackerBusy, TrackerRefused, TrackerSilent

#: Seconds for one answer. The SDK tries to connect four times: all within what a job gives it.
_PATIENCE = 7
_PAUSE = timedelta(minutes=1)
_FAULT = 500
#: Statuses of answers that are no refusal, though below 500: asked too slowly, and odd ones.
_UNSETTLED = frozenset({408, 409, 425})
_LONGEST_WORDS = 200
#: Carriers whose code is not their usual name: https://docs.easypost.com/carriers.
_CODES: Mapping[str, str | None] = {
    "DHL": None,
    "DHL Express": "DHLExpress",
    "DHL eCommerce": "DHLEcs",
    "DPD": None,
    "Royal Mail": "RoyalMail",
    "Canada Post": "CanadaPost",
    "Australia Post": "AustraliaPost",
    "Amazon Logistics": "AmazonShipping",
    "UPS": "UPS",
    "USPS": "USPS",
    "FedEx": "FedEx",
    "OnTrac": "OnTrac",
}
_Answer = TypeVar("_Answer")


class EasyPost:
    """EasyPost's account of this desk; `api_url` is the API's base address."""

    name = easypost.SOURCE

    def __init__(self, api_key: str, api_url: str, *, patience: int = _PATIENCE) -> None:
        self._sdk = EasyPostClient(api_key, api_base=api_url.rstrip("/"), timeout=patience)

    async def track(self, number: str, carrier: str | None) -> Sequence[Sighting]:
        """Make a tracker, and return what it knows; the same parcel has one for three months.

        Raises:
            CantTrack: EasyPost does not know the number or the carrier.
            TrackerRefused, TrackerBusy, TrackerSilent: nothing is known.
        """
        wanted = {"tracking_code": number}
        if code := _CODES.get(carrier_name(carrier) or ""):
            wanted["carrier"] = code
        made = await self._call(lambda: self._sdk.tracker.create(**wanted))
        try:
            return easypost.sightings_of(made.to_dict())
        except PartlyUnreadable as odd:
            # What else it knows counts; its webhook says the rest again.
            return odd.facts

    async def check(self) -> None:
        """Ask for something small; raises what `track` raises."""
        await self._call(lambda: self._sdk.tracker.all(page_size=1))

    async def _call(self, ask: Callable[[], _Answer]) -> _Answer:
        try:
            return await asyncio.to_thread(ask)
        except EasyPostError as error:
            raise _refusal(error) from error


def _refusal(error: EasyPostError) -> Exception:
    """Say what an error of the SDK means to whoever asked."""
    if isinstance(error, (UnauthorizedError, ForbiddenError)):
        return TrackerRefused(
            "EasyPost refuses EASYPOST_API_KEY: it is wrong, revoked, or not allowed to do this. "
            "Copy a key from “API Keys” in EasyPost's dashboard, restart the desk, and retry."
        )
    if isinstance(error, PaymentError):
        return TrackerRefused(
            "EasyPost wants to be paid first. See “Billing” in its dashboard, and retry."
        )
    if isinstance(error, RateLimitError):
        return TrackerBusy(_PAUSE)
    status = error.http_status if isinstance(error, ApiError) else None
    if status is None or status >= _FAULT or status in _UNSETTLED:
        return TrackerSilent("EasyPost gives no answer. It is asked again by itself.")
    return CantTrack(
        f"EasyPost does not track this parcel: {_words(error)} See whether the number and the "
        "carrier are right."
    )


def _words(error: Any) -> str:
    said = str(error.message or error.code or "it does not say why")[:_LONGEST_WORDS].strip()
    return said if said.endswith(".") else f"{said}."
