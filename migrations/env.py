"""Runs the revisions: on the connection that Deskhand hands over, or for `alembic` itself."""

from __future__ import annotations

import asyncio
from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.engine import Connection

from bot.config import Config
from domain.store import Store
from domain.tables import Id, Utc
from migrations.metadata import metadata


def _render(kind: str, item: Any, _autogenerate: AutogenContext) -> str | bool:
    """Write the types of `migrations.columns`: a revision must not change with the code."""
    if kind != "type":
        return False
    if isinstance(item, Utc):
        return "TIME"
    if isinstance(item, sa.Enum):
        return "WORD"
    if item is Id:
        return "ID"
    if isinstance(item, sa.JSON):
        return "JSON"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        # Both databases undo changes of tables with everything else.
        transactional_ddl=True,
        render_item=_render,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run_alone() -> None:
    store = Store(Config.load().database_url)
    async with store.engine.connect() as connection:
        await connection.run_sync(_run)
        await connection.commit()
    await store.close()


if "connection" in context.config.attributes:
    _run(context.config.attributes["connection"])
else:
    asyncio.run(_run_alone())
