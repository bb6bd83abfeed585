"""What an order should have brought, and whether it did: no I/O.

Expected is what the buyer paid, less what went back, less the channel's fee. Where no fee is
set, what the marketplace kept as its fee is taken as it is. Tax that it hands to the state
itself, and what it settles with the seller beside the order, are left out on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.money import Money
from domain.payouts.fees import Fee


class Mismatch(StrEnum):
    """In which way a settlement and the desk's books differ."""

    #: Less was paid than expected.
    LESS = "less"
    #: More was paid than expected.
    MORE = "more"
    #: A refund that was paid here was not taken off there.
    NOT_DEDUCTED = "not_deducted"
    #: A refund was taken off there that nobody here knows of.
    DEDUCTED = "deducted"
    #: Paid in another currency than the order's.
    CURRENCY = "currency"
    #: Paid for orders that nobody here knows.
    UNKNOWN_ORDER = "unknown_order"
    #: The settlement's lines don't add up to what it says it paid.
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Books:
    """What the desk knows of an order: `due` is what was refunded long enough ago to be taken off.

    Until it has left, less may be paid, as for an order that is shipped in parts.
    """

    captured: Money
    refunded: Money
    due: Money
    has_left: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What settlements have told of an order so far, by kind, signed as in their lines."""

    sale: Money
    refund: Money
    fee: Money

    @property
    def paid(self) -> Money:
        """What the order brought."""
        return self.sale + self.refund + self.fee


@dataclass(frozen=True, slots=True)
class Verdict:
    """In what an order's payout differs, what was expected, and what was paid."""

    kind: Mismatch
    expected: Money
    paid: Money


def judge(books: Books, told: Told, fee: Fee | None, tolerance: Money) -> Verdict | None:
    """Compare an order's payout with what was expected; None if they agree.

    A refund of the last days may be taken off or not yet: anything in between is as expected.
    """
    expected = min(
        max(told.paid, _expected(books.captured - books.refunded, told, fee)),
        _expected(books.captured - books.due, told, fee),
    )
    gap = told.paid - expected
    if abs(gap.minor) <= tolerance.minor:
        return None
    deducted = -told.refund.minor
    if gap.minor > 0:
        missing = books.due.minor - deducted > tolerance.minor
        return Verdict(Mismatch.NOT_DEDUCTED if missing else Mismatch.MORE, expected, told.paid)
    if deducted - books.refunded.minor > tolerance.minor:
        return Verdict(Mismatch.DEDUCTED, expected, told.paid)
    return Verdict(Mismatch.LESS, expected, told.paid) if books.has_left else None


def _expected(kept: Money, told: Told, fee: Fee | None) -> Money:
    return kept + told.fee if fee is None else kept - fee.on(kept)
