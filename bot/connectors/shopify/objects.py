"""Shopify's refunds in our words: ids, notes, states of transactions, amounts.

https://shopify.dev/docs/api/admin-graphql/latest/objects/Refund, …/OrderTransaction. A refund
says what is given back; whether the money went is said by its transactions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import MalformedAmount
from domain.money import Money, is_currency
from domain.refunds.payment import Outcome, Report, Result

SOURCE = "shopify"

#: A transaction's `status`.
RESULTS: Mapping[str, Result] = {
    "SUCCESS": Result.SUCCEEDED,
    "PENDING": Result.WAITING,
    "AWAITING_RESPONSE": Result.WAITING,
    "UNKNOWN": Result.WAITING,
    "FAILURE": Result.FAILED,
    "ERROR": Result.FAILED,
}
_ID = re.compile(r"(?:gid://shopify/(?P<kind>[A-Za-z]+)/)?(?P<number>\d+)(?:\?.*)?", re.ASCII)
#: A refund has no metadata, but a note that only the shop's own people see.
_NOTE = re.compile(r"\bDeskhand refund (\S+)")
_TORN = (
    "Shopify paid back a part, and failed with the rest: {}. Pay the rest by hand, then mark the "
    "refund as paid."
)


@dataclass(frozen=True, slots=True)
class Movement:
    """One transaction of a refund: some of its money on the way back to the buyer."""

    status: str
    money: Money
    why: str | None = None

    @property
    def result(self) -> Result:
        """What it means; a status that is new to us waits."""
        return RESULTS.get(self.status, Result.WAITING)


def gid(kind: str, reference: str | int | None) -> str | None:
    """Return the id by which the API knows an object, None where this is not one of its kind."""
    found = _ID.fullmatch(str(reference or ""))
    if found is None or found["kind"] not in (None, kind):
        return None
    return f"gid://shopify/{kind}/{found['number']}"


def number(reference: str | int) -> str:
    """Return the digits of an id, which are the same in every API of Shopify's."""
    return str(reference).rpartition("/")[2]


def note(key: str) -> str:
    """Return the note by which our refund is found again."""
    return f"Deskhand refund {key}"


def key_of(text: str | None) -> str | None:
    """Return our key that a refund's note names."""
    found = _NOTE.search(text or "")
    return found[1] if found else None


def movements(refund: Mapping[str, Any]) -> list[Movement]:
    """Return the transactions of a refund of the GraphQL API, in the shop's currency."""
    return [
        Movement(
            status=one["status"],
            money=read_money(one["amountSet"]["shopMoney"]),
            why=one.get("errorCode"),
        )
        for one in refund["transactions"]["nodes"]
        if one["kind"] == "REFUND"
    ]


def read_money(amount: Mapping[str, Any]) -> Money:
    """Read a `MoneyV2`; raises `MalformedAmount` for what is none."""
    return money_of(amount["amount"], amount["currencyCode"])


def money_of(amount: object, currency: object) -> Money:
    """Read a decimal amount and its currency; raises `MalformedAmount` for what is none."""
    if not is_currency(str(currency)):
        raise MalformedAmount(f"{amount} {currency}")
    return Money.of(str(amount), str(currency))


def decimal(money: Money) -> str:
    """Write an amount as Shopify's scalar `Money`: `12.50`, without a currency."""
    return str(money).partition(" ")[0]


def outcome(reference: str, moved: Sequence[Movement]) -> Outcome:
    """Return what a refund's transactions say together; it waits until they agree."""
    results = {one.result for one in moved}
    if results == {Result.SUCCEEDED}:
        return Outcome(Result.SUCCEEDED, reference)
    if results == {Result.FAILED}:
        return Outcome(Result.FAILED, reference, f"failed at Shopify: {_why(moved)}")
    torn = results == {Result.SUCCEEDED, Result.FAILED}
    return Outcome(Result.WAITING, reference, _TORN.format(_why(moved)) if torn else None)


def report(refund: Mapping[str, Any]) -> Report | None:
    """Return what the GraphQL API says of a refund; None for one that moves no money."""
    return report_of(refund["id"], refund["order"]["id"], refund["note"], movements(refund))


def report_of(
    refund_id: str | int, order_id: str | int, text: str | None, moved: Sequence[Movement]
) -> Report | None:
    """Return a refund as the desk hears of it; None for one that moves no money.

    Raises:
        CurrencyMismatch: its transactions are in several currencies.
    """
    total = None
    for one in moved:
        total = one.money if total is None else total + one.money
    if total is None or not total.minor:
        return None
    order = number(order_id)
    return Report(
        provider=SOURCE,
        reference=number(refund_id),
        payments=[order, f"gid://shopify/Order/{order}"],
        money=total,
        outcome=outcome(number(refund_id), moved),
        key=key_of(text),
    )


def _why(moved: Iterable[Movement]) -> str:
    words = dict.fromkeys(one.why.replace("_", " ").lower() for one in moved if one.why)
    return ", ".join(words) or "no reason given"
