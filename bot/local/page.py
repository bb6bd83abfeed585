"""The page for people: its files, its JSON routes and its stream of changes.

Answers are JSON; a refusal is `{"ok": false, "error": code, "message": sentence}`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from aiohttp import web

from bot.local import modals
from bot.local.api.people import member
from bot.local.client import Client
from bot.local.errors import Node, NotDone, SlackError
from bot.local.feed import Feed
from bot.local.model import Conversation
from bot.local.pacing import Fault, Faults
from bot.local.traffic import Traffic

STATIC: Final = Path(__file__).parent / "static"
#: Seconds between comments that keep the stream's connection open.
PING = 15.0
_ACTION_KEYS = frozenset({"as", "channel", "message_ts", "view_id", "state"})
_SENTENCES: Final = {
    "channel_not_found": "There is no such channel.",
    "message_not_found": "This message is no longer there.",
    "thread_not_found": "This thread is no longer there.",
    "not_found": "This form is no longer open.",
    "user_not_found": "There is no such person.",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Page:
    """Routes under `/local/`, and the built page itself."""

    def __init__(
        self,
        client: Client,
        feed: Feed,
        traffic: Traffic,
        faults: Faults,
        *,
        notice: str | None,
        tries: Sequence[str],
    ) -> None:
        self._client = client
        self._workspace = client.workspace
        self._feed = feed
        self._traffic = traffic
        self._faults = faults
        self._notice = notice
        self._tries = tries

    def routes(self) -> list[web.RouteDef]:
        """Everything the page asks for."""
        posts: dict[str, Callable[[Node], Awaitable[Node]]] = {
            "read": self._read,
            "send": self._send,
            "click": self._click,
            "view/click": self._view_click,
            "view/submit": self._submit,
            "view/close": self._close,
            "view/options": self._options,
            "shortcut": self._shortcut,
            "home": self._home,
            "faults": self._fault,
        }
        return [
            *(web.post(f"/local/{name}", _answered(do)) for name, do in posts.items()),
            web.get("/local/workspace", _queried(self._everything)),
            web.get("/local/messages", _queried(self._messages)),
            web.get("/local/traffic", _queried(self._entries)),
            web.get("/local/stream", self._stream),
            web.get("/", _index),
            web.get("/archives/{channel}/{message}", _archive),
            web.get("/assets/{name}", _asset),
        ]

    async def _everything(self, query: Node) -> Node:
        workspace, app = self._workspace, self._workspace.app
        me = query.get("as") or next(iter(workspace.people))
        conversations = workspace.conversations.values()
        return {
            "team": {"id": workspace.team.id, "name": workspace.team.name},
            "bot": {"user_id": app.user_id, "bot_id": app.bot_id, "name": app.name},
            "notice": self._notice,
            "me": self._person(me),
            "people": [self._person(user) for user in workspace.people],
            "channels": [
                workspace.channel_for(one, me)
                for one in conversations
                if one.user is None and (me in one.members or not one.is_private)
            ],
            "dms": [self._dm(one, me) for one in conversations if one.user == me],
            "commands": list(app.commands),
            "shortcuts": list(app.shortcuts),
            "tries": list(self._tries),
        }

    def _person(self, user: str) -> Node:
        person = self._workspace.person(user)
        return {
            **member(self._workspace, user, locale=True),
            "title": person.title,
            "role": person.role,
        }

    def _dm(self, conversation: Conversation, user: str) -> Node:
        seen = self._workspace.channel_for(conversation, user)
        return {**seen, "user": self._workspace.app.user_id}

    async def _messages(self, query: Node) -> Node:
        conversation = self._client.conversation(query["as"], query["channel"])
        shown = self._workspace.shown(conversation, query["as"], query.get("thread_ts"))
        return {"messages": shown}

    async def _entries(self, _query: Node) -> Node:
        return {"entries": list(self._traffic.entries)}

    async def _read(self, body: Node) -> Node:
        conversation = self._client.conversation(body["as"], body["channel"])
        self._workspace.mark_read(conversation, body["as"], body["ts"])
        return {}

    async def _send(self, body: Node) -> Node:
        await self._client.send(body["as"], body["channel"], body["text"], body.get("thread_ts"))
        return {}

    async def _click(self, body: Node) -> Node:
        await self._client.click(
            body["as"], body["channel"], body["message_ts"], _action(body), body.get("state")
        )
        return {}

    async def _view_click(self, body: Node) -> Node:
        await self._client.click_in_view(
            body["as"], body["view_id"], _action(body), body.get("state")
        )
        return {}

    async def _submit(self, body: Node) -> Node:
        return await modals.submit(self._client, body["as"], body["view_id"], body.get("state"))

    async def _close(self, body: Node) -> Node:
        await modals.close(self._client, body["as"], body["view_id"])
        return {}

    async def _options(self, body: Node) -> Node:
        return await self._client.suggest(
            body["as"], body, view_id=body.get("view_id"), message=body.get("message")
        )

    async def _shortcut(self, body: Node) -> Node:
        await self._client.shortcut(
            body["as"], body["callback_id"], body.get("channel"), body.get("message_ts")
        )
        return {}

    async def _home(self, body: Node) -> Node:
        return {"view": self._client.open_home(body["as"])}

    async def _fault(self, body: Node) -> Node:
        known = {key: body[key] for key in Fault.__slots__ if key in body}
        self._faults.plan(Fault(**known))
        return {}

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events for one person until the page or the server goes away."""
        user = request.query.get("as", "")
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        # A page that is closed or left is no error.
        with suppress(ConnectionResetError):
            await self._tell(request, response, user)
        return response

    async def _tell(self, request: web.Request, response: web.StreamResponse, user: str) -> None:
        async with self._feed.subscribe(user) as queue:
            # Not before: a page that hears it is connected trusts to be told from then on.
            await response.prepare(request)
            await response.write(b"event: hello\ndata: {}\n\n")
            views = self._client.views
            self._feed.tell(
                "modal", lambda who: {"stack": views.stack(user)} if who == user else None
            )
            while True:
                try:
                    async with asyncio.timeout(PING):
                        told = await queue.get()
                except TimeoutError:
                    await response.write(b": ping\n\n")
                    continue
                if told is None:
                    return
                name, data = told
                await response.write(f"event: {name}\ndata: {data}\n\n".encode())


