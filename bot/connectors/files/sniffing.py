"""Tell what a file is by what is in it, never by its name."""

from __future__ import annotations

import codecs
import csv
import errno
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.connectors.files import documents
from domain.errors import Invalid

if TYPE_CHECKING:
    from pathlib import Path

#: How much of a file is looked at to tell text from something else.
_HEAD = 65_536
_DELIMITERS = (",", "\t", ";", "|")
_NOT_TEXT = {
    b"PK\x03\x04": "a spreadsheet or ZIP archive. Save the sheet as “CSV UTF-8”, or unpack it",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook. Save the sheet as “CSV UTF-8”",
    b"\x1f\x8b": "compressed. Unpack it",
    b"%PDF": "a PDF. Export the orders as CSV or JSON",
}
ACCEPTED = (
    "an Amazon All Orders report or settlement report (Flat File V2), an answer of Amazon's Orders API (2026-01-01 or v0), "
    "a Shopify orders export (CSV or JSON), an Olist folder, or a CSV of orders or of stock in Deskhand's own columns; "
    "for any other CSV give --mapping FILE"
)


class Format(StrEnum):
    """What can be imported; the value is kept as the orders' source."""

    AMAZON_REPORT = "amazon-report"
    AMAZON_SETTLEMENT = "amazon-settlement"
    AMAZON_ORDERS = "amazon-orders-2026-01-01"
    AMAZON_ORDERS_V0 = "amazon-orders-v0"
    SHOPIFY_CSV = "shopify-csv"
    SHOPIFY_JSON = "shopify-json"
    OLIST = "olist"
    DESKHAND_CSV = "deskhand-csv"
    MAPPED_CSV = "mapped-csv"
    STOCK_CSV = "stock-csv"


#: The columns that give a table away.
SIGNATURES = {
    Format.AMAZON_REPORT: frozenset({"amazon-order-id", "order-status", "quantity"}),
    Format.AMAZON_SETTLEMENT: frozenset(
        {"settlement-id", "amount-type", "amount-description", "amount"}
    ),
    Format.SHOPIFY_CSV: frozenset({"name", "financial status", "lineitem quantity"}),
    Format.DESKHAND_CSV: frozenset({"order_number"}),
    Format.STOCK_CSV: frozenset({"sku", "on_hand"}),
}
#: The same for Olist, whose orders are spread over several tables.
OLIST_TABLES = {
    "orders": frozenset({"order_id", "customer_id", "order_status", "order_purchase_timestamp"}),
    "items": frozenset({"order_id", "order_item_id", "price", "freight_value"}),
    "payments": frozenset({"order_id", "payment_sequential", "payment_value"}),
    "customers": frozenset({"customer_id", "customer_unique_id", "customer_city"}),
    "products": frozenset({"product_id", "product_category_name", "product_photos_qty"}),
    "translation": frozenset({"product_category_name", "product_category_name_english"}),
}
#: Tables of Olist that hold nothing of an order, but stand for their folder.
_OLIST_OTHERS = (
    frozenset({"seller_id", "seller_zip_code_prefix"}),
    frozenset({"review_id", "order_id", "review_score"}),
)
_JSON = {
    documents.Kind.AMAZON: Format.AMAZON_ORDERS,
    documents.Kind.AMAZON_V0: Format.AMAZON_ORDERS_V0,
    documents.Kind.SHOPIFY: Format.SHOPIFY_JSON,
}


class UnreadableFile(Invalid):
    """A file that no order can be read from; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or folder, that was recognised, and what it takes to read it.

    `header` and `delimiter` belong to tables; `prefix` is where a JSON file keeps its
    orders; `tables` are the files of an Olist folder by what they hold.
    """

    path: Path
    format: Format
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    header: tuple[str, ...] = ()
    prefix: str = ""
    tables: dict[str, Path] = field(default_factory=dict)


