"""Group what belongs together without holding a file in memory."""

from __future__ import annotations

import itertools
import json
import sqlite3
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH = 500


@contextmanager
def scratch() -> Iterator[sqlite3.Connection]:
    """Open a database that SQLite keeps on disk and removes itself.

    An empty name is SQLite's "temporary on-disk database"; its pages stay within a cache
    of 4 MB, the rest goes to a file that nobody else can see.
    """
    with closing(sqlite3.connect("", check_same_thread=False)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -4096")
        database.execute("PRAGMA temp_store = FILE")
        yield database


class Spill:
    """Takes things by key in any order, gives them back by key in order of appearance."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._waiting: list[tuple[str, int, str]] = []
        database.execute("CREATE TABLE keys (id INTEGER PRIMARY KEY, key TEXT UNIQUE)")
        database.execute("CREATE TABLE things (key TEXT, position INTEGER, thing TEXT)")

    def add(self, key: str, position: int, thing: Any) -> None:
        """Put a JSON-shaped thing away; decimals come back as text."""
        self._waiting.append((key, position, json.dumps(thing, default=_plain)))
        if len(self._waiting) >= _BATCH:
            self._flush()

    def groups(self) -> Iterator[tuple[float, list[tuple[int, Any]]]]:
        """Yield the share done (0 to 1) and all things of one key with their positions."""
        self._flush()
        self._database.execute("CREATE INDEX by_key ON things (key, position)")
        keys = self._database.execute("SELECT count(*) FROM keys").fetchone()[0]
        rows = self._database.execute(
            "SELECT k.id, t.position, t.thing FROM keys k CROSS JOIN things t ON t.key = k.key"
            " ORDER BY k.id, t.position"
        )
        groups = itertools.groupby(rows, key=lambda row: row[0])
        for done, (_, group) in enumerate(groups, start=1):
            yield done / keys, [(position, json.loads(thing)) for _, position, thing in group]

    def _flush(self) -> None:
        self._database.executemany(
            "INSERT OR IGNORE INTO keys (key) VALUES (?)", [(key,) for key, _, _ in self._waiting]
        )
        self._database.executemany("INSERT INTO things VALUES (?, ?, ?)", self._waiting)
        self._waiting.clear()


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} is not JSON-shaped")
