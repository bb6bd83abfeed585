"""What a process does beside answering: loops that run until they are told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol


class Loop(Protocol):
    """What goes on until it is told to stop, such as the worker and the clock."""

    async def run(self) -> None:
        """Go on until `stop`."""

    def stop(self) -> None:
        """Let `run` return once what is under way is done or put back."""


class Tasks:
    """Runs loops side by side, each a task of its name."""

    def __init__(self, loops: Mapping[str, Loop]) -> None:
        self._loops = loops
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def alive(self) -> Mapping[str, bool]:
        """Return whether each is at work, by name; none is before it runs."""
        return {name: name in self._tasks and not self._tasks[name].done() for name in self._loops}

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Run them meanwhile; at the end they stop one after the other, the last one first."""
        async with AsyncExitStack() as stack:
            for name, loop in self._loops.items():
                self._tasks[name] = asyncio.create_task(loop.run(), name=name)
                stack.push_async_callback(self._end, name)
            yield

    async def _end(self, name: str) -> None:
        self._loops[name].stop()
        await self._tasks[name]
