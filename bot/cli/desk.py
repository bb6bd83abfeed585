"""What commands work on: the database as configured, migrated, for the one merchant there is."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot import database, migrate
from bot.config import Config
from domain import merchants
from domain.store import CONSOLE, Store, Work
from handlers.alerts import route


@dataclass(frozen=True, slots=True)
class Desk:
    """The sole merchant's rows, for somebody at the console."""

    store: Store
    merchant_id: int

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a read-only look."""
        return self.store.read(self.merchant_id)

    def write(self, actor: str = CONSOLE) -> AbstractAsyncContextManager[Work]:
        """Open a unit of work, now."""
        return self.store.write(self.merchant_id, now=utc_now(), actor=actor)


@asynccontextmanager
async def desk() -> AsyncGenerator[Desk]:
    """Open the database of the environment, on an empty one make its tables first.

    Raises:
        Misconfigured, StoreUnavailable, SchemaNewer: it can't be used.
    """
    async with configured_store() as store:
        await migrate.upgrade(store)
        async with store.across(write=True) as session:
            merchant = await merchants.sole(session, utc_now())
        yield Desk(store, merchant.id)


@asynccontextmanager
async def configured_store() -> AsyncGenerator[Store]:
    """Open the database of the environment as it is."""
    store = Store(Config.load().database_url, alerts=route)
    try:
        await database.check(store)
        yield store
    finally:
        await store.close()


def utc_now() -> datetime:
    """Return the present moment, aware."""
    return datetime.now(UTC)
