"""Deskhand's own CSV, and any other one through a mapping file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.connectors.files import Format, Rejected, RejectedFile, UnreadableFile, read, sniff
from domain.orders.intake import LineDraft, OrderDraft
from domain.orders.model import State
from domain.shipping.model import ParcelState

if TYPE_CHECKING:
    from pathlib import Path

HEADER = (
    "order_number,placed_at,status,channel,currency,sku,title,quantity,unit_price,shipping_price,"
    "buyer_name,buyer_email,ship_to_name,ship_to_street,ship_to_city,ship_to_region,ship_to_postcode,ship_to_country,ship_by,deliver_by,"
    "carrier,tracking_number,payment_provider,payment_reference"
)
SHORT = "order_number,status,currency,sku,quantity,unit_price"
WEBER = (
    'Ines Weber,ines@example.org,Weber GmbH,"Hof 3\nTor 2",Köln,NW,50667,DE,2026-11-24T18:00:00+01:00,2026-11-26,'
    "DHL,JD01,stripe,pi_1"
)


def written(folder: Path, *lines: str, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def drafts_of(path: Path) -> list[OrderDraft]:
    found = list(read(path))
    assert not [item for item in found if isinstance(item, Rejected)]
    return [item for item in found if isinstance(item, OrderDraft)]


def split(path: Path, **options: Path) -> tuple[list[OrderDraft], list[Rejected]]:
    found = list(read(path, **options))
    return (
        [item for item in found if isinstance(item, OrderDraft)],
        [item for item in found if isinstance(item, Rejected)],
    )


def test_an_order_is_read_with_all_its_columns(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        HEADER,
        f"A1,2026-11-20T09:30:00+01:00,shipped,Etsy,EUR,MUG,Blue mug,2,12.50,4.90,{WEBER}",
        "A1,,,,,TEA,Green tea,1,3.00,,,,,,,,,,,,DHL,JD01,,",
    )
    assert sniff(path) is Format.DESKHAND_CSV
    (order,) = drafts_of(path)
    assert (order.number, order.channel, order.state) == ("A1", "etsy", State.SHIPPED)
    assert order.lines == (
        LineDraft(2, "MUG", "Blue mug", unit_price=1250, shipping_price=490),
        LineDraft(1, "TEA", "Green tea", unit_price=300),
    )
    assert order.total == order.captured == 2 * 1250 + 490 + 300
    assert order.placed_at == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert order.ship_by == datetime(2026, 11, 24, 17, tzinfo=UTC)
    assert order.deliver_by == datetime(2026, 11, 26, 23, 59, 59, tzinfo=UTC)
    assert (order.buyer_name, order.buyer_email) == ("Ines Weber", "ines@example.org")
    assert (order.ship_to_name, order.ship_to_street) == ("Weber GmbH", "Hof 3\nTor 2")
    assert order.ship_to_region == "NW"
    assert (order.ship_to_city, order.ship_to_postcode, order.ship_to_country) == (
        "Köln",
        "50667",
        "DE",
    )
    assert (order.payment_provider, order.payment_reference) == ("stripe", "pi_1")
    (parcel,) = order.parcels
    assert (parcel.carrier, parcel.tracking_number) == ("DHL", "JD01")
    assert parcel.state is ParcelState.IN_TRANSIT
    assert parcel.lines == ((1, 2), (2, 1))


def test_two_tracking_numbers_are_two_parcels(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "order_number,status,currency,quantity,carrier,tracking_number",
        "A1,shipped,EUR,1,DHL,JD01",
        "A1,shipped,EUR,3,DHL,JD02",
    )
    (order,) = drafts_of(path)
    assert [(parcel.tracking_number, parcel.lines) for parcel in order.parcels] == [
        ("JD01", ((1, 1),)),
        ("JD02", ((2, 3),)),
    ]


@pytest.mark.parametrize(
    ("status", "captured"),
    [("pending", 0), ("confirmed", 500), ("completed", 500), ("cancelled", None), ("", None)],
)
def test_only_a_confirmed_order_counts_as_paid(
    tmp_path: Path, status: str, captured: int | None
) -> None:
    (order,) = drafts_of(written(tmp_path, SHORT, f"A1,{status},EUR,MUG,1,5.00"))
    assert (order.captured, order.total) == (captured, 500)


def test_a_line_without_a_price_leaves_the_total_unknown(tmp_path: Path) -> None:
    path = written(tmp_path, SHORT, "A1,confirmed,EUR,MUG,1,5.00", "A1,confirmed,EUR,TEA,1,")
    (order,) = drafts_of(path)
    assert (order.captured, order.total) == (None, None)


def test_minor_units_follow_the_currency(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        SHORT,
        "A1,confirmed,JPY,MUG,1,500",
        "A2,confirmed,kwd,MUG,1,1.234",
        "A3,confirmed,USD,MUG,1,1.230",
    )
    assert [order.total for order in drafts_of(path)] == [500, 1234, 123]


def test_rows_of_one_order_may_stand_apart(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        SHORT,
        "A1,confirmed,EUR,MUG,1,5.00",
        "A2,confirmed,EUR,MUG,1,5.00",
        "A1,confirmed,EUR,TEA,2,3.00",
    )
    assert [(order.number, len(order.lines), order.total) for order in drafts_of(path)] == [
        ("A1", 2, 1100),
        ("A2", 1, 500),
    ]


def test_the_same_number_on_two_channels_is_two_orders(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "order_number,channel,status,currency,quantity",
        "7,etsy,confirmed,EUR,1",
        "7,ebay,shipped,USD,2",
    )
    assert [(order.channel, order.currency) for order in drafts_of(path)] == [
        ("etsy", "EUR"),
        ("ebay", "USD"),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A1,confirmed,USD,MUG,x,5.00", "quantity “x” is not a whole number"),
        ("A1,confirmed,USD,MUG,1.5,5.00", "quantity “1.5” is not a whole number"),
        ("A1,confirmed,USD,MUG,-1,5.00", "quantity “-1” is not a whole number"),
        ("A1,confirmed,USD,MUG,0,5.00", "quantity “0” is less than 1"),
        ("A1,confirmed,USD,MUG,9999999,5.00", "quantity “9999999” is too large to be meant"),
        ("A1,confirmed,USD,MUG,,5.00", "quantity is empty"),
        ("A1,confirmed,USD,MUG,1,12.345", "unit_price “12.345” has too many decimals for USD"),
        ("A1,confirmed,JPY,MUG,1,12.5", "unit_price “12.5” has too many decimals for JPY"),
        ("A1,confirmed,USD,MUG,1,-5.00", "unit_price “-5.00” is negative"),
        ("A1,confirmed,USD,MUG,1,1e3", "unit_price “1e3” is not a plain number like 12.50"),
        ("A1,confirmed,USD,MUG,1,NaN", "unit_price “NaN” is not a plain number like 12.50"),
        ('A1,confirmed,USD,MUG,1,"1,200"', "unit_price “1,200” is not a plain number like 12.50"),
        ("A1,confirmed,USD,MUG,1,999999999999999", "is too large to be meant"),
        ("A1,confirmed,USD,MUG,1000000,99999999", "the order's total is too large to be meant"),
        ("A1,confirmed,dollars,MUG,1,5.00", "currency “dollars” is not a code of three letters"),
        ("A1,confirmed,,MUG,1,5.00", "currency is empty"),
        ("A1,sent,USD,MUG,1,5.00", "status “sent” is not one of pending, confirmed, picking"),
        (",confirmed,USD,MUG,1,5.00", "order_number is empty"),
        (f"{'9' * 501},confirmed,USD,MUG,1,5.00", "the order number is longer than 500"),
        ("A1,confirmed,USD,MUG,1", "it has 5 values where the header has 6 columns"),
        ("A1,confirmed,USD,MUG,1,5,00", "it has 7 values where the header has 6 columns"),
    ],
)
def test_a_bad_row_says_what_is_wrong_with_it(tmp_path: Path, row: str, reason: str) -> None:
    path = written(tmp_path, SHORT, row, "B2,confirmed,EUR,TEA,1,3.00")
    drafts, (rejected,) = split(path)
    assert [draft.number for draft in drafts] == ["B2"]
    assert rejected.row_number == 2
    assert rejected.reason.startswith("row 2: ")
    assert reason in rejected.reason


def test_an_order_at_shopify_is_known_by_its_digits(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "order_number,currency,quantity,payment_provider,payment_reference",
        "A1,EUR,1,shopify,gid://shopify/Order/450789469",
        "A2,EUR,1,shopify,450789470",
        "A3,EUR,1,stripe,pi_1",
    )
    references = [order.payment_reference for order in drafts_of(path)]
    assert references == ["450789469", "450789470", "pi_1"]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("ship_by", "24/11/2026", "ship_by “24/11/2026” is not a time like 2026-11-24T15:30:00Z"),
        ("placed_at", "0001-01-01T00:00:00+14:00", "is not a time like"),
        ("payment_provider", "cash", "“cash” is not one of stripe, shopify, amazon, manual"),
        ("shipping_price", "four", "shipping_price “four” is not a plain number"),
        ("buyer_name", "x" * 501, "the buyer's name is longer than 500 characters"),
    ],
)
def test_optional_columns_are_checked_too(
    tmp_path: Path, column: str, value: str, reason: str
) -> None:
    path = written(tmp_path, f"order_number,currency,quantity,{column}", f"A1,EUR,1,{value}")
    drafts, (rejected,) = split(path)
    assert not drafts
    assert reason in rejected.reason


def test_one_bad_row_spoils_its_order_and_no_other(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        SHORT,
        "A1,confirmed,EUR,MUG,1,5.00",
        "A2,confirmed,EUR,MUG,1,5.00",
        "A1,confirmed,EUR,TEA,many,3.00",
    )
    drafts, rejected = split(path)
    assert [draft.number for draft in drafts] == ["A2"]
    assert [(item.row_number, item.reason) for item in rejected] == [
        (
            2,
            "row 2: row 4 of the same order can't be used: quantity “many” is not a whole number",
        ),
        (4, "row 4: quantity “many” is not a whole number"),
    ]


def test_rows_of_one_order_have_to_agree(tmp_path: Path) -> None:
    path = written(tmp_path, SHORT, "A1,confirmed,EUR,MUG,1,5.00", "A1,confirmed,USD,TEA,1,3.00")
    drafts, rejected = split(path)
    assert not drafts
    assert "currency differs from row 2" in rejected[1].reason


def test_a_missing_required_column_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "order_number,sku,currency", "A1,MUG,EUR")
    with pytest.raises(UnreadableFile, match="has no column quantity"):
        list(read(path))


def test_a_spreadsheets_semicolons_are_understood(tmp_path: Path) -> None:
    path = written(tmp_path, SHORT.replace(",", ";"), "A1;confirmed;EUR;MUG;2;5.00")
    assert [order.total for order in drafts_of(path)] == [1000]


MAPPING = """
[columns]
order_number = "Bestellnummer"
placed_at = "Datum"
status = "Zustand"
sku = "Artikel"
quantity = "Menge"
unit_price = "Preis"
buyer_name = "Kunde"

