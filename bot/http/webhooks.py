"""Partners' messages: checked, kept as they came, answered at once; a worker reads them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.connectors import easypost as partner
from domain import inbox, merchants
from domain.store import Store


def easypost(store: Store, secret: str | None, now: Callable[[], datetime]) -> Handler:
    """Return the handler of `POST /webhooks/easypost`.

    200 once the message is kept, also when it came before; 401 for a signature that is not
    EasyPost's, 503 while there is no secret to check it with, so that EasyPost tries again.
    """
    known: list[int] = []

    async def merchant() -> int:
        if not known:
            async with store.across(write=True) as session:
                known.append((await merchants.sole(session, now())).id)
        return known[0]

    async def handle(request: web.Request) -> web.Response:
        if secret is None:
            return _sentence(503, "EASYPOST_WEBHOOK_SECRET is not set here, so nothing is taken.")
        body = await request.read()
        if not partner.verify(secret, body, request.headers.get("X-Hmac-Signature")):
            return _sentence(
                401,
                "X-Hmac-Signature does not belong to this message. Check that the webhook's "
                "secret at EasyPost is that of EASYPOST_WEBHOOK_SECRET.",
            )
        reference = partner.event_id(body)
        async with store.write(await merchant(), now=now(), actor=partner.SOURCE) as work:
            new = await inbox.keep(work, partner.SOURCE, reference, body.decode())
        return web.json_response({"status": "kept" if new else "known"})

    return handle


def _sentence(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status)
