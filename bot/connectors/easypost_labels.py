"""Labels bought at EasyPost: https://docs.easypost.com/docs/shipments, …/docs/errors.

A shipment is made under our reference, which stands for its id from then on, and has one label
at most: to buy it again is refused with SHIPMENT.POSTAGE.EXISTS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from easypost.easypost_client import EasyPostClient
from easypost.errors.api.api_error import ApiError
from easypost.errors.api.not_found_error import NotFoundError
from easypost.errors.api.rate_limit_error import RateLimitError
from easypost.errors.general.easypost_error import EasyPostError

from bot.connectors import easypost
from domain.money import Money
from domain.shipping.labels import (
    Address,
    Label,
    LabelRefused,
    LabelsBusy,
    LabelUnknown,
    Package,
    Quote,
    Rate,
)

#: Seconds; carriers print slowly, and a job has 45.
_PATIENCE = 25
_PAUSE = timedelta(minutes=1)
_FAULT = 500
_GRAMS_AN_OUNCE = 28.349523125
_MM_AN_INCH = 25.4
_LONGEST_WORDS = 200
_UNSOLD = "EasyPost sells no label for this parcel"
_EXISTS = "SHIPMENT.POSTAGE.EXISTS"
#: Refusals that do not tell whether the carrier printed the label.
_OPEN = frozenset(
    {"SHIPMENT.POSTAGE.TIMED_OUT", "SHIPMENT.POSTAGE.NO_RESPONSE", "SHIPMENT.PURCHASE.IN_PROGRESS"}
)
_GIVEN_BACK = ("submitted", "refunded")


class EasyPostLabels:
    """Buys labels on EasyPost's account of this desk; `api_url` is the API's base address."""

    name = easypost.SOURCE

    def __init__(self, api_key: str, api_url: str, *, patience: int = _PATIENCE) -> None:
        self._sdk = EasyPostClient(api_key, api_base=api_url.rstrip("/"), timeout=patience)

    async def quote(self, reference: str, sender: Address, to: Address, package: Package) -> Quote:
        """Make the shipment under our reference, unless it is there, and return its rates."""
        made = await self._shipment(reference)
        if made is None:
            made = await self._call(
                lambda: self._sdk.shipment.create(
                    reference=reference,
                    from_address=_address(sender),
                    to_address=_address(to),
                    parcel=_parcel(package),
                )
            )
        rates = sorted((_rate(one) for one in made["rates"]), key=lambda one: one.cost.minor)
        if not rates:
            said = " ".join(str(one.get("message")) for one in made.get("messages") or ())
            raise LabelRefused(f"No carrier of EasyPost's takes this parcel. {said}".strip())
        return Quote(str(made["id"]), tuple(rates))

    async def buy(self, quote: str, rate: str) -> Label:
        """Buy the label of a shipment, unless it has one."""
        known = await self.find(quote)
        if known is not None:
            return known
        try:
            bought = await self._call(lambda: self._sdk.shipment.buy(quote, rate={"id": rate}))
        except _Exists:
            bought = await self._shipment(quote) or {}
        label = _label(bought)
        if label is None:
            raise LabelUnknown("EasyPost gives no label yet. It is asked again by itself.")
        return label

    async def find(self, quote: str) -> Label | None:
        """Return the shipment's label."""
        made = await self._shipment(quote)
        return None if made is None else _label(made)

    async def void(self, quote: str) -> None:
        """Ask for the label's price back, unless that was asked already."""
        made = await self._shipment(quote)
        if made is None or made.get("refund_status") in _GIVEN_BACK:
            return
        asked = await self._call(
            lambda: self._sdk.shipment.refund(quote),
            refused="EasyPost does not take this label back",
        )
        if asked.get("refund_status") not in _GIVEN_BACK:
            raise LabelRefused("The carrier does not take the label back. It may have been used.")

    async def _shipment(self, name: str) -> dict[str, Any] | None:
        """Return a shipment by its id or our reference, None if there is none."""
        try:
            return await self._call(lambda: self._sdk.shipment.retrieve(name))
        except _Missing:
            return None

    async def _call(self, ask: Callable[[], Any], refused: str = _UNSOLD) -> dict[str, Any]:
        try:
            answer = await asyncio.to_thread(ask)
        except EasyPostError as error:
            raise _refusal(error, refused) from error
        found: dict[str, Any] = answer.to_dict()
        return found


class _Missing(LabelRefused):
    """There is no such shipment."""


class _Exists(LabelRefused):
    """The shipment has its label."""


def _refusal(error: EasyPostError, refused: str) -> Exception:
    status = error.http_status if isinstance(error, ApiError) else None
    code = getattr(error, "code", None)
    if isinstance(error, NotFoundError):
        return _Missing("EasyPost does not know this shipment. Ask for its rates again.")
    if isinstance(error, RateLimitError):
        return LabelsBusy(_PAUSE)
    if status is None or status >= _FAULT or status == 408 or code in _OPEN:  # noqa: PLR2004
        return LabelUnknown("EasyPost did not say whether it made the label. It is being asked.")
    said = str(getattr(error, "message", "") or code or "it does not say why")[:_LONGEST_WORDS]
    words = f"{refused}: {said.strip().rstrip('.')}."
    return (_Exists if code == _EXISTS else LabelRefused)(words)


def _address(one: Address) -> dict[str, Any]:
    first, _, second = one.street.partition("\n")
    return {
        "name": one.name,
        "street1": first,
        "street2": " ".join(second.split()) or None,
        "city": one.city,
        "state": one.region,
        "zip": one.postcode,
        "country": one.country,
        "phone": one.phone,
    }


def _parcel(package: Package) -> dict[str, float]:
    sides = {"length": package.length, "width": package.width, "height": package.height}
    inches = {name: round(side / _MM_AN_INCH, 1) for name, side in sides.items() if side}
    return {"weight": round(package.weight / _GRAMS_AN_OUNCE, 1), **inches}


def _rate(told: Mapping[str, Any]) -> Rate:
    days = told.get("delivery_days")
    return Rate(
        reference=str(told["id"]),
        carrier=str(told["carrier"]),
        service=str(told["service"]),
        cost=Money.of(str(told["rate"]), str(told["currency"])),
        days=days if isinstance(days, int) else None,
    )


def _label(shipment: Mapping[str, Any]) -> Label | None:
    postage, chosen = shipment.get("postage_label"), shipment.get("selected_rate")
    if not postage or not chosen or not shipment.get("tracking_code"):
        return None
    rate = _rate(chosen)
    return Label(
        carrier=rate.carrier,
        tracking_number=str(shipment["tracking_code"]),
        url=str(postage["label_url"]),
        cost=rate.cost,
    )
