"""A workspace in memory: what happens in it, who is told, and what the app hears of it."""

from __future__ import annotations

import secrets
from bisect import insort
from collections.abc import Callable, Iterable
from typing import Any

from bot.local.errors import Node, SlackError
from bot.local.feed import Feed
from bot.local.manifest import App
from bot.local.model import (
    Channel,
    Conversation,
    Person,
    Team,
    count_replies,
    is_top_level,
    public,
)

#: What Slack itself says, it says as this user.
SLACKBOT = "USLACKBOT"
_TO_ALL = ("<!channel>", "<!here>", "<!everyone>")


class Workspace:
    """All that people and the app share; every change is told to the feed.

    `announce` gets each event as the Events API words it, before any filtering.
    """

    def __init__(
        self,
        team: Team,
        people: Iterable[Person],
        channels: Iterable[Channel],
        *,
        app: App,
        clock: Callable[[], float],
        feed: Feed,
    ) -> None:
        self.team = team
        self.app = app
        self.people = {person.id: person for person in people}
        self.conversations: dict[str, Conversation] = {}
        self.announce: Callable[[Node], None] = lambda _event: None
        self.clock = clock
        self._feed = feed
        self._last_ts = 0
        for channel in channels:
            members = set(self.people if channel.members is None else channel.members)
            self.conversations[channel.id] = Conversation(
                id=channel.id,
                name=channel.name,
                topic=channel.topic,
                is_private=channel.is_private,
                members=members | ({app.user_id} if channel.has_bot else set()),
            )
        for user in self.people:
            dm = Conversation(id=f"D{user[1:]}", name="", user=user, members={user, app.user_id})
            self.conversations[dm.id] = dm

    def person(self, user: str) -> Person:
        """The member.

        Raises:
            SlackError: `user_not_found`.
        """
        try:
            return self.people[user]
        except KeyError:
            raise SlackError("user_not_found") from None

    def conversation(self, channel: str) -> Conversation:
        """The channel by id or name, or a person's direct messages by the person's id.

        Raises:
            SlackError: `channel_not_found`.
        """
        if found := self.conversations.get(channel):
            return found
        name = channel.removeprefix("#")
        for one in self.conversations.values():
            if one.user == channel or (one.user is None and one.name == name):
                return one
        raise SlackError("channel_not_found")

    def direct(self, user: str) -> Conversation:
        """The person's direct messages with the app."""
        return self.conversation(self.person(user).id)

    def next_ts(self) -> str:
        """A timestamp after every other, as Slack writes it: seconds and six decimals."""
        self._last_ts = max(self._last_ts + 1, int(self.clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def post(self, conversation: Conversation, message: Node) -> Node:
        """Say something for everyone in the conversation and return it as Slack keeps it.

        A `thread_ts` that names a reply means the reply's thread.

        Raises:
            SlackError: `thread_not_found`.
        """
        message = {"type": "message", **message, "ts": self.next_ts(), "team": self.team.id}
        if root := message.get("thread_ts"):
            message["thread_ts"] = self._reply(conversation, root, message)
        conversation.messages[message["ts"]] = message
        if author := message.get("user"):
            conversation.read[author] = message["ts"]
        self.tell_message(conversation, message)
        if root:
            self.tell_message(conversation, conversation.messages[message["thread_ts"]])
        self._announce_post(conversation, message)
        return message

    def _reply(self, conversation: Conversation, root: str, message: Node) -> str:
        parent = conversation.messages.get(root)
        if parent is not None and parent.get("thread_ts", root) != root:
            root = parent["thread_ts"]
            parent = conversation.messages[root]
        if parent is None:
            raise SlackError("thread_not_found")
        insort(conversation.replies.setdefault(root, []), message["ts"])
        parent["thread_ts"] = root
        message["parent_user_id"] = parent.get("user", "")
        count_replies(conversation, root, {message["ts"]: message})
        return root

    def whisper(self, conversation: Conversation, user: str, message: Node) -> Node:
        """Say something that only this person sees."""
        message = {
            "type": "message",
            **message,
            "ts": self.next_ts(),
            "is_ephemeral": True,
        }
        conversation.ephemerals.setdefault(user, {})[message["ts"]] = message
        self.tell_message(conversation, message, only=user)
        return message

    def slackbot(self, conversation: Conversation, user: str, text: str) -> None:
        """Have Slack itself tell the person something."""
        note = {"subtype": "bot_message", "username": "Slackbot", "user": SLACKBOT, "text": text}
        self.whisper(conversation, user, note)

    def change(self, conversation: Conversation, message: Node, fields: Node) -> None:
        """Set fields of a message; None removes one."""
        before = public(message)
        message.update(fields)
        for key in [key for key, value in message.items() if value is None]:
            del message[key]
        only = self._only_viewer(conversation, message)
        self.tell_message(conversation, message, only=only)
        if only is None:
            hidden = {"subtype": "message_changed", "hidden": True}
            event = {**hidden, "message": public(message), "previous_message": before}
            self.announce(self._message_event(conversation, event))

    def remove(self, conversation: Conversation, message: Node) -> None:
        """Take a message away; the parent of a thread leaves a note in its place."""
        ts = message["ts"]
        only = self._only_viewer(conversation, message)
        if conversation.replies.get(ts):
            gone = {"blocks": None, "attachments": None, "metadata": None}
            text = "This message was deleted."
            self.change(
                conversation,
                message,
                {**gone, "subtype": "tombstone", "hidden": True, "text": text},
            )
            return
        if only is not None:
            del conversation.ephemerals[only][ts]
        else:
            del conversation.messages[ts]
            self._uncount(conversation, message)
        self._feed.tell(
            "message_deleted",
            lambda user: (
                {"channel": conversation.id, "ts": ts}
                if user in conversation.members and only in {None, user}
                else None
            ),
        )
        if only is None:
            event = {"subtype": "message_deleted", "hidden": True, "deleted_ts": ts}
            self.announce(
                self._message_event(conversation, {**event, "previous_message": public(message)})
            )
            self.tell_channel(conversation)

    def _uncount(self, conversation: Conversation, message: Node) -> None:
        root = message.get("thread_ts")
        if root is None or root == message["ts"]:
            return
        conversation.replies[root].remove(message["ts"])
        count_replies(conversation, root, {})
        self.tell_message(conversation, conversation.messages[root])

    def join(self, conversation: Conversation, user: str) -> None:
        """Make the person, or the app's bot, a member."""
        conversation.members.add(user)
        self.tell_channel(conversation)
        event = {"type": "member_joined_channel", "user": user, "channel": conversation.id}
        letter = conversation.id[0]
        self.announce({**event, "channel_type": letter, "team": self.team.id})

    def leave(self, conversation: Conversation, user: str) -> None:
        """End a membership."""
        conversation.members.discard(user)
        self.tell_channel(conversation)

    def mark_read(self, conversation: Conversation, user: str, ts: str) -> None:
        """Note that the person has seen everything up to `ts`."""
        conversation.read[user] = ts
        self.tell_channel(conversation)

    def react(self, message: Node, name: str, user: str) -> bool:
        """Add a reaction; False if the person had it already."""
        reactions = message.setdefault("reactions", [])
        found = next((one for one in reactions if one["name"] == name), None)
        if found is None:
            found = {"name": name, "users": [], "count": 0}
            reactions.append(found)
        if user in found["users"]:
            return False
        found["users"].append(user)
        found["count"] += 1
        return True

    def message(self, conversation: Conversation, ts: str, viewer: str | None = None) -> Node:
        """One message, or one that only the viewer sees.

        Raises:
            SlackError: `message_not_found`.
        """
        whispered = conversation.ephemerals.get(viewer or "", {})
        message = conversation.messages.get(ts) or whispered.get(ts)
        if message is None:
            raise SlackError("message_not_found")
        return message

    def shown(self, conversation: Conversation, user: str, thread: str | None) -> list[Node]:
        """What the person sees in the conversation or the thread, oldest first."""
        whispered = [
            message
            for message in conversation.ephemerals.get(user, {}).values()
            if message.get("thread_ts") == thread
        ]
        said = conversation.thread(thread) if thread else conversation.top_level()
        return sorted([*said, *whispered], key=lambda message: str(message["ts"]))

    def unread(self, conversation: Conversation, user: str) -> tuple[int, int]:
        """How many messages the person hasn't seen, and how many of them mention them."""
        since = conversation.read.get(user, "0")
        unread = mentions = 0
        for ts, message in reversed(conversation.messages.items()):
            if ts <= since:
                break
            if message.get("user") == user or not is_top_level(message):
                continue
            unread += 1
            text = message.get("text", "")
            mentions += f"<@{user}>" in text or any(word in text for word in _TO_ALL)
        return unread, mentions

    def tell_channel(self, conversation: Conversation) -> None:
        """Show every member how the channel now stands for them."""
        self._feed.tell(
            "channel",
            lambda user: (
                {"channel": self.channel_for(conversation, user)}
                if user in conversation.members
                else None
            ),
        )

    def channel_for(self, conversation: Conversation, user: str) -> Node:
        """The conversation as the page lists it for a person."""
        unread, mentions = self.unread(conversation, user)
        latest = next(reversed(conversation.messages), None)
        return {
            "id": conversation.id,
            "name": conversation.name,
            "topic": {"value": conversation.topic},
            "is_private": conversation.is_private,
            "is_member": user in conversation.members,
            "unread": unread,
            "mentions": mentions,
            "last_read": conversation.read.get(user, "0000000000.000000"),
            **({"latest": latest} if latest else {}),
        }

    def tell_message(
        self, conversation: Conversation, message: Node, *, only: str | None = None
    ) -> None:
        """Show a new or changed message to its audience."""
        self._feed.tell(
            "message",
            lambda user: (
                {"channel": conversation.id, "message": message}
                if user in conversation.members and only in {None, user}
                else None
            ),
        )
        if only is None:
            self.tell_channel(conversation)

    def _only_viewer(self, conversation: Conversation, message: Node) -> str | None:
        for user, whispered in conversation.ephemerals.items():
            if message["ts"] in whispered:
                return user
        return None

    def _announce_post(self, conversation: Conversation, message: Node) -> None:
        event = self._message_event(conversation, {**message, "event_ts": message["ts"]})
        if message.get("user") in self.people:
            event["client_msg_id"] = secrets.token_hex(16)
        self.announce(event)
        if f"<@{self.app.user_id}>" in message.get("text", "") and conversation.user is None:
            mention = {key: value for key, value in event.items() if key != "channel_type"}
            self.announce({**mention, "type": "app_mention"})

    def _message_event(self, conversation: Conversation, fields: dict[str, Any]) -> Node:
        ts = fields.get("event_ts") or self.next_ts()
        where = {"channel": conversation.id, "channel_type": conversation.kind}
        return {"type": "message", "ts": ts, **fields, **where, "event_ts": ts}
