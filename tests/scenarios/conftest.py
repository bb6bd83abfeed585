"""A whole desk in one process, driven through signed requests as Slack sends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from bot import app
from bot.config import Config
from bot.connectors.practice import PracticeLabels, PracticeLedger
from bot.http.server import listen
from bot.local import Channel, LocalSlack, Person, Team
from bot.partners import Partners
from bot.slack import manifest
from domain import jobs, merchants, people
from domain.money import Money
from domain.orders.intake import LineDraft, OrderDraft, ParcelDraft
from domain.orders.model import State
from domain.orders.service import receive
from domain.shipping.model import ParcelState
from domain.store import Store

ANA, BEN, FAY, WES, ADA, EVE = "U0ANA", "U0BEN", "U0FAY", "U0WES", "U0ADA", "U0EVE"
OFFICE, REFUNDS, COMPLAINTS, SHIPPING = "C0OFFICE", "C0REFUNDS", "C0COMPLAINTS", "C0SHIPPING"
ORDERS = "C0ORDERS"
WEBHOOK_SECRET = "whsec"

Node = dict[str, Any]


@dataclass
class Wall:
    """The clock on the wall, which tests set ahead."""

    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        """The moment that the desk takes it to be."""
        return datetime.now(UTC) + self.ahead


@dataclass
class Shop:
    """The desk under test, with what people see and do."""

    slack: LocalSlack
    site: app.Site
    ledger: PracticeLedger
    merchant_id: int
    wall: Wall

    def now(self) -> datetime:
        """The moment that the desk takes it to be."""
        return self.wall.now()

    async def type(self, who: str, line: str, channel: str = OFFICE) -> Node:
        """Type a command; returns what only this person sees then."""
        before = len(self.slack.ephemerals(who))
        await self.slack.command(who, line, channel)
        return await self.slack.until(
            lambda: (self.slack.ephemerals(who)[before:] or [None])[0],  # type: ignore[list-item]
            20,
        )

    async def card(self, channel: str, holds: str = "", *, count: int = 1) -> Node:
        """Wait for the latest of `count` messages in a channel whose text holds something."""

        def latest() -> Node | None:
            seen = self.slack.messages(channel)
            return seen[-1] if len(seen) >= count and holds in str(seen[-1]) else None

        return await self.slack.until(latest, 20)  # type: ignore[return-value]

    async def later(self, **delta: float) -> None:
        """Let time pass, and the clock look at what came due.

        First every job ends: a lease that a jump in time runs out would have it done twice.
        """
        await self.quiet()
        self.wall.ahead += timedelta(**delta)
        await self.site.clock.tick(self.now())

    async def quiet(self) -> None:
        """Wait until no job is left to do."""
        async with asyncio.timeout(60):
            while True:
                async with self.site.store.across() as session:
                    counts = await jobs.counts(session)
                if not counts.get(jobs.State.READY) and not counts.get(jobs.State.RUNNING):
                    return
                await asyncio.sleep(0.02)

    async def import_order(self, order: OrderDraft) -> None:
        """Bring in one more order."""
        async with self.site.store.write(self.merchant_id, now=self.now(), actor="import") as work:
            await receive(work, [order], source="test")


def text_of(message: Node) -> str:
    """All that a message or a view says, buttons included."""
    said: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("text"), str):
                said.append(node["text"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(message)
    return "\n".join(said)


def buttons(message: Node) -> set[str]:
    """The action ids of a message's buttons."""
    found: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("type") == "button":
                found.add(node["action_id"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(message.get("blocks"))
    return found


def an_order(number: str, state: State = State.DELIVERED, **facts: Any) -> OrderDraft:
    """An order of three mugs and a kettle, paid with 100.00 USD."""
    placed_at = datetime.now(UTC) - timedelta(days=6)
    return OrderDraft(
        **{
            "number": number,
            "channel": "web",
            "state": state,
            "currency": "USD",
            "lines": (
                LineDraft(3, "MUG", "Enamel mug", 1000, 500),
                LineDraft(1, "KETTLE", "Kettle", 6500),
            ),
            "captured": 10000,
            "total": 10000,
            "placed_at": placed_at,
            "deliver_by": datetime.now(UTC) + timedelta(days=2),
            "buyer_name": "Maria García",
            "buyer_email": "maria@example.com",
            "ship_to_city": "Valencia",
            "ship_to_postcode": "46001",
            "ship_to_country": "ES",
            "payment_provider": "practice",
            "payment_reference": f"pay-{number}",
            **facts,
        }
    )


def a_shipped_order(number: str, tracking: str) -> OrderDraft:
    """An order whose parcel is on its way."""
    parcel = ParcelDraft(
        "UPS", tracking, ParcelState.IN_TRANSIT, datetime.now(UTC) - timedelta(days=1)
    )
    return an_order(number, State.SHIPPED, parcels=(parcel,))


@pytest.fixture(autouse=True)
def _nothing_unforeseen(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test in which a job died of something unforeseen, though its retry went well."""
    yield
    said = [record.getMessage() for record in caplog.get_records("call")]
    assert [one for one in said if "failed unexpectedly" in one] == []


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    """A desk with its people, channels and two orders: 1042 delivered, 1043 on its way."""
    ledger = PracticeLedger()
    partners = Partners(providers={"practice": ledger}, labels=PracticeLabels())
    async with opened(database_url, partners) as (slack, site, merchant_id, wall):
        yield Shop(slack, site, ledger, merchant_id, wall)


@asynccontextmanager
async def opened(
    database_url: str, partners: Partners | None = None, **connections: Any
) -> AsyncGenerator[tuple[LocalSlack, app.Site, int, Wall]]:
    """Open a desk over a local Slack, with partners or with what its configuration connects."""
    listener = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = Config(
        _env_file=None,  # type: ignore[call-arg]
        database_url=database_url,
        slack_bot_token=SecretStr("xoxb-test"),
        slack_signing_secret=SecretStr("signing"),
        slack_app_token=None,
        slack_api_url=f"{address}/api/",
        easypost_webhook_secret=SecretStr(WEBHOOK_SECRET),
        admins=(ADA,),
        **connections,
    )
    slack = LocalSlack(
        team=Team("T0SHOP", "The shop"),
        people=[
            Person(one, one[2:].lower(), one[2:].title()) for one in (ANA, BEN, FAY, WES, ADA, EVE)
        ],
        channels=[
            Channel(one, one[2:].lower()) for one in (OFFICE, REFUNDS, COMPLAINTS, SHIPPING, ORDERS)
        ],
        manifest=manifest.build(None),
        signing_secret="signing",
        bot_token="xoxb-test",
        request_url=f"{address}/slack/events",
        # Slack's three seconds are another test's: here many tests share the processors.
        ack_timeout=20,
    )
    wall = Wall()
    async with app.running(
        config,
        listener=listener,
        partners=partners,
        extend=slack.attach,
        prepare=_furnish,
        now=wall.now,
    ) as site:
        async with site.store.across() as session:
            merchant_id = (await merchants.sole(session, app.utc_now())).id
        yield slack, site, merchant_id, wall


async def _furnish(store: Store) -> None:
    now = app.utc_now()
    async with store.across(write=True) as session:
        merchant_id = (await merchants.sole(session, now)).id
    async with store.write(merchant_id, now=now, actor="console") as work:
        await people.set_role(work, ANA, "agent")
        await people.set_role(work, BEN, "approver", Money(5000, "USD"))
        await people.set_role(work, FAY, "finance")
        await people.set_role(work, WES, "warehouse")
        for key, channel in (
            ("channel.refunds", REFUNDS),
            ("channel.complaints", COMPLAINTS),
            ("channel.shipping", SHIPPING),
            ("channel.orders", ORDERS),
        ):
            await merchants.change_setting(work, key, channel)
        orders = [an_order("1042"), a_shipped_order("1043", "1Z43")]
        await receive(work, orders, source="test")
