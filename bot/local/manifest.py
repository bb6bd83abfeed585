"""The app as its manifest describes it to Slack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.local.errors import Node


@dataclass(frozen=True, slots=True)
class App:
    """What Slack knows of an installed app.

    `manifest` is Slack's own format: https://docs.slack.dev/reference/app-manifest.
    """

    manifest: Mapping[str, Any]
    bot_token: str
    app_token: str | None = None
    id: str = "A0DESKHAND"
    bot_id: str = "B0DESKHAND"
    user_id: str = "U0DESKHAND"
    #: Slack's deprecated verification token, still part of every payload.
    verification_token: str = "verification"  # noqa: S105 -- proves nothing, signatures do

    @property
    def name(self) -> str:
        """The name of the app's bot."""
        bot = self._features.get("bot_user", {}).get("display_name")
        return str(bot or self.manifest.get("display_information", {}).get("name", "App"))

    @property
    def handle(self) -> str:
        """The name after the @, in lower case."""
        return self.name.lower().replace(" ", "_")

    @property
    def commands(self) -> Sequence[Node]:
        """Slash commands: command, description, usage_hint."""
        return list(self._features.get("slash_commands", []))

    @property
    def shortcuts(self) -> Sequence[Node]:
        """Shortcuts: type (message or global), callback_id, name, description."""
        return list(self._features.get("shortcuts", []))

    @property
    def scopes(self) -> Sequence[str]:
        """What the bot token may do."""
        return list(self.manifest.get("oauth_config", {}).get("scopes", {}).get("bot", []))

    @property
    def bot_events(self) -> Sequence[str]:
        """Names of the events the app wants, such as `message.channels`."""
        settings = self.manifest.get("settings", {})
        return list(settings.get("event_subscriptions", {}).get("bot_events", []))

    @property
    def _features(self) -> Mapping[str, Any]:
        features: Mapping[str, Any] = self.manifest.get("features", {})
        return features
