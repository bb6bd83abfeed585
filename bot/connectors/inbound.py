"""What the messages of all partners have in common: their shape, and how a worker reads them."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError

from bot.work.outcomes import Handler, Retry, sentence
from domain import inbox
from domain.errors import Invalid
from domain.inbox import Delivery, Message
from domain.jobs import Claim
from domain.store import Store, Work

__all__ = [
    "Message",
    "PartlyUnreadable",
    "Together",
    "UnreadableEvent",
    "event",
    "event_id",
    "reader",
]

log = logging.getLogger(__name__)

Fact = TypeVar("Fact")
_LONGEST_NAME = 255
#: Small enough that requests and other jobs, which take turns with it, don't wait.
_BATCH = 100
#: Seconds until a reader that still has something to read lets other jobs go first.
_TURN = 15.0
#: While messages come in, a reader rests so many times as long as it read, a second at most:
#: their senders wait for an answer, and nobody waits for the reader.
_REST, _LONGEST_REST = 3, 1.0
#: Messages come in while the newest is no older than this.
_ARRIVING = timedelta(seconds=1)


class UnreadableEvent(Invalid):
    """What arrived is no event of the partner's, whose name comes with an article."""

    def __init__(self, partner: str, expected: str = "a JSON object with an id") -> None:
        super().__init__(f"This is not {partner} event: {expected} is expected.")


class PartlyUnreadable(Invalid):
    """An event of which some can't be read; `facts` are what the rest tells."""

    def __init__(self, message: str, facts: Sequence[Any]) -> None:
        self.facts = facts
        super().__init__(message)


def event(body: bytes | str, partner: str) -> dict[str, Any]:
    """Return the JSON object that a message is; raises `UnreadableEvent` if it is none."""
    try:
        found = json.loads(body.decode() if isinstance(body, bytes) else body)
    except (ValueError, RecursionError):
        raise UnreadableEvent(partner) from None
    if not isinstance(found, dict):
        raise UnreadableEvent(partner)
    return found


def event_id(body: bytes | str, partner: str) -> str:
    """Return the `id` that the message names itself; raises `UnreadableEvent` without one."""
    reference = event(body, partner).get("id")
    if not isinstance(reference, str) or not 0 < len(reference) <= _LONGEST_NAME:
        raise UnreadableEvent(partner)
    if not reference.isprintable():
        raise UnreadableEvent(partner)
    return reference


def reader(
    store: Store,
    now: Callable[[], datetime],
    source: str,
    meaning: Callable[[str], Awaitable[Iterable[Fact]]],
    take: Callable[[Work, Fact], Awaitable[object]],
) -> Handler:
    """Return the handler of `inbox.<source>`: what a kept message means is taken in at once.

    `meaning` may ask the partner, for no unit of work is open meanwhile.
    """

    async def read(claim: Claim) -> None:
        async with store.read(claim.merchant_id) as session:
            delivery = await session.get_one(Delivery, claim.payload["delivery_id"])
        facts = list(await meaning(delivery.body))
        if not facts:
            return
        async with store.write(claim.merchant_id, now=now(), actor=source) as work:
            for fact in facts:
                await take(work, fact)

    return read


