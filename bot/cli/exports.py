"""The record as CSV, for finance, and as JSON Lines, for programs that check it themselves."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import IO, Any

from domain.money import Money
from domain.record import Entry, canonical

#: Takes an event and the number of its order.
Write = Callable[[Entry, str | None], None]

_HEADER = (
    "position",
    "event_id",
    "at",
    "actor",
    "kind",
    "subject",
    "subject_id",
    "order_number",
    "why",
    "policy",
    "policy_version",
    "amount",
    "currency",
    "details",
    "digest",
)

#: Data with a column of its own.
_COLUMNS = ("policy", "policy_version", "amount", "currency")

#: What a spreadsheet would take for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(stream: IO[str]) -> Write:
    """Write the header; returns what writes a row: amounts in major units, details as JSON."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_HEADER)

    def write(entry: Entry, order_number: str | None) -> None:
        facts, data = entry.facts, entry.data
        rest = {key: value for key, value in data.items() if key not in _COLUMNS}
        row = (
            entry.position,
            entry.id,
            facts["at"],
            entry.actor,
            entry.kind,
            entry.subject,
            entry.subject_id,
            order_number,
            entry.why,
            data.get("policy"),
            data.get("policy_version"),
            _major(data),
            data.get("currency"),
            canonical(rest) if rest else None,
            entry.digest,
        )
        writer.writerow([_inert(cell) for cell in row])

    return write


def as_json_lines(stream: IO[str]) -> Write:
    """Return what writes an event as a line: all that its seal covers, and beside it the rest."""

    def write(entry: Entry, order_number: str | None) -> None:
        line = {**entry.facts, "order_number": order_number, "digest": entry.digest}
        stream.write(f"{json.dumps(line, separators=(',', ':'))}\n")

    return write


FORMATS: Mapping[str, Callable[[IO[str]], Write]] = {"csv": as_csv, "jsonl": as_json_lines}


def _major(data: Mapping[str, Any]) -> Decimal | None:
    amount, currency = data.get("amount"), data.get("currency")
    if isinstance(amount, int) and isinstance(currency, str):
        return Money(amount, currency).decimal
    return None


def _inert(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
