"""Bringing a batch of refunds to its provider, one step a time, and reading what came of it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.work.outcomes import Dead, Handler, Retry
from domain.errors import DeskhandError
from domain.jobs import Claim
from domain.refunds import batching, gathering, heard
from domain.refunds.batches import Batch, BatchState
from domain.refunds.matching import SKEW
from domain.refunds.payment import (
    BatchProvider,
    BatchRefused,
    Ending,
    OutcomeUnknown,
    PaymentProvider,
    ProviderBusy,
    Verdict,
)
from domain.store import WORKER, Store, Work

log = logging.getLogger(__name__)

#: How long until a provider is asked again that did not answer, or is not done yet.
ASK_AGAIN_AFTER = timedelta(minutes=2)
#: So many payments are looked for one by one; for more, all that was refunded is read.
_ONE_BY_ONE = 8


@dataclass(frozen=True, slots=True)
class _Step:
    """A batch as it stood, its provider, and the claim under which it is brought on."""

    claim: Claim
    batch: Batch
    provider: BatchProvider


class Batches:
    """Brings batches on: each run of a batch's job is one step, whose intent is committed before.

    `providers` are by any name; those that take batches are meant.
    """

    def __init__(
        self,
        store: Store,
        providers: Mapping[str, PaymentProvider],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._now = now
        self._providers = {
            provider.name: provider
            for provider in providers.values()
            if isinstance(provider, BatchProvider)
        }
        self._steps: Mapping[BatchState, Callable[[_Step], Awaitable[None]]] = {
            BatchState.OPEN: self._gather,
            BatchState.GATHERED: self._upload,
            BatchState.UPLOADED: self._send,
            BatchState.SENDING: self._look,
            BatchState.SENT: self._ask,
            BatchState.UNKNOWN: self._ask,
            BatchState.CONFIRMING: self._confirm,
        }

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handler of `refund.batch`."""
        return {"refund.batch": self.bring_on}

    async def bring_on(self, claim: Claim) -> None:
        """Take a batch's next step when it is due, and come back for the one after."""
        batch = await self._batch(claim)
        if batch.state is BatchState.DONE:
            return
        self._rest(batch)
        provider = self._providers.get(batch.provider)
        if provider is None:
            raise Dead(
                f"Batch {batch.id} of refunds goes through {batch.provider}, which is not "
                "connected any more. Connect it and retry."
            )
        try:
            await self._steps[batch.state](_Step(claim, batch, provider))
        except ProviderBusy as busy:
            await self._wait(claim, busy.after)
        except OutcomeUnknown:
            await self._wait(claim, ASK_AGAIN_AFTER)
        batch = await self._batch(claim)
        if batch.state is not BatchState.DONE:
            self._rest(batch)
            raise Retry(timedelta())

    async def _gather(self, step: _Step) -> None:
        async with self._work(step.claim) as work:
            await gathering.gather(work, await self._locked(work, step))

    async def _upload(self, step: _Step) -> None:
        async with self._work(step.claim) as work:
            entries = await batching.entries(work, step.batch)
        document = await step.provider.upload(entries)
        async with self._work(step.claim) as work:
            await batching.uploaded(work, await self._locked(work, step), document)

    async def _send(self, step: _Step) -> None:
        async with self._work(step.claim) as work:
            mine = await batching.intend(work, step.batch.id)
        if not mine:
            await self._wait(step.claim, ASK_AGAIN_AFTER)
            return
        try:
            reference = await step.provider.send(step.batch.document or "")
        except OutcomeUnknown:
            # Left as it is: the next step looks for it.
            return
        except BatchRefused as error:
            async with self._work(step.claim) as work:
                await batching.refused(work, await work.lock(Batch, step.batch.id), str(error))
            return
        except DeskhandError as error:
            after = error.after if isinstance(error, ProviderBusy) else timedelta()
            async with self._work(step.claim) as work:
                await batching.not_sent(work, await work.lock(Batch, step.batch.id), after)
            if isinstance(error, ProviderBusy):
                return
            raise
        async with self._work(step.claim) as work:
            await batching.sent(work, await work.lock(Batch, step.batch.id), reference)

    async def _look(self, step: _Step) -> None:
        since = (step.batch.attempted_at or step.batch.opened_at) - SKEW
        found = await step.provider.sent_since(since)
        async with self._work(step.claim) as work:
            await batching.looked(work, await self._locked(work, step), found)

    async def _ask(self, step: _Step) -> None:
        if step.batch.reference is None:
            await self._confirm(step)
            return
        progress = await step.provider.progress(step.batch.reference)
        if progress.ending is None:
            await self._wait(step.claim, ASK_AGAIN_AFTER)
            return
        async with self._work(step.claim) as work:
            entries = await batching.entries(work, step.batch)
        if progress.report is not None:
            verdicts = await step.provider.verdicts(progress.report, entries)
        else:
            verdicts = [Verdict(None)] * len(entries)
        async with self._work(step.claim) as work:
            batch = await self._locked(work, step)
            if progress.ending is Ending.CANCELLED:
                name = batch.provider.capitalize()
                words = f"{name} cancelled it before it began. Ask for it again"
                await batching.fail(work, batch, words)
            else:
                await batching.judge(work, batch, verdicts)

    async def _confirm(self, step: _Step) -> None:
        async with self._work(step.claim) as work:
            awaited = await batching.awaited(work, step.batch)
        payments = set(awaited.payments)
        single = [*payments] if len(payments) <= _ONE_BY_ONE else [None]
        for payment in single:
            async for report in step.provider.refunds_since(awaited.since, payment):
                if payments.isdisjoint(report.payments):
                    continue
                try:
                    async with self._work(step.claim) as work:
                        await heard.hear(work, report)
                except DeskhandError as error:
                    # One that is odd must not keep the others from being counted.
                    log.warning("A refund of %s is left out: %s", step.provider.name, error)
        async with self._work(step.claim) as work:
            await batching.confirmed(work, await self._locked(work, step))

    async def _batch(self, claim: Claim) -> Batch:
        async with self._store.read(claim.merchant_id) as session:
            return await session.get_one(Batch, claim.payload["batch_id"])

    async def _locked(self, work: Work, step: _Step) -> Batch:
        """Return the batch for a decision, unless somebody else decided meanwhile."""
        batch = await work.lock(Batch, step.batch.id)
        if batch.state is not step.batch.state:
            raise Retry(timedelta())
        return batch

    async def _wait(self, claim: Claim, after: timedelta) -> None:
        async with self._work(claim) as work:
            batch = await work.lock(Batch, claim.payload["batch_id"])
            await batching.wait(work, batch, after)

    def _rest(self, batch: Batch) -> None:
        """Put the job off until the batch is due."""
        if batch.due_at > self._now():
            raise Retry(batch.due_at - self._now())

    def _work(self, claim: Claim) -> AbstractAsyncContextManager[Work]:
        return self._store.write(claim.merchant_id, now=self._now(), actor=WORKER)
