"""Slash commands against a real Bolt app."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.local import NotDone
from tests.local.desk import AMY, BEN, GENERAL, LEADS, Desk, section


async def test_the_acknowledgement_becomes_a_message_only_the_person_sees(desk: Desk) -> None:
    seen: dict[str, Any] = {}

    @desk.bolt.command("/order")
    async def order(ack: Any, command: dict[str, Any]) -> None:
        seen.update(command)
        await ack(text=f"Order {command['text']} is on its way")

    await desk.slack.command(AMY, "/order 1042", GENERAL)

    (message,) = desk.slack.ephemerals(AMY)
    assert message["text"] == "Order 1042 is on its way"
    assert message["is_ephemeral"] is True
    assert desk.slack.ephemerals(BEN) == []
    assert desk.slack.messages(GENERAL) == []
    assert seen["user_name"] == "amy"
    assert seen["channel_name"] == "general"
    assert seen["team_domain"] == "alder"
    assert seen["response_url"].startswith(desk.url)


async def test_a_plain_text_answer_is_a_message_too(desk: Desk) -> None:
    @desk.bolt.command("/order")
    async def order(ack: Any) -> None:
        await ack("Just text")

    await desk.slack.command(AMY, "/order", GENERAL)
    assert [one["text"] for one in desk.slack.ephemerals(AMY)] == ["Just text"]


async def test_an_in_channel_answer_is_seen_by_everyone(desk: Desk) -> None:
    @desk.bolt.command("/loud")
    async def loud(ack: Any) -> None:
        await ack(response_type="in_channel", blocks=[section("Hello all")], text="Hello all")

    await desk.slack.command(AMY, "/loud", GENERAL)

    (message,) = desk.slack.messages(GENERAL)
    assert message["blocks"][0]["text"]["text"] == "Hello all"
    assert message["blocks"][0]["block_id"]
    assert message["bot_id"] == "B0DESKHAND"


async def test_an_empty_acknowledgement_says_nothing(desk: Desk) -> None:
    @desk.bolt.command("/silent")
    async def silent(ack: Any) -> None:
        await ack()

    await desk.slack.command(AMY, "/silent", GENERAL)
    assert desk.slack.ephemerals(AMY) == []


async def test_slack_says_so_when_the_app_fails(desk: Desk) -> None:
    with pytest.raises(NotDone, match="http_service_error_404"):
        await desk.slack.command(AMY, "/broken", GENERAL)  # no listener: Bolt answers 404

    (message,) = desk.slack.ephemerals(AMY)
    assert message["text"] == '/broken failed with the error "http_service_error_404"'
    assert message["username"] == "Slackbot"


async def test_slack_gives_up_on_an_app_that_takes_too_long(desk: Desk) -> None:
    enough = asyncio.Event()

    @desk.bolt.command("/slow")
    async def slow(ack: Any) -> None:
        await enough.wait()
        await ack("Too late")

    with pytest.raises(NotDone) as told:
        await desk.slack.command(AMY, "/slow", GENERAL)
    enough.set()

    assert told.value.code == "operation_timeout"
    (message,) = desk.slack.ephemerals(AMY)
    assert message["text"] == '/slow failed with the error "operation_timeout"'


async def test_an_app_that_is_not_running_is_named_as_such(desk: Desk) -> None:
    desk.slack.request_url = "http://127.0.0.1:9/slack/events"
    with pytest.raises(NotDone) as told:
        await desk.slack.command(AMY, "/order 1", GENERAL)
    assert told.value.code == "app_unreachable"
    assert desk.slack.ephemerals(AMY)[0]["text"].endswith('the error "dispatch_failed"')


async def test_blocks_over_slacks_limits_in_an_acknowledgement_are_refused(desk: Desk) -> None:
    @desk.bolt.command("/huge")
    async def huge(ack: Any) -> None:
        await ack(blocks=[section("x" * 3001)])

    with pytest.raises(NotDone, match=r"must be less than 3001 characters"):
        await desk.slack.command(AMY, "/huge", GENERAL)


async def test_unknown_commands_and_commands_in_threads_do_not_reach_the_app(desk: Desk) -> None:
    with pytest.raises(NotDone, match="/nope is not a valid command"):
        await desk.slack.say(AMY, GENERAL, "/nope 1")
    parent = await desk.slack.say(AMY, GENERAL, "A thread")
    assert parent is not None
    with pytest.raises(NotDone) as told:
        await desk.slack.say(AMY, GENERAL, "/order 1", parent["ts"])
    assert told.value.code == "command_in_thread"


async def test_people_act_only_where_they_are_members(desk: Desk) -> None:
    with pytest.raises(NotDone, match="not in this channel"):
        await desk.slack.command(AMY, "/order 1", LEADS)


async def test_a_tampered_signature_is_not_the_apps_to_trust(desk: Desk) -> None:
    desk.slack.delivery._secret = b"somebody else's"
    with pytest.raises(NotDone, match="http_service_error_401"):
        await desk.slack.command(AMY, "/order 1", GENERAL)
