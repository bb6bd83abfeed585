"""What a source wrote, read as text, money, counts and times; or the reason why not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from domain.errors import Invalid, MalformedAmount
from domain.money import Money, exponent, is_currency

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import tzinfo

    from domain.orders.intake import OrderDraft

#: ISO 4217's own code for "no currency": an order whose source names no amount at all.
NO_CURRENCY = "XXX"
#: Longest number, name, SKU and the like: an indexed column of PostgreSQL holds about
#: 2,700 bytes, and four bytes are the most that a character takes.
LONGEST_TEXT = 500
#: Longest product title; it is not indexed.
LONGEST_TITLE = 5_000
#: The same bound that `Money` puts on an amount, in minor units.
LARGEST_AMOUNT = 10**13
LARGEST_QUANTITY = 1_000_000

_DECIMAL = re.compile(r"-?\d{1,16}(?:\.\d{1,20})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_BEFORE_OFFSET = re.compile(r" (?=[+-]\d\d:?\d\d$)")
_DATE_ONLY = 10


class BadValue(Invalid):
    """A value that an order can't be made of; `str()` is the reason, in a clause."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """What could not be read, and why.

    `row_number` counts as a spreadsheet does (the header is row 1), for JSON it counts
    orders from 1. `raw` is the row by column, the bare cells where they don't fit the
    header, or the order as its source had it.
    """

    row_number: int
    raw: Mapping[str, Any] | list[str]
    reason: str


def text(value: object) -> str | None:
    """Return what was written, without space around it; None for nothing.

    A zero byte and half a surrogate pair go, since no database takes them.
    """
    if not isinstance(value, str):
        if value is None or isinstance(value, bool) or not isinstance(value, int | Decimal):
            return None
        value = str(value)
    written = value.strip()
    if not written.isascii():
        written = written.encode("utf-8", "replace").decode("utf-8")
    return written.replace("\0", "") or None


def currency(value: object, name: str = "currency") -> str | None:
    """Return a code of ISO 4217's shape; raises `BadValue` if it is another word."""
    written = text(value)
    if written is None:
        return None
    if not is_currency(written.upper()):
        raise BadValue(f"{name} “{short(written)}” is not a code of three letters like USD")
    return written.upper()


def amount(value: object, code: str, name: str) -> int | None:
    """Return minor units of the currency; raises `BadValue` rather than round."""
    written = text(value)
    if written is None:
        return None
    if not _DECIMAL.fullmatch(written):
        raise BadValue(f"{name} “{short(written)}” is not a plain number like 12.50")
    if Decimal(written) < 0:
        raise BadValue(f"{name} “{short(written)}” is negative")
    if len(written.partition(".")[2].rstrip("0")) > exponent(code):
        raise BadValue(f"{name} “{short(written)}” has too many decimals for {code}")
    try:
        return Money.of(written, code).minor
    except MalformedAmount:
        raise BadValue(f"{name} “{short(written)}” is too large to be meant") from None


def quantity(value: object, name: str, *, least: int = 1) -> int:
    """Return a whole number, at least `least`; raises `BadValue` otherwise."""
    written = text(value)
    if written is None:
        raise BadValue(f"{name} is empty")
    if not _WHOLE.fullmatch(written):
        raise BadValue(f"{name} “{short(written)}” is not a whole number")
    count = int(written)
    if count < least:
        raise BadValue(f"{name} “{short(written)}” is less than {least}")
    if count > LARGEST_QUANTITY:
        raise BadValue(f"{name} “{short(written)}” is too large to be meant")
    return count


def moment(
    value: object, name: str, *, zone: tzinfo = UTC, end_of_day: bool = False
) -> datetime | None:
    """Return an ISO 8601 time in UTC; one without an offset is in `zone`.

    A date alone is its first second, or its last with `end_of_day`, which is what a
    deadline means by it.
    """
    written = text(value)
    if written is None:
        return None
    iso = _BEFORE_OFFSET.sub("", written.removesuffix(" UTC"))
    try:
        parsed = datetime.fromisoformat(iso)
        if end_of_day and len(iso) == _DATE_ONLY:
            parsed = datetime.combine(parsed, time(23, 59, 59))
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=zone)
        return parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadValue(
            f"{name} “{short(written)}” is not a time like 2026-11-24T15:30:00Z"
        ) from None


def unit_price(line_total: int | None, count: int) -> int | None:
    """Share a line's price out to its units; None where it does not divide exactly."""
    if line_total is None or not count or line_total % count:
        return None
    return line_total // count


def joined(lines: Iterable[str | None], between: str = "\n") -> str | None:
    """Join what is written, each once: the lines of a street, a person and a company."""
    return between.join(dict.fromkeys(line for line in lines if line)) or None


def part(value: object, *path: str) -> dict[str, Any]:
    """Return the object that lies below, empty where the source has none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def parts(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list, leaving out whatever else it holds."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def checked(draft: OrderDraft) -> OrderDraft:
    """Return the draft if the store can hold it; raises `BadValue` for a monstrous one."""
    texts: list[tuple[str, str | None, int]] = [
        ("order number", draft.number, LONGEST_TEXT),
        ("channel", draft.channel, LONGEST_TEXT),
        ("status", draft.marketplace_status, LONGEST_TEXT),
        ("buyer's name", draft.buyer_name, LONGEST_TEXT),
        ("buyer's e-mail", draft.buyer_email, LONGEST_TEXT),
        ("name on the address", draft.ship_to_name, LONGEST_TEXT),
        ("street", draft.ship_to_street, LONGEST_TEXT),
        ("region", draft.ship_to_region, LONGEST_TEXT),
        ("city", draft.ship_to_city, LONGEST_TEXT),
        ("postcode", draft.ship_to_postcode, LONGEST_TEXT),
        ("country", draft.ship_to_country, LONGEST_TEXT),
        ("payment reference", draft.payment_reference, LONGEST_TEXT),
    ]
    for line in draft.lines:
        texts.append(("SKU", line.sku, LONGEST_TEXT))
        texts.append(("title", line.title, LONGEST_TITLE))
    for parcel in draft.parcels:
        texts.append(("carrier", parcel.carrier, LONGEST_TEXT))
        texts.append(("tracking number", parcel.tracking_number, LONGEST_TEXT))
    for name, written, longest in texts:
        if written is not None and len(written) > longest:
            raise BadValue(f"the {name} is longer than {longest} characters")
    if max(draft.total or 0, draft.captured or 0) > LARGEST_AMOUNT:
        raise BadValue("the order's total is too large to be meant")
    return draft


def short(written: str) -> str:
    """Cut what was written to what fits into a sentence."""
    longest = 40
    return written if len(written) <= longest else f"{written[: longest - 1]}…"
