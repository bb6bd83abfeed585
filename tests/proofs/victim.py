"""A desk that may kill itself at any moment: `python -m tests.proofs.victim`.

It reads lives as lines of JSON. The first it lives itself, to warm up; for each other one it
forks a process. A line that it writes tells how a life ended: what it returned, or null if
it was killed.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Generator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from bot.connectors.stripe import events
from bot.connectors.stripe.payments import Stripe
from bot.work import payment
from bot.work.payment import Payments
from bot.work.worker import Worker
from domain import jobs
from domain.jobs import Job
from domain.refunds import service as refunds
from domain.refunds.model import Refund, State
from domain.store import Store
from handlers.alerts import route
from tests.connectors.stripe_emulator import API_KEY
from tests.domain.desk import AGENT, APPROVER, asking

AMOUNT = 1_250
WORKED = ("refund.pay", "inbox.stripe")
_ROUNDS = 2
#: Seconds.
_PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class Life:
    """What a process does: from the request of a refund to its payment, or what is left of it.

    `dies_at` says which await it does not survive, 0 for none, and `when` at which end of it:
    as it comes to a `halt`, with what it waits for just begun, or as it is to go `on`.
    """

    url: str
    stripe: str
    merchant_id: int
    order_id: int
    now: str
    dies_at: int = 0
    when: str = "on"

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


class Awaits:
    """Counts the awaits of all tasks, and kills the process at one."""

    def __init__(self, life: Life) -> None:
        self.passed = 0
        self._life = life

    def pass_by(self, when: str) -> None:
        if when == self._life.when:
            self.passed += 1
            if self.passed == self._life.dies_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def task(
        self, loop: asyncio.AbstractEventLoop, coroutine: Any, **facts: Any
    ) -> asyncio.Task[Any]:
        return asyncio.Task(_Counted(coroutine, self), loop=loop, **facts)


class _Counted(Coroutine[Any, Any, Any]):
    """A coroutine that tells each time it goes on and each time it comes to a halt."""

    def __init__(self, inner: Coroutine[Any, Any, Any], awaits: Awaits) -> None:
        self._inner = inner
        self._awaits = awaits

    def send(self, value: Any) -> Any:
        return self._go_on(lambda: self._inner.send(value))

    def throw(self, *error: Any) -> Any:
        return self._go_on(lambda: self._inner.throw(*error))

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._inner.__await__()

    def _go_on(self, step: Callable[[], Any]) -> Any:
        self._awaits.pass_by("on")
        waits_for = step()
        self._awaits.pass_by("halt")
        return waits_for


class Desk:
    """The refund path: people's use cases, worker, payments and Stripe's SDK."""

    def __init__(self, life: Life, store: Store, stripe: Stripe) -> None:
        self.life = life
        self.now = datetime.fromisoformat(life.now)
        self.store = store
        self.stripe = stripe
        handlers = {
            **Payments(self.store, {"stripe": self.stripe}, self.time).handlers(),
            "inbox.stripe": events.reader(self.store, self.time),
        }
        self.worker = Worker(self.store, handlers, self.time)

    def time(self) -> datetime:
        return self.now

    async def live(self) -> int:
        """Go all the way from the request; returns how many awaits there were."""
        # Connecting is no part of the path.
        await self.store.check()
        awaits, loop = Awaits(self.life), asyncio.get_running_loop()
        loop.set_task_factory(awaits.task)
        await loop.create_task(self._go_on())
        loop.set_task_factory(None)
        await self._close()
        return awaits.passed

    async def finish(self) -> int:
        """Do what is left over, some time later; returns how many jobs are open even then."""
        await self._go_on()
        for _ in range(_ROUNDS):
            self.now += max(payment.ASK_AGAIN_AFTER, jobs.LEASE) + timedelta(seconds=1)
            await self.worker.work_off()
        left = select(func.count(Job.id)).where(Job.kind.in_(WORKED), Job.state != jobs.State.DONE)
        async with self.store.read(self.life.merchant_id) as session:
            stuck = await session.scalar(left) or 0
        await self._close()
        return stuck

    async def _go_on(self) -> None:
        refund = await self._asked()
        if refund is None:
            async with self._work(AGENT.member_id) as work:
                refund = await refunds.request(work, AGENT, self.life.order_id, asking(AMOUNT))
        if refund.state is State.AWAITING_APPROVAL:
            async with self._work(APPROVER.member_id) as work:
                await refunds.approve(work, APPROVER, refund.id)
        await self.worker.work_off()

    async def _asked(self) -> Refund | None:
        async with self.store.read(self.life.merchant_id) as session:
            refund: Refund | None = await session.scalar(
                select(Refund).where(Refund.order_id == self.life.order_id)
            )
            return refund

    def _work(self, actor: str) -> Any:
        return self.store.write(self.life.merchant_id, now=self.now, actor=actor)

    async def _close(self) -> None:
        await self.stripe.close()
        await self.store.close()


async def _live(life: Life, store: Store, stripe: Stripe) -> int:
    desk = Desk(life, store, stripe)
    return await (desk.live() if life.dies_at else desk.finish())


def _fork(life: Life, store: Store, stripe: Stripe) -> int | None:
    """Live in a process of its own; returns what it did, None if it was killed."""
    assert threading.active_count() == 1
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(writes, "w") as pipe:
            pipe.write(str(asyncio.run(_live(life, store, stripe))))
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return None if os.WIFSIGNALED(status) else int(said)


def _tell(what: int | None) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


def main() -> None:
    lives = (Life(**json.loads(line)) for line in sys.stdin)
    first = next(lives)
    store = Store(first.url, alerts=route)
    _tell(asyncio.run(_live(first, store, Stripe(API_KEY, first.stripe))))
    # It may be bound to the loop that ended.
    store._turn = asyncio.Lock()
    stripe = Stripe(API_KEY, first.stripe, patience=_PATIENCE)
    gc.freeze()
    for life in lives:
        _tell(_fork(life, store, stripe))


if __name__ == "__main__":
    main()
