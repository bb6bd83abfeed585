"""Partners' messages: checked, kept as they came, answered at once; a worker reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.connectors import carrier, easypost
from bot.connectors.inbound import Message
from bot.connectors.shopify import events as shopify
from bot.connectors.shopify.payments import Shopify
from bot.connectors.stripe import events as stripe
from bot.connectors.stripe.objects import SOURCE
from bot.http.intake import Intake
from domain.store import Store

#: Takes the raw body and the headers; raises `Invalid` for what is no event.
Read = Callable[[bytes, Mapping[str, str]], Message]


@dataclass(frozen=True, slots=True)
class Partner:
    """How a partner signs what it sends, and what of a request is its message.

    `verify` takes the secret, the raw body and the header. Messages that come in bursts, and
    ask nobody for anything, are read `together`.
    """

    name: str
    source: str
    header: str
    variable: str
    verify: Callable[[str, bytes, str | None], bool]
    message: Read
    together: bool = False


def _named_within(event_id: Callable[[bytes], str]) -> Read:
    """Read messages that name themselves, and are kept as they came."""
    return lambda body, _headers: Message(event_id(body), body.decode())


EASYPOST = Partner(
    name="EasyPost",
    source=easypost.SOURCE,
    header="X-Hmac-Signature",
    variable="EASYPOST_WEBHOOK_SECRET",
    verify=easypost.verify,
    message=_named_within(easypost.event_id),
    together=True,
)
STRIPE = Partner(
    name="Stripe",
    source=SOURCE,
    header="Stripe-Signature",
    variable="STRIPE_WEBHOOK_SECRET",
    verify=stripe.verify,
    message=_named_within(stripe.event_id),
)
SHOPIFY = Partner(
    name="Shopify",
    source=Shopify.name,
    header="X-Shopify-Hmac-SHA256",
    variable="SHOPIFY_CLIENT_SECRET",
    verify=shopify.verify,
    message=shopify.message,
)
CARRIER = Partner(
    name="the carrier",
    source=carrier.SOURCE,
    header="X-Deskhand-Signature",
    variable="CARRIER_WEBHOOK_SECRET",
    verify=carrier.verify,
    message=_named_within(carrier.event_id),
)
PARTNERS = (EASYPOST, STRIPE, SHOPIFY, CARRIER)


def inlet(
    partner: Partner, store: Store, secret: str | None, now: Callable[[], datetime]
) -> Handler:
    """Return the handler of a partner's `POST /webhooks/…`.

    200 once the message is kept, also when it came before; 401 for a signature that is not
    the partner's, 503 while there is no secret to check it with, so that it is sent again.
    """
    intake = Intake(store, partner.source, now, together=partner.together)

    async def handle(request: web.Request) -> web.Response:
        if secret is None:
            return _sentence(503, f"{partner.variable} is not set here, so nothing is taken.")
        body = await request.read()
        if not partner.verify(secret, body, request.headers.get(partner.header)):
            return _sentence(
                401,
                f"{partner.header} does not belong to this message. Check that the webhook's "
                f"secret at {partner.name} is that of {partner.variable}.",
            )
        new = await intake.keep(partner.message(body, request.headers))
        return web.json_response({"status": "kept" if new else "known"})

    return handle


def _sentence(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status)
