"""Buying labels at the partner that is connected, and giving them back: each once, come what may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import NoReturn

from bot.work.outcomes import Dead, Handler, Retry
from domain.errors import Conflict, Invalid
from domain.fulfilment import labels, voiding
from domain.fulfilment.labels import Settled
from domain.jobs import Claim
from domain.shipping.labels import Label, LabelMaker, LabelRefused, LabelsBusy, LabelUnknown
from domain.store import WORKER, Store, Work

#: Below the time that a job has.
ANSWER_WITHIN = timedelta(seconds=40)
#: How long until the partner is asked again what became of a label.
ASK_AGAIN_AFTER = timedelta(minutes=1)
#: Of a partner that is silent for longer, who asked is told; the job is parked after some more
#: attempts.
_PATIENCE = timedelta(hours=2)


class Labels:
    """Buys labels at `partner`, and gives them back; None where none is connected any more."""

    def __init__(
        self, store: Store, partner: LabelMaker | None, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._partner = partner
        self._now = now

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handlers of `label.buy` and `label.void`."""
        return {"label.buy": self.buy, "label.void": self.void}

    async def buy(self, claim: Claim) -> None:
        """Have a label quoted, commit to a rate of it, buy that, and let the parcel leave.

        Without an answer the partner is asked again, and has the label before it sells another.
        """
        label_id = claim.payload["label_id"]
        partner = self._partner
        if partner is None:
            raise Dead(
                "Nobody who sells labels is connected. Connect them again, and retry: they are "
                "asked first whether this one was bought."
            )
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                made = await self._have_bought(claim, partner)
        except LabelsBusy as busy:
            raise Retry(busy.after) from busy
        except (LabelUnknown, TimeoutError) as silence:
            await self._wait(claim, silence, "whether it made the label")
        except (LabelRefused, Conflict, Invalid) as refusal:
            async with self._work(claim) as work:
                await labels.failed(work, label_id, str(refusal))
            return
        if made is not None:
            await self._let_leave(claim, made)

    async def void(self, claim: Claim) -> None:
        """Have a label given back, however often it is asked; only then its parcel is cancelled."""
        label_id = claim.payload["label_id"]
        partner = self._partner
        if partner is None:
            raise Dead(
                "Nobody who sells labels is connected. Connect them again, and retry: the label is "
                "given back then."
            )
        async with self._work(claim) as work:
            quote = await voiding.errand(work, label_id)
        if quote is None:
            return
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                await partner.void(quote)
        except LabelsBusy as busy:
            raise Retry(busy.after) from busy
        except (LabelUnknown, TimeoutError) as silence:
            await self._wait(claim, silence, "whether it took the label back")
        except LabelRefused as refusal:
            async with self._work(claim) as work:
                await voiding.kept(work, label_id, str(refusal))
            return
        async with self._work(claim) as work:
            await voiding.voided(work, label_id)

    async def _wait(self, claim: Claim, silence: Exception, what: str) -> NoReturn:
        """Have the partner asked again later what it does not say; who waits is told in the end."""
        if self._now() - claim.created_at > _PATIENCE:
            async with self._work(claim) as work:
                await labels.unheard(work, claim.payload["label_id"])
            raise LabelUnknown(f"The partner does not say {what}.") from None
        # What is open about one label keeps no other one waiting.
        raise Retry(ASK_AGAIN_AFTER, alone=True) from silence

    async def _have_bought(self, claim: Claim, partner: LabelMaker) -> Label | None:
        """Return the label, None if its story is over already."""
        label_id = claim.payload["label_id"]
        async with self._work(claim) as work:
            errand = await labels.errand(work, label_id)
        if errand is None:
            return None
        if isinstance(errand, Settled):
            settled, known = errand, await _found(partner, errand)
            if known is not None:
                return known
        else:
            # The partner has one quote for a reference, however often it is asked.
            quote = await partner.quote(errand.reference, errand.sender, errand.to, errand.package)
            async with self._work(claim) as work:
                settled = await labels.quoted(work, label_id, quote)
        return await partner.buy(settled.quote, settled.rate)

    async def _let_leave(self, claim: Claim, made: Label) -> None:
        label_id = claim.payload["label_id"]
        try:
            async with self._work(claim) as work:
                await labels.bought(work, label_id, made)
        except (Conflict, Invalid) as problem:
            # It is paid for: who asked is told, and can use it or have it given back.
            async with self._work(claim) as work:
                await labels.left_over(work, label_id, made, str(problem))

    def _work(self, claim: Claim) -> AbstractAsyncContextManager[Work]:
        return self._store.write(claim.merchant_id, now=self._now(), actor=WORKER)


async def _found(partner: LabelMaker, settled: Settled) -> Label | None:
    """Return what an earlier attempt bought; who is not let in to look does not know."""
    try:
        return await partner.find(settled.quote)
    except LabelRefused as refusal:
        raise Dead(
            f"Whether this label was bought could not be asked. {refusal} Mend that, and retry: it "
            "is asked first."
        ) from refusal
