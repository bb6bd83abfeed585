"""Files as they come: broken, cut, enormous, or something else entirely."""

from __future__ import annotations

import csv
import gzip
import json
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from bot.connectors.files import Rejected, RejectedFile, UnreadableFile, read, sniff
from domain.errors import DeskhandError
from domain.orders.intake import OrderDraft

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "order_number,status,currency,title,quantity,unit_price"


def saved(folder: Path, content: bytes | str, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def split(path: Path) -> tuple[list[str], list[Rejected]]:
    found = list(read(path))
    return (
        [item.number for item in found if isinstance(item, OrderDraft)],
        [item for item in found if isinstance(item, Rejected)],
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \r\n\n", "is empty"),
        (b"PK\x03\x04....", "spreadsheet or ZIP archive. Save the sheet as “CSV UTF-8”"),
        (gzip.compress(b"order_number", mtime=0), "is compressed"),
        (b"%PDF-1.7", "is a PDF"),
        (b"SQLite format 3\0....", "is not text"),
        (b"sku,price\nA,1\n", "first line is “sku, price”"),
        (b'{"products": [{"id": 1}]}', "no orders were found in it"),
        (b'{"orders": [{"or', "no orders were found in it"),
        (b"[" * 300_000, "no orders were found in it"),
        (b"[]", "no orders were found in it"),
        (b"{", "no orders were found in it"),
        (b"\x1c", "not a file of orders"),
    ],
)
def test_what_is_no_order_file_is_told_so(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        sniff(saved(tmp_path, content, "orders.json"))
    assert message in str(caught.value)
    assert isinstance(caught.value, DeskhandError)


def test_a_missing_file_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="There is no file"):
        sniff(tmp_path / "none.csv")


def test_an_unknown_format_lists_what_is_accepted(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"Amazon All Orders.*Shopify.*Olist.*--mapping FILE"):
        sniff(saved(tmp_path, "a,b\n1,2\n"))


def test_the_name_of_a_file_says_nothing(tmp_path: Path) -> None:
    path = saved(tmp_path, f"{HEADER}\nA1,confirmed,EUR,Mug,1,5\n", "picture.json")
    assert split(path)[0] == ["A1"]


def test_a_quote_left_open_costs_its_own_order_only(tmp_path: Path) -> None:
    rows = "".join(f'A{n},confirmed,EUR,"Lamp, no. {n}",1,5.00\n' for n in range(2, 9))
    path = saved(tmp_path, f'{HEADER}\nA1,confirmed,EUR,"Lamp,1,5.00\n{rows}')
    numbers, (rejected,) = split(path)
    assert numbers == [f"A{n}" for n in range(2, 9)]
    assert rejected.row_number == 2
    assert rejected.reason == "row 2: a quotation mark is opened here and never closed"


def test_two_open_quotes_do_not_swallow_what_lies_between(tmp_path: Path) -> None:
    broken = 'A{},confirmed,EUR,"Lamp,1,5.00'
    good = "A{},confirmed,EUR,Lamp,1,5.00"
    rows = [broken.format(1), good.format(2), good.format(3), broken.format(4), good.format(5)]
    numbers, rejected = split(saved(tmp_path, "\n".join([HEADER, *rows, ""])))
    assert numbers == ["A2", "A3", "A5"]
    assert [item.row_number for item in rejected] == [2, 5]


def test_an_open_quote_is_not_closed_by_a_quoted_value_below(tmp_path: Path) -> None:
    rows = (
        'A1,confirmed,EUR,"Lamp,1,5\nA2,confirmed,EUR,"Lamp, red",1,5\nA3,confirmed,EUR,Mug,1,5\n'
    )
    numbers, rejected = split(saved(tmp_path, f"{HEADER}\n{rows}"))
    assert numbers == ["A2", "A3"]
    assert [item.row_number for item in rejected] == [2]


def test_an_inch_sign_is_no_open_quote(tmp_path: Path) -> None:
    rows = 'A1,confirmed,EUR,Screen 24",1,5.00\nA2,confirmed,EUR,Lamp,1,5.00\n'
    numbers, rejected = split(saved(tmp_path, f"{HEADER}\n{rows}"))
    assert (numbers, rejected) == (["A1", "A2"], [])


def test_a_line_break_within_quotes_is_part_of_the_value(tmp_path: Path) -> None:
    path = saved(
        tmp_path, f'{HEADER}\r\nA1,confirmed,EUR,"Lamp,\r\nbig",1,5.00\r\nA2,x,EUR,L,1,5\r\n'
    )
    numbers, (rejected,) = split(path)
    assert numbers == ["A1"]
    assert rejected.row_number == 3


@pytest.mark.parametrize("end", ['A2,confirmed,EUR,"Lam', "A2,confirmed,EU", "A2,confirmed"])
def test_a_file_that_breaks_off_keeps_what_came_before(tmp_path: Path, end: str) -> None:
    path = saved(
        tmp_path,
        f"{HEADER}\nA1,confirmed,EUR,Mug,1,5.00\nA2,confirmed,EUR,Mug,1,5.00\n{end}",
    )
    numbers, rejected = split(path)
    assert numbers == ["A1"]
    assert [item.row_number for item in rejected] == [3, 4]
    assert rejected[1].reason == "row 4: the file breaks off in this row; export it again"


