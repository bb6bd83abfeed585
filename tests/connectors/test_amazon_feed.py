"""The file that Amazon reads, its report, and what Finances says: no network needed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.connectors.amazon import feed, finances, report
from domain.money import Money, exponent
from domain.refunds.model import Reason
from domain.refunds.payment import Entry, Verdict
from tests.connectors.amazon_emulator import ORDER, transaction

POSTED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SUMMARY = "Feed Processing Summary:\n\tNumber of records processed\t\t{}\n\tNumber of records successful\t\t{}\n\n"
NAMES = "original-record-number\torder-item-id\terror-code\terror-type\terror-message\n"


def entry(item: str = "111", price: int = 1_250, shipping: int = 0, currency: str = "USD") -> Entry:
    return Entry(ORDER, item, Reason.RETURNED, Money(price, currency), Money(shipping, currency))


def entries(count: int) -> list[Entry]:
    return [entry(str(number)) for number in range(1, count + 1)]


@given(
    some.lists(
        some.builds(
            entry,
            some.from_regex(r"\d{1,14}", fullmatch=True),
            some.integers(0, 10**9),
            some.integers(0, 10**9),
            some.sampled_from(["USD", "EUR", "JPY", "KWD"]),
        )
    )
)
def test_the_file_says_the_money_to_the_last_unit_and_never_a_tax(wanted: list[Entry]) -> None:
    lines = feed.write(wanted).decode().split("\r\n")
    assert lines[0].split("\t") == list(feed.COLUMNS)
    assert lines[-1] == ""
    rows = [dict(zip(feed.COLUMNS, line.split("\t"), strict=True)) for line in lines[1:-1]]
    assert len(rows) == len(wanted)
    for row, one in zip(rows, wanted, strict=True):
        currency = row["currency"]
        assert (row["order-id"], row["order-item-id"]) == (one.payment, one.item)
        assert Money.of(row["item-price-adj"], currency) == one.price
        assert Money.of(row["shipping-price-adj"], currency) == one.shipping
        assert (row["item-tax-adj"], row["shipping-tax-adj"]) == ("", "")
        assert len(row["item-price-adj"].partition(".")[2]) == exponent(currency)


def test_an_id_can_not_break_out_of_its_cell() -> None:
    lines = feed.write([entry("1\t2\r\n3")]).decode().split("\r\n")
    assert lines[1].split("\t")[:3] == [ORDER, "123", "CustomerReturn"]
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("reference", "known"),
    [(ORDER, True), ("1131234567-1234567", False), ("pi_1", False), (None, False), ("", False)],
)
def test_an_order_of_amazons_has_its_hyphens(reference: str | None, known: bool) -> None:
    assert feed.is_order(reference) is known


@given(
    some.integers(1, 30).flatmap(
        lambda count: some.tuples(some.just(count), some.sets(some.integers(1, count)))
    )
)
def test_a_report_is_read_line_by_line(case: tuple[int, set[int]]) -> None:
    count, refused = case
    rows = "".join(f"{number}\t\t18028\tError\tNo {number}.\n" for number in sorted(refused))
    text = SUMMARY.format(count, count - len(refused)) + NAMES + rows
    assert report.read(text, entries(count)) == [
        Verdict(accepted=False, words=f"No {number}. (18028)")
        if number in refused
        else Verdict(accepted=True)
        for number in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        pytest.param("", [None, None], id="nothing"),
        pytest.param("<html>Not found</html>", [None, None], id="a page"),
        pytest.param(SUMMARY.format(2, 2), [True, True], id="no table"),
        pytest.param(SUMMARY.format(3, 3), [None, None], id="another file's"),
        pytest.param(SUMMARY.format(2, 0), [None, None], id="none, and no word why"),
        pytest.param(
            SUMMARY.format(2, 1) + NAMES + "9\t\t1\tError\tNo.\n", [None, None], id="no such line"
        ),
        pytest.param(
            SUMMARY.format(2, 0) + NAMES + "0\t\t90009\tFatal\tBad header.\n",
            [False, False],
            id="the file as a whole",
        ),
        pytest.param(
            SUMMARY.format(2, 1) + NAMES + "1\t2\t1\tError\tNo.\n", [True, False], id="by its item"
        ),
        pytest.param(
            SUMMARY.format(2, 1) + NAMES + "2\t\t1\tError\tNo.\n2\t\t2\tError\tNever.\n",
            [True, False],
            id="two faults of one line",
        ),
        pytest.param(
            SUMMARY.format(2, 2) + NAMES + "2\t\t1\tWarning\tHm.\n", [True, True], id="a warning"
        ),
        pytest.param(
            SUMMARY.format(2, 0) + NAMES + "2\t\t1\tError\tNo.\n", [False, False], id="none"
        ),
    ],
)
def test_what_a_report_does_not_clearly_say_is_not_guessed(
    text: str, accepted: list[bool | None]
) -> None:
    assert [one.accepted for one in report.read(text, entries(2))] == accepted


@given(some.text(), some.integers(0, 4))
def test_no_report_breaks_the_reading_of_it(text: str, count: int) -> None:
    assert len(report.read(text, entries(count))) == count
    assert len(report.read(SUMMARY.format(count, 0) + NAMES + text, entries(count))) == count


def told(**changes: Any) -> Any:
    return finances.report({**transaction("T1", ORDER, Decimal("12.50"), POSTED), **changes})


def test_a_refund_in_finances_is_what_the_buyer_gets_not_what_the_seller_loses() -> None:
    one = told()
    assert (one.provider, one.reference, one.payments) == ("amazon", "T1", (ORDER,))
    assert (one.money, one.at) == (Money(1_250, "USD"), POSTED)
    # The commission came back, so the total is less.
    assert one.also == ()
    with_tax = transaction("T1", ORDER, Decimal("12.50"), POSTED, tax=Decimal("1.03"))
    read = finances.report(with_tax)
    assert read is not None
    assert (read.money, read.also) == (Money(1_353, "USD"), (Money(1_250, "USD"),))


def test_a_deferred_refund_and_its_release_are_one() -> None:
    identifiers = [
        {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": ORDER},
        {"relatedIdentifierName": "DEFERRED_TRANSACTION_ID", "relatedIdentifierValue": "T1"},
    ]
    assert told(transactionId="T2", relatedIdentifiers=identifiers).reference == "T1"


@pytest.mark.parametrize(
    "changes",
    [
        {"transactionType": "Shipment"},
        {"relatedIdentifiers": None},
        {"relatedIdentifiers": []},
        {"transactionId": None},
        {"totalAmount": None},
        {"breakdowns": [], "totalAmount": {"currencyAmount": 3, "currencyCode": "USD"}},
    ],
)
def test_what_is_no_refund_of_an_order_is_passed_over(changes: dict[str, Any]) -> None:
    assert told(**changes) is None


@pytest.mark.parametrize("breakdowns", [None, [], {"breakdowns": []}])
def test_without_a_breakdown_the_total_is_all_there_is(breakdowns: Any) -> None:
    total = {"currencyAmount": -10, "currencyCode": "JPY"}
    assert told(breakdowns=breakdowns, totalAmount=total).money == Money(10, "JPY")
