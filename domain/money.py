"""Money: integer minor units in one ISO 4217 currency."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation

from domain.errors import CurrencyMismatch, MalformedAmount

#: Digits after the point where they are not two (ISO 4217, list one).
_EXPONENTS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}
_CURRENCY = re.compile(r"[A-Z]{3}")
_DOLLARS = "AUD BBD BMD BND BSD BZD CAD FJD GYD HKD JMD KYD LRD NAD NZD SBD SGD SRD TTD TWD USD XCD"
#: The currencies that write themselves with a sign.
_SIGNS = {
    "$": frozenset(_DOLLARS.split()),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "R$": frozenset({"BRL"}),
    "¥": frozenset({"JPY", "CNY"}),
}
_AMOUNT = re.compile(
    r"""(?P<before>[A-Z]{3}|R?\$|[€£¥])?\s*
        (?P<number>-?\d+(?:[.,](?P<fraction>\d+))?)
        \s*(?P<after>[A-Z]{3}|R?\$|[€£¥])?""",
    re.VERBOSE | re.IGNORECASE,
)
#: A refund of ten trillion minor units is a typing error in every currency, and the
#: bound keeps every sum inside a 64-bit column.
_MOST = 10**13
#: Refuses to round, where the usual context would do so unsaid after 28 digits.
_EXACT = Context(prec=28, traps=[Inexact])


def exponent(currency: str) -> int:
    """Return how many digits the currency has after the point."""
    return _EXPONENTS.get(currency, 2)


def is_currency(code: str) -> bool:
    """Tell whether the code has the shape of ISO 4217: three capital letters."""
    return _CURRENCY.fullmatch(code) is not None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents) of one currency; never a float."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        """Add money of the same currency; raises `CurrencyMismatch` otherwise."""
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        """Subtract money of the same currency; raises `CurrencyMismatch` otherwise."""
        return Money(self.minor - self._same(other), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __str__(self) -> str:
        """Return the amount as `12.50 USD`, for logs and sentences without a reader."""
        return f"{self.decimal:.{exponent(self.currency)}f} {self.currency}"

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def _same(self, other: Money) -> int:
        if self.currency != other.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other.minor

    @classmethod
    def of(cls, amount: Decimal | str, currency: str) -> Money:
        """Make money from major units; raises `MalformedAmount` if it is not exact."""
        try:
            major = Decimal(amount)
        except InvalidOperation:
            raise MalformedAmount(str(amount)) from None
        if not major.is_finite():
            raise MalformedAmount(str(amount))
        if abs(major) > Decimal(_MOST).scaleb(-exponent(currency)):
            raise MalformedAmount(str(amount), "it is too large to be meant")
        try:
            minor = major.scaleb(exponent(currency), _EXACT)
        except Inexact:
            raise _too_fine(str(amount), currency) from None
        if minor != minor.to_integral_value():
            raise _too_fine(str(amount), currency)
        return cls(int(minor), currency)


def is_amount(text: str) -> bool:
    """Tell whether a word is meant as an amount, well-formed or not."""
    return bool(re.match(r"(?i)[-+]?(?:[A-Z]{3}|R?\$|[€£¥])?[-+]?\d", text))


def parse_amount(text: str, currency: str) -> Money:
    """Read what a person typed: `12.50`, `12,50`, `USD 12.50`, `€12`, in major units.

    A thousands separator is refused rather than guessed, since 1.000 is a thousand to
    some and one to others: hence no more digits after the point than the currency has.

    Raises:
        MalformedAmount: not a number, too many digits after the point, zero or negative.
        CurrencyMismatch: it names another currency than the one expected.
    """
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise MalformedAmount(text)
    for sign in filter(None, (found["before"], found["after"])):
        if currency not in _SIGNS.get(sign.upper(), {sign.upper()}):
            raise CurrencyMismatch(currency, sign.upper())
    if len(found["fraction"] or "") > exponent(currency):
        raise _too_fine(text, currency)
    money = Money.of(found["number"].replace(",", "."), currency)
    if money.minor <= 0:
        raise MalformedAmount(text, "it must be more than zero")
    return money


def _too_fine(text: str, currency: str) -> MalformedAmount:
    digits = exponent(currency) or "no"
    return MalformedAmount(text, f"{currency} has {digits} digits after the point")
