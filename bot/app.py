"""The assembly: from a configuration to a running desk, and back down without losing a job."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import aiohttp
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import database, migrate
from bot.config import Config, revealed
from bot.connectors import carrier, easypost
from bot.connectors.amazon.events import Reading
from bot.connectors.shopify import events as shopify
from bot.connectors.shopify.payments import Shopify
from bot.connectors.stripe import events as stripe
from bot.connectors.stripe.payments import Stripe
from bot.http.metrics import Metrics
from bot.http.pages import Links
from bot.http.server import CantListen, listen, reached_at
from bot.http.server import build as build_http
from bot.partners import Partners, connected
from bot.slack import refusals, socket_mode
from bot.slack.app import build as build_bolt
from bot.slack.entrance import entrance
from bot.slack.posting import Posting
from bot.work.batches import Batches
from bot.work.clock import SWEEPS, TRACKED, Clock
from bot.work.confirming import Confirming
from bot.work.labels import Labels
from bot.work.outcomes import Handler
from bot.work.pace import Pace
from bot.work.payment import Payments
from bot.work.reconciling import Reconciling
from bot.work.shipments import Shipments
from bot.work.sources import Sources
from bot.work.tasks import Loop, Tasks
from bot.work.tracking import Tracking
from bot.work.worker import Worker
from domain import merchants, sources
from domain.store import Store
from handlers import alerts, cards
from handlers.turn import Desk

Only = Literal["web", "worker"]
_log = logging.getLogger(__name__)
#: What is under way when the process is told to stop may take this long to end: requests as
#: Slack waits for them, and jobs so that all is over in the ten seconds that Docker gives.
_GRACE = 3.0
_WORK_GRACE = timedelta(seconds=6)
_NOT_YET = "Slack can't be reached yet (%s). Trying with the first request."


def utc_now() -> datetime:
    """Return the present moment, aware."""
    return datetime.now(UTC)


async def serve(config: Config, *, only: Only | None = None) -> None:
    """Run the desk until SIGTERM or Ctrl-C, then let what is under way finish.

    Raises:
        Misconfigured, StoreUnavailable, SlackRefused, CantListen: it can't run like this.
    """
    config.require_slack(signed=only != "worker")
    await until_told_to_stop(_announced(config, only))


async def until_told_to_stop(life: AbstractAsyncContextManager[object]) -> None:
    """Hold a context open until SIGTERM or Ctrl-C; one that comes while it opens undoes that."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    async with AsyncExitStack() as stack:
        opening = asyncio.create_task(stack.enter_async_context(life))
        stop = asyncio.create_task(told.wait())
        await asyncio.wait((opening, stop), return_when=asyncio.FIRST_COMPLETED)
        if not opening.done():
            opening.cancel()
            with suppress(asyncio.CancelledError):
                await opening
            return
        await opening
        await stop


@asynccontextmanager
async def _announced(config: Config, only: Only | None) -> AsyncGenerator[None]:
    async with running(config, only=only) as site:
        if only == "worker":
            what = "jobs"
        elif config.socket_mode:
            what = "Slack by Socket Mode"
        else:
            what = f"Slack at {site.address}/slack/events"
        health = f"; its health is at {site.address}/readyz" if site.address else ""
        _log.info("Deskhand serves %s%s", what, health)
        yield


@dataclass(frozen=True, slots=True)
class Site:
    """A running desk: its parts, and the address where it listens."""

    store: Store
    bolt: AsyncApp
    worker: Worker
    clock: Clock
    address: str


@asynccontextmanager
async def running(
    config: Config,
    *,
    only: Only | None = None,
    listener: socket.socket | None = None,
    partners: Partners | None = None,
    extend: Callable[[web.Application], None] = lambda _: None,
    prepare: Callable[[Store], Awaitable[None]] | None = None,
    now: Callable[[], datetime] = utc_now,
) -> AsyncGenerator[Site]:
    """Start a desk and stop it at the end.

    `listener` is a socket that listens already, `partners` stand in for those that the
    configuration connects, `extend` adds routes beside the desk's own, `prepare` runs before
    the first job. The parts stop in the reverse order of their start: the socket, then jobs,
    then requests, whose jobs are left for the next start.
    """
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(_opened(config))
        client = _client(config, await stack.enter_async_context(aiohttp.ClientSession()))
        if partners is None:
            partners = await stack.enter_async_context(connected(config))
        pace = Pace(store, now)
        known = partners.introduced(pace)
        parts = _assembled(config, only, store, client, known, _links(config, only, listener), now)
        extend(parts.web)
        listener = listener or _listen(config, only)
        address = await stack.enter_async_context(_served(parts.web, listener))
        await connect(client, store, now)
        async with pace.work() as work:
            await sources.connect(work, list(known.sources))
        if prepare:
            await prepare(store)
        await stack.enter_async_context(parts.tasks.running())
        if (app_token := revealed(config.slack_app_token)) and only != "worker":
            await stack.enter_async_context(socket_mode.connected(parts.bolt, app_token))
        yield Site(store, parts.bolt, parts.worker, parts.clock, address)


