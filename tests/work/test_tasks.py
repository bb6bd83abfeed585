"""What a process does beside answering, started and stopped together."""

from __future__ import annotations

import asyncio

import pytest

from bot.work.tasks import Tasks


class Round:
    """A loop that notes when it begins and ends."""

    def __init__(self, name: str, diary: list[str]) -> None:
        self._name = name
        self._diary = diary
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        self._diary.append(f"{self._name} begins")
        await self._stopped.wait()
        self._diary.append(f"{self._name} ends")

    def stop(self) -> None:
        self._stopped.set()


class Broken(Round):
    """A loop that does not go on."""

    async def run(self) -> None:
        raise RuntimeError(self._name)


async def test_what_started_last_has_ended_before_what_it_needs_stops() -> None:
    diary: list[str] = []
    tasks = Tasks({name: Round(name, diary) for name in ("worker", "clock", "queue")})
    assert tasks.alive() == {"worker": False, "clock": False, "queue": False}
    async with tasks.running():
        assert tasks.alive() == {"worker": True, "clock": True, "queue": True}
    assert diary == [
        "worker begins",
        "clock begins",
        "queue begins",
        "queue ends",
        "clock ends",
        "worker ends",
    ]
    assert not any(tasks.alive().values())


async def test_one_that_broke_is_told_of_and_the_others_still_stop() -> None:
    diary: list[str] = []
    tasks = Tasks({"worker": Round("worker", diary), "clock": Broken("clock", diary)})
    with pytest.raises(RuntimeError, match="clock"):
        async with tasks.running():
            pass
    assert diary == ["worker begins", "worker ends"]
