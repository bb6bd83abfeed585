"""Asking sources of orders what changed: page by page, each kept before the next is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.work.outcomes import Handler, Retry
from domain import sources
from domain.jobs import Claim
from domain.sources import OrderSource, Source, SourceBusy, SourceSilent
from domain.store import Store

#: Seconds; well within the time that a job has, whatever the page then under way takes.
_AT_A_TIME = 20.0


class Sources:
    """Reads the sources that are connected, by name."""

    def __init__(
        self, store: Store, connected: Mapping[str, OrderSource], now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._connected = connected
        self._now = now

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handler of `source.read`."""
        return {"source.read": self.read}

    async def read(self, claim: Claim) -> None:
        """Read a source to its end, or for as long as a job may take; then another goes on.

        One that is not connected any more is left until it is, and one that was read to its end
        since the clock asked for it, by a job that had to wait for long, is not read again.
        """
        source_id = claim.payload["source_id"]
        async with self._store.read(claim.merchant_id) as session:
            kept = await session.get_one(Source, source_id)
        source = self._connected.get(kept.name)
        if source is None or (kept.checked_at and kept.checked_at >= claim.created_at):
            return
        cursor, until = kept.cursor, time.monotonic() + _AT_A_TIME
        while True:
            try:
                page = await source.read(cursor, self._now())
            except SourceBusy as busy:
                raise Retry(busy.after) from busy
            except SourceSilent as silence:
                async with self._store.write(
                    claim.merchant_id, now=self._now(), actor=source.name
                ) as work:
                    await sources.failed(work, source_id, str(silence))
                return
            async with self._store.write(
                claim.merchant_id, now=self._now(), actor=source.name
            ) as work:
                await sources.take_in(work, source_id, page)
            if not page.more:
                return
            if time.monotonic() > until:
                raise Retry(timedelta())
            cursor = page.cursor
