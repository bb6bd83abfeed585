"""A desk that pays at an emulated provider, from the request to the webhook."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from sqlalchemy import select

from bot import app
from bot.app import Site
from bot.config import Config
from bot.http.metrics import Metrics
from bot.http.server import build, listen
from bot.work import payment
from bot.work.outcomes import Handler
from bot.work.payment import Payments
from bot.work.worker import Worker
from domain import jobs, merchants
from domain.jobs import Job
from domain.orders import queries as orders
from domain.orders.views import OrderView
from domain.refunds.model import Refund
from domain.store import Store
from handlers.alerts import route
from tests.work.desk import Small

#: Long enough for an emulator on the same machine, short enough to wait for in a test.
PATIENCE = 1.5
#: Makes the handler of the provider's webhooks.
Reader = Callable[[Store, Callable[[], datetime]], Handler]


@dataclass
class AnyTill:
    """A desk, its worker and its webhooks, a provider, and a clock the test moves."""

    desk: Small
    provider: Any
    client: TestClient[web.Request, web.Application]
    now: datetime
    reader: Reader
    #: What orders that were paid there name their payment by.
    reference: str

    def __post_init__(self) -> None:
        store = self.desk.store
        handlers = {
            **Payments(store, {self.source: self.provider}, self.time).handlers(),
            f"inbox.{self.source}": self.reader(store, self.time),
        }
        self.worker = Worker(store, handlers, self.time)

    @property
    def source(self) -> str:
        return str(self.provider.name)

    def time(self) -> datetime:
        return self.now

    async def take(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Take a message in, as the provider sends it."""
        response = await self.client.post(f"/webhooks/{self.source}", data=body, headers=headers)
        assert response.status == 200, await response.text()

    async def approved(self, amount: int = 1_250, reference: str | None = "") -> int:
        """Ask for a refund of an order that was paid there, and approve it; returns its id."""
        named = self.reference if reference == "" else reference
        order_id = await self.desk.order(payment_provider=self.source, payment_reference=named)
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
        kinds = ("refund.pay", f"inbox.{self.source}")
        query = select(Job).where(Job.finished_at.is_(None), Job.kind.in_(kinds))
        async with self.desk.store.read(self.desk.merchant) as session:
            return (await session.scalars(query)).all()


@asynccontextmanager
async def opened(
    store: Store,
    now: datetime,
    emulator: web.Application,
    secrets_of: Mapping[str, str],
) -> AsyncIterator[tuple[str, TestClient[web.Request, web.Application]]]:
    """Serve an emulator and the desk's webhooks; gives the former's address, a client of these."""
    store.alerts = route
    application = build(store, Metrics(), now=lambda: now, secrets_of=secrets_of)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TestServer(emulator))
        client = await stack.enter_async_context(TestClient(TestServer(application)))
        yield str(server.make_url("/")), client


@asynccontextmanager
async def assembled(
    database_url: str, source: str, *, only: app.Only | None = "web", **partner: Any
) -> AsyncIterator[tuple[Site, Small, Callable[[bytes, Mapping[str, str]], Any]]]:
    """Start a desk from a configuration; gives it, its merchant's desk, and how to send to it."""
    config = Config(
        _env_file=None,  # type: ignore[call-arg]
        database_url=database_url,
        slack_bot_token=SecretStr("xoxb-1"),
        slack_signing_secret=SecretStr("s"),
        slack_api_url="http://127.0.0.1:1/api/",
        **partner,
    )
    async with (
        app.running(config, only=only, listener=listen("127.0.0.1", 0)) as site,
        aiohttp.ClientSession() as session,
    ):

        async def send(body: bytes, headers: Mapping[str, str]) -> None:
            address = f"{site.address}/webhooks/{source}"
            async with session.post(address, data=body, headers=headers) as answer:
                assert answer.status == 200

        async with site.store.across(write=True) as rows:
            merchant = (await merchants.sole(rows, app.utc_now())).id
        yield site, Small(site.store, merchant, app.utc_now()), send
