"""What every Web API method gets, and how it reads its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.local.errors import Node, SlackError
from bot.local.model import Conversation
from bot.local.pacing import Pacing
from bot.local.sockets import Sockets
from bot.local.tickets import Tickets
from bot.local.views import Views
from bot.local.workspace import Workspace

_FALSE = frozenset({"", "0", "false", "False", None, False})


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that methods work on."""

    workspace: Workspace
    views: Views
    tickets: Tickets
    pacing: Pacing
    sockets: Sockets


@dataclass(frozen=True, slots=True)
class Call:
    """One call: arguments as sent, and the address at which this Slack was reached."""

    desk: Desk
    args: Mapping[str, Any]
    origin: str = ""

    @property
    def workspace(self) -> Workspace:
        """The workspace of the token."""
        return self.desk.workspace

    def text(self, key: str) -> str:
        """A string argument, "" when it is left out."""
        value = self.args.get(key)
        return "" if value is None else str(value)

    def needed(self, key: str) -> str:
        """A string argument that can't be left out.

        Raises:
            SlackError: `invalid_arguments`.
        """
        if value := self.text(key):
            return value
        raise SlackError("invalid_arguments", [f"missing required field: {key}"])

    def flag(self, key: str) -> bool:
        """A yes or no, which clients write in many ways; left out means no."""
        return self.args.get(key) not in _FALSE

    def number(self, key: str, default: int, most: int) -> int:
        """A number from 1 to `most`.

        Raises:
            SlackError: `invalid_limit`.
        """
        value = self.args.get(key)
        if value in {None, ""}:
            return default
        try:
            number = int(str(value))
        except ValueError:
            raise SlackError("invalid_limit") from None
        if not 1 <= number <= most:
            raise SlackError("invalid_limit")
        return number

    def conversation(self, key: str = "channel") -> Conversation:
        """The conversation an argument names, as far as the bot may know of it.

        Raises:
            SlackError: `channel_not_found`.
        """
        name = self.text(key)
        if not name:
            raise SlackError("channel_not_found")
        found = self.workspace.conversation(name)
        if found.is_private and self.workspace.app.user_id not in found.members:
            raise SlackError("channel_not_found")
        return found

    def joined(self) -> Conversation:
        """As `conversation`, one the bot is in.

        Raises:
            SlackError: `channel_not_found`, `not_in_channel`.
        """
        found = self.conversation()
        if self.workspace.app.user_id not in found.members:
            raise SlackError("not_in_channel")
        return found

    def page(self, items: list[Node], limit: int) -> tuple[list[Node], str]:
        """The part of a list that `cursor` asks for, and the cursor of the next part.

        Raises:
            SlackError: `invalid_cursor`.
        """
        cursor = self.text("cursor")
        start = 0
        if cursor:
            name, _, number = cursor.partition(":")
            if name != "next" or not number.isdigit():
                raise SlackError("invalid_cursor")
            start = int(number)
        end = start + limit
        return items[start:end], f"next:{end}" if end < len(items) else ""
