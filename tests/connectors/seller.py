"""A desk that reads a seller's orders at an emulated Amazon, and tells it of parcels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot.connectors.amazon.client import Connection
from bot.connectors.amazon.events import LANE, Reading
from bot.connectors.amazon.orders import Orders
from bot.connectors.amazon.shipping import Shipping
from bot.connectors.files.amazon import CHANNEL
from bot.work.pace import Pace
from bot.work.shipments import Shipments
from bot.work.worker import Worker
from domain import inbox
from domain.jobs import Job
from domain.orders import queries
from domain.orders.views import OrderView
from domain.sources import Page
from domain.store import Store
from tests.connectors.amazon_emulator import ORDER
from tests.connectors.amazon_orders_emulator import Shop


@dataclass
class Seller:
    """A desk that reads a seller's orders, and a clock the test moves."""

    store: Store
    merchant: int
    amazon: Shop
    connection: Connection
    now: datetime

    def __post_init__(self) -> None:
        self.pace = Pace(self.store, self.time)
        self.orders = Orders(self.connection, self.pace)
        self.shipping = Shipping(self.connection, self.orders, self.pace)
        handlers = {
            **Reading(self.store, self.time, self.orders).handlers(),
            **Shipments(self.store, {CHANNEL: self.shipping}, self.time).handlers(),
        }
        self.worker = Worker(self.store, handlers, self.time)

    def time(self) -> datetime:
        return self.now

    async def pages(self, cursor: dict[str, Any] | None = None) -> list[Page]:
        """Read the source to its end."""
        found = [await self.orders.read(cursor, self.now)]
        while found[-1].more:
            found.append(await self.orders.read(found[-1].cursor, self.now))
        return found

    async def hear(self, *messages: str) -> None:
        """Keep messages, and let the desk make sense of them."""
        async with self.pace.work("amazon") as work:
            for at, body in enumerate(messages):
                told = json.loads(body)
                name = told.get("NotificationMetadata", {}).get("NotificationId", f"m-{at}")
                await inbox.keep(work, "amazon", name, body, lane=LANE)
        await self.worker.work_off()

    async def order(self, number: str = ORDER) -> OrderView:
        async with self.store.read(self.merchant) as session:
            return await queries.card(session, number)

    async def open_jobs(self) -> list[Job]:
        async with self.store.read(self.merchant) as session:
            # What is to be posted is another test's.
            silent = select(Job).where(Job.state != "done", Job.kind.not_in(("post", "refresh")))
            return list(await session.scalars(silent))

    async def work_off(self, **later: float) -> None:
        """Let time pass, and the desk do what is due then."""
        self.now += timedelta(**later)
        await self.worker.work_off()
