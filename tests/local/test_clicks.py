"""Buttons and menus in messages, and what an app may answer to a response_url."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.local import NotDone
from tests.local.desk import AMY, BEN, GENERAL, Desk, actions, button, option, section

MENU = {"type": "static_select", "action_id": "pick", "options": [option("a"), option("b")]}


async def post_card(desk: Desk) -> str:
    answer = await desk.web.chat_postMessage(
        channel=GENERAL,
        text="Refund 7",
        blocks=[
            section("Refund 7"),
            actions(button("refund.approve", "7", "Approve"), button("refund.decline", "7"), MENU),
        ],
    )
    return str(answer["ts"])


async def test_a_click_arrives_in_slacks_own_shape(desk: Desk) -> None:
    seen: list[dict[str, Any]] = []

    @desk.bolt.action("refund.approve")
    async def approve(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        seen.append(body)

    ts = await post_card(desk)
    await desk.slack.click(BEN, "refund.approve", channel=GENERAL)

    (body,) = seen
    assert body["type"] == "block_actions"
    assert body["user"] == {"id": BEN, "username": "ben", "name": "ben", "team_id": "T0SHOP"}
    assert body["channel"] == {"id": GENERAL, "name": "general"}
    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": GENERAL,
        "is_ephemeral": False,
    }
    assert body["message"]["ts"] == ts
    (action,) = body["actions"]
    assert action["value"] == "7"
    assert action["text"] == {"type": "plain_text", "text": "Approve"}
    assert action["block_id"] == "buttons"
    assert action["action_ts"] > ts
    # Only what holds a value is in the state: the menu, not the buttons.
    held = {"pick": {"type": "static_select", "selected_option": None}}
    assert body["state"] == {"values": {"buttons": held}}


async def test_a_menu_reports_the_option_chosen(desk: Desk) -> None:
    seen: list[dict[str, Any]] = []

    @desk.bolt.action("pick")
    async def pick(ack: Any, action: dict[str, Any]) -> None:
        await ack()
        seen.append(action["selected_option"])

    await post_card(desk)
    await desk.slack.click(AMY, "pick", channel=GENERAL, value="b")
    assert seen == [option("b")]


async def test_the_original_is_replaced_in_place(desk: Desk) -> None:
    @desk.bolt.action("refund.approve")
    async def approve(ack: Any, respond: Any) -> None:
        await ack()
        answer = await respond(text="Approved", blocks=[section("Done")], replace_original=True)
        assert answer.status_code == 200

    ts = await post_card(desk)
    await desk.slack.click(AMY, "refund.approve", channel=GENERAL)

    (message,) = desk.slack.messages(GENERAL)
    assert message["ts"] == ts
    assert message["text"] == "Approved"
    assert [block["type"] for block in message["blocks"]] == ["section"]


async def test_an_answer_is_private_unless_it_says_otherwise(desk: Desk) -> None:
    @desk.bolt.action("refund.approve")
    async def approve(ack: Any, respond: Any) -> None:
        await ack()
        await respond("Only for you")
        await respond(text="For all", response_type="in_channel")

    await post_card(desk)
    await desk.slack.click(AMY, "refund.approve", channel=GENERAL)

    assert [one["text"] for one in desk.slack.ephemerals(AMY)] == ["Only for you"]
    assert [one["text"] for one in desk.slack.messages(GENERAL)] == ["Refund 7", "For all"]


async def test_an_ephemeral_message_can_be_used_and_removed_by_the_one_who_sees_it(
    desk: Desk,
) -> None:
    seen: list[dict[str, Any]] = []

    @desk.bolt.action("order.share")
    async def share(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        seen.append(body)
        await respond(delete_original=True)

    await desk.web.chat_postEphemeral(
        channel=GENERAL, user=AMY, text="Order", blocks=[actions(button("order.share"))]
    )
    with pytest.raises(NotDone, match=r"sees no order\.share"):
        await desk.slack.click(BEN, "order.share", channel=GENERAL)
    await desk.slack.click(AMY, "order.share", channel=GENERAL)

    assert desk.slack.ephemerals(AMY) == []
    assert seen[0]["container"]["is_ephemeral"] is True
    assert "message" not in seen[0]


async def test_a_response_url_works_five_times_and_half_an_hour(desk: Desk) -> None:
    urls: list[str] = []

    @desk.bolt.action("refund.approve")
    async def approve(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        urls.append(body["response_url"])

    await post_card(desk)
    await desk.slack.click(AMY, "refund.approve", channel=GENERAL)
    await desk.slack.click(AMY, "refund.approve", channel=GENERAL)

    first = AsyncWebhookClient(urls[0], session=desk.http)
    answers = [await first.send(text=str(number)) for number in range(6)]
    assert [one.status_code for one in answers] == [200] * 5 + [404]
    assert "used_url" in answers[-1].body

    desk.clock.now += 30 * 60 + 1
    late = await AsyncWebhookClient(urls[1], session=desk.http).send(text="Late")
    assert late.status_code == 404
    assert "expired_url" in late.body


async def test_bad_blocks_are_refused_by_a_response_url_too(desk: Desk) -> None:
    answers: list[Any] = []

    @desk.bolt.action("refund.approve")
    async def approve(ack: Any, respond: Any) -> None:
        await ack()
        answers.append(await respond(blocks=[section("")], text="x"))

    await post_card(desk)
    await desk.slack.click(AMY, "refund.approve", channel=GENERAL)
    assert answers[0].status_code == 400
    assert "must be more than 0 characters" in answers[0].body


async def test_a_person_is_told_when_a_click_goes_unanswered(desk: Desk) -> None:
    await post_card(desk)
    with pytest.raises(NotDone, match="answered with the HTTP status 404"):
        await desk.slack.click(AMY, "refund.decline", channel=GENERAL)


async def test_shortcuts_carry_a_trigger_and_the_message(desk: Desk) -> None:
    seen: list[dict[str, Any]] = []

    @desk.bolt.shortcut("escalate")
    async def escalate(ack: Any, shortcut: dict[str, Any]) -> None:
        await ack()
        seen.append(shortcut)

    @desk.bolt.shortcut("find_order")
    async def find(ack: Any, shortcut: dict[str, Any]) -> None:
        await ack()
        seen.append(shortcut)

    ts = await post_card(desk)
    await desk.slack.shortcut(AMY, "escalate", channel=GENERAL, ts=ts)
    await desk.slack.shortcut(AMY, "find_order")

    assert [one["type"] for one in seen] == ["message_action", "shortcut"]
    assert seen[0]["message"]["text"] == "Refund 7"
    assert seen[0]["message_ts"] == ts
    assert all(one["trigger_id"] for one in seen)
    with pytest.raises(NotDone, match="no global shortcut escalate"):
        await desk.slack.shortcut(AMY, "escalate")
