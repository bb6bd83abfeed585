"""A desk that pays at an emulated Amazon, by the batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot.connectors.amazon.client import Credentials
from bot.connectors.amazon.refunds import Amazon
from bot.work.batches import Batches
from bot.work.payment import Payments
from bot.work.worker import Worker
from domain.jobs import Job
from domain.orders import queries as orders
from domain.orders.intake import LineDraft
from domain.orders.views import OrderView
from domain.refunds import service as refunds
from domain.refunds.model import Reason, State
from tests.connectors.amazon_emulator import (
    CLIENT_ID,
    CLIENT_SECRET,
    MARKETPLACE,
    ORDER,
    REFRESH_TOKEN,
    Emulator,
)
from tests.work.desk import AGENT, APPROVER, Small


@dataclass
class Counter:
    """A desk, its worker, an emulated Amazon, and a clock the test moves."""

    desk: Small
    amazon: Emulator
    provider: Amazon
    now: datetime

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start a worker, as a process does that knows nothing of the one before."""
        store, providers = self.desk.store, {"amazon": self.provider}
        handlers = {
            **Payments(store, providers, self.time).handlers(),
            **Batches(store, providers, self.time).handlers(),
        }
        self.worker = Worker(store, handlers, self.time)

    def time(self) -> datetime:
        return self.now

    async def order(self, number: str = ORDER, *lines: LineDraft, **facts: Any) -> int:
        """Take in an order paid at Amazon: a mug of 12.50, and a pot of 30.00 with 5.00 shipping."""
        return await self.desk.order(
            number,
            channel="amazon",
            captured=4_750,
            lines=lines
            or (
                LineDraft(1, "MUG", "Alpine mug", 1_250, 0, "111"),
                LineDraft(1, "POT", "Tea pot", 3_000, 500, "222"),
            ),
            payment_provider="amazon",
            **{"payment_reference": number, **facts},
        )

    async def approved(self, amount: int = 1_250, number: str = ORDER) -> int:
        """Ask for a refund of an order paid at Amazon, and approve it; returns its id."""
        return await self.desk.approved_refund(await self.order(number), amount)

    async def asked(self, order_id: int, **ask: Any) -> int:
        """Ask for more than one sum, and approve it; returns the refund's id."""
        async with self.desk.write(AGENT.member_id) as work:
            refund = await refunds.request(
                work, AGENT, order_id, refunds.Ask(Reason.DAMAGED, **ask)
            )
        async with self.desk.write(APPROVER.member_id) as work:
            await refunds.approve(work, APPROVER, refund.id)
        return refund.id

    async def work(self, rounds: int = 1, after: timedelta = timedelta(seconds=125)) -> None:
        """Work off what is due, and in each round what comes due later."""
        await self.worker.work_off()
        for _ in range(rounds):
            self.now += after
            await self.worker.work_off()

    async def state(self, refund_id: int) -> State:
        return (await self.desk.refund(refund_id)).state

    async def all(self, table: type[Any]) -> Sequence[Any]:
        """Return a table's rows, oldest first."""
        async with self.desk.store.read(self.desk.merchant) as session:
            return (await session.scalars(select(table).order_by(table.id))).all()

    async def card(self, number: str = ORDER) -> OrderView:
        """Read an order as `/order` shows it."""
        async with self.desk.store.read(self.desk.merchant) as session:
            return await orders.card(session, number)

    async def open_jobs(self) -> Sequence[Job]:
        """Return what payments and batches still have to do."""
        kinds = ("refund.pay", "refund.batch")
        query = select(Job).where(Job.finished_at.is_(None), Job.kind.in_(kinds))
        async with self.desk.store.read(self.desk.merchant) as session:
            return (await session.scalars(query)).all()


def credentials(address: str, **changes: str) -> Credentials:
    """Return what opens the emulated Amazon at an address."""
    given = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH_TOKEN,
        "marketplace": MARKETPLACE,
        "api_url": address,
        "auth_url": address,
    }
    return Credentials(**given | changes)
