"""How fast an app may post, and faults on demand."""

from __future__ import annotations

import pytest
from aiohttp import ServerDisconnectedError
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.local import Pace
from bot.local.pacing import Pacing
from tests.local.desk import GENERAL, REFUNDS, Desk


def test_a_channel_takes_a_burst_and_then_one_message_a_second() -> None:
    now = [0.0]
    pacing = Pacing(Pace(rate=1, burst=3), lambda: now[0])
    assert [pacing.wait("C1") for _ in range(4)] == [0, 0, 0, 1]
    assert pacing.wait("C2") == 0
    now[0] = 1.0
    assert [pacing.wait("C1"), pacing.wait("C1")] == [0, 1]
    now[0] = 60.0
    assert [pacing.wait("C1") for _ in range(4)] == [0, 0, 0, 1]


async def test_too_many_messages_are_answered_with_429(desk: Desk) -> None:
    for number in range(5):
        await desk.web.chat_postMessage(channel=GENERAL, text=str(number))
    with pytest.raises(SlackApiError) as refused:
        await desk.web.chat_postMessage(channel=GENERAL, text="One too many")
    assert refused.value.response.status_code == 429
    assert refused.value.response["error"] == "ratelimited"
    assert refused.value.response.headers["Retry-After"] == "1"
    assert len(desk.slack.messages(GENERAL)) == 5
    await desk.web.conversations_join(channel=REFUNDS)
    await desk.web.chat_postMessage(channel=REFUNDS, text="Another channel is free")
    await desk.slack.settled()


async def test_a_client_that_waits_as_told_gets_through(desk: Desk) -> None:
    desk.slack.fail("chat.postMessage", "ratelimited", retry_after=0)
    client = AsyncWebClient(
        token="xoxb-local-bot",
        base_url=f"{desk.url}/api/",
        session=desk.http,
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=1)],
    )
    await client.chat_postMessage(channel=GENERAL, text="Patience")
    assert [one["text"] for one in desk.slack.messages(GENERAL)] == ["Patience"]
    statuses = [
        one["status"] for one in desk.slack.traffic.entries if one["what"] == "chat.postMessage"
    ]
    assert statuses == [429, 200]


async def test_pacing_can_be_switched_off(desk: Desk) -> None:
    desk.slack.pacing.pace = None
    for number in range(20):
        await desk.web.chat_postMessage(channel=GENERAL, text=str(number))
    assert len(desk.slack.messages(GENERAL)) == 20


async def test_a_planned_fault_is_used_up(desk: Desk) -> None:
    desk.slack.fail("chat.postMessage", "fatal_error", times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError, match="fatal_error"):
            await desk.web.chat_postMessage(channel=GENERAL, text="Hi")
    await desk.web.chat_postMessage(channel=GENERAL, text="Hi")
    assert len(desk.slack.messages(GENERAL)) == 1


async def test_slack_may_be_down(desk: Desk) -> None:
    desk.slack.fail("auth.test", "http_503")
    async with desk.http.post(f"{desk.url}/api/auth.test") as response:
        assert response.status == 503


async def test_an_answer_may_be_lost_after_the_message_was_posted(desk: Desk) -> None:
    desk.slack.fail("chat.postMessage", "connection_lost")
    client = AsyncWebClient(
        token="xoxb-local-bot", base_url=f"{desk.url}/api/", session=desk.http, retry_handlers=[]
    )
    with pytest.raises(ServerDisconnectedError):
        await client.chat_postMessage(channel=GENERAL, text="Did it arrive?")
    assert [one["text"] for one in desk.slack.messages(GENERAL)] == ["Did it arrive?"]
    assert desk.slack.traffic.entries[-1]["status"] == 0


async def test_an_answer_may_come_late(desk: Desk) -> None:
    desk.slack.fail("auth.test", delay_ms=30)
    assert (await desk.web.auth_test())["ok"] is True
    assert desk.slack.traffic.entries[-1]["ms"] >= 30
