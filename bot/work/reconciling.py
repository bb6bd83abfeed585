"""Asking payment providers: what became of one refund, and once a day for all of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from bot.work.outcomes import Handler
from domain.errors import Conflict, CurrencyMismatch
from domain.jobs import Claim
from domain.refunds import heard, paying, reconciliation
from domain.refunds.differences import sift
from domain.refunds.model import Refund, State
from domain.refunds.payment import OutcomeUnknown, PaymentProvider, Report
from domain.store import WORKER, Store, Work

log = logging.getLogger(__name__)


class Reconciling:
    """Compares what providers tell with what the desk knows; `providers` as in `Payments`."""

    def __init__(
        self,
        store: Store,
        providers: Mapping[str, PaymentProvider],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._providers = {provider.name: provider for provider in providers.values()}
        self._now = now

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handlers of `refund.ask` and `refund.reconcile`."""
        return {"refund.ask": self.ask, "refund.reconcile": self.reconcile}

    async def ask(self, claim: Claim) -> None:
        """Ask what became of a refund that nobody told of; nothing is paid here.

        One that its provider does not know stays as it is, for the payment's own job or a person.
        """
        refund_id = claim.payload["refund_id"]
        async with self._store.read(claim.merchant_id) as session:
            refund = await session.get_one(Refund, refund_id)
            provider = self._providers.get(refund.provider or "")
            if provider is None or refund.state not in (State.SUBMITTED, State.UNKNOWN):
                return
            instruction = await paying.instruction(session, refund)
        try:
            outcome = await provider.find(instruction)
        except OutcomeUnknown as error:
            log.info("%s says nothing of %s yet: %s", provider.name, refund.name, error)
            return
        if outcome is not None:
            async with self._work(claim) as work:
                await paying.settle(work, refund_id, outcome)

    async def reconcile(self, claim: Claim) -> None:
        """Hear all that a provider tells of its refunds, and compare both sides.

        One that is not connected any more is left until it is.
        """
        reconciliation_id = claim.payload["reconciliation_id"]
        async with self._store.read(claim.merchant_id) as session:
            span = await reconciliation.span(session, reconciliation_id, self._now())
        provider = self._providers.get(span.provider)
        if provider is None:
            return
        reports = [report async for report in provider.refunds_since(span.since)]
        async with self._store.read(claim.merchant_id) as session:
            sifted = await sift(session, reports)
        for report in sifted.news:
            await self._hear(claim, report)
        async with self._work(claim) as work:
            await reconciliation.conclude(work, reconciliation_id, span, reports, sifted.strangers)

    async def _hear(self, claim: Claim, report: Report) -> None:
        try:
            async with self._work(claim, report.provider) as work:
                await heard.hear(work, report)
        except (Conflict, CurrencyMismatch) as error:
            # The comparison finds it as a difference.
            log.info("Refund %s could not be taken in: %s", report.reference, error)

    def _work(self, claim: Claim, actor: str = WORKER) -> AbstractAsyncContextManager[Work]:
        return self._store.write(claim.merchant_id, now=self._now(), actor=actor)
