"""The routes the page uses, and its stream."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientResponse

from tests.local.desk import AMOUNT, AMY, BEN, GENERAL, LEADS, Desk, actions, button, modal


async def get(desk: Desk, path: str, **query: str) -> Any:
    async with desk.http.get(f"{desk.url}/local/{path}", params=query) as response:
        return await response.json()


async def post(desk: Desk, path: str, **body: Any) -> Any:
    async with desk.http.post(f"{desk.url}/local/{path}", json=body) as response:
        return await response.json()


@asynccontextmanager
async def listening(desk: Desk, user: str) -> AsyncIterator[ClientResponse]:
    async with desk.http.get(f"{desk.url}/local/stream", params={"as": user}) as response:
        assert response.content_type == "text/event-stream"
        assert (await told(response))[0] == "hello"
        yield response


async def told(response: ClientResponse, name: str | None = None) -> tuple[str, Any]:
    """The next event, or the next with this name."""
    while True:
        event = (await asyncio.wait_for(response.content.readuntil(b"\n\n"), 5)).decode()
        heading, data = event.strip().split("\n")
        if name in {None, heading.removeprefix("event: ")}:
            return heading.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def test_the_workspace_is_drawn_for_one_person(desk: Desk) -> None:
    await desk.web.chat_postMessage(channel=GENERAL, text=f"Look, <@{AMY}>")
    seen = await get(desk, "workspace", **{"as": AMY})
    assert seen["team"] == {"id": "T0SHOP", "name": "Alder & Finch"}
    assert seen["me"]["real_name"] == "Amy Lee"
    assert [one["role"] for one in seen["people"]] == ["Agent", "Approver"]
    general = seen["channels"][0]
    assert (general["unread"], general["mentions"]) == (1, 1)
    assert LEADS not in {one["id"] for one in seen["channels"]}
    assert [one["id"] for one in seen["dms"]] == ["D0AMY"]
    assert seen["dms"][0]["user"] == seen["bot"]["user_id"]
    assert seen["commands"][0]["command"] == "/order"
    assert seen["tries"] == ["/order 1042"]
    assert seen["notice"] == "Practice desk"
    assert (await get(desk, "workspace"))["me"]["id"] == AMY

    await post(desk, "read", **{"as": AMY}, channel=GENERAL, ts=general["latest"])
    seen = await get(desk, "workspace", **{"as": AMY})
    assert seen["channels"][0]["unread"] == 0


async def test_a_conversation_has_whispers_between_its_messages(desk: Desk) -> None:
    await desk.slack.say(AMY, GENERAL, "One")
    await desk.web.chat_postEphemeral(channel=GENERAL, user=AMY, text="Two")
    await desk.slack.say(BEN, GENERAL, "Three")
    seen = (await get(desk, "messages", **{"as": AMY}, channel=GENERAL))["messages"]
    assert [one["text"] for one in seen] == ["One", "Two", "Three"]
    seen = (await get(desk, "messages", **{"as": BEN}, channel=GENERAL))["messages"]
    assert [one["text"] for one in seen] == ["One", "Three"]
    await desk.slack.settled()


async def test_the_stream_tells_what_changes(desk: Desk) -> None:
    async with listening(desk, AMY) as amy, listening(desk, BEN) as ben:
        await post(desk, "send", **{"as": BEN}, channel=GENERAL, text="Hi Amy")
        _, heard = await told(amy, "message")
        assert heard["message"]["text"] == "Hi Amy"
        _, heard = await told(amy, "channel")
        assert heard["channel"]["unread"] == 1
        _, heard = await told(ben, "channel")
        assert heard["channel"]["unread"] == 0

        ts = (await desk.web.chat_postMessage(channel=GENERAL, text="Oops"))["ts"]
        await desk.web.chat_delete(channel=GENERAL, ts=ts)
        assert (await told(ben, "message_deleted"))[1] == {"channel": GENERAL, "ts": ts}
        _, heard = await told(amy, "traffic")
        assert heard["entry"]["id"] >= 1
    await desk.slack.settled()


async def test_a_form_travels_through_the_pages_routes(desk: Desk) -> None:
    @desk.bolt.action("refund.start")
    async def start(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        await desk.web.views_open(trigger_id=body["trigger_id"], view=modal(AMOUNT))

    @desk.bolt.view("refund")
    async def submitted(ack: Any, view: dict[str, Any]) -> None:
        value = view["state"]["values"]["amount"]["amount_input"]["value"]
        await ack(response_action="errors", errors={"amount": f"{value} is too much"})

    posted = await desk.web.chat_postMessage(
        channel=GENERAL, text="x", blocks=[actions(button("refund.start"))]
    )
    async with listening(desk, AMY) as amy:
        assert (await told(amy, "modal"))[1] == {"stack": []}
        answer = await post(
            desk,
            "click",
            **{"as": AMY},
            channel=GENERAL,
            message_ts=posted["ts"],
            block_id="buttons",
            action_id="refund.start",
            type="button",
            state={"values": {}},
        )
        assert answer == {"ok": True}
        _, heard = await told(amy, "modal")
        (view,) = heard["stack"]
        entered = {"amount": {"amount_input": {"type": "plain_text_input", "value": "99"}}}
        answer = await post(
            desk,
            "view/submit",
            **{"as": AMY},
            view_id=view["id"],
            state={"values": entered},
        )
        assert answer == {
            "ok": True,
            "response_action": "errors",
            "errors": {"amount": "99 is too much"},
        }
        assert await post(desk, "view/close", **{"as": AMY}, view_id=view["id"]) == {"ok": True}
        assert (await told(amy, "modal"))[1] == {"stack": []}
    gone = await post(desk, "view/close", **{"as": AMY}, view_id=view["id"])
    assert gone["error"] == "not_found"
    assert gone["message"] == "This form is no longer open."


async def test_what_cannot_be_done_is_said_in_a_sentence(desk: Desk) -> None:
    answer = await post(desk, "send", **{"as": AMY}, channel=GENERAL, text="/nope")
    assert answer["ok"] is False
    assert answer["error"] == "unknown_command"
    assert answer["message"].startswith("/nope is not a valid command.")
    answer = await post(desk, "send", **{"as": AMY}, text="No channel")
    assert answer["message"] == "channel is missing."
    answer = await get(desk, "messages", **{"as": AMY}, channel="C9")
    assert answer["message"] == "There is no such channel."
    async with desk.http.post(f"{desk.url}/local/send", data="nonsense") as response:
        assert response.status == 400


async def test_traffic_shows_both_directions_without_secrets(desk: Desk) -> None:
    @desk.bolt.command("/order")
    async def order(ack: Any) -> None:
        await ack("Here")

    await desk.slack.command(AMY, "/order 1042", GENERAL)
    await desk.web.apps_connections_open(app_token="xapp-local-app")
    entries = (await get(desk, "traffic"))["entries"]
    out = next(one for one in entries if one["direction"] == "out")
    assert out["what"] == "/order 1042"
    assert out["answer"] == {"text": "Here"} or out["answer"] == "Here"
    assert any(one["what"] == "auth.test" and one["direction"] == "in" for one in entries)
    everything = json.dumps(entries)
    for secret in ("xoxb-local-bot", "xapp-local-app", "verification"):
        assert secret not in everything
    assert "/local/response/[redacted]" in everything


async def test_faults_can_be_planned_from_the_page(desk: Desk) -> None:
    planned = await post(desk, "faults", method="auth.test", error="ratelimited", retry_after=2)
    assert planned == {"ok": True}
    async with desk.http.post(f"{desk.url}/api/auth.test") as response:
        assert response.status == 429
        assert response.headers["Retry-After"] == "2"


async def test_home_and_shortcuts_go_through_the_pages_routes(desk: Desk) -> None:
    used = asyncio.Event()

    @desk.bolt.shortcut("find_order")
    async def find(ack: Any) -> None:
        await ack()
        used.set()

    assert await post(desk, "home", **{"as": AMY}) == {"ok": True, "view": None}
    answer = await post(desk, "shortcut", **{"as": AMY}, callback_id="find_order", type="global")
    assert answer == {"ok": True}
    assert used.is_set()
    await desk.slack.settled()


async def test_an_open_stream_does_not_hold_up_the_servers_stop(desk: Desk) -> None:
    async with listening(desk, AMY) as amy:
        begun = time.monotonic()
        await desk.server.cleanup()
        await asyncio.wait_for(amy.content.read(), 5)
        assert time.monotonic() - begun < 0.5


async def test_the_page_is_served_or_says_how_to_build_it(desk: Desk) -> None:
    async with desk.http.get(f"{desk.url}/") as response:
        assert "<!doctype html>" in await response.text() or response.status == 404
    async with desk.http.get(f"{desk.url}/assets/..%2f..%2fserver.py") as response:
        assert response.status == 404


async def test_a_permalink_leads_to_its_channel(desk: Desk) -> None:
    ts = (await desk.web.chat_postMessage(channel=GENERAL, text="Hi"))["ts"]
    link = (await desk.web.chat_getPermalink(channel=GENERAL, message_ts=ts))["permalink"]
    async with desk.http.get(link, allow_redirects=False) as response:
        assert response.headers["Location"] == f"/#{GENERAL}"
