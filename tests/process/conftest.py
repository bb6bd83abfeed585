"""Somebody else's Slack on a port of its own, and the command that is pointed at it."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.http.server import listen
from bot.local import Channel, LocalSlack, Person, Team
from bot.slack import manifest
from domain import merchants, people
from domain.orders.service import receive
from domain.store import CONSOLE, Store
from tests.process.run import Deskhand, Running
from tests.scenarios.conftest import an_order

ANA, BEN, FAY, ADA = "U0ANA", "U0BEN", "U0FAY", "U0ADA"
OFFICE, REFUNDS, COMPLAINTS = "C0OFFICE", "C0REFUNDS", "C0COMPLAINTS"
TOKEN, SECRET, APP_TOKEN = "xoxb-elsewhere", "signing", "xapp-elsewhere"

ORDERS = ("1042", "1043", "1044", "1045")

Node = dict[str, Any]


@dataclass
class Elsewhere:
    """A Slack that is none of ours: one address, which answers while `open`."""

    slack: LocalSlack
    port: int

    @property
    def address(self) -> str:
        """Where its Web API is."""
        return f"http://127.0.0.1:{self.port}/api/"

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Answer until the end."""
        application = web.Application()
        self.slack.attach(application)
        runner = web.AppRunner(application, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.SockSite(runner, listen("127.0.0.1", self.port)).start()
            yield
        finally:
            await runner.cleanup()

    async def point_at(self, desk: Running) -> str:
        """Send what people do to this desk, whose address it returns."""
        address = await desk.address()
        self.slack.request_url = f"{address}/slack/events"
        return address

    async def type(self, who: str, line: str) -> Node:
        """Type a command; returns what only this person sees then."""
        before = len(self.slack.ephemerals(who))
        await self.slack.command(who, line, OFFICE)
        return (await self.slack.until(lambda: self.slack.ephemerals(who)[before:]))[0]

    async def cards(self, channel: str, count: int, within: float = 15) -> list[Node]:
        """Wait until so many messages stand in a channel."""

        def enough() -> list[Node] | None:
            seen = self.slack.messages(channel)
            return seen if len(seen) >= count else None

        return await self.slack.until(enough, within) or []


@pytest.fixture
def elsewhere() -> Elsewhere:
    """A Slack that nobody has opened yet."""
    port = closed_port()
    slack = LocalSlack(
        team=Team("T0ELSE", "Elsewhere"),
        people=[Person(one, one[2:].lower(), one[2:].title()) for one in (ANA, BEN, FAY, ADA)],
        channels=[Channel(one, one[2:].lower()) for one in (OFFICE, REFUNDS, COMPLAINTS)],
        manifest=manifest.build(None),
        signing_secret=SECRET,
        bot_token=TOKEN,
        app_token=APP_TOKEN,
        url=f"http://127.0.0.1:{port}",
        pace=None,
    )
    return Elsewhere(slack, port)


@pytest.fixture
async def opened(elsewhere: Elsewhere) -> AsyncIterator[Elsewhere]:
    """A Slack that answers."""
    async with elsewhere.open():
        yield elsewhere


@pytest.fixture
def bare(tmp_path: Path) -> Deskhand:
    """`deskhand …` in an empty folder where nothing is configured."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return Deskhand(folder, {})


@pytest.fixture
def configured(bare: Deskhand, elsewhere: Elsewhere) -> Deskhand:
    """`deskhand …` for that Slack, on any free port; where its data goes is left to say."""
    environment = {
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": elsewhere.address,
        "DESKHAND_PORT": "0",
        "DESKHAND_ADMINS": ADA,
    }
    return Deskhand(bare.folder, environment)


@pytest.fixture
def deskhand(configured: Deskhand, database_url: str) -> Deskhand:
    """`deskhand …` for that Slack on an empty database: the test runs on both kinds."""
    return on(configured, database_url)


@pytest.fixture
async def furnished(configured: Deskhand, sqlite_url: str) -> Deskhand:
    """`deskhand …` for that Slack on SQLite, with orders, people and channels."""
    return await furnish(configured, sqlite_url)


@pytest.fixture
async def furnished_on_both(configured: Deskhand, database_url: str) -> Deskhand:
    """The same on either kind of database."""
    return await furnish(configured, database_url)


async def furnish(deskhand: Deskhand, database_url: str) -> Deskhand:
    """Bring in orders, people and channels, as `test_serve` does by commands, only sooner."""
    store, now = Store(database_url), datetime.now(UTC)
    async with store.across(write=True) as session:
        merchant_id = (await merchants.sole(session, now)).id
    async with store.write(merchant_id, now=now, actor=CONSOLE) as work:
        for member, role in ((ANA, "agent"), (BEN, "approver"), (FAY, "finance")):
            await people.set_role(work, member, role)
            await people.learn(work, member, name=member, locale="en-US", tz="UTC")
        await merchants.change_setting(work, "channel.refunds", REFUNDS)
        await merchants.change_setting(work, "channel.complaints", COMPLAINTS)
        orders = [an_order(number, payment_provider="manual") for number in ORDERS]
        await receive(work, orders, source="test")
    await store.close()
    return on(deskhand, database_url)


def on(deskhand: Deskhand, database_url: str) -> Deskhand:
    """Return the command with its data in this database."""
    return Deskhand(deskhand.folder, {**deskhand.environment, "DATABASE_URL": database_url})


def closed_port() -> int:
    """Return a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
