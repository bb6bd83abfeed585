"""Messages that are posted once, though Slack has no idempotency key for them.

Each message carries its job's key as metadata. A job that may have posted before looks for
that key first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack import refusals
from bot.slack.refusals import SlackDown
from bot.work.outcomes import Dead
from domain.cards import Card
from domain.jobs import Claim

EVENT_TYPE = "deskhand_job"
#: Clocks of ours and of Slack's may differ by so much.
_CLOCKS_DIFFER = timedelta(minutes=1)
#: How far a repeated job looks back for its own message: pages of a hundred.
_PAGES = 5

#: What a template renders: `text` and `blocks`.
Message = dict[str, Any]


def without_retries(client: AsyncWebClient) -> AsyncWebClient:
    """Return the same client without the SDK's retries.

    The SDK repeats a call whose connection broke, which would post a message twice.
    """
    return AsyncWebClient(
        token=client.token,
        base_url=client.base_url,
        timeout=client.timeout,
        ssl=client.ssl,
        proxy=client.proxy,
        session=client.session,
        trust_env_in_session=client.trust_env_in_session,
        headers=client.headers,
        retry_handlers=[],
    )


class Sent(NamedTuple):
    """Where a message stands; `before` if an earlier attempt posted it, as things stood then."""

    ts: str
    before: bool


async def send_once(
    client: AsyncWebClient,
    claim: Claim,
    place: str,
    message: Message,
    *,
    thread: str | None = None,
) -> Sent:
    """Post in a channel, or to a member, once for this job."""
    if claim.repeated:
        posted = await _posted_before(client, claim, place, thread)
        if posted is not None:
            return Sent(posted, before=True)
    answer = await call(
        place,
        client.chat_postMessage(
            channel=place,
            thread_ts=thread,
            unfurl_links=False,
            unfurl_media=False,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": claim.key}},
            **message,
        ),
    )
    return Sent(str(answer["ts"]), before=False)


async def call(place: str, answer: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
    """Await Slack's answer on a channel or member; raises `Retry`, `Dead` or `SlackDown`."""
    try:
        return await answer
    except SlackApiError as error:
        raise refusals.meaning(error, place) from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise SlackDown(type(error).__name__) from error


async def bring_up_to_date(client: AsyncWebClient, card: Card, message: Message) -> None:
    """Update a card where it stands; one that is gone is no error."""
    try:
        await call(card.place, client.chat_update(channel=card.place, ts=card.reference, **message))
    except (Dead, SlackDown) as error:
        if not refusals.was(error, refusals.GONE):
            raise


async def _posted_before(
    client: AsyncWebClient, claim: Claim, place: str, thread: str | None
) -> str | None:
    """Return the `ts` of this job's own message, None where there is none or none to be seen."""
    oldest = str((claim.created_at - _CLOCKS_DIFFER).timestamp())
    try:
        channel = await _conversation(client, place)
        cursor: str | None = None
        for _ in range(_PAGES):
            arguments: dict[str, Any] = {
                "channel": channel,
                "oldest": oldest,
                "limit": 100,
                "include_all_metadata": True,
                "cursor": cursor,
            }
            page = await call(
                place,
                client.conversations_history(**arguments)
                if thread is None
                else client.conversations_replies(ts=thread, **arguments),
            )
            found = _own(page["messages"], claim.key)
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if found or not cursor:
                return found
    except (Dead, SlackDown) as error:
        # An app that may not read here posts twice rather than never.
        if isinstance(error.__cause__, SlackApiError) and refusals.is_definite(error.__cause__):
            return None
        raise
    return None


async def _conversation(client: AsyncWebClient, place: str) -> str:
    if not place.startswith(("U", "W")):
        return place
    opened = await call(place, client.conversations_open(users=place))
    return str(opened["channel"]["id"])


def _own(messages: Iterable[Mapping[str, Any]], key: str) -> str | None:
    for message in messages:
        metadata = message.get("metadata") or {}
        if (
            metadata.get("event_type") == EVENT_TYPE
            and (metadata.get("event_payload") or {}).get("key") == key
        ):
            return str(message["ts"])
    return None
