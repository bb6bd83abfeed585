"""Stripe's refunds in our words: states, reasons, and amounts in its own smallest units.

https://docs.stripe.com/api/refunds/object, https://docs.stripe.com/currencies#special-cases
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.errors import Invalid
from domain.money import Money, exponent
from domain.refunds.payment import Outcome, Report, Result

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


class UnreadableRefund(Invalid):
    """What Stripe tells of a refund does not have what a refund has."""

    def __init__(self) -> None:
        super().__init__(
            "Stripe tells of a refund, but not its id, amount, currency and status. "
            "Check which API version the webhook at Stripe is set to."
        )


def report(refund: Mapping[str, Any]) -> Report:
    """Return what a refund object tells; raises `UnreadableRefund` if it is not one."""
    try:
        return Report(
            provider=SOURCE,
            reference=str(refund["id"]),
            payments=_payments(refund),
            money=from_units(int(refund["amount"]), str(refund["currency"])),
            outcome=outcome(refund),
            key=(refund.get("metadata") or {}).get(OUR_KEY),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UnreadableRefund from None


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


def _payments(refund: Mapping[str, Any]) -> list[str]:
    """Return the ids of the payment; they are objects where the account expands them."""
    found = (refund.get("payment_intent"), refund.get("charge"))
    return [str(one["id"] if isinstance(one, dict) else one) for one in found if one]


def _places(currency: str) -> int:
    return _EXPONENTS.get(currency, exponent(currency))
