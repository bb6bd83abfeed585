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
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import database, migrate, partners
from bot.config import Config
from bot.connectors import carrier, easypost
from bot.connectors.amazon import credentials as amazon
from bot.connectors.amazon.events import Reading
from bot.connectors.amazon.refunds import Amazon
from bot.connectors.amazon.stream import Stream
from bot.connectors.easypost_api import EasyPost
from bot.connectors.easypost_labels import EasyPostLabels
from bot.connectors.shopify import events as shopify
from bot.connectors.shopify.payments import Shopify
from bot.connectors.stripe import events as stripe
from bot.connectors.stripe.payments import Stripe
from bot.http.metrics import Metrics
from bot.http.pages import Links
from bot.http.server import CantListen, listen, reached_at
from bot.http.server import build as build_http
from bot.partners import Partners
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
from bot.work.tracking import Tracking
from bot.work.worker import Worker
from domain import merchants, sources
from domain.refunds.payment import PaymentProvider
from domain.shipping.labels import LabelMaker
from domain.shipping.marketplace import Marketplace
from domain.store import Store
from handlers import alerts, cards
from handlers.turn import Desk

Only = Literal["web", "worker"]
#: The tasks that this process runs, by name; None until they have started.
_AtWork = dict[str, asyncio.Task[None] | None]
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
    providers: Mapping[str, PaymentProvider] | None = None,
    marketplaces: Mapping[str, Marketplace] | None = None,
    labels: LabelMaker | None = None,
    extend: Callable[[web.Application], None] = lambda _: None,
    prepare: Callable[[Store], Awaitable[None]] | None = None,
    now: Callable[[], datetime] = utc_now,
) -> AsyncGenerator[Site]:
    """Start a desk and stop it at the end.

    `listener` is a socket that listens already, `providers`, `marketplaces` and `labels` stand
    in for those that the configuration connects, `extend` adds routes beside the desk's own,
    `prepare` runs before the first job. The parts stop in the reverse order of their start:
    the socket, then jobs, then requests, whose jobs are left for the next start.
    """
    async with AsyncExitStack() as stack:
        store = Store(config.database_url, alerts=alerts.route)
        stack.push_async_callback(store.close)
        await database.check(store)
        await migrate.upgrade(store)
        links = _links(config, only, listener)
        client = _client(config, await stack.enter_async_context(aiohttp.ClientSession()))
        labels = labels or _labels(config)
        bolt = build_bolt(
            Desk(
                store=store,
                now=now,
                admins=config.admins,
                labels=labels is not None,
                page=links.sign if links else None,
            ),
            client,
            signing_secret=_secret(config.slack_signing_secret) or "",
        )
        metrics = Metrics()
        if providers is None:
            providers = await stack.enter_async_context(connected(config))
        tracker = _tracker(config)
        pace = Pace(store, now)
        known = partners.introduce(providers, pace)
        known.marketplaces |= marketplaces or {}
        worker = Worker(
            store,
            {
                **_handlers(store, client, providers, known, now),
                **Labels(store, labels, now).handlers(),
                **(Tracking(store, tracker, now).handlers() if tracker else {}),
            },
            now,
            grace=_WORK_GRACE,
            observe=metrics,
        )
        store.wake = worker.wake
        clock = Clock(store, now, sweeps={**SWEEPS, **TRACKED} if tracker else SWEEPS)
        at_work: _AtWork = {} if only == "web" else {"worker": None, "clock": None}
        web_app = _web(config, only, store, bolt, metrics, at_work, now, links)
        extend(web_app)
        listener = listener or _listen(config, only)
        address = await stack.enter_async_context(_served(web_app, listener)) if listener else ""
        await connect(client, store, now)
        async with pace.work() as work:
            await sources.connect(work, list(known.sources))
        if prepare:
            await prepare(store)
        if only != "web":
            await stack.enter_async_context(_working(worker, clock, at_work))
            if stream := partners.stream(config, pace):
                await stack.enter_async_context(_streaming(stream, at_work))
        if config.slack_app_token and only != "worker":
            app_token = config.slack_app_token.get_secret_value()
            await stack.enter_async_context(socket_mode.connected(bolt, app_token))
        yield Site(store, bolt, worker, clock, address)