class Together(Generic[Fact]):
    """The handler of `inbox.<source>` for messages that come in bursts: many in one unit of work.

    `meaning` says what a text tells of, `take` takes many facts in. A message that breaks its
    batch is found by halving it, and gets a job of its own, in which it fails alone.
    """

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        source: str,
        meaning: Callable[[str], Sequence[Fact]],
        take: Callable[[Work, Sequence[Fact]], Awaitable[object]],
    ) -> None:
        self._store = store
        self._now = now
        self._source = source
        self._meaning = meaning
        self._take = take
        #: Merchants whose messages are being read, and those who had news meanwhile.
        self._reading: set[int] = set()
        self._news: set[int] = set()

    async def __call__(self, claim: Claim) -> None:
        """Read one message, or all that are unread."""
        if delivery_id := claim.payload.get("delivery_id"):
            await self._read_alone(claim.merchant_id, delivery_id)
        elif claim.merchant_id in self._reading:
            # One reader a process: more of them would keep the other jobs from their places.
            self._news.add(claim.merchant_id)
        else:
            self._reading.add(claim.merchant_id)
            try:
                await self._read_all(claim.merchant_id)
            finally:
                self._reading.discard(claim.merchant_id)
                self._news.discard(claim.merchant_id)

    async def _read_all(self, merchant_id: int) -> None:
        until = time.monotonic() + _TURN
        while True:
            self._news.discard(merchant_id)
            started = time.monotonic()
            while await self._read_batch(merchant_id):
                if time.monotonic() > until:
                    raise Retry(timedelta())
                await self._give_way(merchant_id, time.monotonic() - started)
                started = time.monotonic()
            if merchant_id not in self._news:
                return

    async def _give_way(self, merchant_id: int, read_for: float) -> None:
        async with self._store.read(merchant_id) as session:
            newest = await inbox.newest_unread(session, self._source)
        if newest and self._now() - newest < _ARRIVING:
            await asyncio.sleep(min(_REST * read_for, _LONGEST_REST))

    async def _read_batch(self, merchant_id: int) -> bool:
        """Read the oldest unread messages; returns whether there were any."""
        deliveries: Sequence[Delivery] = ()
        try:
            async with self._store.write(merchant_id, now=self._now(), actor=self._source) as work:
                deliveries = await inbox.unread(work, self._source, most=_BATCH)
                await self._read(work, deliveries)
        except Exception as error:
            if not deliveries or _is_away(error):
                raise
            await self._in_halves(merchant_id, [one.id for one in deliveries], error)
        return bool(deliveries)

    async def _in_halves(self, merchant_id: int, ids: Sequence[int], error: Exception) -> None:
        """Read messages that can't be read together with fewer of each other."""
        if len(ids) == 1:
            log.warning("Message %s of %s is set aside: %s", ids[0], self._source, sentence(error))
            async with self._store.write(merchant_id, now=self._now(), actor=self._source) as work:
                await inbox.set_aside(work, await inbox.among_unread(work, ids))
            return
        for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
            try:
                async with self._store.write(
                    merchant_id, now=self._now(), actor=self._source
                ) as work:
                    await self._read(work, await inbox.among_unread(work, half))
            except Exception as failed:
                if _is_away(failed):
                    raise
                await self._in_halves(merchant_id, half, failed)

    async def _read(self, work: Work, deliveries: Sequence[Delivery]) -> None:
        facts: list[Fact] = []
        odd: list[Delivery] = []
        for delivery in deliveries:
            try:
                facts += self._meaning(delivery.body)
            except PartlyUnreadable as error:
                facts += error.facts
                odd.append(delivery)
            except Exception as error:  # noqa: BLE001 — its own job says what is wrong with it
                log.debug("Message %s can't be read: %s", delivery.id, sentence(error))
                odd.append(delivery)
        if facts:
            await self._take(work, facts)
        await inbox.set_aside(work, odd)
        await inbox.read(work, [one for one in deliveries if one not in odd])

    async def _read_alone(self, merchant_id: int, delivery_id: int) -> None:
        async with self._store.read(merchant_id) as session:
            delivery = await session.get_one(Delivery, delivery_id)
        odd = None
        try:
            facts = self._meaning(delivery.body)
        except PartlyUnreadable as error:
            facts, odd = error.facts, error
        if facts:
            async with self._store.write(merchant_id, now=self._now(), actor=self._source) as work:
                await self._take(work, facts)
        if odd:
            raise odd


def _is_away(error: Exception) -> bool:
    """Tell whether it was the database that failed, and no message."""
    return isinstance(error, (OperationalError, InterfaceError, OSError))
