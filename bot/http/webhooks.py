"""Partners' messages: checked, kept as they came, answered at once; a worker reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.connectors import easypost
from bot.connectors.stripe import events as stripe
from bot.connectors.stripe.objects import SOURCE
from domain import inbox, merchants
from domain.store import Store


@dataclass(frozen=True, slots=True)
class Partner:
    """How a partner signs what it sends, and names it.

    `verify` takes the secret, the raw body and the header; `event_id` raises `Invalid` for
    what is no event.
    """

    name: str
    source: str
    header: str
    variable: str
    verify: Callable[[str, bytes, str | None], bool]
    event_id: Callable[[bytes], str]


EASYPOST = Partner(
    name="EasyPost",
    source=easypost.SOURCE,
    header="X-Hmac-Signature",
    variable="EASYPOST_WEBHOOK_SECRET",
    verify=easypost.verify,
    event_id=easypost.event_id,
)
STRIPE = Partner(
    name="Stripe",
    source=SOURCE,
    header="Stripe-Signature",
    variable="STRIPE_WEBHOOK_SECRET",
    verify=stripe.verify,
    event_id=stripe.event_id,
)
PARTNERS = (EASYPOST, STRIPE)


def inlet(
    partner: Partner, store: Store, secret: str | None, now: Callable[[], datetime]
) -> Handler:
    """Return the handler of a partner's `POST /webhooks/…`.

    200 once the message is kept, also when it came before; 401 for a signature that is not
    the partner's, 503 while there is no secret to check it with, so that it is sent again.
    """
    known: list[int] = []

    async def merchant() -> int:
        if not known:
            async with store.across(write=True) as session:
                known.append((await merchants.sole(session, now())).id)
        return known[0]

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
        reference = partner.event_id(body)
        async with store.write(await merchant(), now=now(), actor=partner.source) as work:
            new = await inbox.keep(work, partner.source, reference, body.decode())
        return web.json_response({"status": "kept" if new else "known"})

    return handle


def _sentence(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status)
