"""The clock: looks every few seconds at what has come due, and lets time do its part."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from sqlalchemy import literal, select, union_all
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute

from bot.work.outcomes import sentence
from domain import record, sources
from domain.complaints import clocks
from domain.complaints.model import Complaint, Target
from domain.inventory.model import Item
from domain.orders import completion, confirming, rechecking
from domain.orders import service as orders
from domain.orders.model import Order
from domain.payouts import service as payouts
from domain.payouts.model import Settlement
from domain.refunds import reconciliation, undecided
from domain.refunds import service as refunds
from domain.refunds.model import Refund
from domain.refunds.reconciliation import Reconciliation
from domain.returns import clocks as returns
from domain.returns.model import Return
from domain.shipping import service as shipping
from domain.shipping import taking, tracker, watch
from domain.shipping.alert import Alert
from domain.shipping.model import Parcel, Storm
from domain.shipping.unmatched import Unmatched
from domain.sources import Source
from domain.store import CLOCK, Store, Work

log = logging.getLogger(__name__)

#: Small enough that a unit of work is over before anyone waits for its locks.
BATCH = 100
#: Events are sealed many at a time: nobody but another sealer waits for that lock.
SEALED_AT_ONCE = 500


class _Run(Protocol):
    def __call__(self, work: Work, *, most: int) -> Awaitable[int]: ...


@dataclass(frozen=True, slots=True)
class Sweep:
    """A use case that time calls for, and the column that says when."""

    due_at: InstrumentedAttribute[datetime | None]
    run: _Run


SWEEPS: Mapping[str, Sweep] = {
    "ship-by": Sweep(Order.ship_by_due_at, orders.sweep_ship_by),
    # Before the rule, which looks at what this finds.
    "orders that asked for more": Sweep(Item.checks_due_at, rechecking.sweep),
    "orders to confirm by rule": Sweep(Order.confirm_due_at, confirming.sweep_rules),
    "inspected orders": Sweep(Order.complete_due_at, completion.sweep),
    # Before its reminder: of a refund that expired nobody has to be reminded.
    "refund expiry": Sweep(Refund.expires_due_at, refunds.sweep_expired),
    "undecided refunds": Sweep(Refund.reminder_due_at, undecided.sweep),
    "refunds without news": Sweep(Refund.silent_due_at, reconciliation.sweep_silent),
    "providers to compare with": Sweep(Reconciliation.due_at, reconciliation.sweep_due),
    "settlements to compare": Sweep(Settlement.due_at, payouts.sweep),
    "sources to read": Sweep(Source.due_at, sources.sweep_due),
    # After those to read: one that the desk was too late for is asked first.
    "stale sources": Sweep(Source.stale_due_at, sources.sweep_stale),
    "late parcels": Sweep(Parcel.late_due_at, shipping.sweep_late),
    "scans of unknown parcels": Sweep(Unmatched.due_at, shipping.sweep_unmatched),
    "silent carriers": Sweep(Parcel.silent_due_at, shipping.sweep_silent),
    "stuck parcels": Sweep(Parcel.stuck_due_at, shipping.sweep_stuck),
    "snoozed alerts": Sweep(Alert.wake_due_at, watch.sweep_snoozed),
    "unanswered alerts": Sweep(Alert.answer_due_at, watch.sweep_unanswered),
    "ignored storms": Sweep(Storm.answer_due_at, taking.sweep_ignored),
    "snoozed complaints": Sweep(Complaint.wake_due_at, clocks.sweep_snoozed),
    # Before their warnings: an escalation speaks for the ones that it missed.
    "unanswered complaints": Sweep(
        Complaint.answer_due_at, partial(clocks.sweep_overdue, target=Target.ANSWER)
    ),
    "unresolved complaints": Sweep(
        Complaint.resolve_due_at, partial(clocks.sweep_overdue, target=Target.RESOLVE)
    ),
    "answers to remind of": Sweep(
        Complaint.answer_warning_due_at, partial(clocks.sweep_warnings, target=Target.ANSWER)
    ),
    "complaints to remind of": Sweep(
        Complaint.resolve_warning_due_at, partial(clocks.sweep_warnings, target=Target.RESOLVE)
    ),
    "returns to remind of": Sweep(Return.warning_due_at, returns.sweep_warnings),
    "overdue returns": Sweep(Return.overdue_due_at, returns.sweep_overdue),
    "returns that never came": Sweep(Return.expires_due_at, returns.sweep_expired),
}
#: Where a partner is connected that tracks parcels. Until then they wait for one.
TRACKED: Mapping[str, Sweep] = {
    "parcels to track": Sweep(Parcel.track_due_at, tracker.sweep),
}


class Clock:
    """Sweeps what is due, for every merchant; several replicas may do so at once."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        *,
        every: timedelta = timedelta(seconds=5),
        sweeps: Mapping[str, Sweep] = SWEEPS,
    ) -> None:
        self._store = store
        self._now = now
        self._every = every
        self._sweeps = sweeps
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Let `run` return after the tick that it may be in."""
        self._stopped.set()

    async def run(self) -> None:
        """Tick until `stop`; a database that is away is waited for."""
        while not self._stopped.is_set():
            try:
                await self.tick(self._now())
                await self.seal(self._now())
            except (SQLAlchemyError, OSError) as error:
                log.warning(
                    "The clock can't read the database (%s). It tries again in %s.",
                    type(error).__name__,
                    self._every,
                )
            try:
                async with asyncio.timeout(self._every.total_seconds()):
                    await self._stopped.wait()
            except TimeoutError:
                continue

    async def tick(self, now: datetime) -> int:
        """Sweep everything that is due at `now`; returns how many records were."""
        swept = 0
        for name, merchants in (await self._due(now)).items():
            for merchant_id in merchants:
                sweep = self._sweeps[name].run
                swept += await self._batches(name, sweep, BATCH, merchant_id, now)
        return swept

    async def seal(self, now: datetime) -> int:
        """Seal what was recorded since the last time; returns how many events were."""
        async with self._store.across() as session:
            merchants = await record.unsealed_merchants(session)
        sealed = 0
        for merchant_id in merchants:
            sealed += await self._batches("seals", record.seal, SEALED_AT_ONCE, merchant_id, now)
        return sealed

    async def _due(self, now: datetime) -> Mapping[str, list[int]]:
        """Return which merchants have something due, by sweep, in one query."""
        due = union_all(
            *(
                select(literal(name), sweep.due_at.class_.merchant_id)
                .where(sweep.due_at <= now)
                .distinct()
                for name, sweep in self._sweeps.items()
            )
        )
        found = defaultdict(list)
        async with self._store.across() as session:
            for name, merchant_id in await session.execute(due):
                found[name].append(merchant_id)
        return found

    async def _batches(
        self, name: str, run: _Run, most: int, merchant_id: int, now: datetime
    ) -> int:
        swept = 0
        while True:
            try:
                async with self._store.write(merchant_id, now=now, actor=CLOCK) as work:
                    batch = await run(work, most=most)
            except Exception as error:  # noqa: BLE001 — one odd record must not stop everyone's clock
                # Without the trace, whose words may hold personal data.
                log.error("The sweep of %s failed: %s", name, sentence(error))  # noqa: TRY400
                return swept
            swept += batch
            if batch < most:
                return swept
