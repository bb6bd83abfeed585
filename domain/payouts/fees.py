"""What a sales channel is expected to keep of an order: a share of it, and a fixed amount."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from domain.errors import UnknownSetting
from domain.money import Money

_FEE = re.compile(
    r"(?P<channel>[\w.-]{1,60})\s+(?P<percent>\d{1,2}(?:\.\d{1,4})?)\s*%"
    r"(?:\s*\+\s*(?P<fixed>\d{1,6}(?:\.\d{1,3})?)\s*(?P<currency>[A-Za-z]{3}))?"
)


@dataclass(frozen=True, slots=True)
class Fee:
    """A channel's fee: `percent` of what the buyer paid and keeps paid, and `fixed` an order."""

    channel: str
    percent: Decimal
    fixed: Money | None = None

    def on(self, money: Money) -> Money:
        """Return the fee on an amount: half a minor unit and more is rounded up, once an order.

        The fixed part is in its own currency, and none of an order in another one; of nothing
        there is no fee.
        """
        if money.minor <= 0:
            return Money(0, money.currency)
        share = (money.minor * self.percent / 100).quantize(Decimal(1), ROUND_HALF_UP)
        fixed = self.fixed if self.fixed and self.fixed.currency == money.currency else None
        return Money(int(share) + (fixed.minor if fixed else 0), money.currency)

    def __str__(self) -> str:
        fixed = f" + {self.fixed.decimal} {self.fixed.currency}" if self.fixed else ""
        return f"{self.channel} {self.percent}%{fixed}"


def read(text: str) -> list[str]:
    """Read `amazon 15% + 0.30 USD, shopify 2.9%`, and write each channel's fee the same way.

    Raises:
        UnknownSetting: it says something else, or two fees of one channel.
    """
    fees = [_fee(part.strip()) for part in re.split(r"[,;](?=\s|$)", text) if part.strip()]
    channels = {fee.channel for fee in fees if fee}
    if not fees or len(channels) < len(fees):
        raise UnknownSetting(
            f"“{text[:60]}” does not say what channels keep. Write each channel once, with its "
            "percentage and what it keeps of each order, as in amazon 15% + 0.30 USD, shopify 2.9%."
        )
    return [str(fee) for fee in fees]


def of(said: Sequence[str], channel: str) -> Fee | None:
    """Return a channel's fee as the setting has it, None where it has none."""
    fees = (_fee(one) for one in said)
    return next((fee for fee in fees if fee and fee.channel == channel.lower()), None)


@lru_cache(maxsize=256)
def _fee(text: str) -> Fee | None:
    found = _FEE.fullmatch(text)
    if not found:
        return None
    fixed = None
    if found["fixed"]:
        currency = found["currency"].upper()
        fixed = Money.of(found["fixed"], currency)
    return Fee(found["channel"].lower(), Decimal(found["percent"]), fixed)
