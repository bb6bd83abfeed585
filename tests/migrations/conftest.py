"""Databases without any table, of both kinds."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from domain.store import Store


@pytest.fixture
async def empty_postgresql_url(migrated_database: str, postgresql_server: str) -> str:
    """The URL of an empty PostgreSQL database, opened by a role that is no superuser."""
    name = f"empty_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    role = make_url(migrated_database).username
    server = make_url(postgresql_server).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        await connection.execute(text(f"CREATE DATABASE {name} OWNER {role}"))
    await engine.dispose()
    return make_url(migrated_database).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database without tables: the test runs on both kinds."""
    return str(request.getfixturevalue(f"empty_{request.param}_url"))


@pytest.fixture
async def empty_store(empty_url: str) -> AsyncIterator[Store]:
    """A store on a database without tables: the test runs on both kinds."""
    store = Store(empty_url)
    yield store
    await store.close()
