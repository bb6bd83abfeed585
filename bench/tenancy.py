"""Tenancy: the same query narrowed by the store, and narrowed by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from bench.databases import Databases
from bench.samples import BIG, fill
from bench.tables import Table, medians, ms, times
from domain.orders.model import Order
from domain.orders.surroundings import surroundings


async def run(databases: Databases) -> list[Table]:
    """Run a small and a large query both ways, in sessions that are open already."""
    table = Table(("one query", "narrowed by hand", "narrowed by the store", "ratio"))
    for kind in databases.kinds:
        async with databases.place(kind) as place:
            await fill(place, 1_000)
            own = place.merchant_id
            async with place.store.read(own) as narrowed, place.store.across() as free:
                for what, query in (
                    ("an order by its number", select(Order).where(Order.number == BIG)),
                    ("its whole card", select(Order, *surroundings()).where(Order.number == BIG)),
                ):
                    by_hand = query.where(Order.merchant_id == own)
                    taken = await medians(
                        {
                            "hand": partial(_first, free, by_hand),
                            "store": partial(_first, narrowed, query),
                        },
                        rounds=120,
                    )
                    hand, store = taken["hand"], taken["store"]
                    table.add(f"{kind}, {what}", ms(hand), ms(store), times(store, hand))
    table.note = "the card by hand names its merchant once, the store on each of its seven tables"
    return [table]


async def _first(session: AsyncSession, query: Select[*tuple[Any, ...]]) -> object:
    return (await session.execute(query)).first()
