"""The Web API as slack_sdk's own client sees it."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from tests.local.desk import AMY, APP_TOKEN, BEN, GENERAL, LEADS, REFUNDS, Desk, section


async def refusal(call: Any) -> Any:
    with pytest.raises(SlackApiError) as refused:
        await call
    return refused.value.response


async def test_a_token_says_who_it_is_and_what_it_may_do(desk: Desk) -> None:
    answer = await desk.web.auth_test()
    assert answer["user_id"] == "U0DESKHAND"
    assert answer["bot_id"] == "B0DESKHAND"
    assert answer["team"] == "Alder & Finch"
    assert "chat:write" in answer.headers["x-oauth-scopes"]


@pytest.mark.parametrize(
    ("token", "error"),
    [("xoxb-wrong", "invalid_auth"), (APP_TOKEN, "not_allowed_token_type"), ("", "not_authed")],
)
async def test_a_wrong_token_is_refused(desk: Desk, token: str, error: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with desk.http.post(f"{desk.url}/api/auth.test", headers=headers) as response:
        assert response.status == 200
        assert await response.json() == {"ok": False, "error": error}


async def test_a_token_may_come_as_a_forms_field(desk: Desk) -> None:
    form = {"token": "xoxb-local-bot", "channel": "#general", "text": "From a form"}
    async with desk.http.post(f"{desk.url}/api/chat.postMessage", data=form) as response:
        assert (await response.json())["ok"] is True
    assert desk.slack.messages(GENERAL)[0]["text"] == "From a form"


async def test_a_missing_scope_is_named(desk: Desk) -> None:
    answer = await refusal(desk.web.team_info())
    assert answer["error"] == "missing_scope"
    assert answer["needed"] == "team:read"
    assert "chat:write" in answer["provided"]


async def test_unknown_methods_are_unknown(desk: Desk) -> None:
    answer = await refusal(desk.web.api_call("chat.shout"))
    assert answer["error"] == "unknown_method"
    assert answer["req_method"] == "chat.shout"


async def test_a_message_keeps_its_metadata_for_those_who_ask(desk: Desk) -> None:
    metadata = {"event_type": "deskhand_job", "event_payload": {"key": "k1"}}
    posted = await desk.web.chat_postMessage(channel=GENERAL, text="Hi", metadata=metadata)
    assert posted["message"]["bot_profile"]["app_id"] == "A0DESKHAND"

    plain = await desk.web.conversations_history(channel=GENERAL)
    assert "metadata" not in plain["messages"][0]
    full = await desk.web.conversations_history(channel=GENERAL, include_all_metadata=True)
    assert full["messages"][0]["metadata"] == metadata

    wrong = await refusal(
        desk.web.chat_postMessage(channel=GENERAL, text="Hi", metadata={"event_type": "x"})
    )
    assert wrong["error"] == "invalid_metadata_schema"


@pytest.mark.parametrize(
    ("channel", "error"),
    [("C0NONE", "channel_not_found"), (REFUNDS, "not_in_channel"), (LEADS, "channel_not_found")],
)
async def test_a_bot_posts_where_it_is_a_member(desk: Desk, channel: str, error: str) -> None:
    assert (await refusal(desk.web.chat_postMessage(channel=channel, text="Hi")))["error"] == error


async def test_a_bot_joins_a_channel_and_hears_of_it(desk: Desk) -> None:
    joined: list[dict[str, Any]] = []

    @desk.bolt.event("member_joined_channel")
    async def on_join(event: dict[str, Any]) -> None:
        joined.append(event)

    assert (await desk.web.conversations_join(channel=REFUNDS))["channel"]["name"] == "refunds"
    again = await desk.web.conversations_join(channel=REFUNDS)
    assert again["warning"] == "already_in_channel"
    await desk.web.chat_postMessage(channel=REFUNDS, text="Here")
    await desk.slack.settled()
    assert [(one["user"], one["channel"]) for one in joined] == [("U0DESKHAND", REFUNDS)]


async def test_an_archived_channel_takes_no_messages(desk: Desk) -> None:
    desk.slack.workspace.conversation(GENERAL).is_archived = True
    answer = await refusal(desk.web.chat_postMessage(channel=GENERAL, text="Hi"))
    assert answer["error"] == "is_archived"


async def test_a_message_needs_something_to_say(desk: Desk) -> None:
    answer = await refusal(desk.web.api_call("chat.postMessage", json={"channel": GENERAL}))
    assert answer["error"] == "no_text"


async def test_direct_messages_go_by_the_persons_id(desk: Desk) -> None:
    opened = await desk.web.conversations_open(users=AMY)
    posted = await desk.web.chat_postMessage(channel=AMY, text="Psst")
    assert posted["channel"] == opened["channel"]["id"] == "D0AMY"


async def test_threads_count_their_replies(desk: Desk) -> None:
    root = (await desk.web.chat_postMessage(channel=GENERAL, text="Case 1"))["ts"]
    await desk.slack.say(AMY, GENERAL, "On it", root)
    reply = await desk.web.chat_postMessage(
        channel=GENERAL, text="Solved", thread_ts=root, reply_broadcast=True
    )

    thread = (await desk.web.conversations_replies(channel=GENERAL, ts=root))["messages"]
    assert [one["text"] for one in thread] == ["Case 1", "On it", "Solved"]
    assert thread[0]["reply_count"] == 2
    assert thread[0]["reply_users"] == [AMY, "U0DESKHAND"]
    assert thread[0]["latest_reply"] == reply["ts"]
    history = (await desk.web.conversations_history(channel=GENERAL))["messages"]
    assert [one["text"] for one in history] == ["Solved", "Case 1"]

    await desk.web.chat_delete(channel=GENERAL, ts=reply["ts"])
    assert desk.slack.thread(GENERAL, root)[0]["reply_count"] == 1
    await desk.web.chat_delete(channel=GENERAL, ts=root)
    assert desk.slack.messages(GENERAL)[0]["subtype"] == "tombstone"
    await desk.slack.settled()


async def test_history_pages_with_cursors_and_bounds(desk: Desk) -> None:
    desk.slack.pacing.pace = None
    stamps = [
        (await desk.web.chat_postMessage(channel=GENERAL, text=str(number)))["ts"]
        for number in range(5)
    ]
    texts: list[str] = []
    cursor = None
    while cursor != "":
        page = await desk.web.conversations_history(channel=GENERAL, limit=2, cursor=cursor)
        texts += [one["text"] for one in page["messages"]]
        cursor = page.get("response_metadata", {}).get("next_cursor", "")
    assert texts == ["4", "3", "2", "1", "0"]

    since = await desk.web.conversations_history(channel=GENERAL, oldest=stamps[2])
    assert [one["text"] for one in since["messages"]] == ["4", "3"]
    until = await desk.web.conversations_history(
        channel=GENERAL, latest=stamps[1], oldest=stamps[1], inclusive=True
    )
    assert [one["text"] for one in until["messages"]] == ["1"]
    assert (await refusal(desk.web.conversations_history(channel=GENERAL, cursor="zzz")))[
        "error"
    ] == "invalid_cursor"


async def test_an_update_keeps_what_it_does_not_name(desk: Desk) -> None:
    posted = await desk.web.chat_postMessage(channel=GENERAL, text="Old", blocks=[section("Old")])
    await desk.web.chat_update(channel=GENERAL, ts=posted["ts"], text="New")
    (message,) = desk.slack.messages(GENERAL)
    assert message["text"] == "New"
    assert message["blocks"][0]["text"]["text"] == "Old"
    assert message["edited"]["user"] == "U0DESKHAND"
    await desk.web.chat_update(channel=GENERAL, ts=posted["ts"], text="Newer", blocks=[])
    assert "blocks" not in desk.slack.messages(GENERAL)[0]


async def test_only_its_own_messages_are_the_bots_to_change(desk: Desk) -> None:
    said = await desk.slack.say(AMY, GENERAL, "Mine")
    assert said is not None
    answer = await refusal(desk.web.chat_update(channel=GENERAL, ts=said["ts"], text="Yours"))
    assert answer["error"] == "cant_update_message"
    answer = await refusal(desk.web.chat_delete(channel=GENERAL, ts=said["ts"]))
    assert answer["error"] == "cant_delete_message"
    answer = await refusal(desk.web.chat_update(channel=GENERAL, ts="1.000001", text="x"))
    assert answer["error"] == "message_not_found"


async def test_a_whisper_needs_a_member_to_hear_it(desk: Desk) -> None:
    await desk.web.chat_postEphemeral(channel=GENERAL, user=BEN, text="Psst")
    assert [one["text"] for one in desk.slack.ephemerals(BEN, GENERAL)] == ["Psst"]
    answer = await refusal(desk.web.chat_postEphemeral(channel="D0AMY", user=BEN, text="Psst"))
    assert answer["error"] == "user_not_in_channel"
    answer = await refusal(desk.web.chat_postEphemeral(channel=GENERAL, user="U9", text="Psst"))
    assert answer["error"] == "user_not_found"


async def test_a_person_has_a_time_zone_and_if_asked_a_locale(desk: Desk) -> None:
    user = (await desk.web.users_info(user=BEN, include_locale=True))["user"]
    assert user["tz"] == "Asia/Tokyo"
    assert user["tz_offset"] == 9 * 3600
    assert user["locale"] == "ja-JP"
    assert "locale" not in (await desk.web.users_info(user=BEN))["user"]
    assert (await refusal(desk.web.users_info(user="U9")))["error"] == "user_not_found"
    everyone = (await desk.web.users_list())["members"]
    assert [one["id"] for one in everyone] == [AMY, BEN, "U0DESKHAND", "USLACKBOT"]


async def test_channels_are_listed_as_far_as_the_bot_may_know(desk: Desk) -> None:
    channels = (await desk.web.conversations_list(types="public_channel,private_channel"))[
        "channels"
    ]
    assert [(one["name"], one["is_member"]) for one in channels] == [
        ("general", True),
        ("refunds", False),
    ]
    info = await desk.web.conversations_info(channel=GENERAL, include_num_members=True)
    assert info["channel"]["num_members"] == 3
    members = await desk.web.conversations_members(channel=GENERAL)
    assert members["members"] == ["U0AMY", "U0BEN", "U0DESKHAND"]


async def test_reactions_and_permalinks(desk: Desk) -> None:
    ts = (await desk.web.chat_postMessage(channel=GENERAL, text="Hi"))["ts"]
    await desk.web.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")
    answer = await refusal(desk.web.reactions_add(channel=GENERAL, timestamp=ts, name="eyes"))
    assert answer["error"] == "already_reacted"
    link = (await desk.web.chat_getPermalink(channel=GENERAL, message_ts=ts))["permalink"]
    assert link == f"{desk.url}/archives/{GENERAL}/p{ts.replace('.', '')}"
