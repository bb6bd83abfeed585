"""The worker: claims jobs that are due, runs them side by side, and tells what became of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from bot.work.endings import Endings
from bot.work.listening import listening
from bot.work.outcomes import Dead, Handler, Retry, sentence
from domain import jobs
from domain.jobs import Claim, State
from domain.store import Store

log = logging.getLogger(__name__)

#: Below the lease by enough for the answer to be written, and for clocks of replicas to differ.
JOB_TIMEOUT = timedelta(seconds=45)

#: Takes a job's kind, what became of it (`done`, `ready` to run again, `dead`, `postponed`,
#: `lost` to another worker), and how many seconds it ran.
Observe = Callable[[str, str, float], None]


class Worker:
    """Works off the jobs of every merchant, up to `concurrency` at a time.

    `poll` is how long it sleeps at most: on SQLite that is how it hears of other processes.
    """

    def __init__(
        self,
        store: Store,
        handlers: Mapping[str, Handler],
        now: Callable[[], datetime],
        *,
        concurrency: int = 8,
        poll: timedelta = timedelta(seconds=1),
        grace: timedelta = timedelta(seconds=20),
        observe: Observe = lambda _kind, _outcome, _seconds: None,
    ) -> None:
        self._store = store
        self._handlers = handlers
        self._now = now
        self._concurrency = concurrency
        self._poll = poll
        self._grace = grace
        self._observe = observe
        self._endings = Endings(store, now)
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False
        self._running: dict[asyncio.Task[None], Claim] = {}

    def wake(self) -> None:
        """Look for work now; may be called from any thread."""
        if self._loop is None:
            self._news.set()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    def stop(self) -> None:
        """Claim nothing more; `run` returns when the running jobs are done or put back."""
        self._stopping = True
        self.wake()

    async def run(self) -> None:
        """Work until `stop`; a database that is away is waited for."""
        self._loop = asyncio.get_running_loop()
        try:
            async with listening(self._store, self._news.set):
                while not self._stopping:
                    self._news.clear()
                    await self._wait(await self._take())
        finally:
            await self._drain()
            self._loop = None

    async def work_off(self) -> int:
        """Run all that is due now, and what follows from it; returns how many jobs ran."""
        ran = 0
        while claims := await self._claim(self._concurrency):
            await asyncio.gather(*(self._work(claim) for claim in claims))
            ran += len(claims)
        return ran

    async def _take(self) -> float | None:
        """Start what is due; returns the seconds to sleep unless woken, None to wait for a slot."""
        free = self._concurrency - len(self._running)
        if not free:
            return None
        try:
            claims = await self._claim(free)
            for claim in claims:
                task = asyncio.create_task(self._work(claim), name=f"job {claim.id}")
                self._running[task] = claim
                task.add_done_callback(self._done)
            return None if len(claims) == free else await self._idle()
        except (SQLAlchemyError, OSError) as error:
            log.warning(
                "The jobs can't be read (%s). Trying again in %s; check the database.",
                type(error).__name__,
                self._poll,
            )
            return self._poll.total_seconds()

    async def _claim(self, most: int) -> list[Claim]:
        async with self._store.across(write=True) as session:
            return await jobs.claim(session, self._now(), most=most, kinds=self._handlers)

    async def _idle(self) -> float:
        now = self._now()
        async with self._store.across() as session:
            due_at = await jobs.next_due(session, now)
        return min(self._poll, due_at - now if due_at else self._poll).total_seconds()

    async def _wait(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._news.set()
        if not task.cancelled() and (error := task.exception()):
            log.error(
                "What became of a job could not be written (%s). It runs again when its lease ends.",
                type(error).__name__,
            )

    async def _work(self, claim: Claim) -> None:
        started = time.perf_counter()
        outcome = await self._attempt(claim)
        self._observe(claim.kind, outcome, time.perf_counter() - started)

    async def _attempt(self, claim: Claim) -> str:
        """Run one job and write down what became of it; returns that."""
        if claim.attempts > jobs.MAX_ATTEMPTS:
            return await self._fail(claim, "it took its worker down each time", final=True)
        try:
            async with asyncio.timeout(JOB_TIMEOUT.total_seconds()):
                await self._handlers[claim.kind](claim)
        except Retry as asked:
            return await self._postpone(claim, asked)
        except Dead as reason:
            return await self._fail(claim, str(reason), final=True)
        except Exception as error:  # noqa: BLE001 — whatever a job dies of is written down with it
            return await self._fail(claim, sentence(error))
        return State.DONE if await self._endings.done(claim) else self._lost(claim)

    async def _postpone(self, claim: Claim, asked: Retry) -> str:
        until = self._now() + asked.after
        async with self._store.across(write=True) as session:
            held = await jobs.postpone(session, claim, until)
            if claim.lane is not None and not asked.alone:
                await jobs.rest(session, claim.merchant_id, claim.lane, until)
        return "postponed" if held else self._lost(claim)

    async def _fail(self, claim: Claim, why: str, *, final: bool = False) -> str:
        async with self._store.across(write=True) as session:
            state = await jobs.fail(session, claim, self._now(), why, final=final)
        if state is None:
            return self._lost(claim)
        log.log(
            logging.ERROR if state is State.DEAD else logging.WARNING,
            "Job %s (%s), attempt %s: %s",
            claim.id,
            claim.kind,
            claim.attempts,
            why,
        )
        return state

    def _lost(self, claim: Claim) -> str:
        log.warning(
            "Job %s (%s) took longer than its lease, and another worker has it.",
            claim.id,
            claim.kind,
        )
        return "lost"

    async def _drain(self) -> None:
        """Let running jobs end within the grace period, and put the others back."""
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=self._grace.total_seconds())
        claims = [self._running[task] for task in late]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        await self._endings.settle()
        try:
            async with self._store.across(write=True) as session:
                for claim in claims:
                    await jobs.put_back(session, claim, self._now())
        except (SQLAlchemyError, OSError) as error:
            log.warning(
                "%s jobs could not be put back (%s). They run again when their leases end.",
                len(claims),
                type(error).__name__,
            )
