"""The Bolt app: real signatures, one identity, every conversation, one error boundary."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.boundary import answer_error
from bot.slack.identity import Identity
from handlers import (
    complaints,
    desk,
    fulfilment,
    inventory,
    orders,
    people,
    refunds,
    replies,
    reports,
    returns,
    shipping,
)
from handlers.turn import Desk

CONVERSATIONS = (
    # Before the orders, whose steps in the warehouse are its own.
    fulfilment,
    orders,
    refunds,
    complaints,
    replies,
    returns,
    shipping,
    inventory,
    reports,
    people,
    desk,
)


def build(workplace: Desk, client: AsyncWebClient, *, signing_secret: str) -> AsyncApp:
    """Assemble the Bolt app on a client that carries the bot token.

    Listeners finish before the reply (`process_before_response`), so what they write is
    committed when the person sees the answer; none of them waits for a partner.
    """
    token = client.token
    log = logging.getLogger("bot.slack.bolt")
    # Its warnings of requests that nobody listens to quote them, with what people typed.
    log.setLevel(logging.ERROR)

    async def authorize(
        enterprise_id: str | None, team_id: str | None, user_id: str | None
    ) -> AuthorizeResult:
        # The token was checked when the process started: asking Slack again for each
        # worker's first request would put its answer's time into somebody's click.
        return AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, user_id=user_id, bot_token=token
        )

    app = AsyncApp(
        name="deskhand",
        # Without the token, which `authorize` gives: Bolt warns of having it twice.
        client=AsyncWebClient(base_url=client.base_url, session=client.session),
        authorize=authorize,
        signing_secret=signing_secret,
        process_before_response=True,
        logger=log,
    )
    app.error(answer_error)
    app.use(_pass_over_talk)
    app.use(Identity(workplace))
    for conversation in CONVERSATIONS:
        conversation.register(app)
    return app


async def _pass_over_talk(
    body: dict[str, Any], next_: Callable[[], Awaitable[BoltResponse]]
) -> BoltResponse:
    """Answer at once to messages that can't be replies: most of what is said in a channel.

    The desk's own posts come back as events too, and must not cost a look at the database.
    """
    event = body.get("event") or {}
    if event.get("type") == "message" and replies.read(event) is None:
        return BoltResponse(status=200, body="")
    return await next_()
