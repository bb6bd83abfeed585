"""Refunds in Amazon's Finances 2024-06-19 in our words.

https://developer-docs.amazon.com/sp-api/docs/finances-api
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.money import Money
from domain.refunds.payment import Outcome, Report, Result

SOURCE = "amazon"
#: What the buyer gets is in the leaves of a transaction's breakdown whose names start so.
#: The others are between Amazon and the seller: commission given back, tax that Amazon kept.
_BUYERS = ("OurPrice", "Shipping", "GiftWrap", "Giftwrap")
_FEES = ("ShippingChargeback", "ShippingHB")
#: A deferred refund and its release are two transactions about one.
_DEFERRED = "DEFERRED_TRANSACTION_ID"


def report(transaction: Mapping[str, Any]) -> Report | None:
    """Return what a transaction says of a refund; None if it is none, or of no order.

    `money` is what the buyer got, tax included, and `also` the same without, which is what
    was asked for. Raises KeyError, TypeError, ValueError or `Invalid` for what can't be read.
    """
    if transaction.get("transactionType") != "Refund":
        return None
    named = {
        one.get("relatedIdentifierName"): one.get("relatedIdentifierValue")
        for one in transaction.get("relatedIdentifiers") or []
    }
    reference = named.get(_DEFERRED) or transaction.get("transactionId")
    total = transaction.get("totalAmount") or {}
    currency, order = total.get("currencyCode"), named.get("ORDER_ID")
    if not (reference and order and currency):
        return None
    found = list(_leaves(transaction.get("breakdowns")))
    if not found:
        found = [
            leaf
            for item in transaction.get("items") or []
            for leaf in _leaves(item.get("breakdowns"))
        ]
    everything = sum((amount for _, amount in found), Decimal())
    taxes = sum((amount for name, amount in found if "Tax" in name), Decimal())
    # The total is what the seller loses: it will do only where nothing else is said.
    said = (everything, everything - taxes) if found else (_decimal(total["currencyAmount"]),)
    readings = [
        one for one in dict.fromkeys(Money.of(-one, currency) for one in said) if one.minor > 0
    ]
    if not readings:
        # Nothing went to the buyer: a fee that was put right.
        return None
    return Report(
        provider=SOURCE,
        reference=str(reference),
        payments=(str(order),),
        money=readings[0],
        outcome=Outcome(Result.SUCCEEDED, str(reference)),
        at=datetime.fromisoformat(str(transaction["postedDate"])),
        also=tuple(readings[1:]),
    )


def leaves(
    breakdowns: Any, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Decimal]]:
    """Give the amounts at the ends of a transaction's breakdowns, each with the names above it."""
    # Amazon's own example has an object of them where its model says a list.
    found: Sequence[Any] = (
        breakdowns.get("breakdowns") or [] if isinstance(breakdowns, Mapping) else breakdowns or []
    )
    for one in found:
        name = (*path, str(one.get("breakdownType") or ""))
        if one.get("breakdowns"):
            yield from leaves(one["breakdowns"], name)
        else:
            yield name, _decimal((one.get("breakdownAmount") or {}).get("currencyAmount"))


def _leaves(breakdowns: Any) -> Iterator[tuple[str, Decimal]]:
    for (*_, name), amount in leaves(breakdowns):
        if name.startswith(_BUYERS) and not name.startswith(_FEES):
            yield name, amount


def _decimal(amount: Any) -> Decimal:
    return Decimal(str(amount or 0))
