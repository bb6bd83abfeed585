"""Stripe's webhooks: https://docs.stripe.com/webhooks, https://docs.stripe.com/api/events/types."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from stripe import SignatureVerificationError, WebhookSignature

from bot.connectors.stripe import objects
from bot.connectors.stripe.objects import SOURCE, UnreadableRefund
from bot.work.outcomes import Handler
from domain.errors import Invalid
from domain.inbox import Delivery
from domain.jobs import Claim
from domain.refunds import heard
from domain.refunds.payment import Report
from domain.store import Store

#: Seconds that a signature may be old.
_TOLERANCE = 300
_ABOUT_REFUNDS = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")


class UnreadableEvent(Invalid):
    """What arrived is not an event of Stripe's."""

    def __init__(self) -> None:
        super().__init__("This is not a Stripe event: a JSON object with an id is expected.")


def verify(secret: str, body: bytes, header: str | None) -> bool:
    """Tell whether `Stripe-Signature` is that of this raw body, and not older than 300 seconds."""
    if header is None or not header.isascii():
        return False
    try:
        WebhookSignature.verify_header(body, header, secret, _TOLERANCE)
    except (SignatureVerificationError, UnicodeDecodeError):
        return False
    return True


def event_id(body: bytes | str) -> str:
    """Return Stripe's own id of the event; raises `UnreadableEvent` if it has none."""
    reference = _event(body).get("id")
    if not isinstance(reference, str) or not reference:
        raise UnreadableEvent
    return reference


def report(body: bytes | str) -> Report | None:
    """Return what an event says of a refund, None if it is about something else.

    Raises:
        UnreadableEvent, UnreadableRefund: it can't be understood.
    """
    event = _event(body)
    if event.get("type") not in _ABOUT_REFUNDS:
        return None
    try:
        refund = event["data"]["object"]
    except (KeyError, TypeError):
        raise UnreadableRefund from None
    return objects.report(refund)


def reader(store: Store, now: Callable[[], datetime]) -> Handler:
    """Return the handler of `inbox.stripe`; payments of no order here are left in the inbox."""

    async def read(claim: Claim) -> None:
        async with store.write(claim.merchant_id, now=now(), actor=SOURCE) as work:
            delivery = await work.session.get_one(Delivery, claim.payload["delivery_id"])
            told = report(delivery.body)
            if told is not None:
                await heard.hear(work, told)

    return read


def _event(body: bytes | str) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except ValueError:
        raise UnreadableEvent from None
    if not isinstance(event, dict):
        raise UnreadableEvent
    return event
