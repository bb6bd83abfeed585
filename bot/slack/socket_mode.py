"""Socket Mode: Slack's requests over a connection that the desk opens, and keeps up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.slack import refusals

_log = logging.getLogger(__name__)


@asynccontextmanager
async def connected(bolt: AsyncApp, app_token: str) -> AsyncGenerator[None]:
    """Take Slack's requests until the end; a Slack that is away is waited for meanwhile.

    Raises:
        SlackRefused: the app-level token is wrong.
    """
    log = logging.getLogger(f"{__name__}.connection")
    log.setLevel(logging.ERROR)
    log.addFilter(_without_trace)
    handler = AsyncSocketModeHandler(bolt, app_token, logger=log)
    connecting: asyncio.Task[None] | None = None
    try:
        handler.client.wss_uri = await _address(handler, app_token)
        connecting = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]
        if handler.client.wss_uri:
            await asyncio.shield(connecting)
        yield
    finally:
        if connecting is not None:
            connecting.cancel()
            with suppress(asyncio.CancelledError):
                await connecting
        await handler.close_async()  # type: ignore[no-untyped-call]


async def _address(handler: AsyncSocketModeHandler, app_token: str) -> str | None:
    """Ask Slack where to connect; None if it can't be reached, which Bolt goes on to try."""
    try:
        answer = await handler.client.web_client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        if refusals.is_definite(error):
            raise refusals.SlackRefused("SLACK_APP_TOKEN", error) from error
        reason: object = refusals.code(error) or "no answer in words"
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        reason = error
    else:
        return str(answer["url"])
    _log.warning("Slack gives no Socket Mode connection yet (%s). It is asked again.", reason)
    return None


def _without_trace(record: logging.LogRecord) -> bool:
    # Slack's library logs a stack trace each time that it tries in vain.
    record.exc_info = None
    return True
