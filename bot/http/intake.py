"""Keeping partners' messages: those that arrive at about the same time, in one unit of work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.exc import InterfaceError, OperationalError

from domain import inbox, merchants
from domain.inbox import Message
from domain.store import Store

#: So many rows take a few milliseconds, which nobody behind them notices.
_MOST = 250
_Waiting = tuple[Message, asyncio.Future[bool]]


class Intake:
    """Gathers a source's messages while those before them are kept, and answers after the commit.

    A commit costs far more than a row, and on SQLite only one can write at a time. A message
    that the database does not take is kept from nobody else: the batch is tried in halves.
    """

    def __init__(
        self, store: Store, source: str, now: Callable[[], datetime], *, together: bool
    ) -> None:
        self._store = store
        self._source = source
        self._now = now
        self._together = together
        self._gathered: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None
        self._merchant_id: int | None = None

    async def keep(self, message: Message) -> bool:
        """Keep a message; returns False if it came before. Raises what the database does."""
        kept = asyncio.get_running_loop().create_future()
        self._gathered.append((message, kept))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        # Messages share the write: a sender that hangs up must not undo it for the others.
        return await asyncio.shield(kept)

    async def _write(self) -> None:
        while self._gathered:
            batch, self._gathered = self._gathered[:_MOST], self._gathered[_MOST:]
            await self._keep(batch)

    async def _keep(self, batch: Sequence[_Waiting]) -> None:
        try:
            new = set(await self._kept([message for message, _ in batch]))
        except Exception as error:  # noqa: BLE001 — each sender is answered with what it was
            away = isinstance(error, (OperationalError, InterfaceError, OSError))
            if away or len(batch) == 1:
                for _, kept in batch:
                    kept.set_exception(error)
                return
            middle = len(batch) // 2
            await self._keep(batch[:middle])
            await self._keep(batch[middle:])
            return
        for message, kept in batch:
            kept.set_result(message.reference in new)
            new.discard(message.reference)

    async def _kept(self, messages: Sequence[Message]) -> frozenset[str]:
        now = self._now()
        if self._merchant_id is None:
            async with self._store.across(write=True) as session:
                self._merchant_id = (await merchants.sole(session, now)).id
        async with self._store.write(self._merchant_id, now=now, actor=self._source) as work:
            return await inbox.keep_all(work, self._source, messages, together=self._together)