def _web(
    config: Config,
    only: Only | None,
    store: Store,
    bolt: AsyncApp,
    metrics: Metrics,
    at_work: _AtWork,
    now: Callable[[], datetime],
    links: Links | None,
) -> web.Application:
    """Return the routes of this process."""
    application = build_http(
        store,
        metrics,
        now=now,
        secrets_of={
            easypost.SOURCE: _secret(config.easypost_webhook_secret),
            carrier.SOURCE: _secret(config.carrier_webhook_secret),
            Stripe.name: _secret(config.stripe_webhook_secret),
            Shopify.name: _secret(config.shopify_client_secret),
        },
        alive=lambda: {
            name: task is not None and not task.done() for name, task in at_work.items()
        },
        links=links,
    )
    signing_secret = _secret(config.slack_signing_secret)
    # Without a secret anybody could sign, so then there is no such route.
    if signing_secret and only != "worker":
        application.router.add_post("/slack/events", entrance(bolt, signing_secret))
    return application


def _links(config: Config, only: Only | None, listener: socket.socket | None) -> Links | None:
    """Return what signs the addresses of the desk's pages; a worker gives none to anybody."""
    secret = _secret(config.slack_signing_secret) or _secret(config.slack_bot_token)
    if only == "worker" or not secret:
        return None
    here = address_of(listener) if listener else reached_at(config.host, config.port)
    return Links(secret, config.public_url or here)


@asynccontextmanager
async def connected(config: Config) -> AsyncGenerator[Mapping[str, PaymentProvider]]:
    """Connect the payment providers that have a key, by the name that orders have for them."""
    providers: dict[str, PaymentProvider] = {}
    async with AsyncExitStack() as stack:
        if api_key := _secret(config.stripe_api_key):
            stripe_account = Stripe(api_key, config.stripe_api_url)
            stack.push_async_callback(stripe_account.close)
            providers[stripe_account.name] = stripe_account
        if shop := Shopify.connect(config):
            stack.push_async_callback(shop.close)
            providers[shop.name] = shop
        if credentials := amazon.credentials(config):
            seller = Amazon(credentials)
            stack.push_async_callback(seller.close)
            providers[seller.name] = seller
        yield providers


def _tracker(config: Config) -> EasyPost | None:
    """Return the partner that follows parcels, None where none is connected."""
    api_key = _secret(config.easypost_api_key)
    return EasyPost(api_key, config.easypost_api_url) if api_key else None


def _labels(config: Config) -> EasyPostLabels | None:
    """Return the partner that sells labels, None where none is connected."""
    api_key = _secret(config.easypost_api_key)
    return EasyPostLabels(api_key, config.easypost_api_url) if api_key else None


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
        token=_secret(config.slack_bot_token), base_url=config.slack_api_url, session=session
    )


def _handlers(
    store: Store,
    client: AsyncWebClient,
    providers: Mapping[str, PaymentProvider],
    known: Partners,
    now: Callable[[], datetime],
) -> Mapping[str, Handler]:
    async def clients(_merchant_id: int) -> AsyncWebClient:
        return client

    shop = providers.get(Shopify.name)
    return {
        **Posting(store, clients, cards.draw, now).handlers(),
        **Payments(store, providers, now).handlers(),
        **Batches(store, providers, now).handlers(),
        **Reconciling(store, providers, now).handlers(),
        **Confirming(store, now).handlers(),
        **Sources(store, known.sources, now).handlers(),
        **Shipments(store, known.marketplaces, now).handlers(),
        **Reading(store, now, known.amazon).handlers(),
        f"inbox.{easypost.SOURCE}": easypost.reader(store, now),
        f"inbox.{carrier.SOURCE}": carrier.reader(store, now),
        f"inbox.{Stripe.name}": stripe.reader(store, now),
        f"inbox.{Shopify.name}": shopify.reader(
            store, now, shop if isinstance(shop, Shopify) else None
        ),
    }


def address_of(listener: socket.socket) -> str:
    """Return the address by which this machine reaches the socket."""
    host, port = listener.getsockname()[:2]
    return reached_at(host, port)


@asynccontextmanager
async def _served(app: web.Application, listener: socket.socket) -> AsyncGenerator[str]:
    """Serve on the socket; at the end let requests under way finish. Gives the address."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield address_of(listener)
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _working(worker: Worker, clock: Clock, at_work: _AtWork) -> AsyncGenerator[None]:
    """Run worker and clock side by side; at the end the clock stops first."""
    jobs = asyncio.create_task(worker.run(), name="worker")
    time = asyncio.create_task(clock.run(), name="clock")
    at_work |= {"worker": jobs, "clock": time}
    try:
        yield
    finally:
        clock.stop()
        await time
        worker.stop()
        await jobs


@asynccontextmanager
async def _streaming(stream: Stream, at_work: _AtWork) -> AsyncGenerator[None]:
    """Take notifications off their queue meanwhile."""
    task = at_work["queue"] = asyncio.create_task(stream.run(), name="queue")
    try:
        yield
    finally:
        stream.stop()
        await task


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None