def sniff(path: Path) -> Format:
    """Tell which of the accepted formats the file is in; raises `UnreadableFile`."""
    return examine(path).format


def examine(path: Path) -> Source:
    """Recognise a file or an Olist folder; raises `UnreadableFile`."""
    if path.is_dir():
        return _olist(path, path)
    head = _head(path)
    encoding = _encoding(path, head)
    start = _decoded(head, encoding).lstrip()
    if start.startswith(("{", "[")):
        found = _json(path, encoding)
        return Source(path, _JSON[found.kind], encoding, prefix=found.prefix)
    header, delimiter = _header(start)
    columns = frozenset(map(_plain, header))
    for form, signature in SIGNATURES.items():
        if signature <= columns:
            return Source(path, form, encoding, delimiter, header)
    if any(table <= columns for table in (*OLIST_TABLES.values(), *_OLIST_OTHERS)):
        return _olist(path.parent, path)
    seen = ", ".join(header[:6])
    raise UnreadableFile(
        f"{path.name} is not a file of orders that Deskhand knows (its first line is “{seen[:120]}”). It reads {ACCEPTED}."
    )


def table(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Source:
    """Take a file for a table of any columns, as a mapping describes it."""
    head = _head(path)
    encoding = encoding or _encoding(path, head)
    header, found = _header(_decoded(head, encoding), delimiter)
    return Source(path, Format.MAPPED_CSV, encoding, found, header)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except FileNotFoundError:
        raise UnreadableFile(f"There is no file {path}. Check the name and the folder.") from None
    except OSError as error:
        why = "you may not read it" if error.errno == errno.EACCES else error.strerror
        raise UnreadableFile(f"{path} can't be opened: {why}.") from None
    if not head.strip():
        raise UnreadableFile(f"{path.name} is empty. Export it again.")
    return head


def _encoding(path: Path, head: bytes) -> str:
    for magic, what in _NOT_TEXT.items():
        if head.startswith(magic):
            raise UnreadableFile(f"{path.name} is {what}, then import that.")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head:
        raise UnreadableFile(f"{path.name} is not text. Deskhand reads {ACCEPTED}.")
    return "utf-8-sig"


def _decoded(head: bytes, encoding: str) -> str:
    return codecs.getincrementaldecoder(encoding)("replace").decode(head).lstrip("\ufeff")


def _header(start: str, delimiter: str | None = None) -> tuple[tuple[str, ...], str]:
    line = re.split(r"[\r\n]", start.lstrip("\r\n"), maxsplit=1)[0]
    delimiter = delimiter or max(_DELIMITERS, key=line.count)
    return tuple(next(csv.reader([line], delimiter=delimiter), [])), delimiter


def _plain(column: str) -> str:
    return column.strip().lower()


def _json(path: Path, encoding: str) -> documents.Found:
    found = documents.find(path, encoding)
    if found is None:
        raise UnreadableFile(
            f"{path.name} is JSON, but no orders were found in it. Deskhand reads {ACCEPTED}."
        )
    return found


def _olist(folder: Path, named: Path) -> Source:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        columns = _columns(path)
        for name, signature in OLIST_TABLES.items():
            if signature <= columns:
                found.setdefault(name, path)
    missing = [name for name in ("orders", "items") if name not in found]
    if missing and named.is_dir():
        raise UnreadableFile(
            f"{folder} is a folder, but not one of Olist's: its {missing[0]} table is missing. Name the files in it one by one."
        )
    if missing:
        raise UnreadableFile(
            f"{named.name} is one of Olist's tables, but {folder} has no {missing[0]} table. Put all of Olist's CSV files into one folder."
        )
    return Source(folder, Format.OLIST, tables=found)


def _columns(path: Path) -> frozenset[str]:
    if not path.is_file():
        return frozenset()
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return frozenset()
    header, _ = _header(head.decode("utf-8-sig", "replace"), ",")
    return frozenset(map(_plain, header))
