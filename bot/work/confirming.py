"""Confirming more orders than one unit of work should hold, in the name of whoever asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.work.outcomes import Handler
from domain.jobs import Claim
from domain.orders import confirming
from domain.orders.confirming import Rest
from domain.store import Store


class Confirming:
    """Goes through an arrival's orders: each run of the job is one unit of work."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handler of `orders.confirm`."""
        return {"orders.confirm": self.confirm}

    async def confirm(self, claim: Claim) -> None:
        """Confirm the next orders; the job that follows is written with them."""
        job = claim.payload
        rest = Rest(job["arrival_id"], job["after"], job["upto"])
        async with self._store.write(
            claim.merchant_id, now=self._now(), actor=job["actor"]
        ) as work:
            await confirming.confirm_rest(work, rest)
