"""Whether the database can be used, asked before anything is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from domain.store import Store, StoreUnavailable


async def check(store: Store) -> None:
    """Raise `StoreUnavailable` with what to do unless the database can be used."""
    path = store.url.database
    if store.is_sqlite and path and path != ":memory:":
        _check_file(Path(path))
    await store.check()


def _check_file(path: Path) -> None:
    # The asynchronous driver's thread outlives a file that it can't open, and complains.
    folder = path.resolve().parent
    if not folder.is_dir():
        raise StoreUnavailable(
            f"DATABASE_URL names {path}, but there is no folder {folder}. Make it, or set "
            "DATABASE_URL to a file in another one."
        )
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA schema_version")
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable(
            f"DATABASE_URL names {path}, which can't be used: {error}. Check that it is a "
            "database of Deskhand's and that this user may write there."
        ) from None
