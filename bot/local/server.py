"""Slack for one machine, put together: for the demo, and for tests as a Python object."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from aiohttp import web
from yarl import URL

from bot.local.api.call import Desk
from bot.local.api.web import WebApi
from bot.local.client import Client
from bot.local.delivery import TIMEOUT, Delivery
from bot.local.events import RETRY_AFTER, Events
from bot.local.feed import Feed
from bot.local.hands import Hands
from bot.local.manifest import App
from bot.local.model import Channel, Person, Team
from bot.local.pacing import Fault, Faults, Pace, Pacing
from bot.local.page import Page
from bot.local.sockets import Sockets
from bot.local.tickets import Tickets
from bot.local.traffic import Traffic
from bot.local.views import Views
from bot.local.workspace import Workspace


class LocalSlack(Hands):
    """One workspace with one app installed.

    `request_url` is where the app takes commands, interactions and events; `url`, where this
    Slack itself is reached, is on the same host and port unless it is given. Both may be set
    later. `manifest` is Slack's own app manifest. `pace` None lets the app post at any rate.
    `clock` gives seconds since the epoch. `retry_after` are the seconds before each new attempt
    at an event.
    """

    def __init__(
        self,
        *,
        team: Team,
        people: Iterable[Person],
        channels: Iterable[Channel],
        manifest: Mapping[str, Any],
        signing_secret: str,
        bot_token: str,
        app_token: str | None = None,
        request_url: str = "http://127.0.0.1:3000/slack/events",
        url: str | None = None,
        pace: Pace | None = Pace(),  # noqa: B008 -- frozen
        ack_timeout: float = TIMEOUT,
        retry_after: Sequence[float] = RETRY_AFTER,
        notice: str | None = None,
        tries: Sequence[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        app = App(manifest, bot_token, app_token)
        feed, self._sockets, tickets = Feed(), Sockets(app.id), Tickets(clock)
        workspace = Workspace(team, people, channels, app=app, clock=clock, feed=feed)
        self.url = url
        self.tickets = tickets
        self.pacing = Pacing(pace, clock)
        self.faults = Faults()
        self.traffic = Traffic(feed, clock)
        self.delivery = Delivery(
            request_url=request_url,
            signing_secret=signing_secret,
            sockets=self._sockets,
            traffic=self.traffic,
            clock=clock,
            timeout=ack_timeout,
        )
        self._events = Events(workspace, self.delivery, retry_after, settled=feed.wake)
        workspace.announce = self._events.announce
        views = Views(workspace, feed)
        client = Client(workspace, views, tickets, self.delivery, self._own_url)
        super().__init__(client, feed, lambda: self._events.idle)
        desk = Desk(workspace, views, tickets, self.pacing, self._sockets)
        self._api = WebApi(desk, self.faults, self.traffic)
        self._page = Page(client, feed, self.traffic, self.faults, notice=notice, tries=tries)

    @property
    def request_url(self) -> str:
        """Where the app is told what happens."""
        return self.delivery.request_url

    @request_url.setter
    def request_url(self, url: str) -> None:
        self.delivery.request_url = url

    @property
    def connected(self) -> bool:
        """Whether the app is connected by Socket Mode."""
        return self._sockets.connected

    def attach(self, app: web.Application) -> None:
        """Add `/api/`, `/local/`, `/link`, the page at `/` and its files to an application.

        Streams and sockets end when the application shuts down; connections to the app are
        closed at its clean-up.
        """
        app.add_routes(self._api.routes())
        app.add_routes(self._page.routes())
        app.router.add_get("/link", self._sockets.accept)
        app.on_shutdown.append(self._hang_up)
        app.on_cleanup.append(self._clean_up)

    async def close(self) -> None:
        """End streams, sockets, retries and connections; safe to call again."""
        self._feed.close()
        await self._events.close()
        await self._sockets.close()
        await self.delivery.close()

    def fail(
        self,
        method: str,
        error: str | None = None,
        *,
        times: int = 1,
        retry_after: int = 1,
        delay_ms: int = 0,
    ) -> None:
        """Have the next calls of a method go wrong, as `pacing.Fault` says."""
        self.faults.plan(Fault(method, error, retry_after, times, delay_ms))

    def _own_url(self) -> str:
        return (self.url or str(URL(self.request_url).origin())).rstrip("/")

    async def _hang_up(self, _app: web.Application) -> None:
        self._feed.close()
        await self._events.close()
        await self._sockets.close()

    async def _clean_up(self, _app: web.Application) -> None:
        await self.close()
