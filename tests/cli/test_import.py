"""`deskhand import`."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.cli import importing
from domain.orders import service
from domain.orders.intake import OrderDraft
from domain.orders.service import Counts
from domain.store import Work
from tests.cli.conftest import Deskhand
from tests.connectors import test_files_settlement as settlements

_HEADER = "order_number,placed_at,status,channel,currency,sku,title,quantity,unit_price"


@pytest.fixture
def orders(folder: Path) -> Path:
    """Three orders in Deskhand's own columns."""
    return _write(folder / "orders.csv", *(_row(number) for number in (1, 2, 3)))


def test_orders_come_in_once_however_often_they_are_imported(
    deskhand_on_both: Deskhand, orders: Path
) -> None:
    said = deskhand_on_both("import", str(orders))
    assert (said.code, said.err) == (0, "")
    assert said.out == "orders.csv: 3 orders: 3 new, 0 changed, 0 unchanged\n"
    said = deskhand_on_both("import", str(orders))
    assert said.out == "orders.csv: 3 orders: 0 new, 0 changed, 3 unchanged\n"


def test_a_newer_file_changes_what_changed(deskhand: Deskhand, orders: Path) -> None:
    deskhand("import", str(orders))
    _write(orders, _row(1), _row(2, status="shipped"), _row(3))
    said = deskhand("import", str(orders))
    assert said.out == "orders.csv: 3 orders: 0 new, 1 changed, 2 unchanged\n"
    history = deskhand("audit", "--order", "A-2").out.splitlines()[1:]
    assert [line.split()[2:4] for line in history] == [
        ["import", "OrderReceived"],
        ["import", "OrderChanged"],
    ]


def test_bad_rows_are_put_aside_and_good_ones_load(deskhand: Deskhand, orders: Path) -> None:
    _write(orders, _row(1), _row(2, price="twelve"), _row(3))
    said = deskhand("import", str(orders))
    assert said.code == 1
    assert said.out == (
        "orders.csv: 2 orders: 2 new, 0 changed, 0 unchanged; 1 row rejected → orders.rejected.csv\n"
    )
    rejected = orders.with_name("orders.rejected.csv")
    assert said.err == (
        f"1 row of orders.csv could not be used. {rejected} says why: put them right there and "
        "import that file.\n"
    )
    with rejected.open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["order_number"] == "A-2"
    assert "row 3: unit_price" in row["reason"]


def test_a_repaired_file_of_rejects_brings_the_rest(deskhand: Deskhand, orders: Path) -> None:
    _write(orders, _row(1), _row(2, price="twelve"))
    deskhand("import", str(orders))
    rejected = orders.with_name("orders.rejected.csv")
    rejected.write_text(rejected.read_text(encoding="utf-8").replace("twelve", "12.00"), "utf-8")
    said = deskhand("import", str(rejected))
    assert (said.code, said.out.split(": ", 1)[1]) == (
        0,
        "1 order: 1 new, 0 changed, 0 unchanged\n",
    )


def test_many_orders_come_in_batch_by_batch(
    deskhand: Deskhand, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 10)
    file = _write(folder / "many.csv", *(_row(number) for number in range(25)))
    assert deskhand("import", str(file)).out.startswith("many.csv: 25 orders: 25 new")


def test_an_import_that_is_stopped_keeps_whole_batches(
    deskhand: Deskhand, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 10)
    file = _write(folder / "many.csv", *(_row(number) for number in range(25)))
    receive = service.receive

    async def stopped(work: Work, drafts: Sequence[OrderDraft], *, source: str) -> Counts:
        counts = await receive(work, drafts, source=source)
        if "A-15" in {draft.number for draft in drafts}:
            raise KeyboardInterrupt
        return counts

    monkeypatch.setattr(service, "receive", stopped)
    said = deskhand("import", str(file))
    assert said.code == 1
    assert said.err.strip() == (
        "Stopped. 10 orders are in; the same command again brings the rest."
    )
    monkeypatch.setattr(service, "receive", receive)
    assert "15 new, 0 changed, 10 unchanged" in deskhand("import", str(file)).out


def test_a_missing_file_stops_everything_before_it_starts(deskhand: Deskhand, orders: Path) -> None:
    said = deskhand("import", str(orders), "missing.csv")
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "Invalid value for 'FILE…': Path 'missing.csv' does not exist. "
        "See `deskhand import --help`.\n"
    )


def test_a_file_of_something_else_stops_everything_before_it_starts(
    deskhand: Deskhand, orders: Path, folder: Path
) -> None:
    other = folder / "letter.txt"
    other.write_text("Dear Sir or Madam", encoding="utf-8")
    said = deskhand("import", str(orders), str(other))
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("letter.txt is not a file of orders that Deskhand knows")
    assert said.err.count("\n") == 1