@asynccontextmanager
async def _opened(config: Config) -> AsyncGenerator[Store]:
    """Open the database, and bring it to this version."""
    store = Store(config.database_url, alerts=alerts.route)
    try:
        await database.check(store)
        await migrate.upgrade(store)
        yield store
    finally:
        await store.close()


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a desk is put together from, none of it started."""

    bolt: AsyncApp
    worker: Worker
    clock: Clock
    tasks: Tasks
    web: web.Application


def _assembled(
    config: Config,
    only: Only | None,
    store: Store,
    client: AsyncWebClient,
    known: Partners,
    links: Links | None,
    now: Callable[[], datetime],
) -> _Parts:
    bolt = build_bolt(
        Desk(
            store=store,
            now=now,
            admins=config.admins,
            labels=known.labels is not None,
            page=links.sign if links else None,
        ),
        client,
        signing_secret=revealed(config.slack_signing_secret) or "",
    )
    metrics = Metrics()
    worker = Worker(
        store, _handlers(store, client, known, now), now, grace=_WORK_GRACE, observe=metrics
    )
    store.wake = worker.wake
    clock = Clock(store, now, sweeps={**SWEEPS, **TRACKED} if known.tracker else SWEEPS)
    loops: dict[str, Loop] = {} if only == "web" else {"worker": worker, "clock": clock}
    if loops and known.stream:
        loops["queue"] = known.stream
    tasks = Tasks(loops)
    return _Parts(
        bolt, worker, clock, tasks, _web(config, only, store, bolt, metrics, tasks, links, now)
    )


def _web(
    config: Config,
    only: Only | None,
    store: Store,
    bolt: AsyncApp,
    metrics: Metrics,
    tasks: Tasks,
    links: Links | None,
    now: Callable[[], datetime],
) -> web.Application:
    """Return the routes of this process."""
    application = build_http(
        store,
        metrics,
        now=now,
        secrets_of={
            easypost.SOURCE: revealed(config.easypost_webhook_secret),
            carrier.SOURCE: revealed(config.carrier_webhook_secret),
            Stripe.name: revealed(config.stripe_webhook_secret),
            Shopify.name: revealed(config.shopify_client_secret),
        },
        alive=tasks.alive,
        links=links,
    )
    signing_secret = revealed(config.slack_signing_secret)
    # Without a secret anybody could sign, so then there is no such route.
    if signing_secret and only != "worker":
        application.router.add_post("/slack/events", entrance(bolt, signing_secret))
    return application


def _links(config: Config, only: Only | None, listener: socket.socket | None) -> Links | None:
    """Return what signs the addresses of the desk's pages; a worker gives none to anybody."""
    secret = revealed(config.slack_signing_secret) or revealed(config.slack_bot_token)
    if only == "worker" or not secret:
        return None
    here = address_of(listener) if listener else reached_at(config.host, config.port)
    return Links(secret, config.public_url or here)


def _listen(config: Config, only: Only | None) -> socket.socket | None:
    """Return a listening socket; a worker beside others on one machine may do without."""
    try:
        return listen(config.host, config.port)
    except CantListen as error:
        if only != "worker":
            raise
        _log.warning("%s This worker works, and answers no health checks.", error)
        return None


async def connect(client: AsyncWebClient, store: Store, now: Callable[[], datetime]) -> None:
    """Ask Slack whose token this is, and bind the merchant to that workspace.

    A Slack that can't be reached is no reason not to start: the first request binds it.

    Raises:
        SlackRefused: the token is wrong.
        WrongWorkspace: the database belongs to another workspace.
    """
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        if refusals.is_definite(error):
            raise refusals.SlackRefused("SLACK_BOT_TOKEN", error) from error
        _log.warning(_NOT_YET, refusals.code(error) or "no answer in words")
        return
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        _log.warning(_NOT_YET, error)
        return
    async with store.across(write=True) as session:
        await merchants.bind(session, answer["team_id"], str(answer.get("team") or ""), now())


def _client(config: Config, session: aiohttp.ClientSession) -> AsyncWebClient:
    return AsyncWebClient(
        token=revealed(config.slack_bot_token), base_url=config.slack_api_url, session=session
    )


def _handlers(
    store: Store,
    client: AsyncWebClient,
    known: Partners,
    now: Callable[[], datetime],
) -> Mapping[str, Handler]:
    async def clients(_merchant_id: int) -> AsyncWebClient:
        return client

    return {
        **Posting(store, clients, cards.draw, now).handlers(),
        **Payments(store, known.providers, now).handlers(),
        **Batches(store, known.providers, now).handlers(),
        **Reconciling(store, known.providers, now).handlers(),
        **Confirming(store, now).handlers(),
        **Sources(store, known.sources, now).handlers(),
        **Shipments(store, known.marketplaces, now).handlers(),
        **Labels(store, known.labels, now).handlers(),
        **(Tracking(store, known.tracker, now).handlers() if known.tracker else {}),
        **Reading(store, now, known.amazon).handlers(),
        f"inbox.{easypost.SOURCE}": easypost.reader(store, now),
        f"inbox.{carrier.SOURCE}": carrier.reader(store, now),
        f"inbox.{Stripe.name}": stripe.reader(store, now),
        f"inbox.{Shopify.name}": shopify.reader(store, now, known.shopify),
    }


def address_of(listener: socket.socket) -> str:
    """Return the address by which this machine reaches the socket."""
    host, port = listener.getsockname()[:2]
    return reached_at(host, port)


@asynccontextmanager
async def _served(app: web.Application, listener: socket.socket | None) -> AsyncGenerator[str]:
    """Serve on the socket; at the end let requests under way finish. Gives the address, if any."""
    if listener is None:
        yield ""
        return
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield address_of(listener)
    finally:
        await runner.cleanup()
