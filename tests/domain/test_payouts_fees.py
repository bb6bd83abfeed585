"""What a channel keeps, and how it is rounded."""

from __future__ import annotations

import pytest

from domain.errors import UnknownSetting
from domain.money import Money
from domain.payouts import fees
from tests.domain.desk import usd


def test_each_channel_has_its_fee_and_is_written_the_same_way() -> None:
    said = fees.read("Amazon 15 % + 0.3 usd, shopify 2.9%")
    assert said == ["amazon 15% + 0.30 USD", "shopify 2.9%"]
    assert fees.read(", ".join(said)) == said
    amazon = fees.of(said, "amazon")
    assert amazon is not None
    assert amazon.on(usd(6000)) == usd(930)
    assert fees.of(said, "etsy") is None


@pytest.mark.parametrize(
    ("minor", "kept"), [(0, 0), (-5, 0), (10, 0), (17, 0), (18, 1), (52, 2), (1000, 29), (1017, 29)]
)
def test_half_a_cent_and_more_is_rounded_up(minor: int, kept: int) -> None:
    fee = fees.of(["shopify 2.9%"], "shopify")
    assert fee is not None
    assert fee.on(usd(minor)) == usd(kept)


def test_a_fixed_part_is_none_of_an_order_in_another_currency() -> None:
    fee = fees.of(["amazon 10% + 0.30 USD"], "amazon")
    assert fee is not None
    assert fee.on(Money(1000, "JPY")) == Money(100, "JPY")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15%",
        "amazon",
        "amazon 15",
        "amazon 150%",
        "amazon 1%, amazon 2%",
        "a 1% + 2",
        "a 1% and b 2%",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UnknownSetting, match=r"amazon 15% \+ 0\.30 USD"):
        fees.read(text)
