"""Shopify's webhooks: https://shopify.dev/docs/apps/build/webhooks, …/docs/api/webhooks.

`orders/create` and `orders/updated` carry an order whole, with its refunds; `fulfillments/update`
carries what the carrier says of a parcel. Two topics tell of refunds. `refunds/create` comes as soon as a refund was made, whether its
money moved or not, and holds all of it. `order_transactions/create` comes when a transaction
has succeeded or failed, also weeks later, and does not say which refund it belongs to: that
is asked for. What no topic here is about is kept, and says nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.connectors import inbound
from bot.connectors.files import shopify
from bot.connectors.files.values import moment, parts, text
from bot.connectors.inbound import Message, UnreadableEvent
from bot.connectors.shopify.objects import SOURCE, Movement, money_of, report_of
from bot.connectors.shopify.orders import draft
from bot.connectors.shopify.payments import Shopify
from bot.work.outcomes import Handler
from domain import sources
from domain.errors import Invalid
from domain.orders import service as orders
from domain.orders.intake import OrderDraft
from domain.refunds import heard
from domain.refunds.payment import Report
from domain.shipping import service as shipping
from domain.shipping.service import Sighting
from domain.store import Store, Work

#: What a message may tell of.
Fact = OrderDraft | Report | Sighting
_PARTNER = "a Shopify"
_ORDERS = re.compile(r"orders/(create|updated|edited|paid|cancelled|fulfilled|partially_fulfilled)")
_FULFILLMENTS = ("fulfillments/create", "fulfillments/update")
_ID, _TOPIC = "X-Shopify-Webhook-Id", "X-Shopify-Topic"
_NAME = re.compile(r"[\w./:-]{1,255}", re.ASCII)


class UnreadableRefund(Invalid):
    """An event about a refund that does not have what a refund has."""

    def __init__(self) -> None:
        super().__init__(
            "This Shopify event tells of a refund, but not its id, order and transactions. "
            "Check which API version the webhook at Shopify is set to."
        )


def verify(secret: str, body: bytes, header: str | None) -> bool:
    """Tell whether `X-Shopify-Hmac-SHA256` is that of this raw body under the app's secret."""
    digest = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256))
    return hmac.compare_digest(digest, (header or "").encode(errors="replace"))


def message(body: bytes, headers: Mapping[str, str]) -> Message:
    """Return the raw text as `payload` beside its `topic`, which Shopify puts in a header.

    Raises:
        UnreadableEvent: it is no JSON object, or has no id or topic.
    """
    inbound.event(body, _PARTNER)
    reference, topic = headers.get(_ID, ""), headers.get(_TOPIC, "")
    if not _NAME.fullmatch(reference) or not _NAME.fullmatch(topic):
        raise UnreadableEvent(_PARTNER, f"a JSON object, with {_ID} and {_TOPIC} in its headers,")
    return Message(reference, f'{{"topic": {json.dumps(topic)}, "payload": {body.decode()}}}')


def report(refund: Mapping[str, Any]) -> Report | None:
    """Return what `refunds/create` says, None of a refund that moves no money.

    Raises:
        UnreadableRefund: it can't be understood.
    """
    try:
        moved = [
            Movement(
                status=one["status"].upper(),
                money=money_of(one["amount"], one["currency"]),
                why=one.get("error_code"),
            )
            for one in refund["transactions"]
            if one["kind"] == "refund"
        ]
        return report_of(refund["id"], refund["order_id"], refund.get("note"), moved)
    except (KeyError, TypeError, AttributeError, Invalid):
        raise UnreadableRefund from None


def reader(store: Store, now: Callable[[], datetime], shop: Shopify | None) -> Handler:
    """Return the handler of `inbox.shopify`; orders that nobody knows are left in the inbox.

    Without a `shop` to ask, so is what only Shopify can tell.
    """

    async def meaning(body: str) -> list[Fact]:
        told = inbound.event(body, _PARTNER)
        return await _meaning(told["topic"], told["payload"], shop)

    return inbound.reader(store, now, SOURCE, meaning, take)


async def take(work: Work, fact: Fact) -> None:
    """Take in what Shopify tells of; raises as the use case does."""
    match fact:
        case OrderDraft():
            await orders.receive(work, [fact], source=SOURCE, announce=True)
            await sources.heard(work, SOURCE)
        case Report():
            await heard.hear(work, fact)
        case Sighting():
            await shipping.follow(work, fact)


async def _meaning(topic: str, payload: Mapping[str, Any], shop: Shopify | None) -> list[Fact]:
    if _ORDERS.fullmatch(topic):
        made = [await _refund(one, shop) for one in parts(payload.get("refunds"))]
        return [draft(payload), *(one for one in made if one is not None)]
    if topic in _FULFILLMENTS:
        return [*sightings(payload)]
    found = None
    if topic == "refunds/create":
        found = await _refund(payload, shop)
    elif topic == "order_transactions/create" and payload.get("kind") == "refund" and shop:
        found = await shop.made_by(str(payload.get("order_id")), str(payload.get("id")))
    return [] if found is None else [found]


async def _refund(payload: Mapping[str, Any], shop: Shopify | None) -> Report | None:
    found = report(payload)
    if found is None or shop is None or not _is_foreign(payload, found):
        return found
    return await shop.made(found.reference)


def sightings(fulfillment: Mapping[str, Any]) -> list[Sighting]:
    """Return what the carrier says of a fulfilment's parcels; raises `BadValue`."""
    word = text(fulfillment.get("shipment_status"))
    at = moment(fulfillment.get("updated_at"), "updated_at")
    if word is None or at is None:
        return []
    numbers = fulfillment.get("tracking_numbers")
    found = numbers if isinstance(numbers, list) else [fulfillment.get("tracking_number")]
    return [
        Sighting(known, shopify.parcel_state(word), at, word.replace("_", " ").capitalize())
        for known in dict.fromkeys(text(one) for one in found)
        if known
    ]


def _is_foreign(refund: Mapping[str, Any], found: Report) -> bool:
    """Tell whether the buyer's currency is not the shop's, in which the desk keeps its books."""
    duties = refund.get("total_duties_set")
    shop_money = duties.get("shop_money") if isinstance(duties, dict) else None
    currency = shop_money.get("currency_code") if isinstance(shop_money, dict) else None
    return currency not in (None, found.money.currency)
