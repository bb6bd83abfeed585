"""What Slack sends to an app, in Slack's own shapes.

https://docs.slack.dev/reference/interaction-payloads and
https://docs.slack.dev/interactivity/implementing-slash-commands.
"""

from __future__ import annotations

import secrets

from bot.local.errors import Node
from bot.local.model import Conversation, public
from bot.local.workspace import Workspace


class Payloads:
    """Words what happened in a workspace for its app."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def command(
        self,
        user: str,
        channel: Conversation,
        *,
        command: str,
        text: str,
        trigger_id: str,
        response_url: str,
    ) -> Node:
        """A slash command, the fields of a form."""
        team, app = self._workspace.team, self._workspace.app
        return {
            "token": app.verification_token,
            "team_id": team.id,
            "team_domain": team.domain,
            "channel_id": channel.id,
            "channel_name": "directmessage" if channel.user else channel.name,
            "user_id": user,
            "user_name": self._workspace.person(user).name,
            "command": command,
            "text": text,
            "api_app_id": app.id,
            "is_enterprise_install": "false",
            "response_url": response_url,
            "trigger_id": trigger_id,
        }

    def message_click(
        self,
        user: str,
        channel: Conversation,
        *,
        message: Node,
        action: Node,
        state: Node,
        trigger_id: str,
        response_url: str,
    ) -> Node:
        """block_actions from a message; an ephemeral one isn't sent along."""
        ephemeral = message.get("is_ephemeral", False)
        container = {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        }
        if "thread_ts" in message:
            container["thread_ts"] = message["thread_ts"]
        return {
            **self._interaction("block_actions", user),
            "container": container,
            "trigger_id": trigger_id,
            "channel": self._channel(channel),
            **({} if ephemeral else {"message": public(message)}),
            "state": {"values": state},
            "response_url": response_url,
            "actions": [{**action, "action_ts": self._workspace.next_ts()}],
        }

    def view_click(self, user: str, *, view: Node, action: Node, trigger_id: str) -> Node:
        """block_actions from a modal or a Home tab."""
        return {
            **self._interaction("block_actions", user),
            "container": {"type": "view", "view_id": view["id"]},
            "trigger_id": trigger_id,
            "view": view,
            "actions": [{**action, "action_ts": self._workspace.next_ts()}],
        }

    def submission(self, user: str, *, view: Node, trigger_id: str) -> Node:
        """view_submission."""
        base = self._interaction("view_submission", user)
        return {**base, "trigger_id": trigger_id, "view": view, "response_urls": []}

    def closed(self, user: str, *, view: Node, is_cleared: bool) -> Node:
        """view_closed."""
        return {**self._interaction("view_closed", user), "view": view, "is_cleared": is_cleared}

    def suggestion(
        self, user: str, *, block_id: str, action_id: str, value: str, surface: Node
    ) -> Node:
        """block_suggestion; `surface` has the view, or the channel and the message."""
        asked = {"block_id": block_id, "action_id": action_id, "value": value}
        return {**self._interaction("block_suggestion", user), **asked, **surface}

    def global_shortcut(self, user: str, *, callback_id: str, trigger_id: str) -> Node:
        """A global shortcut."""
        return {
            **self._interaction("shortcut", user),
            "callback_id": callback_id,
            "trigger_id": trigger_id,
            "action_ts": self._workspace.next_ts(),
        }

    def message_shortcut(
        self,
        user: str,
        channel: Conversation,
        *,
        message: Node,
        callback_id: str,
        trigger_id: str,
        response_url: str,
    ) -> Node:
        """A message shortcut."""
        return {
            **self._interaction("message_action", user),
            "callback_id": callback_id,
            "trigger_id": trigger_id,
            "action_ts": self._workspace.next_ts(),
            "message_ts": message["ts"],
            "response_url": response_url,
            "channel": self._channel(channel),
            "message": public(message),
        }

    def event(self, event: Node) -> Node:
        """The Events API's envelope."""
        team, app = self._workspace.team, self._workspace.app
        return {
            "token": app.verification_token,
            "team_id": team.id,
            "context_team_id": team.id,
            "context_enterprise_id": None,
            "api_app_id": app.id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(self._workspace.clock()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": team.id,
                    "user_id": app.user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"4-{secrets.token_urlsafe(24)}",
        }

    def _interaction(self, kind: str, user: str) -> Node:
        team, app = self._workspace.team, self._workspace.app
        name = self._workspace.person(user).name
        return {
            "type": kind,
            "user": {"id": user, "username": name, "name": name, "team_id": team.id},
            "api_app_id": app.id,
            "token": app.verification_token,
            "team": {"id": team.id, "domain": team.domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _channel(self, channel: Conversation) -> Node:
        return {"id": channel.id, "name": "directmessage" if channel.user else channel.name}
