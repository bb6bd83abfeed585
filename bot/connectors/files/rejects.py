"""Write down what could not be read, so that it can be put right and imported again."""

from __future__ import annotations

import csv
import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bot.connectors.files.sniffing import Format, UnreadableFile

if TYPE_CHECKING:
    from types import TracebackType

    from bot.connectors.files.sniffing import Source
    from bot.connectors.files.values import Rejected

_REASON = "reason"


class RejectedFile:
    """A `.rejected.csv` beside the file, made once there is something to put into it.

    A table keeps its columns, delimiter and mapped encoding, so that it can be put right and
    imported the same way; it gets one more column, `reason`. Anything else becomes the two
    columns `order` (JSON) and `reason`. Where the file's folder can't be written to, the
    current one is taken. `path` is None while nothing was rejected.
    """

    def __init__(self, source: Source) -> None:
        self.path: Path | None = None
        self.count = 0
        self._source = source
        # A file that was rejected before has its reasons already.
        again = source.header[-1:] == (_REASON,)
        self._header = source.header[:-1] if again else source.header
        self._open = ExitStack()
        self._writer: Any = None

    def add(self, rejected: Rejected) -> None:
        """Write one row down; raises `UnreadableFile` if no folder can be written to."""
        if self._writer is None:
            self._start()
        self.count += 1
        self._writer.writerow(self._cells(rejected))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def _start(self) -> None:
        beside = self._source.path.resolve().parent
        for folder in (beside, Path.cwd()):
            path = folder / _name(self._source.path.resolve())
            try:
                stream = path.open("w", encoding=self._encoding, errors="replace", newline="")
            except OSError:
                continue
            self.path = path
            self._writer = csv.writer(self._open.enter_context(stream), delimiter=self._delimiter)
            self._writer.writerow([*(self._header or ("order",)), _REASON])
            return
        raise UnreadableFile(
            f"Rejected rows can't be written beside {self._source.path.name} nor in the "
            "current folder. Start the import from a folder you may write to."
        )

    @property
    def _encoding(self) -> str:
        sniffed = self._source.encoding in {"utf-8-sig", "utf-16"}
        return "utf-8" if sniffed else self._source.encoding

    @property
    def _delimiter(self) -> str:
        # Amazon's reports know no quoting, which a value with a tab in it would need.
        unquoted = self._source.format in {Format.AMAZON_REPORT, Format.AMAZON_SETTLEMENT}
        return "," if unquoted else self._source.delimiter

    def _cells(self, rejected: Rejected) -> list[str]:
        raw = rejected.raw
        header = self._header
        if not header:
            order = json.dumps(raw, ensure_ascii=False, default=str) if raw else ""
            return [order, rejected.reason]
        cells = [raw[column] for column in header] if isinstance(raw, dict) else list(raw)
        # A row with too many values can't be told apart by column: its rest shares one.
        if len(cells) > len(header):
            cells = [
                *cells[: len(header) - 1],
                self._source.delimiter.join(cells[len(header) - 1 :]),
            ]
        return [*cells, *[""] * (len(header) - len(cells)), rejected.reason]


def _name(path: Path) -> str:
    stem = path.stem if path.suffix.lower() == ".csv" else path.name
    return f"{stem}.rejected.csv"
