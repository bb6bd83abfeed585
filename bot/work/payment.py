"""Moving the money of an approved refund: once, whatever happens on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.work.outcomes import Dead, Handler, Retry
from domain.jobs import Claim
from domain.refunds import covered, gathering, paying
from domain.refunds.model import State
from domain.refunds.payment import (
    BatchProvider,
    ByHand,
    Instruction,
    Outcome,
    OutcomeUnknown,
    PaymentProvider,
    Result,
)
from domain.store import WORKER, Store, Work

#: After this long without an answer nobody knows whether the money moved.
ANSWER_WITHIN = timedelta(seconds=30)
#: How long until a provider is asked again what became of a refund.
ASK_AGAIN_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class _Task:
    provider: PaymentProvider
    instruction: Instruction
    repeated: bool


class Payments:
    """Pays refunds through the provider that took the order's payment.

    `providers` are by the name that orders have in `payment_provider`; whatever is not
    among them, finance pays by hand.
    """

    def __init__(
        self,
        store: Store,
        providers: Mapping[str, PaymentProvider],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._providers = providers
        self._now = now
        self._by_hand = ByHand()
        self._submitters = {
            provider.name: provider for provider in (*providers.values(), self._by_hand)
        }

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handler of `refund.pay`."""
        return {"refund.pay": self.pay}

    async def pay(self, claim: Claim) -> None:
        """Commit to paying, have it paid, and take note of the answer.

        Without an answer the refund is unknown, and the provider is asked until it tells.
        """
        refund_id = claim.payload["refund_id"]
        async with self._work(claim) as work:
            task = await self._submit(work, refund_id)
        if task is None:
            return
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                outcome = await self._have_paid(claim, task)
        except (OutcomeUnknown, TimeoutError) as error:
            async with self._work(claim) as work:
                await paying.lose_sight(work, refund_id, str(error) or "no answer in time")
            raise Retry(ASK_AGAIN_AFTER) from error
        if outcome is None:
            return
        async with self._work(claim) as work:
            if outcome.result is Result.WAITING and isinstance(task.provider, BatchProvider):
                await gathering.take_in(work, refund_id, task.provider.name)
            else:
                await paying.settle(work, refund_id, outcome)

    async def _submit(self, work: Work, refund_id: int) -> _Task | None:
        order, refund = await covered.lock(work, refund_id)
        repeated = refund.state in (State.SUBMITTED, State.UNKNOWN)
        if repeated:
            provider = self._submitters.get(refund.provider or "")
        else:
            provider = self._providers.get(order.payment_provider or "", self._by_hand)
        if provider is None:
            raise Dead(
                f"{refund.name} was submitted through {refund.provider}, which is not connected "
                "any more. Connect it again, and retry: it is asked first whether it has paid."
            )
        instruction = await paying.submit(work, refund_id, provider.name)
        return None if instruction is None else _Task(provider, instruction, repeated)

    async def _have_paid(self, claim: Claim, task: _Task) -> Outcome | None:
        """Return the provider's answer, None if finance paid by hand while it was asked."""
        if task.repeated:
            known = await task.provider.find(task.instruction)
            if known is not None:
                return known
            async with self._work(claim) as work:
                if not await paying.resubmit(work, claim.payload["refund_id"]):
                    return None
        return await task.provider.refund(task.instruction)

    def _work(self, claim: Claim) -> AbstractAsyncContextManager[Work]:
        return self._store.write(claim.merchant_id, now=self._now(), actor=WORKER)
