"""Amazon's settlement report: an amount a row, and the first row for all of them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.connectors.files import Format, Rejected, RejectedFile, UnreadableFile, read, sniff
from domain.money import Money
from domain.payouts.model import LineDraft, LineKind, SettlementDraft

COLUMNS = [
    "settlement-id",
    "settlement-start-date",
    "settlement-end-date",
    "deposit-date",
    "total-amount",
    "currency",
    "transaction-type",
    "order-id",
    "merchant-order-id",
    "adjustment-id",
    "shipment-id",
    "marketplace-name",
    "amount-type",
    "amount-description",
    "amount",
    "fulfillment-id",
    "posted-date",
    "posted-date-time",
    "order-item-code",
    "merchant-order-item-id",
    "merchant-adjustment-item-id",
    "sku",
    "quantity-purchased",
]
ORDER = "113-1042042-1042042"
FIRST = {
    "settlement-id": "236628501",
    "settlement-start-date": "2026-11-01T00:00:00+00:00",
    "settlement-end-date": "2026-11-15T00:00:00+00:00",
    "deposit-date": "2026-11-17T00:00:00+00:00",
    "total-amount": "49.40",
    "currency": "USD",
}

_NO_FIRST_ROW = (
    "row 8: the first row of its settlement, which has its currency and settlement-end-date, "
    "is missing"
)


def row(transaction: str, kind: str, description: str, amount: str, **cells: str) -> dict[str, str]:
    """One amount of the settlement."""
    return {
        "settlement-id": "236628501",
        "transaction-type": transaction,
        "order-id": ORDER,
        "amount-type": kind,
        "amount-description": description,
        "amount": amount,
        "posted-date": "2026-11-05",
        "posted-date-time": "2026-11-05T10:00:00+00:00",
    } | {name.replace("_", "-"): cell for name, cell in cells.items()}


ROWS = (
    FIRST,
    row("Order", "ItemPrice", "Principal", "60.00"),
    row("Order", "ItemPrice", "Tax", "4.80"),
    row("Order", "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal", "-4.80"),
    row("Order", "ItemFees", "Commission", "-9.30"),
    row("Order", "Promotion", "Principal", "-1.00"),
    row("Refund", "ItemPrice", "Principal", "-5.00"),
    row("Refund", "ItemFees", "RefundCommission", "0.75"),
    row("other-transaction", "other-transaction", "Subscription Fee", "-0.30", order_id=""),
    row("Order", "ItemPrice", "Shipping", "4.25"),
)


def write(path: Path, *rows: dict[str, str]) -> Path:
    """Write a report as Amazon does."""
    lines = [COLUMNS, *([one.get(name, "") for name in COLUMNS] for one in rows)]
    path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Two weeks of one order."""
    return write(tmp_path / "settlement.txt", *ROWS)


def told(path: Path) -> tuple[list[SettlementDraft], list[LineDraft], list[Rejected]]:
    """Read a report: its settlements, its lines, and what could not be used."""
    settlements, lines, rejected = {}, [], []
    for one in read(path).settlement_lines():
        if isinstance(one, Rejected):
            rejected.append(one)
            continue
        settlements[one[0].reference] = one[0]
        lines += [one[1]] if one[1] else []
    return list(settlements.values()), lines, rejected


def test_each_amount_is_what_it_is_for_the_seller(report: Path) -> None:
    assert sniff(report) is Format.AMAZON_SETTLEMENT
    [settlement], lines, rejected = told(report)
    assert (settlement.provider, settlement.reference) == ("amazon", "236628501")
    assert settlement.total == Money(4940, "USD")
    assert settlement.ended_at == datetime(2026, 11, 15, tzinfo=UTC)
    assert settlement.paid_at == datetime(2026, 11, 17, tzinfo=UTC)
    assert rejected == []
    sums: Counter[LineKind] = Counter()
    for line in lines:
        sums[line.kind] += line.money.minor
    assert sums == {
        LineKind.SALE: 6805,
        LineKind.TAX: -480,
        LineKind.FEE: -855,
        LineKind.REFUND: -500,
        LineKind.OTHER: -30,
    }
    assert sum(sums.values()) == settlement.total.minor
    assert {line.payment for line in lines} == {ORDER, None}
    assert lines[0].posted_at == datetime(2026, 11, 5, 10, tzinfo=UTC)


def test_a_line_has_the_same_key_each_time_and_its_double_another(report: Path) -> None:
    keys = [line.key for line in told(report)[1]]
    assert len(set(keys)) == len(ROWS) - 1
    write(report, *ROWS, ROWS[1])
    assert [line.key for line in told(report)[1]][:-1] == keys
    assert len({line.key for line in told(report)[1]}) == len(ROWS)


def test_a_european_report_has_commas_and_days_first(tmp_path: Path) -> None:
    first = FIRST | {
        "settlement-end-date": "15.11.2026 00:12:42 UTC",
        "total-amount": "-1234,5",
        "currency": "EUR",
    }
    sale = row(
        "Order", "ItemPrice", "Principal", "24,99", posted_date_time="05.11.2026 10:00:00 UTC"
    )
    [settlement], [line], _ = told(write(tmp_path / "s.txt", first, sale))
    assert settlement.total == Money(-123_450, "EUR")
    assert settlement.ended_at == datetime(2026, 11, 15, 0, 12, 42, tzinfo=UTC)
    assert (line.money, line.posted_at) == (
        Money(2499, "EUR"),
        datetime(2026, 11, 5, 10, tzinfo=UTC),
    )


def test_a_row_that_cant_be_used_is_put_aside_with_all_that_it_takes(report: Path) -> None:
    write(
        report,
        *ROWS[:2],
        row("Order", "ItemFees", "Commission", "nine"),
        row("Order", "ItemFees", "Commission", "1,234"),
        row("Order", "ItemFees", "Commission", ""),
        row("Order", "ItemFees", "Commission", "-1.00", posted_date_time="yesterday"),
        row("Order", "ItemFees", "Commission", "-1.00", settlement_id="9"),
    )
    _, lines, rejected = told(report)
    assert len(lines) == 1
    assert [one.reason for one in rejected] == [
        "row 4: amount “nine” is not a plain number like -12.50",
        "row 5: amount “1,234” has too many decimals for USD",
        "row 6: amount is empty",
        "row 7: posted-date-time “yesterday” is not a time like 2026-11-24T15:30:00Z",
        _NO_FIRST_ROW,
    ]

    reading = read(report)
    with RejectedFile(reading.source) as rejects:
        rejects.add(rejected[0])
    assert rejects.path is not None
    rejects.path.write_text(rejects.path.read_text().replace("nine", "-9.30"))
    [settlement], [mended], again = told(rejects.path)
    assert (settlement.reference, mended.money, again) == ("236628501", Money(-930, "USD"), [])
    assert mended.key == told(write(report, FIRST, ROWS[4]))[1][0].key


def test_the_older_report_is_not_taken_for_one(tmp_path: Path) -> None:
    path = tmp_path / "v1.txt"
    path.write_text("settlement-id\ttotal-amount\tprice-type\tprice-amount\n")
    with pytest.raises(UnreadableFile, match="Flat File V2"):
        sniff(path)
