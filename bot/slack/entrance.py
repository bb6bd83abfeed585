"""Where Slack's requests come in over HTTP: signed by Slack just now, or not heard at all."""

from __future__ import annotations

import logging
import re

from aiohttp import web
from aiohttp.typedefs import Handler
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

_log = logging.getLogger(__name__)


def entrance(bolt: AsyncApp, signing_secret: str) -> Handler:
    """Return the handler of `POST /slack/events`; 401 for whatever Slack did not sign.

    The signature is checked before anything else is read from the message: Bolt would take
    it apart first, and stumble over what anybody may send.
    """
    verifier = SignatureVerifier(signing_secret)
    warned = False

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal warned
        if _is_genuine(verifier, await request.read(), request):
            answer = await bolt.async_dispatch(await to_bolt_request(request))
            return await to_aiohttp_response(answer)
        if not warned:
            warned = True
            _log.warning(
                "A request that Slack did not sign was refused; later ones are so without a word. "
                "If commands fail in Slack, compare SLACK_SIGNING_SECRET with “Basic Information” "
                "of your app, and this machine's clock with the time."
            )
        return web.json_response(
            {"error": "X-Slack-Signature does not belong to this message, or is not of now."},
            status=401,
        )

    return handle


def _is_genuine(verifier: SignatureVerifier, body: bytes, request: web.Request) -> bool:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack."""
    timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
    signature = request.headers.get("X-Slack-Signature", "")
    # The verifier raises on headers of any other shape.
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or not signature.isascii():
        return False
    return verifier.is_valid(body.decode(errors="replace"), timestamp, signature)
