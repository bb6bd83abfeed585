"""Whether this process can do its work, for whoever sends it traffic or restarts it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy.exc import SQLAlchemyError

from bot import migrate
from domain.errors import DeskhandError
from domain.store import Store

#: Load balancers ask every few seconds and wait for about as long.
_PATIENCE = 3.0
_FINE = "ok"

#: Tells of each part that runs in this process, by name, whether it is still at work.
Alive = Callable[[], Mapping[str, bool]]


async def healthz(_request: web.Request) -> web.Response:
    """Answer 200 as long as the process answers anything."""
    return web.json_response({"status": _FINE})


def readyz(store: Store, alive: Alive) -> Handler:
    """Return the handler that answers 200 when all parts can work, else 503, and says which."""

    async def handle(_request: web.Request) -> web.Response:
        parts = {"database": _FINE, "schema": _FINE}
        parts |= {name: _FINE if works else "stopped" for name, works in alive().items()}
        try:
            async with asyncio.timeout(_PATIENCE):
                parts["schema"] = await _schema(store)
        except (SQLAlchemyError, OSError, TimeoutError):
            parts["database"] = "does not answer"
            parts["schema"] = "unknown"
        ready = all(state == _FINE for state in parts.values())
        return web.json_response(
            {"status": _FINE if ready else "not ready", **parts}, status=200 if ready else 503
        )

    return handle


async def _schema(store: Store) -> str:
    try:
        revision = await migrate.current(store)
    except DeskhandError as error:
        return str(error)
    if revision == migrate.head():
        return _FINE
    return f"at revision {revision or 'none'}, not {migrate.head()}: run `deskhand migrate`"
