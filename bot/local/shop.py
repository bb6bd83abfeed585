"""The demo's shop window: somebody buys something now and then, and now and then it needs a look."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.local import world
from domain import merchants
from domain.orders.intake import OrderDraft
from domain.orders.service import receive
from domain.store import Store

SOURCE = "demo"


@dataclass(frozen=True, slots=True)
class Sale:
    """Orders that come in together, `after` so many seconds since those before."""

    after: float
    orders: int


_STORY = (Sale(8, 1), Sale(25, 4), Sale(60, 2))


def sales() -> Iterator[Sale]:
    """Give the demo's story, then an ordinary day for as long as one looks."""
    yield from _STORY
    yield from itertools.repeat(Sale(150, 1))


async def drive(store: Store, now: Callable[[], datetime]) -> None:
    """Have the orders come in, each in its time, until cancelled."""
    numbers = itertools.count(1101)
    for sale in sales():
        await asyncio.sleep(sale.after)
        await sell(store, now(), [world.sold(next(numbers), now()) for _ in range(sale.orders)])


async def sell(store: Store, now: datetime, orders: list[OrderDraft]) -> None:
    """Take in orders as a live source does."""
    async with store.across(write=True) as session:
        merchant_id = (await merchants.sole(session, now)).id
    async with store.write(merchant_id, now=now, actor=SOURCE) as work:
        await receive(work, orders, source=SOURCE, announce=True)
