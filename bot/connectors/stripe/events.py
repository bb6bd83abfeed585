"""Stripe's webhooks: https://docs.stripe.com/webhooks, https://docs.stripe.com/api/events/types."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from stripe import SignatureVerificationError, WebhookSignature

from bot.connectors import inbound
from bot.connectors.inbound import UnreadableEvent
from bot.connectors.stripe import objects
from bot.connectors.stripe.objects import SOURCE, UnreadableRefund
from bot.work.outcomes import Handler
from domain.refunds import heard
from domain.refunds.payment import Report
from domain.store import Store

#: Seconds that a signature may be old.
_TOLERANCE = 300
_ABOUT_REFUNDS = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")
_PARTNER = "a Stripe"


def verify(secret: str, body: bytes, header: str | None) -> bool:
    """Tell whether `Stripe-Signature` is that of this raw body, and not older than 300 seconds.

    Raises:
        UnreadableEvent: it is no UTF-8, which Stripe signs nothing but.
    """
    if header is None or not header.isascii():
        return False
    try:
        WebhookSignature.verify_header(body, header, secret, _TOLERANCE)
    except SignatureVerificationError:
        return False
    except UnicodeDecodeError:
        raise UnreadableEvent(_PARTNER) from None
    return True


def event_id(body: bytes | str) -> str:
    """Return Stripe's own id of the event; raises `UnreadableEvent` if it has none."""
    return inbound.event_id(body, _PARTNER)


def report(body: bytes | str) -> Report | None:
    """Return what an event says of a refund, None if it is about something else.

    Raises:
        UnreadableEvent, UnreadableRefund: it can't be understood.
    """
    event = inbound.event(body, _PARTNER)
    if event.get("type") not in _ABOUT_REFUNDS:
        return None
    try:
        refund = event["data"]["object"]
    except (KeyError, TypeError):
        raise UnreadableRefund from None
    return objects.report(refund)


def reader(store: Store, now: Callable[[], datetime]) -> Handler:
    """Return the handler of `inbox.stripe`; payments of no order here are left in the inbox."""

    async def meaning(body: str) -> list[Report]:
        told = report(body)
        return [] if told is None else [told]

    return inbound.reader(store, now, SOURCE, meaning, heard.hear)
