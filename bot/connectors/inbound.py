"""What the messages of all partners have in common: their shape, and how a worker reads them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from bot.work.outcomes import Handler
from domain.errors import Invalid
from domain.inbox import Delivery
from domain.jobs import Claim
from domain.store import Store, Work

Fact = TypeVar("Fact")


class UnreadableEvent(Invalid):
    """What arrived is no event of the partner's, whose name comes with an article."""

    def __init__(self, partner: str, expected: str = "a JSON object with an id") -> None:
        super().__init__(f"This is not {partner} event: {expected} is expected.")


@dataclass(frozen=True, slots=True)
class Message:
    """What the inbox keeps of a request: the partner's own id of the event, and its text."""

    reference: str
    body: str


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
    if not isinstance(reference, str) or not reference:
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
