"""The web application: its routes, one error boundary, and the socket it listens on."""

from __future__ import annotations

import errno
import logging
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from bot.http import health, webhooks
from bot.http.metrics import Metrics
from bot.http.pages import Links, add_pages
from domain.errors import DeskhandError, Invalid
from domain.store import Store

log = logging.getLogger(__name__)

#: Slack's and the partners' messages are far below. What says that it is longer is refused
#: unread, and what does not say how long it is, as soon as so much of it was read.
_LONGEST_BODY = 1024 * 1024
_THIS_MACHINE = ("127.0.0.1", "0.0.0.0", "::1", "::")  # noqa: S104 — shown, not bound
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


class CantListen(DeskhandError):
    """The address can't be listened on."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        why = {
            errno.EADDRINUSE: f"Port {port} is taken. Stop what listens on {host}:{port}, or set "
            "DESKHAND_PORT to another port.",
            errno.EACCES: f"Port {port} is not yours to listen on. Set DESKHAND_PORT to one "
            "from 1024 upwards.",
            errno.EADDRNOTAVAIL: f"{host} is not an address of this machine. Set DESKHAND_HOST "
            "to 127.0.0.1, or to 0.0.0.0 to be reached from outside.",
        }
        super().__init__(
            why.get(error.errno or 0)
            or f"{host}:{port} can't be listened on: {error.strerror or error}. "
            "Check DESKHAND_HOST and DESKHAND_PORT."
        )


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes any free one. Raises `CantListen`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CantListen(host, port, error) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise CantListen(host, port, error) from None
    return listener


def reached_at(host: str, port: int) -> str:
    """Return the address by which this machine reaches what listens there."""
    if host in _THIS_MACHINE:
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def build(
    store: Store,
    metrics: Metrics,
    *,
    now: Callable[[], datetime],
    secrets_of: Mapping[str, str | None] = MappingProxyType({}),
    alive: health.Alive = dict,
    links: Links | None = None,
) -> web.Application:
    """Assemble the routes that are not Slack's.

    `secrets_of` are those of the partners' webhooks, by the partner's source. `alive` tells which parts of this process are still at work, by name, for `/readyz`.
    With `links` the pages are served that they open.
    """

    async def figures(_request: web.Request) -> web.Response:
        body = await metrics.exposition(store, now())
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    application = web.Application(
        middlewares=[_measured(metrics), _in_sentences, _short],
        client_max_size=_LONGEST_BODY,
    )
    application.on_response_prepare.append(_add_headers)
    application.router.add_get("/healthz", health.healthz)
    application.router.add_get("/readyz", health.readyz(store, alive))
    application.router.add_get("/metrics", figures)
    for partner in webhooks.PARTNERS:
        secret = secrets_of.get(partner.source)
        application.router.add_post(
            f"/webhooks/{partner.source}", webhooks.inlet(partner, store, secret, now)
        )
    if links:
        add_pages(application, store, links, now)
    return application


def _measured(metrics: Metrics) -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        response = await handler(request)
        resource = request.match_info.route.resource
        route = resource.canonical if resource else "none"
        seconds = time.perf_counter() - started
        metrics.request(route, request.method, response.status, seconds)
        return response

    return middleware


@web.middleware
async def _in_sentences(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer errors as JSON with a sentence; what is ours to mend goes to the log alone."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < web.HTTPBadRequest.status_code:
            raise
        return _refusal(error.status, _SENTENCES.get(error.status, f"{error.reason}."))
    except Invalid as error:
        return _refusal(web.HTTPBadRequest.status_code, str(error))
    except (SQLAlchemyError, OSError):
        log.exception("%s %s: the database did not do it", request.method, request.path)
        return _refusal(503, "The desk's database does not answer. Try again in a moment.")
    except Exception:
        reference = secrets.token_hex(3)
        log.exception("%s %s failed (%s)", request.method, request.path, reference)
        return _refusal(500, f"Something went wrong on the desk's side; its log knows {reference}.")


@web.middleware
async def _short(request: web.Request, handler: Handler) -> web.StreamResponse:
    if (request.content_length or 0) > _LONGEST_BODY:
        raise web.HTTPRequestEntityTooLarge(_LONGEST_BODY, request.content_length or 0)
    return await handler(request)


_SENTENCES = {
    404: "There is nothing here. Slack's requests go to /slack/events.",
    405: "This address takes another method.",
    413: "The message is longer than any that belongs here.",
}


def _refusal(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status)


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    # Which versions run here is nobody's business.
    response.headers["Server"] = "deskhand"
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
