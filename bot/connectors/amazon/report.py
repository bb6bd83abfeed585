"""Amazon's report on a feed, line by line.

A summary that counts records, an empty line, then a table of those with errors. A record's
number counts the lines below the names of the columns from 1, and 0 is the file as a whole:
https://sellercentral.amazon.com/gp/help/external/201576740
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.refunds.payment import Entry, Verdict

_PROCESSED = re.compile(r"number of records processed\D*?(\d+)", re.IGNORECASE)
_SUCCESSFUL = re.compile(r"number of records successful\D*?(\d+)", re.IGNORECASE)
_UNCLEAR, _ACCEPTED = Verdict(None), Verdict(accepted=True)
#: Amazon's words go to a refund's card, which has a line for them.
_MOST_WORDS = 300


@dataclass(frozen=True, slots=True)
class _Fault:
    """A row of the table: its record's number, its item where it names one, and why."""

    record: int | None
    item: str | None
    words: str


def read(text: str, entries: Sequence[Entry]) -> list[Verdict]:
    """Return what the report says of each entry, in their order.

    What it does not clearly say is not guessed: where its counts and its rows do not agree
    with what was sent, the entries that it does not name are unclear.
    """
    processed, successful = _number(_PROCESSED, text), _number(_SUCCESSFUL, text)
    faults = list(_faults(text))
    if processed is None or successful is None:
        return [_UNCLEAR] * len(entries)
    if successful == 0 and faults:
        named = _named(faults, entries)
        return [_refused(named.get(index, faults[0].words)) for index in range(len(entries))]
    if processed != len(entries):
        # Of which file this is, nobody knows.
        return [_UNCLEAR] * len(entries)
    named = _named(faults, entries)
    clear = successful == len(entries) - len(named)
    return [
        _refused(named[index]) if index in named else _ACCEPTED if clear else _UNCLEAR
        for index in range(len(entries))
    ]


def _refused(words: str) -> Verdict:
    return Verdict(accepted=False, words=words)


def _named(faults: Sequence[_Fault], entries: Sequence[Entry]) -> Mapping[int, str]:
    """Return Amazon's words by the entries that they are about; those about none are left out."""
    once = Counter(entry.item for entry in entries)
    by_item = {entry.item: index for index, entry in enumerate(entries) if once[entry.item] == 1}
    found: dict[int, list[str]] = defaultdict(list)
    for fault in faults:
        index = by_item.get(fault.item or "")
        if index is None and fault.record is not None and 1 <= fault.record <= len(entries):
            index = fault.record - 1
        if index is not None and fault.words not in found[index]:
            found[index].append(fault.words)
    return {index: " ".join(words)[:_MOST_WORDS] for index, words in found.items()}


def _faults(text: str) -> Iterator[_Fault]:
    names: list[str] | None = None
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("\t")]
        if names is None:
            if "original-record-number" in cells:
                names = cells
            continue
        row = dict(zip(names, cells, strict=False))
        if not any(cells) or row.get("error-type", "").lower().startswith("warn"):
            continue
        record = row.get("original-record-number", "")
        yield _Fault(
            int(record) if record.isascii() and record.isdigit() else None,
            row.get("order-item-id"),
            _words(row),
        )


def _words(row: Mapping[str, str]) -> str:
    message = row.get("error-message") or "no reason given"
    code = row.get("error-code")
    return f"{message} ({code})" if code else message


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    return int(found[1]) if found else None
