"""The desk's own pages, for printing: behind a link that is signed for one person and a while.

Whoever has the link sees the page, as it may be opened on the printer's machine. So it is given
to a person alone, is good for a shift, and leaves no copy in a cache or an index.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import NotFound
from domain.fulfilment import queries
from domain.people import Person
from domain.store import Store
from templates import Reader
from templates.pages import page

_GOOD_FOR = timedelta(hours=12)
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
}


class Links:
    """Signs addresses of the desk's pages, and knows its own signatures again."""

    def __init__(self, secret: str, base: str) -> None:
        """`base` is where people reach the desk, as `https://desk.example.com`."""
        self._secret = secret.encode()
        self._base = base.rstrip("/")

    def sign(self, path: str, merchant_id: int, now: datetime) -> str:
        """Return the page's address, good for a while from now on."""
        until = int((now + _GOOD_FOR).timestamp())
        signature = self._signature(path, merchant_id, until)
        query = urlencode({"desk": merchant_id, "until": until, "signature": signature})
        return f"{self._base}{path}?{query}"

    def merchant(self, request: web.Request, now: datetime) -> int:
        """Return whose page a request is for; raises `_Refused` unless its link is good."""
        try:
            merchant_id, until = int(request.query["desk"]), int(request.query["until"])
            said = request.query["signature"]
        except (KeyError, ValueError):
            raise _Refused(_NOT_OURS, 403) from None
        expected = self._signature(request.path, merchant_id, until)
        # Compared as bytes: a text with other letters than ASCII would be an error, not a no.
        if not hmac.compare_digest(expected.encode(), said.encode()):
            raise _Refused(_NOT_OURS, 403)
        if until < now.timestamp():
            raise _Refused(_OVER, 410)
        return merchant_id

    def _signature(self, path: str, merchant_id: int, until: int) -> str:
        # Slack signs with the same secret: what is signed here can't be taken for what it signs.
        text = f"deskhand page\n{merchant_id}\n{path}\n{until}"
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


_NOT_OURS = "This link is not complete. Ask for the pick list again in Slack and open it there."
_OVER = "This link was good for 12 hours. Ask for the pick list again in Slack: Print on its card."
_GONE = "This pick list is not on the desk any more."


class _Refused(Exception):
    """A link that opens nothing."""

    def __init__(self, sentence: str, status: int) -> None:
        self.sentence = sentence
        self.status = status
        super().__init__(sentence)


def add_pages(
    application: web.Application, store: Store, links: Links, now: Callable[[], datetime]
) -> None:
    """Add the pages' routes."""

    def shown(
        draw: Callable[[AsyncSession, int], Awaitable[str]],
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handler(request: web.Request) -> web.Response:
            try:
                merchant_id = links.merchant(request, now())
                async with store.read(merchant_id) as session:
                    body = await draw(session, int(request.match_info["id"]))
            except _Refused as refused:
                return _html(page("desk/refused", sentence=refused.sentence), refused.status)
            except NotFound:
                return _html(page("desk/refused", sentence=_GONE), 404)
            return _html(body)

        return handler

    application.router.add_get(r"/picklists/{id:\d{1,15}}", shown(_pick_list))
    application.router.add_get(r"/picklists/{id:\d{1,15}}/slips", shown(_slips))


async def _pick_list(session: AsyncSession, pick_list_id: int) -> str:
    card = await queries.card(session, pick_list_id)
    reader = await _reader(session, card.pick_list.asked_by)
    return page("fulfilment/pick_list", reader, card=card)


async def _slips(session: AsyncSession, pick_list_id: int) -> str:
    card = await queries.card(session, pick_list_id)
    reader = await _reader(session, card.pick_list.asked_by)
    slips = await queries.slips(session, pick_list_id)
    return page("fulfilment/slips", reader, card=card, slips=slips)


async def _reader(session: AsyncSession, member_id: str) -> Reader:
    """Return how whoever asked for the list reads times."""
    person = await session.scalar(select(Person).where(Person.member_id == member_id))
    if person is None:
        return Reader()
    return Reader(person.locale or "en_US", person.tz or "UTC", member_id)


def _html(body: str, status: int = 200) -> web.Response:
    return web.Response(text=body, status=status, content_type="text/html", headers=_HEADERS)
