"""A team, its people, its channels and what was said in them."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.local.errors import Node, SlackError


@dataclass(frozen=True, slots=True)
class Team:
    """The workspace's own name; `domain` is the first label of its address."""

    id: str
    name: str
    domain: str = "local"


@dataclass(frozen=True, slots=True)
class Person:
    """A member; `name` is the handle, `role` a label for the page, `tz` an IANA zone."""

    id: str
    name: str
    real_name: str
    title: str = ""
    role: str = ""
    color: str = "4a154b"
    tz: str = "Etc/UTC"
    locale: str = "en-US"
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel to begin with; `members` None means everyone."""

    id: str
    name: str
    topic: str = ""
    members: frozenset[str] | None = None
    has_bot: bool = True
    is_private: bool = False


@dataclass(slots=True)
class Conversation:
    """A channel, or a person's direct messages with the app (`user` is that person)."""

    id: str
    name: str
    topic: str = ""
    user: str | None = None
    is_private: bool = False
    is_archived: bool = False
    members: set[str] = field(default_factory=set)
    messages: dict[str, Node] = field(default_factory=dict)
    replies: dict[str, list[str]] = field(default_factory=dict)
    ephemerals: dict[str, dict[str, Node]] = field(default_factory=dict)
    read: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Slack's channel_type: channel, group or im."""
        return "im" if self.user else "group" if self.is_private else "channel"

    def top_level(self) -> list[Node]:
        """What the channel shows: messages, parents of threads, replies also sent to it."""
        return [message for message in self.messages.values() if is_top_level(message)]

    def thread(self, ts: str) -> list[Node]:
        """The parent and its replies, oldest first.

        Raises:
            SlackError: `thread_not_found`.
        """
        if ts not in self.messages:
            raise SlackError("thread_not_found")
        return [self.messages[one] for one in [ts, *self.replies.get(ts, [])]]


def is_top_level(message: Node) -> bool:
    """Whether the message stands in the channel itself, not only in a thread."""
    root = message.get("thread_ts")
    return root in {None, message["ts"]} or message.get("subtype") == "thread_broadcast"


def count_replies(conversation: Conversation, root: str, arriving: dict[str, Node]) -> None:
    """Bring up to date what a parent says of its thread; `arriving` are replies not yet kept."""
    replies = [arriving.get(ts) or conversation.messages[ts] for ts in conversation.replies[root]]
    users = list(dict.fromkeys(one.get("user") or one.get("bot_id", "") for one in replies))
    parent = conversation.messages[root]
    parent["reply_count"] = len(replies)
    parent["reply_users"] = users
    parent["reply_users_count"] = len(users)
    if replies:
        parent["latest_reply"] = replies[-1]["ts"]
    else:
        parent.pop("latest_reply", None)


def public(message: Node, *, metadata: bool = False) -> Node:
    """The message as Slack shows it to apps: metadata only where it is asked for."""
    hidden = {"is_ephemeral"} if metadata else {"is_ephemeral", "metadata"}
    return {key: value for key, value in message.items() if key not in hidden}
