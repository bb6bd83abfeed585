"""What the tests of the local Slack share: a manifest, people, and both ends on real ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.local import LocalSlack

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BOT_TOKEN = "xoxb-local-bot"
APP_TOKEN = "xapp-local-app"
AMY, BEN = "U0AMY", "U0BEN"
GENERAL, REFUNDS, LEADS = "C0GENERAL", "C0REFUNDS", "G0LEADS"

MANIFEST: dict[str, Any] = {
    "display_information": {"name": "Deskhand"},
    "features": {
        "bot_user": {"display_name": "Deskhand"},
        "slash_commands": [
            {"command": name, "description": f"Try {name}", "usage_hint": "NUMBER"}
            for name in ("/order", "/loud", "/refund", "/broken", "/slow", "/silent", "/huge")
        ],
        "shortcuts": [
            {"type": "global", "callback_id": "find_order", "name": "Find order"},
            {"type": "message", "callback_id": "escalate", "name": "Escalate"},
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "commands",
                "chat:write",
                "channels:history",
                "channels:join",
                "channels:read",
                "im:write",
                "reactions:write",
                "users:read",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": [
                "app_home_opened",
                "app_mention",
                "member_joined_channel",
                "message.channels",
                "message.im",
            ]
        }
    },
}


@dataclass
class Clock:
    """Seconds that pass only when a test says so."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Desk:
    """The two ends and what a test needs of each."""

    slack: LocalSlack
    bolt: AsyncApp
    web: AsyncWebClient
    http: ClientSession
    url: str
    clock: Clock
    server: web.AppRunner


async def started(app: web.Application) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}"


def bolt_routes(bolt: AsyncApp) -> web.Application:
    async def handle(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

    app = web.Application()
    app.router.add_post("/slack/events", handle)
    return app


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(action_id: str, value: str = "1", label: str = "Go") -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain(label), "value": value}


def actions(*elements: dict[str, Any], block_id: str = "buttons") -> dict[str, Any]:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def option(value: str, label: str | None = None) -> dict[str, Any]:
    return {"text": plain(label or value.title()), "value": value}


def field(block_id: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    label = plain(block_id.title())
    return {"type": "input", "block_id": block_id, "label": label, "element": element, **more}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    texts = {"title": plain("Refund"), "submit": plain("Send")}
    return {"type": "modal", "callback_id": "refund", **texts, "blocks": list(blocks), **more}


AMOUNT = field("amount", {"type": "plain_text_input", "action_id": "amount_input"})
REASON = field(
    "reason",
    {
        "type": "static_select",
        "action_id": "reason_input",
        "options": [option("damaged"), option("late")],
    },
    optional=True,
)
