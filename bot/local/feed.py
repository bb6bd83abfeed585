"""Who is told when something changes: open pages, and code that waits for a condition."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from bot.local.errors import Node

Found = TypeVar("Found")
#: An event's name and its data as JSON; None when the server is closing.
Told = tuple[str, str] | None


class Feed:
    """Fans changes out to subscribers, each of whom looks as one person."""

    def __init__(self) -> None:
        self._queues: dict[asyncio.Queue[Told], str] = {}
        self._changed = asyncio.Event()
        self._closed = False

    def tell(self, event: str, view: Callable[[str], Node | None]) -> None:
        """Send every subscriber what `view` shows to that person; None is not for them."""
        for queue, person in self._queues.items():
            if (data := view(person)) is not None:
                queue.put_nowait((event, json.dumps(data)))
        self.wake()

    def wake(self) -> None:
        """Let everyone who waits look again."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    @asynccontextmanager
    async def subscribe(self, person: str) -> AsyncIterator[asyncio.Queue[Told]]:
        """Queue what changes for the person while the block runs."""
        queue: asyncio.Queue[Told] = asyncio.Queue()
        if self._closed:
            queue.put_nowait(None)
        self._queues[queue] = person
        try:
            yield queue
        finally:
            del self._queues[queue]

    async def until(self, predicate: Callable[[], Found], timeout: float) -> Found:  # noqa: ASYNC109 -- callers state a limit in seconds, as with `asyncio.wait_for`
        """Return the predicate's first true value, looking again after every change.

        Raises:
            TimeoutError: it stayed false for `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                while not (found := predicate()):
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(f"Nothing in {timeout} s made {predicate!r} true.") from None
        return found

    def close(self) -> None:
        """End every subscription, now and from now on."""
        self._closed = True
        for queue in self._queues:
            queue.put_nowait(None)
