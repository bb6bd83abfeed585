"""The one error boundary: whatever goes wrong is said on the surface the person is on."""

from __future__ import annotations

import json
import logging
import secrets
from typing import Any

from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook.async_client import AsyncWebhookClient
from sqlalchemy.exc import SQLAlchemyError

from domain.errors import DeskhandError
from templates import Reader, render

_log = logging.getLogger(__name__)
#: What views.open says when more than three seconds passed since the click.
_EXPIRED = ("expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id")


async def answer_error(error: Exception, request: AsyncBoltRequest) -> BoltResponse:
    """Tell the person who acted what happened and what to do; log what is ours to mend."""
    sentence, lost = _explain(error)
    body: dict[str, Any] = request.body
    if body.get("type") == "view_submission":
        return _at_form(error, sentence, body["view"])
    message = render("desk/error", Reader(), sentence=sentence, lost=lost)
    if "command" in body:
        return BoltResponse(status=200, body={"response_type": "ephemeral", **message})
    if url := body.get("response_url"):
        await AsyncWebhookClient(url).send(
            response_type="ephemeral", replace_original=False, **message
        )
    elif request.context.user_id and body.get("type") in ("block_actions", "shortcut"):
        await request.context.client.chat_postMessage(channel=request.context.user_id, **message)
    # Slack sends an event again that was not taken; nobody waits for an answer to it.
    again = "event" in body and not isinstance(error, DeskhandError)
    return BoltResponse(status=500 if again else 200, body="")


def _at_form(error: Exception, sentence: str, view: dict[str, Any]) -> BoltResponse:
    """Say it beside the field it is about, else over the form, which keeps what was typed."""
    blocks = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    field = getattr(error, "field", None)
    if field in blocks:
        answer: dict[str, Any] = {"response_action": "errors", "errors": {field: sentence}}
    else:
        pushed = render("desk/error_modal", Reader(), sentence=sentence)
        answer = {"response_action": "push", "view": pushed}
    return BoltResponse(
        status=200, body=json.dumps(answer), headers={"content-type": ["application/json"]}
    )


def _explain(error: Exception) -> tuple[str, str | None]:
    if isinstance(error, DeskhandError):
        return str(error), None
    reference = secrets.token_hex(3)
    _log.error("turn failed (%s)", reference, exc_info=error)
    nothing = "Nothing was changed."
    if isinstance(error, SlackApiError) and error.response.get("error") in _EXPIRED:
        return "Slack's three seconds for opening a form were over. Please try again.", nothing
    if isinstance(error, SQLAlchemyError):
        return f"The desk's database can't be reached right now ({reference}).", nothing
    return (
        f"Something went wrong on the desk's side ({reference}). An admin finds it in the log.",
        (None),
    )
