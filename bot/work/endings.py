"""Writing down that jobs are done: those that end at about the same time, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from domain import jobs
from domain.jobs import Claim
from domain.store import Store


class Endings:
    """Gathers the jobs that end while the ones before them are written down.

    A transaction costs far more than a row, and on SQLite only one can write at a time.
    """

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._writing = asyncio.Lock()
        self._gathered: list[Claim] = []
        self._written: asyncio.Task[set[int]] | None = None

    async def done(self, claim: Claim) -> bool:
        """Write a job down as done; False if another worker holds it by now."""
        if not self._gathered or self._written is None:
            self._written = asyncio.create_task(self._write())
        self._gathered.append(claim)
        # Jobs share the write, so one that is cut off must not undo it for the others.
        return claim.id in await asyncio.shield(self._written)

    async def settle(self) -> None:
        """Wait for the write that may be under way."""
        if self._written is not None:
            await asyncio.wait([self._written])

    async def _write(self) -> set[int]:
        async with self._writing:
            claims, self._gathered = self._gathered, []
            async with self._store.across(write=True) as session:
                return await jobs.finish(session, claims, self._now())
