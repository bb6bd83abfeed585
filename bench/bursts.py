"""Partners' messages: how fast they are kept, each in a commit of its own or together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count

from bench.databases import NOW, Databases, Place
from bench.tables import Table, rate, seconds, times
from bot.http.intake import Intake
from domain import inbox
from domain.inbox import Message

_MESSAGES, _SENDERS, _SOURCE = 2_000, 50, "bench"
_BODY = '{"result": {"tracking_code": "1Z999AA10123456784", "status": "in_transit"}}'
_Keep = Callable[[Message], Awaitable[object]]


async def run(databases: Databases) -> list[Table]:
    """Have senders each wait for an answer before their next message."""
    table = Table((f"{_MESSAGES:,} messages, {_SENDERS} senders", "kept", "of one a commit"))
    for kind in databases.kinds:
        async with databases.place(kind) as place:
            await _measure(place, table)
    return [table]


async def _measure(place: Place, table: Table) -> None:
    numbers = count(1)
    intake = Intake(place.store, _SOURCE, lambda: NOW, together=True)
    calls: dict[str, _Keep] = {
        "a commit each": partial(_alone, place),
        "what waits, together": intake.keep,
    }
    taken = {}
    for name, keep in calls.items():
        await keep(_message(next(numbers)))
        taken[name] = await seconds(partial(_send, keep, numbers))
    for name, one in taken.items():
        base = taken["a commit each"]
        table.add(f"{place.kind}, {name}", rate(_MESSAGES, one), times(base, one))


async def _send(keep: _Keep, numbers: count[int]) -> None:
    async def sender() -> None:
        for _ in range(_MESSAGES // _SENDERS):
            await keep(_message(next(numbers)))

    await asyncio.gather(*(sender() for _ in range(_SENDERS)))


async def _alone(place: Place, message: Message) -> None:
    async with place.store.write(place.merchant_id, now=NOW, actor="bench") as work:
        await inbox.keep_all(work, _SOURCE, [message], together=True)


def _message(number: int) -> Message:
    return Message(f"evt_{number}", _BODY)
