"""Bursts: partners' messages and new orders, one a commit or many together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from itertools import count

from sqlalchemy import select

from bench.databases import NOW, Databases, Place
from bench.samples import orders
from bench.tables import Table, medians, ms, rate, seconds, times
from bot.http.intake import Intake
from domain import inbox
from domain.inbox import Message
from domain.orders import arrivals
from domain.orders.intake import OrderDraft
from domain.orders.model import Order, State
from domain.orders.service import receive

_MESSAGES, _SENDERS, _SOURCE = 2_000, 50, "bench"
_ORDERS, _PAGE = 5_000, 100
_BODY = '{"result": {"tracking_code": "1Z999AA10123456784", "status": "in_transit"}}'
_Keep = Callable[[Message], Awaitable[object]]


async def run(databases: Databases) -> list[Table]:
    """Have messages and new orders come in, on each kind of database."""
    return [await _messages(databases), await _arrivals(databases)]


async def _messages(databases: Databases) -> Table:
    """Have senders each wait for an answer before their next message."""
    table = Table((f"{_MESSAGES:,} messages, {_SENDERS} senders", "kept", "of one a commit"))
    for kind in databases.kinds:
        async with databases.place(kind) as place:
            await _keep(place, table)
    return table


async def _keep(place: Place, table: Table) -> None:
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


async def _arrivals(databases: Databases) -> Table:
    """Have new orders come in that wait for confirmation, and read the card of them all."""
    table = Table((f"{_ORDERS:,} new orders", "taken in", "of one a commit", "their card"))
    for kind in databases.kinds:
        async with databases.place(kind) as place:
            await _arrive(place, table)
    return table


async def _arrive(place: Place, table: Table) -> None:
    new = [
        replace(draft, state=State.PENDING, parcels=(), ship_by=draft.deliver_by)
        for draft in orders(_ORDERS)
    ]
    alone = await seconds(partial(_receive, place, new[:_PAGE], 1)) / _PAGE
    each = await seconds(partial(_receive, place, new, _PAGE)) / _ORDERS
    card = await medians({"card": partial(_card, place)}, rounds=5)
    table.add(f"{place.kind}, one a commit", rate(1, alone), times(1, 1), "")
    table.add(f"{place.kind}, {_PAGE} a page", rate(1, each), times(alone, each), ms(card["card"]))


async def _receive(place: Place, new: list[OrderDraft], at_once: int) -> None:
    for start in range(0, len(new), at_once):
        async with place.store.write(place.merchant_id, now=NOW, actor="bench") as work:
            await receive(work, new[start : start + at_once], source="bench", announce=True)


async def _card(place: Place) -> None:
    async with place.store.read(place.merchant_id) as session:
        arrival_id = await session.scalar(select(Order.arrival_id).limit(1))
        await arrivals.card(session, arrival_id or 0, NOW)
