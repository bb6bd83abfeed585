"""A local Slack and a small Bolt app, each on a real port, talking over real HTTP."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.local import Channel, LocalSlack, Person, Team
from tests.local.desk import (
    AMY,
    APP_TOKEN,
    BEN,
    BOT_TOKEN,
    GENERAL,
    LEADS,
    MANIFEST,
    REFUNDS,
    SECRET,
    Clock,
    Desk,
    bolt_routes,
    started,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def desk(clock: Clock) -> AsyncIterator[Desk]:
    # Bolt looks at real time when it checks signatures, so the clock starts now.
    clock.now = time.time()
    slack = LocalSlack(
        team=Team("T0SHOP", "Alder & Finch", "alder"),
        people=[
            Person(AMY, "amy", "Amy Lee", title="Agent", role="Agent", tz="Europe/Berlin"),
            Person(BEN, "ben", "Ben Ortiz", role="Approver", tz="Asia/Tokyo", locale="ja-JP"),
        ],
        channels=[
            Channel(GENERAL, "general", "Everything"),
            Channel(REFUNDS, "refunds", has_bot=False),
            Channel(LEADS, "leads", members=frozenset({BEN}), has_bot=False, is_private=True),
        ],
        manifest=MANIFEST,
        signing_secret=SECRET,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        retry_after=(0.0, 0.0, 0.0),
        tries=["/order 1042"],
        notice="Practice desk",
        clock=clock,
    )
    app = web.Application()
    slack.attach(app)
    slack_runner, url = await started(app)
    slack.url = url
    async with ClientSession() as session:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=f"{url}/api/", session=session)
        bolt = AsyncApp(client=client, signing_secret=SECRET, process_before_response=True)
        bolt_runner, bolt_url = await started(bolt_routes(bolt))
        slack.request_url = f"{bolt_url}/slack/events"
        yield Desk(slack, bolt, client, session, url, clock, slack_runner)
        await slack.close()
        await bolt_runner.cleanup()
        await slack_runner.cleanup()