[constants]
currency = "EUR"
channel = "otto"
payment_provider = "manual"

[status]
"Versendet" = "shipped"
"Offen" = "confirmed"

[format]
delimiter = ";"
decimal = ","
dates = "%d.%m.%Y %H:%M"
timezone = "Europe/Berlin"
encoding = "cp1252"
"""


def mapped(folder: Path, mapping: str = MAPPING) -> Path:
    path = folder / "otto.toml"
    path.write_text(mapping, encoding="utf-8")
    return path


def test_a_mapping_reads_another_shops_csv(tmp_path: Path) -> None:
    path = tmp_path / "export.txt"
    path.write_bytes(
        (
            "Bestellnummer;Datum;Zustand;Artikel;Menge;Preis;Kunde\r\n"
            "77;03.07.2026 10:15;Versendet;MUG;2;1.234,50;Jürgen Groß\r\n"
        ).encode("cp1252")
    )
    ((order,), rejected) = split(path, mapping_file=mapped(tmp_path))
    assert not rejected
    assert (order.number, order.channel, order.state) == ("77", "otto", State.SHIPPED)
    assert order.total == order.captured == 246900
    assert order.placed_at == datetime(2026, 7, 3, 8, 15, tzinfo=UTC)
    assert (order.buyer_name, order.payment_provider) == ("Jürgen Groß", "manual")


def test_a_status_that_the_mapping_lacks_is_rejected(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "Bestellnummer;Datum;Zustand;Artikel;Menge;Preis;Kunde",
        "77;03.07.2026 10:15;Verloren;MUG;2;1,50;A",
        "78;3 July;Offen;MUG;2;1,50;A",
    )
    drafts, rejected = split(path, mapping_file=mapped(tmp_path))
    assert not drafts
    assert rejected[0].reason == "row 2: status “Verloren” is not in [status] of otto.toml"
    assert "placed_at “3 July” is not a time like %d.%m.%Y" in rejected[1].reason


def test_rejected_rows_can_be_corrected_and_read_with_the_same_mapping(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(
        (
            "Bestellnummer;Datum;Zustand;Artikel;Menge;Preis;Kunde\n"
            "77;03.07.2026 10:15;Versendet;MUG;zwei;1,50;Jürgen\n"
        ).encode("cp1252")
    )
    mapping = mapped(tmp_path)
    for attempt in (path, tmp_path / "export.rejected.csv"):
        reading = read(attempt, mapping_file=mapping)
        with RejectedFile(reading.source) as rejects:
            for item in reading:
                assert isinstance(item, Rejected)
                rejects.add(item)
    assert rejects.path is not None
    again = rejects.path.read_text(encoding="cp1252")
    assert again.splitlines()[0].endswith("Kunde;reason")
    assert again.count("reason") == 1
    rejects.path.write_bytes(again.replace("zwei;", "2;").encode("cp1252"))
    ((order,), _) = split(rejects.path, mapping_file=mapping)
    assert (order.buyer_name, order.lines[0].quantity) == ("Jürgen", 2)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("nonsense", "is not a TOML file"),
        ("[colums]", "section “colums”"),
        ("columns = 3", "columns must be a section"),
        ('[columns]\nnumber = "A"', "“number”, but the columns are order_number"),
        ('[columns]\nquantity = "A"', "must say which column is the order_number"),
        ('[columns]\norder_number = "A"', "must give currency, quantity"),
        (MAPPING.replace('"shipped"', '"sent"'), "“sent”, which is not one of pending"),
        (MAPPING.replace("Berlin", "Bonn"), "no time zone “Europe/Bonn”"),
        (MAPPING.replace("cp1252", "ebcdic-9"), "no encoding “ebcdic-9”"),
        (MAPPING.replace('";"', '";;"'), "delimiter must be one character"),
        (MAPPING.replace('"Menge"', '"Anzahl"'), "has no column “Anzahl”"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(tmp_path: Path, mapping: str, message: str) -> None:
    path = written(tmp_path, "Bestellnummer;Datum;Zustand;Artikel;Menge;Preis;Kunde", "1")
    with pytest.raises(UnreadableFile, match=message):
        read(path, mapping_file=mapped(tmp_path, mapping))


def test_a_missing_mapping_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="There is no mapping file"):
        read(written(tmp_path, "a,b"), mapping_file=tmp_path / "none.toml")
