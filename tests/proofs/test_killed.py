"""`kill -9` at every await between the request of a refund and its payment."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

from bot.http.metrics import Metrics
from bot.http.server import build
from domain.orders.model import Order
from domain.refunds.model import Refund, State
from domain.store import Store
from handlers.alerts import route
from tests.connectors.stripe_emulator import WEBHOOK_SECRET, Emulator, Payment
from tests.domain.desk import Desk, draft
from tests.proofs.victim import AMOUNT, Life

_ROOT = Path(__file__).parents[2]


#: More than there are awaits on the way.
_MOST = 500


@dataclass
class Executioner:
    """A desk's database and its Stripe, which survive, and processes that do not."""

    desk: Desk
    stripe: Emulator
    address: str
    victims: asyncio.subprocess.Process
    orders: dict[int, int] = field(default_factory=dict)

    async def furnish(self) -> None:
        """Take in an order for each process to come, and let the first one warm up."""
        self.stripe.payments += [Payment(f"pi_{one}", f"ch_{one}", 5_000) for one in range(_MOST)]
        await self.desk.receive(
            *(draft(f"K-{one}", payment_reference=f"pi_{one}") for one in range(_MOST))
        )
        self.orders = {
            int(order.number.removeprefix("K-")): order.id
            for order in await self.desk.all(select(Order))
        }
        assert await self._lives([self._life(0, self.desk.now)]) == [0]

    async def kill_at(self, number: int, when: str) -> int | None:
        """Kill a process at an await and let another one finish.

        Returns how many awaits there were, None if it did not get so far.
        """
        later = self.desk.now + timedelta(minutes=3)
        killed = self._life(number, self.desk.now, dies_at=number, when=when)
        awaits, stuck = await self._lives([killed, self._life(number, later)])
        assert stuck == 0
        return awaits

    async def look(self, number: int) -> None:
        """Assert that one refund was paid, once, and that the books agree on it."""
        [paid] = [one for one in self.stripe.refunds if one["payment_intent"] == f"pi_{number}"]
        mine = select(Refund).where(Refund.order_id == self.orders[number])
        [refund] = await self.desk.all(mine)
        assert (paid["amount"], paid["status"]) == (AMOUNT, "succeeded")
        assert (refund.state, refund.amount) == (State.SUCCEEDED, AMOUNT)
        assert refund.provider_reference == paid["id"]

    def _life(self, number: int, now: datetime, **facts: Any) -> Life:
        url = self.desk.store.url.render_as_string(hide_password=False)
        desk, order = self.desk.merchant_id, self.orders[number]
        return Life(url, self.address, desk, order, now.isoformat(), **facts)

    async def _lives(self, lives: list[Life]) -> list[int | None]:
        assert self.victims.stdin
        assert self.victims.stdout
        self.victims.stdin.writelines(life.line() for life in lives)
        return [json.loads(await self.victims.stdout.readline()) for _ in lives]


@asynccontextmanager
async def _victims() -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.proofs.victim", stdin=pipe, stdout=pipe, cwd=_ROOT
    )
    try:
        yield process
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()


@pytest.fixture
async def executioner(store: Store, merchant: int, now: datetime) -> AsyncIterator[Executioner]:
    """A desk in a database that several processes share, on both kinds."""
    store.alerts = route
    emulator = Emulator(payments=[], times=2)
    application = build(store, Metrics(), now=lambda: now, secrets_of={"stripe": WEBHOOK_SECRET})
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TestServer(emulator.application()))
        client = await stack.enter_async_context(TestClient(TestServer(application)))
        victims = await stack.enter_async_context(_victims())

        async def deliver(body: bytes, header: str) -> None:
            sent = await client.post(
                "/webhooks/stripe", data=body, headers={"Stripe-Signature": header}
            )
            assert sent.status == 200

        emulator.deliver = deliver
        desk = Desk(store, merchant, now)
        executioner = Executioner(desk, emulator, str(server.make_url("/")), victims)
        await executioner.furnish()
        yield executioner


_EXPLORED = "DESKHAND_PROOF_EXAMPLES" in os.environ


def _leave_to_explorers(store: Store, when: str) -> None:
    usual = "halt" if store.is_sqlite else "on"
    if when != usual and not _EXPLORED:
        pytest.skip("one more of each await: set DESKHAND_PROOF_EXAMPLES")


# Two processes an await, hundreds of awaits.
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("when", "heard"),
    [("on", False), ("halt", True)],
    ids=["as it goes on, webhooks are lost", "as it halts, webhooks come"],
)
async def test_killed_at_any_await_the_refund_is_paid_exactly_once(
    executioner: Executioner,
    when: str,
    heard: bool,
    record_property: Callable[[str, object], None],
) -> None:
    # Each database has one kind of death, at every third await; who explores has each of both.
    _leave_to_explorers(executioner.desk.store, when)
    if not heard:
        executioner.stripe.deliver = None
    step = 1 if _EXPLORED else 3
    number, awaits = 1, await executioner.kill_at(1, when)
    while awaits is None:
        number += step
        awaits = await executioner.kill_at(number, when)
    record_property("awaits", awaits)
    assert awaits > 100
    for one in range(1, number + 1, step):
        await executioner.look(one)
