"""The migrated database is the one that the code's tables describe."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.engine import Connection

from bot import migrate
from domain.complaints.model import Complaint, Target
from domain.store import Store
from migrations.metadata import metadata

#: A merchant with an acknowledged case, as revision 0001 keeps it.
_BEFORE_0004 = (
    "INSERT INTO merchants (id, name, created_at) VALUES (1, '', '2026-11-24 10:00:00+00:00')",
    """INSERT INTO orders (id, merchant_id, number, channel, state, currency, source, fingerprint,
    received_at) VALUES (1, 1, '1042', 'web', 'delivered', 'USD', 'test', 'f',
    '2026-11-24 10:00:00+00:00')""",
    """INSERT INTO complaints (merchant_id, order_id, state, level, text, opened_by, opened_at,
    acknowledged_by, acknowledged_at) VALUES (1, 1, 'acknowledged', 0, 'Cracked', 'U0ANA',
    '2026-11-24 10:00:00+00:00', 'U0BEN', '2026-11-24 11:00:00+00:00')""",
)

_INDEXES = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
}

_MERCHANT = "INSERT INTO merchants (id, name, created_at) VALUES (1, '', '2026-11-24 09:30:00')"
_EVENT = (
    "INSERT INTO events (merchant_id, kind, at, actor, subject, subject_id, data, position, digest)"
    " VALUES (1, 'OrderReceived', '2026-11-24 09:30:00', 'import', 'order', 1, '{}', 1, 'a')"
)


# SQLite does not describe an index of lower(sku); indexes are compared below.
@pytest.mark.filterwarnings("ignore:.*expression-based index")
async def test_migrating_makes_exactly_the_tables_of_the_code(empty_store: Store) -> None:
    await migrate.upgrade(empty_store)
    async with empty_store.engine.connect() as connection:
        differences = await connection.run_sync(_differences)
    assert differences == []


async def test_migrating_makes_exactly_the_indexes_of_the_code(empty_store: Store) -> None:
    await migrate.upgrade(empty_store)
    migrated = await _indexes(empty_store)
    await migrate.downgrade(empty_store, "base")
    async with empty_store.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    described = await _indexes(empty_store)
    assert {index for index in migrated if "alembic_version" not in index} == {
        index for index in described if "alembic_version" not in index
    }


async def test_going_down_takes_every_table_away(empty_store: Store) -> None:
    await migrate.upgrade(empty_store)
    assert await migrate.downgrade(empty_store, "base") == (migrate.head(), None)
    async with empty_store.engine.connect() as connection:
        left = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert left == ["alembic_version"]


async def test_the_log_survives_going_down_and_up_again(empty_store: Store) -> None:
    await migrate.upgrade(empty_store)
    async with empty_store.across(write=True) as session:
        await session.execute(text(_MERCHANT))
        await session.execute(text(_EVENT))
    before = await _indexes(empty_store)
    await migrate.downgrade(empty_store, "0001")
    async with empty_store.across() as session:
        assert (await session.execute(text("SELECT actor, data FROM events"))).one()[0] == "import"
    await migrate.upgrade(empty_store)
    async with empty_store.across() as session:
        kept = await session.execute(text("SELECT actor, position, digest FROM events"))
        assert kept.one() == ("import", None, None)
    assert await _indexes(empty_store) == before


async def test_a_case_from_before_goes_up_and_down_unharmed(empty_store: Store) -> None:
    await migrate.upgrade(empty_store)
    await migrate.downgrade(empty_store, "0001")
    async with empty_store.across(write=True) as session:
        for statement in _BEFORE_0004:
            await session.execute(text(statement))
    await migrate.upgrade(empty_store)
    async with empty_store.read(1) as session:
        [case] = await session.scalars(select(Complaint))
        assert (case.owner, case.category, case.severity) == ("U0BEN", "other", "normal")
        assert case.answered_at == case.acknowledged_at == datetime(2026, 11, 24, 11, tzinfo=UTC)
        # Reckoned from the upgrade: from its opening it would be over at once.
        clock = case.clock(Target.RESOLVE)
        assert clock
        assert clock.due_at - clock.started_at == timedelta(hours=72)
        assert clock.started_at > datetime(2026, 11, 24, 12, tzinfo=UTC)
    await migrate.downgrade(empty_store, "0001")
    async with empty_store.read(1) as session:
        assert await session.scalar(text("SELECT text FROM complaints")) == "Cracked"


async def test_migrating_says_from_where_to_where(empty_store: Store) -> None:
    assert await migrate.current(empty_store) is None
    assert await migrate.upgrade(empty_store) == (None, migrate.head())
    assert await migrate.upgrade(empty_store) == (migrate.head(), migrate.head())
    assert await migrate.current(empty_store) == migrate.head()


async def test_replicas_that_start_together_migrate_once(empty_url: str) -> None:
    stores = [Store(empty_url) for _ in range(4)]
    try:
        found = await asyncio.gather(*(migrate.upgrade(store) for store in stores))
    finally:
        for store in stores:
            await store.close()
    assert sorted(before or "" for before, _ in found) == ["", *[migrate.head()] * 3]


async def test_a_migration_that_fails_leaves_nothing_behind(empty_store: Store) -> None:
    def break_off(config: Config, revision: str) -> None:
        command.upgrade(config, revision)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await migrate._migrate(empty_store, break_off, migrate.head())
    assert await migrate.current(empty_store) is None
    async with empty_store.engine.connect() as connection:
        assert await connection.run_sync(lambda sync: inspect(sync).get_table_names()) == []


async def test_a_newer_schema_is_left_alone(empty_store: Store) -> None:
    await migrate.upgrade(empty_store)
    async with empty_store.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.SchemaNewer, match=r"newer Deskhand \(revision 9999\)"):
        await migrate.upgrade(empty_store)


async def test_a_migration_that_leaves_dangling_rows_is_undone(empty_sqlite_url: str) -> None:
    store = Store(empty_sqlite_url)
    await migrate.upgrade(store)
    async with store.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        await raw.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        await connection.execute(
            text("INSERT INTO lanes (merchant_id, name, free_at) VALUES (7, 'a', '2026-11-24')")
        )
        await connection.commit()
    with pytest.raises(migrate.BrokenReferences, match="rows of lanes"):
        await migrate.downgrade(store, migrate.head())
    await store.close()


async def test_references_are_enforced_after_migrating(empty_sqlite_url: str) -> None:
    store = Store(empty_sqlite_url)
    await migrate.upgrade(store)
    async with store.engine.connect() as connection:
        assert await connection.scalar(text("PRAGMA foreign_keys")) == 1
    await store.close()


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


async def _indexes(store: Store) -> set[str]:
    async with store.engine.connect() as connection:
        found = await connection.scalars(text(_INDEXES[connection.dialect.name]))
        return {re.sub(r"\s+", " ", one) for one in found}
