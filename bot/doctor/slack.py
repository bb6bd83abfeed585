"""Whether Slack takes the tokens, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.config import Config
from bot.doctor.findings import Finding, Findings, Mark
from domain.definitions import DEFINITIONS
from domain.merchants import Settings
from handlers.commands import SCOPES

#: Slack refuses, and so does the desk, a signature that is older than 300 seconds.
_MOST_SKEW = timedelta(seconds=60)
#: Where one gets and mends what Slack wants.
APP = "your app at https://api.slack.com/apps"


async def slack(config: Config, client: AsyncWebClient, settings: Settings) -> Findings:
    """Ask Slack about the tokens, and about the channels that are set."""
    try:
        me = await client.auth_test()
    except SlackApiError as error:
        yield Finding(
            Mark.BAD,
            f"Slack refuses SLACK_BOT_TOKEN ({_code(error)}). Copy the token from "
            f"“OAuth & Permissions” of {APP}, and install the app again if it was removed.",
        )
        return
    except (aiohttp.ClientError, TimeoutError) as error:
        yield Finding(
            Mark.BAD,
            f"{config.slack_api_url} can't be reached ({type(error).__name__}). Check the network, "
            "the proxy, and SLACK_API_URL.",
        )
        return
    yield Finding(Mark.GOOD, f"Slack knows the bot: @{me['user']} in {me['team']}.")
    yield _scopes(me)
    yield _clock(me.headers)
    if config.slack_app_token:
        yield await _socket(client, config.slack_app_token.get_secret_value())
    for key in DEFINITIONS:
        if key.startswith("channel."):
            yield await _channel(client, key, settings[key])


def _scopes(me: AsyncSlackResponse) -> Finding:
    granted = me.headers.get("X-OAuth-Scopes")
    if granted is None:
        return Finding(Mark.OPEN, "Slack did not say which scopes the token has.")
    missing = sorted(set(SCOPES) - {scope.strip() for scope in granted.split(",")})
    if missing:
        return Finding(
            Mark.BAD,
            f"The token lacks scopes: {', '.join(missing)}. Update {APP} with the output of "
            "`deskhand manifest`, and reinstall it.",
        )
    return Finding(Mark.GOOD, "The token has every scope that is needed.")


def _clock(headers: Mapping[str, str]) -> Finding:
    try:
        theirs = parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError):
        return Finding(Mark.OPEN, "Slack did not say what time it is.")
    skew = abs(datetime.now(UTC) - theirs.astimezone(UTC))
    if skew > _MOST_SKEW:
        return Finding(
            Mark.BAD,
            f"This machine's clock is {skew.total_seconds():.0f} s off. Slack's requests are "
            "refused from 300 s on: let NTP set the clock.",
        )
    return Finding(Mark.GOOD, "The clock agrees with Slack's.")


async def _socket(client: AsyncWebClient, app_token: str) -> Finding:
    try:
        await client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        return Finding(
            Mark.BAD,
            f"Slack refuses SLACK_APP_TOKEN ({_code(error)}). Make one with "
            f"connections:write under “Basic Information” of {APP}, and turn Socket Mode on.",
        )
    return Finding(Mark.GOOD, "Socket Mode is open to SLACK_APP_TOKEN.")


def _code(error: SlackApiError) -> str:
    answer = error.response.data
    # A proxy on the way answers with a page of its own.
    return (
        str(answer["error"]) if isinstance(answer, dict) else f"HTTP {error.response.status_code}"
    )


async def _channel(client: AsyncWebClient, key: str, channel: str | None) -> Finding:
    if channel is None:
        return Finding(
            Mark.OPEN, f"{key} is not set. Set it with `deskhand settings set {key} C0123456789`."
        )
    try:
        found = (await client.conversations_info(channel=channel))["channel"]
    except SlackApiError as error:
        return Finding(
            Mark.BAD,
            f"{key} is {channel}, which the bot can't see ({_code(error)}). Check the "
            "id, and invite @Deskhand there.",
        )
    if found.get("is_archived"):
        return Finding(
            Mark.BAD, f"{key} is #{found['name']}, which is archived. Choose another one."
        )
    if not found.get("is_member"):
        return Finding(
            Mark.BAD, f"{key} is #{found['name']}, but the bot is not in it: /invite @Deskhand."
        )
    return Finding(Mark.GOOD, f"{key} is #{found['name']}, and the bot is in it.")
