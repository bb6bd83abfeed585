"""Bring the database's tables to what this code expects, once, whoever asks first."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

import migrations
from domain.errors import DeskhandError
from domain.store import Store

#: Any number will do, as long as every replica asks for the same one.
_LOCK = 0x0DE5_4A11D


class SchemaNewer(DeskhandError):
    """A later Deskhand has migrated the database."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database was migrated by a newer Deskhand (revision {revision}). "
            "Update Deskhand, or restore the backup from before that update."
        )


class BrokenReferences(DeskhandError):
    """A migration would leave rows that point at nothing; it was undone."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f"The migration would leave rows of {table} that point at nothing, so it was undone. "
            "Restore the last backup, or report this with the output of `deskhand migrate --debug`."
        )


def head() -> str:
    """Return the revision that this code expects."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


async def current(store: Store) -> str | None:
    """Return the revision of the database, None for an empty one.

    Raises:
        SchemaNewer: this code does not know the revision.
    """
    async with store.engine.connect() as connection:
        return await connection.run_sync(_known_revision)


async def upgrade(store: Store) -> tuple[str | None, str]:
    """Migrate to `head`; returns the revisions before and after.

    Safe to call from any number of processes at once: one migrates, the others wait. It
    happens in one transaction, so a migration that fails leaves nothing behind.

    Raises:
        SchemaNewer: this code does not know the revision of the database.
    """
    expected = head()
    before = await current(store)
    if before != expected:
        before = await _migrate(store, command.upgrade, expected)
    return before, expected


async def downgrade(store: Store, revision: str) -> tuple[str | None, str | None]:
    """Go back to a revision, `base` for empty; returns the revisions before and after."""
    before = await _migrate(store, command.downgrade, revision)
    return before, await current(store)


async def _migrate(store: Store, run: Callable[[Config, str], None], revision: str) -> str | None:
    async with _locked(store) as connection:
        return await connection.run_sync(_migrate_on, run, revision)


def _migrate_on(
    connection: Connection, run: Callable[[Config, str], None], revision: str
) -> str | None:
    before = _known_revision(connection)
    config = _config()
    config.attributes["connection"] = connection
    run(config, revision)
    return before


@asynccontextmanager
async def _locked(store: Store) -> AsyncGenerator[AsyncConnection]:
    """Open the one transaction that may change tables."""
    async with store.engine.connect() as connection:
        if not store.is_sqlite:
            async with connection.begin():
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                # Rows that a revision moves belong to every merchant.
                await connection.execute(text("SELECT set_config('deskhand.merchant', '*', true)"))
                yield connection
            return
        # SQLite changes a table by copying it and dropping the old one, which would take
        # along all rows that refer to it; the switch is without effect in a transaction.
        await _pragma(connection, "foreign_keys=OFF")
        try:
            await connection.execution_options(deskhand_write=True)
            async with connection.begin():
                yield connection
                broken = (await connection.execute(text("PRAGMA foreign_key_check"))).first()
                if broken:
                    raise BrokenReferences(broken[0])
        finally:
            await _pragma(connection, "foreign_keys=ON")


async def _pragma(connection: AsyncConnection, pragma: str) -> None:
    raw = await connection.get_raw_connection()
    cursor = await raw.driver_connection.execute(f"PRAGMA {pragma}")  # type: ignore[union-attr]
    await cursor.close()


def _known_revision(connection: Connection) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is not None:
        try:
            ScriptDirectory.from_config(_config()).get_revision(revision)
        except CommandError:
            raise SchemaNewer(revision) from None
    return revision


def _config() -> Config:
    config = Config()
    config.set_main_option(
        "script_location", str(Path(migrations.__file__).parent).replace("%", "%%")
    )
    config.set_main_option("path_separator", "os")
    return config
