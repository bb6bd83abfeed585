"""Hearing of new jobs at once, whichever process enqueued them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from asyncpg import InterfaceError, PostgresError
from sqlalchemy.exc import SQLAlchemyError

from domain.jobs import NOTICE
from domain.store import Store

log = logging.getLogger(__name__)

RECONNECT_SECONDS = 5.0


@asynccontextmanager
async def listening(store: Store, wake: Callable[[], None]) -> AsyncGenerator[None]:
    """Call `wake` whenever PostgreSQL tells of new jobs; SQLite tells nobody, so it is polled."""
    if store.is_sqlite:
        yield
        return
    task = asyncio.create_task(_listen_on(store, wake), name="listening for jobs")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _listen_on(store: Store, wake: Callable[[], None]) -> None:
    while True:
        try:
            await _listen(store, wake)
        except (SQLAlchemyError, OSError) as error:
            log.warning("Not told of new jobs (%s), so they are polled.", type(error).__name__)
        await asyncio.sleep(RECONNECT_SECONDS)


async def _listen(store: Store, wake: Callable[[], None]) -> None:
    """Listen until the server closes the connection."""
    closed = asyncio.Event()

    def heard(*_: Any) -> None:
        wake()

    async with store.engine.connect() as connection:
        # A transaction left open would hold back the server's clean-up.
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        driver: Any = (await connection.get_raw_connection()).driver_connection
        driver.add_termination_listener(lambda _: closed.set())
        await driver.add_listener(NOTICE, heard)
        try:
            # What came before was heard by nobody.
            wake()
            await closed.wait()
        finally:
            # It may be cut at this very moment: then nobody hears anything on it either.
            with suppress(PostgresError, InterfaceError, OSError):
                if not driver.is_closed():
                    await driver.remove_listener(NOTICE, heard)
