"""Asking partners no more often than they allow, whichever replica asks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Protocol

from domain import merchants, rates
from domain.rates import Limit
from domain.sources import SourceBusy
from domain.store import WORKER, Store, Work


class Gate(Protocol):
    """What a connector asks before, and tells after, each of its requests."""

    async def enter(self, limit: Limit) -> None:
        """Let one request pass; raises `SourceBusy` if it has to wait."""

    async def refused(self, limit: Limit) -> timedelta:
        """Note that the partner says it was too many; returns how long to wait."""

    async def told(self, limit: Limit, rate: float) -> None:
        """Note the rate that an answer names."""


class Pace:
    """The gate of the merchant whose credentials the desk has; its tokens are in the database."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._rates: dict[str, float] = {}
        self._turns: dict[str, datetime] = {}
        self._merchants: list[int] = []

    def _turn(self, limit: Limit, wait: timedelta) -> timedelta:
        """Give each who has to wait a turn of its own: a thousand at once would all come back."""
        now = self._now()
        turn = max(self._turns.get(limit.name, now), now + wait)
        self._turns[limit.name] = turn + timedelta(
            seconds=1 / self._rates.get(limit.name, limit.rate)
        )
        return turn - now

    async def enter(self, limit: Limit) -> None:
        """See `Gate`."""
        async with self.work() as work:
            wait = await rates.draw(work, limit)
        if wait is not None:
            raise SourceBusy(self._turn(limit, wait))

    async def refused(self, limit: Limit) -> timedelta:
        """See `Gate`."""
        async with self.work() as work:
            return await rates.empty(work, limit)

    async def told(self, limit: Limit, rate: float) -> None:
        """See `Gate`."""
        if self._rates.get(limit.name) == rate or rate <= 0:
            return
        async with self.work() as work:
            await rates.learn(work, limit, rate)
        self._rates[limit.name] = rate

    @asynccontextmanager
    async def work(self, actor: str = WORKER) -> AsyncGenerator[Work]:
        """Open a unit of work for the merchant whose partners these are."""
        if not self._merchants:
            async with self._store.across(write=True) as session:
                self._merchants.append((await merchants.sole(session, self._now())).id)
        async with self._store.write(self._merchants[0], now=self._now(), actor=actor) as work:
            yield work
