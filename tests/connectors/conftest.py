"""A desk that pays at an emulated Stripe, from the request to the webhook."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

from bot.connectors.stripe import events
from bot.connectors.stripe.payments import Stripe
from bot.http.metrics import Metrics
from bot.http.server import build
from bot.work import payment
from bot.work.payment import Payments
from bot.work.worker import Worker
from domain import jobs
from domain.jobs import Job
from domain.orders import queries as orders
from domain.orders.queries import OrderView
from domain.refunds.model import Refund
from domain.store import Store
from handlers.alerts import route
from tests.connectors.stripe_emulator import API_KEY, WEBHOOK_SECRET, Emulator
from tests.work.desk import Small

#: Long enough for an emulator on the same machine, short enough to wait for in a test.
_PATIENCE = 1.5


@dataclass
class Till:
    """A desk, its worker and its webhooks, an emulated Stripe, and a clock the test moves."""

    desk: Small
    stripe: Emulator
    provider: Stripe
    client: TestClient[web.Request, web.Application]
    now: datetime

    def __post_init__(self) -> None:
        store = self.desk.store
        handlers = {
            **Payments(store, {"stripe": self.provider}, self.time).handlers(),
            "inbox.stripe": events.reader(store, self.time),
        }
        self.worker = Worker(store, handlers, self.time)

    def time(self) -> datetime:
        return self.now

    async def send(self, body: bytes, header: str) -> None:
        """Take an event in, as Stripe sends it."""
        response = await self.client.post(
            "/webhooks/stripe", data=body, headers={"Stripe-Signature": header}
        )
        assert response.status == 200, await response.text()

    async def approved(self, amount: int = 1_250, reference: str | None = "pi_1") -> int:
        """Ask for a refund of an order paid at Stripe, and approve it; returns its id."""
        order_id = await self.desk.order(payment_provider="stripe", payment_reference=reference)
        return await self.desk.approved_refund(order_id, amount)

    async def work(self, *, rounds: int = 1) -> None:
        """Work off what is due; then, in further rounds, what was to be tried again later."""
        await self.worker.work_off()
        for _ in range(rounds - 1):
            self.now += max(payment.ASK_AGAIN_AFTER, jobs.LEASE) + timedelta(seconds=1)
            await self.worker.work_off()

    async def refunds(self) -> Sequence[Refund]:
        """Return every refund on the desk, oldest first."""
        async with self.desk.store.read(self.desk.merchant) as session:
            return (await session.scalars(select(Refund).order_by(Refund.id))).all()

    async def order(self) -> OrderView:
        """Read the order as `/order` shows it."""
        async with self.desk.store.read(self.desk.merchant) as session:
            return await orders.card(session, "1042")

    async def open_jobs(self) -> Sequence[Job]:
        """Return what payments and webhooks still have to do."""
        kinds = ("refund.pay", "inbox.stripe")
        query = select(Job).where(Job.finished_at.is_(None), Job.kind.in_(kinds))
        async with self.desk.store.read(self.desk.merchant) as session:
            return (await session.scalars(query)).all()


@pytest.fixture
async def till(store: Store, merchant: int, now: datetime) -> AsyncIterator[Till]:
    """A till whose Stripe sends its events, each five times; on both kinds of database."""
    store.alerts = route
    emulator = Emulator()
    application = build(store, Metrics(), now=lambda: now, secrets_of={"stripe": WEBHOOK_SECRET})
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TestServer(emulator.application()))
        client = await stack.enter_async_context(TestClient(TestServer(application)))
        provider = Stripe(API_KEY, str(server.make_url("/")), patience=_PATIENCE)
        stack.push_async_callback(provider.close)
        till = Till(Small(store, merchant, now), emulator, provider, client, now)
        emulator.deliver = till.send
        yield till
        emulator.released.set()