def test_import_without_a_file_is_misuse(deskhand: Deskhand) -> None:
    said = deskhand("import")
    assert said.code == 2
    assert said.err == "Missing argument 'FILE…'. See `deskhand import --help`.\n"


def test_a_real_folder_of_orders_comes_in(deskhand_on_both: Deskhand, shared: Path) -> None:
    said = deskhand_on_both("import", str(shared / "data" / "olist"))
    assert said.out == "olist: 3,000 orders: 3,000 new, 0 changed, 0 unchanged\n"


def _row(number: int, *, status: str = "confirmed", price: str = "12.00") -> str:
    return f"A-{number},2026-11-20T10:00:00Z,{status},web,USD,MUG,Alpine mug,1,{price}"


def _write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join((_HEADER, *rows)) + "\n", encoding="utf-8")
    return path


def test_stock_comes_in_as_counted_and_its_bad_rows_are_put_aside(
    deskhand_on_both: Deskhand, folder: Path
) -> None:
    path = folder / "stock.csv"
    header = "sku,title,location,on_hand,low_at,list_price,currency"
    rows = [
        "MUG-1,Alpine mug,A-03,12,4,12.00,USD",
        "POT-1,,,0,,,",
        "CUP-1,Cup,A-04,-3,,,",
        ",Nameless,A-05,1,,,",
        "LID-1,Lid,A-06,1,,4.00,",
        "JAR-1,Jar,A-07,many,,,",
    ]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    said = deskhand_on_both("import", str(path))
    assert said.code == 1
    assert said.out == (
        "stock.csv: 2 items: 2 new, 0 changed, 0 unchanged; 4 rows rejected → stock.rejected.csv\n"
    )
    with path.with_name("stock.rejected.csv").open(encoding="utf-8", newline="") as stream:
        reasons = [row["reason"] for row in csv.DictReader(stream)]
    assert reasons == [
        "row 4: on_hand “-3” is not a whole number",
        "row 5: sku is empty",
        "row 6: list_price has no currency",
        "row 7: on_hand “many” is not a whole number",
    ]
    path.write_text("\n".join([header, "mug-1,,B-01,9,,,", rows[1]]) + "\n", encoding="utf-8")
    said = deskhand_on_both("import", str(path))
    assert said.out == "stock.csv: 2 items: 0 new, 1 changed, 1 unchanged\n"


@pytest.mark.parametrize(
    ("row", "encoding", "reason"),
    [
        ("MUG-1,Köln,A-03,3", "latin-1", "row 2: the row holds characters that are not UTF-8"),
        (f"MUG-1,{'x' * 10_000_000},A-03,3", "utf-8", "row 2: the row is too long to be meant"),
        ("MUG-1,Mug,A-03,99999999999", "utf-8", "row 2: on_hand “99999999999” is not a whole"),
    ],
    ids=["latin-1", "10 MB", "beyond measure"],
)
def test_a_row_of_stock_that_can_not_be_used_costs_no_other(
    deskhand_on_both: Deskhand, folder: Path, row: str, encoding: str, reason: str
) -> None:
    path = folder / "stock.csv"
    path.write_bytes(f"sku,title,location,on_hand\n{row}\nPOT-1,Pot,A-04,2\n".encode(encoding))
    assert deskhand_on_both("import", str(path)).out.startswith("stock.csv: 1 item: 1 new")
    assert reason in path.with_name("stock.rejected.csv").read_text("utf-8")


def test_a_settlement_comes_in_once_however_often_it_is_imported(
    deskhand_on_both: Deskhand, folder: Path
) -> None:
    report = settlements.write(folder / "settlement.txt", *settlements.ROWS)
    said = deskhand_on_both("import", str(report))
    assert (said.code, said.err) == (0, "")
    assert said.out == "settlement.txt: 1 settlement, 9 lines: 9 new, 0 unchanged\n"
    said = deskhand_on_both("import", str(report))
    assert said.out == "settlement.txt: 1 settlement, 9 lines: 0 new, 9 unchanged\n"


def test_rows_of_a_settlement_that_cant_be_used_are_put_aside(
    deskhand: Deskhand, folder: Path
) -> None:
    bad = settlements.row("Order", "ItemFees", "Commission", "nine")
    report = settlements.write(folder / "settlement.txt", *settlements.ROWS, bad)
    said = deskhand("import", str(report))
    assert said.code == 1
    assert said.out == (
        "settlement.txt: 1 settlement, 9 lines: 9 new, 0 unchanged; "
        "1 row rejected → settlement.txt.rejected.csv\n"
    )
    assert "put them right there" in said.err
