"""Stripe's refunds in our words: states, reasons, and amounts in its own smallest units.

https://docs.stripe.com/api/refunds/object, https://docs.stripe.com/currencies#special-cases
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.money import Money, exponent
from domain.refunds.payment import Outcome, Result

SOURCE = "stripe"
#: Under this name a refund's metadata holds our key of it.
OUR_KEY = "deskhand_refund"

#: A refund's `status`; `requires_action` waits for the buyer.
RESULTS: Mapping[str, Result] = {
    "pending": Result.WAITING,
    "requires_action": Result.WAITING,
    "succeeded": Result.SUCCEEDED,
    "failed": Result.FAILED,
    "canceled": Result.FAILED,
}
#: Digits after the point at Stripe, where they differ from ISO 4217.
_EXPONENTS = {"ISK": 2, "UGX": 2, "MGA": 0}


def outcome(refund: Mapping[str, Any]) -> Outcome:
    """Return what a refund object says; a status that is new to us waits."""
    result = RESULTS.get(refund["status"], Result.WAITING)
    failure = None
    if result is Result.FAILED:
        reason = str(refund.get("failure_reason") or "no reason given").replace("_", " ")
        failure = f"{refund['status']} at Stripe: {reason}"
    return Outcome(result, refund["id"], failure)


def to_units(money: Money) -> int | None:
    """Return the amount as Stripe counts it, None where it is finer than Stripe can."""
    units, rest = divmod(
        money.minor * 10 ** _places(money.currency), 10 ** exponent(money.currency)
    )
    return None if rest else units


def from_units(units: int, currency: str) -> Money:
    """Return the money that Stripe counts as this, in its lower-case currency."""
    code = currency.upper()
    return Money(units * 10 ** exponent(code) // 10 ** _places(code), code)


def _places(currency: str) -> int:
    return _EXPONENTS.get(currency, exponent(currency))
