"""`deskhand …` as a process with an environment and a folder of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

COMMAND = str(Path(sys.executable).with_name("deskhand"))
#: Far more than any step takes, even where many tests share few processors.
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Said:
    """How a process ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


@dataclass
class Running:
    """A process under way, and what it has written so far."""

    process: Process
    out: str = ""
    err: str = ""
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _readers: list[asyncio.Task[None]] = field(default_factory=list)

    def listen(self) -> None:
        """Begin to take down what the process writes."""
        self._readers = [asyncio.create_task(self._read(name)) for name in ("out", "err")]

    async def says(self, pattern: str, *, times: int = 1) -> re.Match[str]:
        """Wait until so many places of what it wrote match, and return the last of them."""
        async with asyncio.timeout(_PATIENCE):
            while len(found := list(re.finditer(pattern, self.out + self.err))) < times:
                assert not all(reader.done() for reader in self._readers), self.err or "it ended"
                self._news.clear()
                await self._news.wait()
        return found[times - 1]

    async def address(self) -> str:
        """Wait until it says where it listens."""
        return (await self.says(r"http://localhost:\d+")).group()

    async def ended(self, within: float = _PATIENCE) -> Said:
        """Wait for its end."""
        async with asyncio.timeout(within):
            code = await self.process.wait()
            await asyncio.gather(*self._readers)
        return Said(code, self.out, self.err)

    async def stop(self, number: int = signal.SIGTERM, within: float = _PATIENCE) -> Said:
        """Send it a signal and wait for its end."""
        self.process.send_signal(number)
        return await self.ended(within)

    async def _read(self, name: str) -> None:
        stream: asyncio.StreamReader = getattr(self.process, f"std{name}")
        async for line in stream:
            setattr(self, name, getattr(self, name) + line.decode())
            self._news.set()
        self._news.set()


@dataclass(frozen=True, slots=True)
class Deskhand:
    """The command in one folder; keywords are environment variables on top of its own."""

    folder: Path
    environment: dict[str, str]

    async def __call__(self, *args: str, **environment: str) -> Said:
        """Run a command to its end."""
        async with self.start(*args, **environment) as running:
            return await running.ended()

    @asynccontextmanager
    async def start(self, *args: str, **environment: str) -> AsyncGenerator[Running]:
        """Have a command run meanwhile; what still runs at the end is killed."""
        process = await asyncio.create_subprocess_exec(
            COMMAND,
            *args,
            cwd=self.folder,
            # Nothing of the environment of whoever runs the tests.
            env={"PATH": os.defpath, **self.environment, **environment},
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
        )
        running = Running(process)
        running.listen()
        try:
            yield running
        finally:
            if process.returncode is None:
                process.kill()
            await running.ended()


async def true(condition: Callable[[], object]) -> None:
    """Wait until a condition holds that nothing tells of."""
    async with asyncio.timeout(_PATIENCE):
        while not condition():  # noqa: ASYNC110 — nothing could set an event
            await asyncio.sleep(0.05)


async def get(url: str) -> tuple[int, str]:
    """Look at an address."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()
