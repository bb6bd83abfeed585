"""The app's manifest: what Slack is told of the app, from the table the app itself is made of."""

from __future__ import annotations

import re
from typing import Any

from domain.errors import Invalid
from handlers.commands import COMMANDS, EVENTS, SCOPES, SHORTCUTS


class NotAnAddress(Invalid):
    """Not an address that Slack can call."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"“{url[:80]}” is not where Slack can reach the desk. Give an address like "
            "https://desk.example.com, or leave --url out for Socket Mode."
        )


def build(url: str | None) -> dict[str, Any]:
    """Return the manifest for an app that Slack calls at `url`; None means Socket Mode.

    Raises:
        NotAnAddress: `url` is not https with a host.
    """
    if url is not None and not re.fullmatch(r"https://[^/\s]+(/[^\s?#]*)?", url):
        raise NotAnAddress(url)
    calls = {"request_url": f"{url.rstrip('/')}/slack/events"} if url else {}
    command_calls = {"url": calls["request_url"]} if calls else {}
    return {
        "_metadata": {"major_version": 2, "minor_version": 0},
        "display_information": {
            "name": "Deskhand",
            "description": "Orders, refunds, complaints and parcels, without leaving Slack.",
            "background_color": "#1d3b36",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "Deskhand", "always_online": True},
            "shortcuts": [
                {
                    "type": "message",
                    "callback_id": shortcut.callback_id,
                    "name": shortcut.name,
                    "description": shortcut.description,
                }
                for shortcut in SHORTCUTS
            ],
            "slash_commands": [
                {
                    "command": command.name,
                    "description": command.description,
                    "usage_hint": command.usage_hint,
                    # Escaping would turn an e-mail address that is looked for into a link.
                    "should_escape": False,
                    **command_calls,
                }
                for command in COMMANDS
            ],
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": sorted(EVENTS), **calls},
            "interactivity": {"is_enabled": True, **calls},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }
