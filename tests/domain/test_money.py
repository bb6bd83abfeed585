from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import CurrencyMismatch, MalformedAmount
from domain.money import Money, exponent, is_amount, is_currency, parse_amount

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "GBP", "CLP"])
AMOUNTS = st.builds(Money, st.integers(-(10**13), 10**13), CURRENCIES)


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("12.50", "USD", 1250),
        ("12,50", "EUR", 1250),
        ("12", "USD", 1200),
        ("  12.5 ", "USD", 1250),
        ("USD 12.50", "USD", 1250),
        ("12.50usd", "USD", 1250),
        ("€12", "EUR", 1200),
        ("12 €", "EUR", 1200),
        ("£0.01", "GBP", 1),
        ("$5", "USD", 500),
        ("$5", "CAD", 500),
        ("R$ 5,10", "BRL", 510),
        ("¥500", "JPY", 500),
        ("¥5", "CNY", 500),
        ("500", "JPY", 500),
        ("1.234", "KWD", 1234),
        ("1,234 KWD", "KWD", 1234),
        ("1234567.89", "USD", 123456789),
        ("\uff11\uff12.\uff15\uff10", "USD", 1250),
    ],
)
def test_an_amount_is_read_as_people_type_it(typed: str, currency: str, minor: int) -> None:
    assert parse_amount(typed, currency) == Money(minor, currency)


@pytest.mark.parametrize("typed", ["1,234", "1.234", "1,000", "1.000", "1.000,00", "1,234.56"])
@pytest.mark.parametrize("currency", ["USD", "JPY"])
def test_a_thousands_separator_is_refused_rather_than_guessed(typed: str, currency: str) -> None:
    with pytest.raises(MalformedAmount):
        parse_amount(typed, currency)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "ten", "12.", ".5", "1 000", "1'000", "--5", "1e3", "NaN", "²", "12.5.0", "+5", "½"],
)
def test_what_is_no_number_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(MalformedAmount, match=r"it is not a number like 12\.50"):
        parse_amount(typed, "USD")


@pytest.mark.parametrize("typed", ["0", "0.00", "-5", "-0.01", "USD -5"])
def test_zero_and_less_are_refused(typed: str) -> None:
    with pytest.raises(MalformedAmount, match="it must be more than zero"):
        parse_amount(typed, "USD")


@pytest.mark.parametrize(
    ("typed", "currency", "digits"),
    [("12.505", "USD", "2"), ("12.5", "JPY", "no"), ("12.0", "JPY", "no"), ("1.2345", "KWD", "3")],
)
def test_more_digits_than_the_currency_has_are_refused(
    typed: str, currency: str, digits: str
) -> None:
    with pytest.raises(MalformedAmount, match=f"{currency} has {digits} digits after the point"):
        parse_amount(typed, currency)


@pytest.mark.parametrize("typed", ["99999999999999", "9" * 400, "9" * 5000])
def test_an_absurd_amount_is_refused_in_a_short_sentence(typed: str) -> None:
    with pytest.raises(MalformedAmount, match="too large to be meant") as refused:
        parse_amount(typed, "USD")
    assert len(str(refused.value)) < 120


@pytest.mark.parametrize(
    ("typed", "currency"), [("EUR 5", "USD"), ("5 €", "USD"), ("$5", "EUR"), ("$5", "KWD")]
)
def test_another_currency_is_refused_and_named(typed: str, currency: str) -> None:
    with pytest.raises(CurrencyMismatch, match=f"This order is in {currency}") as refused:
        parse_amount(typed, currency)
    assert refused.value.field == "amount"


@given(AMOUNTS)
def test_money_survives_its_own_text(money: Money) -> None:
    number, currency = str(money).split()
    assert Money.of(number, currency) == money
    assert Money.of(money.decimal, currency) == money


@given(st.builds(Money, st.integers(1, 10**13), CURRENCIES), st.booleans())
def test_what_is_written_is_read_back_exactly(money: Money, comma: bool) -> None:
    written = str(money).replace(".", ",") if comma else str(money)
    assert parse_amount(written, money.currency) == money


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(MalformedAmount, CurrencyMismatch):
        assert parse_amount(text, "USD").minor > 0


@pytest.mark.parametrize(
    "amount",
    [
        "1e999999",
        "1e-9999999",
        "NaN",
        "sNaN",
        "-Infinity",
        "",
        "0.10000000000000000000000000000000001",
    ],
)
def test_an_inexact_or_endless_amount_never_becomes_money(amount: str) -> None:
    with pytest.raises(MalformedAmount):
        Money.of(amount, "USD")


def test_major_units_with_empty_digits_are_exact() -> None:
    assert Money.of("500.00", "JPY") == Money(500, "JPY")
    assert Money.of(Decimal("12.50000"), "USD") == Money(1250, "USD")


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12), CURRENCIES)
def test_sums_and_comparisons_are_those_of_integers(one: int, two: int, currency: str) -> None:
    left, right = Money(one, currency), Money(two, currency)
    assert (left + right).minor == one + two
    assert (left - right).minor == one - two
    assert (left < right, left <= right, left > right) == (one < two, one <= two, one > two)


def test_two_currencies_never_meet() -> None:
    euros, dollars = Money(1, "EUR"), Money(1, "USD")
    for clash in (
        lambda: euros + dollars,
        lambda: euros - dollars,
        lambda: euros < dollars,
        lambda: euros <= dollars,
    ):
        with pytest.raises(CurrencyMismatch):
            clash()
    assert euros != dollars


def test_minor_units_follow_iso_4217() -> None:
    assert (exponent("JPY"), exponent("USD"), exponent("KWD")) == (0, 2, 3)
    assert [str(Money(1234, currency)) for currency in ("JPY", "USD", "KWD")] == [
        "1234 JPY",
        "12.34 USD",
        "1.234 KWD",
    ]
    assert str(Money(-5, "USD")) == "-0.05 USD"


def test_words_that_are_meant_as_amounts_are_told_from_others() -> None:
    assert all(map(is_amount, ["12", "-3", "$5", "EUR7", "r$5", "1.000,00", "+4"]))
    assert not any(map(is_amount, ["damaged", "", "USD", "#1001", "five"]))
    assert is_currency("USD")
    assert not is_currency("usd")
