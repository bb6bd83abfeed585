"""Socket Mode with Bolt's own handler."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError

from bot.local import NotDone
from tests.local.desk import AMOUNT, AMY, APP_TOKEN, GENERAL, Desk, modal


@pytest.fixture
async def socketed(desk: Desk) -> AsyncIterator[Desk]:
    desk.slack.request_url = "http://127.0.0.1:9/nobody"
    handler = AsyncSocketModeHandler(desk.bolt, APP_TOKEN)
    await handler.connect_async()
    await desk.slack.until(lambda: desk.slack.connected)
    yield desk
    await handler.close_async()
    await handler.client.close()


async def test_a_command_is_answered_through_the_socket(socketed: Desk) -> None:
    @socketed.bolt.command("/order")
    async def order(ack: Any, command: dict[str, Any]) -> None:
        await ack(f"Order {command['text']}")

    await socketed.slack.command(AMY, "/order 7", GENERAL)
    assert [one["text"] for one in socketed.slack.ephemerals(AMY)] == ["Order 7"]


async def test_a_form_is_answered_through_the_socket(socketed: Desk) -> None:
    @socketed.bolt.shortcut("find_order")
    async def find(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal(AMOUNT))

    @socketed.bolt.view("refund")
    async def submitted(ack: Any) -> None:
        await ack(response_action="errors", errors={"amount": "No"})

    await socketed.slack.shortcut(AMY, "find_order")
    await socketed.slack.until(lambda: socketed.slack.modal(AMY))
    answer = await socketed.slack.submit(AMY, {"amount": "1"})
    assert answer["errors"] == {"amount": "No"}


async def test_events_arrive_through_the_socket(socketed: Desk) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()

    @socketed.bolt.event("message")
    async def message(event: dict[str, Any]) -> None:
        await heard.put(event["text"])

    await socketed.slack.say(AMY, GENERAL, "Hello")
    assert await asyncio.wait_for(heard.get(), 5) == "Hello"
    await socketed.slack.settled()


async def test_what_the_app_does_not_acknowledge_times_out(socketed: Desk) -> None:
    with pytest.raises(NotDone, match="operation_timeout"):
        await socketed.slack.command(AMY, "/broken", GENERAL)


async def test_only_the_app_level_token_opens_a_connection(desk: Desk) -> None:
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await desk.web.apps_connections_open(app_token="xoxb-local-bot")
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await desk.web.apps_connections_open(app_token="xapp-other")
    with pytest.raises(WSServerHandshakeError):
        await desk.http.ws_connect(f"{desk.url}/link?ticket=guess")
