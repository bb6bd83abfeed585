"""Amazon's settlement reports, Flat File V2: a row for each amount of two weeks.

The columns are those of GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2:
https://developer-docs.amazon.com/sp-api/docs/report-type-values-settlement
The first row of a settlement has its dates, its currency and what it comes to; those below
have one amount each. European files write amounts with a comma, and days first.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from bot.connectors.files import amazon
from bot.connectors.files.records import Shape, records
from bot.connectors.files.values import (
    LONGEST_TEXT,
    BadValue,
    Rejected,
    amount,
    currency,
    moment,
    short,
    text,
)
from domain.money import Money, exponent
from domain.payouts.model import LineDraft, LineKind, Origin, SettlementDraft

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.connectors.files.progress import Progress
    from bot.connectors.files.sniffing import Source

#: What only a settlement's first row has, and holds for all of its rows.
_SHARED = (
    "settlement-start-date",
    "settlement-end-date",
    "deposit-date",
    "total-amount",
    "currency",
)
_REASON = "reason"
_DAY_FIRST = re.compile(r"(\d\d)\.(\d\d)\.(\d{4})(.*)")
_SIGNED = re.compile(r"(-?)(\d+)(?:[.,](\d+))?", re.ASCII)
_GIVEN_BACK = ("refund", "chargeback", "guarantee")


@dataclass(slots=True)
class _Seen:
    """What the file has told so far: settlements by id, and how often each line stood in it."""

    settlements: dict[str, SettlementDraft] = field(default_factory=dict)
    shared: dict[str, dict[str, str]] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)


def read(
    source: Source, progress: Progress
) -> Iterator[tuple[SettlementDraft, LineDraft | None] | Rejected]:
    """Yield each line with its settlement, and each settlement once without."""
    shape = Shape(
        key="settlement-id", quoted=source.delimiter != "\t", ragged=True, encoding="cp1252"
    )
    columns = [column.strip().lower() for column in source.header]
    seen = _Seen()
    for number, record in enumerate(records(source, shape, progress), start=2):
        if not any(cell.strip() for cell in record.cells):
            continue
        row = dict(zip(columns, record.cells, strict=False))
        try:
            yield _told(seen, row, record.trouble)
        except BadValue as bad:
            # With what its settlement's first row says, so that it can be imported by itself.
            known = seen.shared.get(row.get("settlement-id", "").strip(), {})
            whole = {name: row.get(name, "").strip() or known.get(name, "") for name in columns}
            raw = (
                dict(zip(source.header, whole.values(), strict=True))
                if len(record.cells) == len(columns)
                else record.cells
            )
            yield Rejected(number, raw, f"row {number}: {bad}")
    progress.handed_out(1)


def _told(
    seen: _Seen, row: dict[str, str], trouble: str | None
) -> tuple[SettlementDraft, LineDraft | None]:
    if trouble:
        raise BadValue(trouble)
    reference = text(row.get("settlement-id")) or _refuse("settlement-id is empty")
    if reference not in seen.settlements:
        seen.settlements[reference] = _settlement(reference, row)
        seen.shared[reference] = {name: row.get(name, "") for name in _SHARED}
    settlement = seen.settlements[reference]
    if text(row.get("amount")) is None and text(row.get("transaction-type")) is None:
        return settlement, None
    return settlement, _line(seen, settlement, row)


def _settlement(reference: str, row: dict[str, str]) -> SettlementDraft:
    code = currency(row.get("currency"))
    ended_at = _moment(row, "settlement-end-date")
    if code is None or ended_at is None:
        _refuse(
            "the first row of its settlement, which has its currency and settlement-end-date, "
            "is missing"
        )
    return SettlementDraft(
        provider=amazon.PROVIDER,
        reference=_checked(reference, "settlement-id"),
        origin=Origin.REPORT,
        currency=code,
        ended_at=ended_at,
        total=_money(row, "total-amount", code),
        started_at=_moment(row, "settlement-start-date"),
        paid_at=_moment(row, "deposit-date"),
    )


def _line(seen: _Seen, settlement: SettlementDraft, row: dict[str, str]) -> LineDraft:
    code = currency(row.get("currency")) or settlement.currency
    money = _money(row, "amount", code) or _refuse("amount is empty")
    order = text(row.get("order-id"))
    what = [
        text(row.get(name)) for name in ("transaction-type", "amount-type", "amount-description")
    ]
    return LineDraft(
        key=_key(seen, row),
        kind=_kind(row, order),
        what=" · ".join(dict.fromkeys(one for one in what if one))[:LONGEST_TEXT],
        money=money,
        payment=_checked(order, "order-id") if order else None,
        posted_at=_moment(row, "posted-date-time") or _moment(row, "posted-date"),
    )


def _key(seen: _Seen, row: dict[str, str]) -> str:
    """Name a line, which Amazon does not: by what it says, and the how manieth like it it is."""
    said = [
        f"{name}={cell.strip()}"
        for name, cell in sorted(row.items())
        if cell.strip() and name not in (*_SHARED, _REASON)
    ]
    digest = hashlib.blake2b("\t".join(said).encode(), digest_size=12).hexdigest()
    seen.times[digest] += 1
    return f"{digest}:{seen.times[digest]}"


def _kind(row: dict[str, str], order: str | None) -> LineKind:
    transaction, kind, description = (
        (row.get(name) or "").strip().lower()
        for name in ("transaction-type", "amount-type", "amount-description")
    )
    if order is None:
        return LineKind.OTHER
    if "withheld" in kind or description.startswith("marketplacefacilitator"):
        return LineKind.TAX
    if "fee" in kind:
        return LineKind.FEE
    if kind in ("itemprice", "promotion"):
        back = any(word in transaction for word in _GIVEN_BACK)
        return LineKind.REFUND if back else LineKind.SALE
    return LineKind.OTHER


def _money(row: dict[str, str], name: str, code: str) -> Money | None:
    written = text(row.get(name))
    if written is None:
        return None
    found = _SIGNED.fullmatch(written)
    if not found:
        _refuse(f"{name} “{short(written)}” is not a plain number like -12.50")
    sign, whole, fraction = found.groups()
    if len((fraction or "").rstrip("0")) > exponent(code):
        _refuse(f"{name} “{short(written)}” has too many decimals for {code}")
    minor = amount(f"{whole}.{fraction}" if fraction else whole, code, name) or 0
    return Money(-minor if sign else minor, code)


def _moment(row: dict[str, str], name: str) -> datetime | None:
    written = row.get(name) or ""
    if found := _DAY_FIRST.fullmatch(written.strip()):
        day, month, year, rest = found.groups()
        written = f"{year}-{month}-{day}{rest}"
    return moment(written, name, zone=UTC)


def _checked(written: str, name: str) -> str:
    if len(written) > LONGEST_TEXT:
        _refuse(f"the {name} is longer than {LONGEST_TEXT} characters")
    return written


def _refuse(reason: str) -> NoReturn:
    raise BadValue(reason)
