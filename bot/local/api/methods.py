"""Every Web API method this Slack knows, and the scope each needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from bot.local.api import chat, conversations, people, views
from bot.local.api.call import Call
from bot.local.errors import Node


class Method(NamedTuple):
    """What answers a call, and the bot scopes of which it needs one (none: any token)."""

    run: Callable[[Call], Node]
    scopes: tuple[str, ...] = ()


_READ: Final = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY: Final = ("channels:history", "groups:history", "im:history", "mpim:history")

#: Scopes are those of each method's page under https://docs.slack.dev/reference/methods.
METHODS: Final[Mapping[str, Method]] = {
    "api.test": Method(people.api_test),
    "auth.test": Method(people.auth_test),
    "blocks.validate": Method(views.validate),
    "bots.info": Method(people.bot_info, ("users:read",)),
    "chat.delete": Method(chat.delete, ("chat:write",)),
    "chat.getPermalink": Method(chat.permalink),
    "chat.postEphemeral": Method(chat.post_ephemeral, ("chat:write",)),
    "chat.postMessage": Method(chat.post_message, ("chat:write",)),
    "chat.update": Method(chat.update, ("chat:write",)),
    "conversations.history": Method(conversations.history, _HISTORY),
    "conversations.info": Method(conversations.info, _READ),
    "conversations.join": Method(conversations.join, ("channels:join",)),
    "conversations.list": Method(conversations.listed, _READ),
    "conversations.members": Method(conversations.members, _READ),
    "conversations.open": Method(conversations.opened, ("im:write", "mpim:write")),
    "conversations.replies": Method(conversations.replies, _HISTORY),
    "reactions.add": Method(chat.add_reaction, ("reactions:write",)),
    "team.info": Method(people.team_info, ("team:read",)),
    "users.info": Method(people.user_info, ("users:read",)),
    "users.list": Method(people.user_list, ("users:read",)),
    "views.open": Method(views.open_modal),
    "views.publish": Method(views.publish),
    "views.push": Method(views.push),
    "views.update": Method(views.update),
}
#: The one method that takes an app-level token.
CONNECT: Final = "apps.connections.open"
