"""Amazon's notifications: an order changed. What it is now is asked for.

https://developer-docs.amazon.com/sp-api/docs/notification-type-values#order_change. Several
may come for one order, late, again and in any order: what the desk knows already of a later
moment is not asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot.connectors import inbound
from bot.connectors.amazon.finances import SOURCE
from bot.connectors.amazon.orders import Orders, UnknownOrder, draft, is_for_the_desk
from bot.connectors.files import amazon
from bot.connectors.files.values import moment, part, text
from bot.connectors.inbound import Message, UnreadableEvent
from bot.work.outcomes import Dead, Handler, Retry
from domain.errors import Invalid
from domain.inbox import Delivery
from domain.jobs import Claim
from domain.orders import service
from domain.orders.intake import OrderDraft
from domain.orders.model import Order
from domain.sources import SourceBusy, SourceSilent
from domain.store import Store

#: One after the other: what the first of a burst asks for answers those that follow.
LANE = "inbox.amazon"
_PARTNER = "an Amazon"
#: An id beyond this is none of Amazon's, which are of 36 characters.
_LONGEST_ID = 255
#: While Amazon is silent a message is put off by so much; meanwhile its order may be read
#: with what else changed. One that fails for longer than that is somebody's to look at.
_AWAY, _PATIENCE = timedelta(minutes=5), timedelta(days=1)
#: Statuses of an order that Amazon ships itself, from which on it is known here.
_OVER = ("Shipped", "Canceled", "Unfulfillable")


@dataclass(frozen=True, slots=True)
class Change:
    """An order changed at a moment."""

    order_id: str
    at: datetime | None


def message(body: str, fallback: str) -> Message:
    """Return a notification with Amazon's own id of it, or `fallback` where it has none.

    What is no notification is kept all the same, for somebody to look at.
    """
    try:
        told = inbound.event(body, _PARTNER)
        reference = text(part(told, "NotificationMetadata").get("NotificationId"))
    except UnreadableEvent:
        reference = None
    if reference is None or len(reference) > _LONGEST_ID:
        reference = f"message:{fallback}"
    # PostgreSQL can't keep NUL, and no database half a surrogate pair.
    kept = body.replace("\0", "").encode(errors="replace").decode()
    return Message(reference, kept)


def change(told: Mapping[str, Any]) -> Change | None:
    """Return which order changed when; None for a notification of nothing that matters here.

    Raises:
        UnreadableEvent, BadValue: it does not say so.
    """
    kind = told.get("NotificationType")
    if kind is None:
        raise UnreadableEvent(_PARTNER, "a JSON object with a NotificationType")
    if kind != "ORDER_CHANGE":
        return None
    facts = part(told, "Payload", "OrderChangeNotification")
    order_id = text(facts.get("AmazonOrderId"))
    if order_id is None:
        raise UnreadableEvent(_PARTNER, "an AmazonOrderId in the Payload")
    summary = part(facts, "Summary")
    if summary.get("FulfillmentType") == "AFN" and summary.get("OrderStatus") not in _OVER:
        return None
    at = part(facts, "OrderChangeTrigger").get("TimeOfOrderChange") or told.get("EventTime")
    return Change(order_id, moment(at, "TimeOfOrderChange"))


class Reading:
    """Makes sense of messages; without `orders` to ask, they wait for somebody to connect them."""

    def __init__(self, store: Store, now: Callable[[], datetime], orders: Orders | None) -> None:
        self._store = store
        self._now = now
        self._orders = orders

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handler of `inbox.amazon`."""
        return {f"inbox.{SOURCE}": self.read}

    async def read(self, claim: Claim) -> None:
        """Take in the order that a message is about, as it is now."""
        async with self._store.read(claim.merchant_id) as session:
            delivery = await session.get_one(Delivery, claim.payload["delivery_id"])
        try:
            found = await self._meaning(claim, inbound.event(delivery.body, _PARTNER))
        except Invalid as error:
            raise Dead(f"This message of Amazon's can't be used, and is kept: {error}") from error
        if found is not None:
            async with self._store.write(claim.merchant_id, now=self._now(), actor=SOURCE) as work:
                await service.receive(work, [found], source=SOURCE, announce=True)

    async def _meaning(self, claim: Claim, told: Mapping[str, Any]) -> OrderDraft | None:
        if "order" in told:
            return draft(part(told, "order"))
        changed = change(told)
        if changed is None or await self._is_known(claim, changed):
            return None
        if self._orders is None:
            raise Dead("Amazon is not connected here. Connect it, and retry.")
        try:
            order = await self._orders.get(changed.order_id)
        except SourceBusy as busy:
            raise Retry(busy.after) from busy
        except UnknownOrder as error:
            raise Dead(f"Amazon tells of order {changed.order_id}, but: {error}") from error
        except SourceSilent as silence:
            if self._now() - claim.created_at > _PATIENCE:
                raise
            raise Retry(_AWAY) from silence
        return draft(order) if is_for_the_desk(order) else None

    async def _is_known(self, claim: Claim, changed: Change) -> bool:
        if changed.at is None:
            return False
        async with self._store.read(claim.merchant_id) as session:
            changed_at = await session.scalar(
                select(Order.changed_at).where(
                    Order.channel == amazon.CHANNEL, Order.number == changed.order_id
                )
            )
        return changed_at is not None and changed_at >= changed.at
