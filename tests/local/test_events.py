"""Events the app subscribed to, and Slack's retries."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tests.local.desk import AMY, GENERAL, REFUNDS, Desk, started


async def test_messages_mentions_and_replies_reach_the_app(desk: Desk) -> None:
    bodies: list[dict[str, Any]] = []

    @desk.bolt.event("message")
    async def message(body: dict[str, Any]) -> None:
        bodies.append(body)

    @desk.bolt.event("app_mention")
    async def mention(body: dict[str, Any]) -> None:
        bodies.append(body)

    root = await desk.slack.say(AMY, GENERAL, "Who packs 1042?")
    await desk.slack.settled()
    assert root is not None
    await desk.slack.say(AMY, GENERAL, "<@U0DESKHAND> help", root["ts"])
    await desk.slack.settled()

    first, *rest = bodies
    assert first["type"] == "event_callback"
    assert first["authorizations"][0]["user_id"] == "U0DESKHAND"
    assert first["event"]["channel_type"] == "channel"
    assert first["event"]["text"] == "Who packs 1042?"
    assert sorted(one["event"]["type"] for one in rest) == ["app_mention", "message"]
    assert {one["event"]["thread_ts"] for one in rest} == {root["ts"]}
    assert len({one["event_id"] for one in bodies}) == 3


async def test_the_app_hears_nothing_from_where_it_is_not(desk: Desk) -> None:
    await desk.slack.say(AMY, REFUNDS, "Among ourselves")
    await desk.slack.settled()
    assert list(desk.slack.traffic.entries) == []


async def test_changes_are_events_without_metadata(desk: Desk) -> None:
    # Bolt drops what its own bot did, so this looks at what was sent to it.
    metadata = {"event_type": "job", "event_payload": {"key": "k1"}}
    posted = await desk.web.chat_postMessage(channel=GENERAL, text="Old", metadata=metadata)
    await desk.web.chat_update(channel=GENERAL, ts=posted["ts"], text="New")
    await desk.web.chat_delete(channel=GENERAL, ts=posted["ts"])
    await desk.slack.settled()

    sent = [one for one in desk.slack.traffic.entries if one["what"] == "event message"]
    events = sorted((one["request"]["event"] for one in sent), key=lambda one: str(one["ts"]))
    assert [one.get("subtype") for one in events] == [None, "message_changed", "message_deleted"]
    assert events[1]["message"]["text"] == "New"
    assert events[1]["previous_message"]["text"] == "Old"
    assert events[2]["deleted_ts"] == posted["ts"]
    assert "metadata" not in str(events)


class Stubborn:
    """An app that answers events with the statuses it was given, then with 200."""

    def __init__(self, *statuses: int, no_retry: bool = False) -> None:
        self.statuses = list(statuses)
        self.headers = {"X-Slack-No-Retry": "1"} if no_retry else {}
        self.seen: list[tuple[str | None, str | None, str]] = []

    async def handle(self, request: web.Request) -> web.Response:
        number, reason = (
            request.headers.get(f"X-Slack-Retry-{name}") for name in ("Num", "Reason")
        )
        self.seen.append((number, reason, (await request.json())["event_id"]))
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers=self.headers)

    async def hear(self, desk: Desk) -> None:
        app = web.Application()
        app.router.add_post("/slack/events", self.handle)
        runner, url = await started(app)
        desk.slack.request_url = f"{url}/slack/events"
        await desk.slack.say(AMY, GENERAL, "Hello?")
        await desk.slack.settled()
        await runner.cleanup()


async def test_an_event_is_sent_again_until_it_is_taken(desk: Desk) -> None:
    app = Stubborn(500, 503)
    await app.hear(desk)
    assert [seen[:2] for seen in app.seen] == [
        (None, None),
        ("1", "http_error"),
        ("2", "http_error"),
    ]
    assert len({event_id for _, _, event_id in app.seen}) == 1


async def test_an_event_is_given_up_after_three_retries(desk: Desk) -> None:
    app = Stubborn(*[500] * 9)
    await app.hear(desk)
    assert [number for number, _, _ in app.seen] == [None, "1", "2", "3"]


async def test_an_app_may_ask_for_no_retries(desk: Desk) -> None:
    app = Stubborn(500, no_retry=True)
    await app.hear(desk)
    assert len(app.seen) == 1