def _action(body: Node) -> Node:
    return {key: value for key, value in body.items() if key not in _ACTION_KEYS}


def _answered(do: Callable[[Node], Awaitable[Node]]) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        try:
            body = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return _refusal("invalid_json", "The request's body must be a JSON object.", 400)
        return await _guarded(do, body)

    return handle


def _queried(do: Callable[[Node], Awaitable[Node]]) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        return await _guarded(do, dict(request.query))

    return handle


async def _guarded(do: Callable[[Node], Awaitable[Node]], given: Node) -> web.Response:
    try:
        return web.json_response({"ok": True, **await do(given)})
    except NotDone as refusal:
        away = refusal.code in {"app_unreachable", "operation_timeout"}
        return _refusal(refusal.code, str(refusal), 502 if away else 400)
    except SlackError as refusal:
        sentence = _SENTENCES.get(refusal.code, f"Slack refused this: {refusal}.")
        return _refusal(refusal.code, sentence, 404 if refusal.code in _SENTENCES else 400)
    except KeyError as missing:
        return _refusal("invalid_arguments", f"{missing.args[0]} is missing.", 400)


def _refusal(code: str, message: str, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": code, "message": message}, status=status)


async def _index(_request: web.Request) -> web.StreamResponse:
    return _file(STATIC / "index.html")


async def _asset(request: web.Request) -> web.StreamResponse:
    return _file(STATIC / "assets" / Path(request.match_info["name"]).name)


def _file(path: Path) -> web.StreamResponse:
    """A built file; names stay the same from build to build, so browsers have to ask again."""
    if not path.is_file():
        raise web.HTTPNotFound(text="The page has not been built: run `make page`.")
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


async def _archive(request: web.Request) -> web.StreamResponse:
    """A permalink leads to its channel."""
    raise web.HTTPFound(f"/#{request.match_info['channel']}")