def test_a_last_line_without_a_line_end_is_complete(tmp_path: Path) -> None:
    assert split(saved(tmp_path, f"{HEADER}\nA1,confirmed,EUR,Mug,1,5.00"))[0] == ["A1"]


def test_bytes_that_are_no_utf_8_cost_their_own_row_only(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        HEADER.encode() + b"\nA1,confirmed,EUR,K\xf6ln,1,5\nA2,confirmed,EUR,K\xc3\xb6ln,1,5\n",
    )
    numbers, (rejected,) = split(path)
    assert numbers == ["A2"]
    assert "not UTF-8" in rejected.reason


def test_zero_bytes_and_half_characters_never_reach_the_store(tmp_path: Path) -> None:
    order = {
        "id": 1,
        "name": "#1",
        "currency": "EUR",
        "financial_status": "paid",
        "customer": {"first_name": "A\0na\ud83d"},
        "line_items": [],
    }
    (draft,) = read(saved(tmp_path, json.dumps({"orders": [order]})))
    assert isinstance(draft, OrderDraft)
    assert draft.buyer_name == "Ana?"


def test_blank_rows_are_passed_over(tmp_path: Path) -> None:
    path = saved(tmp_path, f"\n{HEADER}\n\n,,,,,\nA1,confirmed,EUR,Mug,1,5.00\n\n")
    assert split(path) == (["A1"], [])


def test_a_file_without_line_ends_does_not_fill_memory(tmp_path: Path) -> None:
    path = saved(tmp_path, f"{HEADER}\n" + "x" * 3_000_000)
    numbers, rejected = split(path)
    assert not numbers
    assert rejected


def test_rejected_rows_are_written_beside_the_file(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        f"{HEADER}\nA1,confirmed,EUR,Mug,x,5\nA2,confirmed,EUR,Mug,1,5\nA3,confirmed,EUR\n",
    )
    reading = read(path)
    with RejectedFile(reading.source) as rejects:
        for item in reading:
            if isinstance(item, Rejected):
                rejects.add(item)
    assert rejects.path == tmp_path / "orders.rejected.csv"
    assert rejects.count == 2
    with rejects.path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["order_number"] for row in rows] == ["A1", "A3"]
    assert rows[0]["reason"] == "row 2: quantity “x” is not a whole number"
    corrected = rejects.path.read_text(encoding="utf-8").replace(",x,", ",3,")
    numbers, _ = split(saved(tmp_path, corrected, "corrected.csv"))
    assert numbers == ["A1"]


def test_rejected_orders_of_a_json_file_are_kept_as_json(tmp_path: Path) -> None:
    path = saved(tmp_path, '{"orders": [{"id": 5, "line_items": []}]}', "shop.json")
    reading = read(path)
    with RejectedFile(reading.source) as rejects:
        for item in reading:
            assert isinstance(item, Rejected)
            rejects.add(item)
    assert rejects.path == tmp_path / "shop.json.rejected.csv"
    with rejects.path.open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert json.loads(row["order"]) == {"id": 5, "line_items": []}
    assert row["reason"] == "order 1 of the file: name is empty"


def test_nothing_is_written_while_nothing_is_rejected(tmp_path: Path) -> None:
    path = saved(tmp_path, f"{HEADER}\nA1,confirmed,EUR,Mug,1,5\n")
    with RejectedFile(read(path).source) as rejects:
        pass
    assert rejects.path is None
    assert list(tmp_path.iterdir()) == [path]


def test_where_the_folder_is_closed_the_current_one_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path, f"{HEADER}\nA1,confirmed,EUR,Mug,x,5\n")
    (tmp_path / "orders.rejected.csv").mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    reading = read(path)
    with RejectedFile(reading.source) as rejects:
        for item in reading:
            assert isinstance(item, Rejected)
            rejects.add(item)
    assert rejects.path == elsewhere / "orders.rejected.csv"


def test_progress_only_grows_and_ends_at_the_total(tmp_path: Path) -> None:
    rows = "".join(f"A{n},confirmed,EUR,Mug,1,5\n" for n in range(500))
    path = saved(tmp_path, f"{HEADER}\n{rows}")
    reading = read(path)
    seen = [reading.position, *(reading.position for _ in reading)]
    assert seen == sorted(seen)
    assert reading.position == reading.total == path.stat().st_size


def peak(path: Path) -> int:
    tracemalloc.start()
    for _ in read(path):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def table(rows: int) -> Path:
        lines = (f"A{n % (rows // 2)},confirmed,EUR,Mug,1,5.00\n" for n in range(rows))
        return saved(tmp_path, HEADER + "\n" + "".join(lines), f"{rows}.csv")

    def document(orders: int) -> Path:
        listed = ",".join(
            f'{{"id": {n + 1}, "name": "#{n}", "currency": "EUR", "line_items": []}}'
            for n in range(orders)
        )
        return saved(tmp_path, f'{{"orders": [{listed}]}}', f"{orders}.json")

    small, large, few, many = table(5_000), table(25_000), document(1_000), document(5_000)
    assert peak(large) < 1.5 * peak(small)
    assert peak(many) < 1.5 * peak(few)
