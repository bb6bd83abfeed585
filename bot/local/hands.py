"""A person's hands and eyes in Python: what a test types, clicks and reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from bot.local import modals
from bot.local.client import Client, blocks_of
from bot.local.errors import Node, NotDone
from bot.local.feed import Feed
from bot.local.inputs import elements_of, held_by

Found = TypeVar("Found")


class Hands:
    """Acts for people and looks at what they see."""

    def __init__(self, client: Client, feed: Feed, idle: Callable[[], bool]) -> None:
        self.client = client
        self.workspace = client.workspace
        self.views = client.views
        self._feed = feed
        self._idle = idle

    async def say(
        self, user: str, channel: str, text: str, thread_ts: str | None = None
    ) -> Node | None:
        """Write in a channel or a thread and return the message."""
        return await self.client.send(user, channel, text, thread_ts)

    async def command(self, user: str, line: str, channel: str) -> None:
        """Run a slash command.

        Raises:
            NotDone: there is no such command, or the app failed; the person was told why.
        """
        await self.client.command(user, channel, line)

    async def click(
        self,
        user: str,
        action_id: str,
        *,
        channel: str | None = None,
        ts: str | None = None,
        value: Any = None,
    ) -> None:
        """Use the latest button or menu with this action_id that the person sees.

        It is looked for in the channel (or in its one message `ts`); without a channel in the
        top modal, else in the Home tab. `value` is the button's, if several have the action_id,
        or what is chosen in a menu: an option's value, a user's id, a date.

        Raises:
            NotDone: there is none, or the app failed.
        """
        if channel is not None:
            conversation = self.client.conversation(user, channel)
            seen = [
                *conversation.messages.values(),
                *conversation.ephemerals.get(user, {}).values(),
            ]
            for message in sorted(seen, key=lambda one: str(one["ts"]), reverse=True):
                action = _find(blocks_of(message), action_id, value)
                if action and ts in {None, message["ts"]}:
                    await self.client.click(
                        user, conversation.id, message["ts"], action, _state(action)
                    )
                    return
            raise NotDone("action_not_found", f"{user} sees no {action_id} in {channel}.")
        view = self.modal(user) or self.home(user)
        action = _find(view["blocks"], action_id, value) if view else None
        if view is None or action is None:
            raise NotDone("action_not_found", f"{user} sees no {action_id} in a modal or Home.")
        await self.client.click_in_view(user, view["id"], action, _state(action))

    async def submit(self, user: str, values: Mapping[str, Any] | None = None) -> Node:
        """Fill in the top modal and submit it.

        `values` maps an action_id or a block_id to text, an option's value (a list of them for
        several), an id or a date; what is not named stays as it is.

        Returns:
            `response_action` and, when it is "errors", `errors` by block id.

        Raises:
            NotDone: no modal is open, or the app failed.
            ValueError: the modal has no such input or option.
        """
        view = self._top(user)
        left = dict(values or {})
        state: Node = {}
        for block, element in elements_of(view["blocks"]):
            for name in (element["action_id"], block["block_id"]):
                if name in left:
                    held = held_by(element, left.pop(name))
                    state.setdefault(block["block_id"], {})[element["action_id"]] = held
        if left:
            raise ValueError(f"The modal has no input called {', '.join(left)}.")
        return await modals.submit(self.client, user, view["id"], {"values": state})

    async def close_modal(self, user: str) -> None:
        """Close the top modal."""
        await modals.close(self.client, user, self._top(user)["id"])

    async def shortcut(
        self, user: str, callback_id: str, *, channel: str | None = None, ts: str | None = None
    ) -> None:
        """Use a global shortcut, or a message shortcut on one message."""
        await self.client.shortcut(user, callback_id, channel, ts)

    async def suggest(self, user: str, action_id: str, typed: str) -> Node:
        """What an external menu of the top modal offers for the text typed."""
        view = self._top(user)
        action = _find(view["blocks"], action_id, None)
        if action is None:
            raise NotDone("action_not_found", f"{user} sees no {action_id} in the modal.")
        return await self.client.suggest(user, {**action, "value": typed}, view_id=view["id"])

    def open_home(self, user: str) -> None:
        """Look at the app's Home tab."""
        self.client.open_home(user)

    def messages(self, channel: str) -> list[Node]:
        """What everyone sees in a channel, without what is only in threads, oldest first."""
        return self.workspace.conversation(channel).top_level()

    def thread(self, channel: str, ts: str) -> list[Node]:
        """A message and the replies to it."""
        return self.workspace.conversation(channel).thread(ts)

    def ephemerals(self, user: str, channel: str | None = None) -> list[Node]:
        """What only this person sees, oldest first."""
        where = (
            self.workspace.conversations.values()
            if channel is None
            else [self.workspace.conversation(channel)]
        )
        found = [message for one in where for message in one.ephemerals.get(user, {}).values()]
        return sorted(found, key=lambda message: str(message["ts"]))

    def modal(self, user: str) -> Node | None:
        """The person's top modal."""
        stack = self.views.stack(user)
        return stack[-1] if stack else None

    def home(self, user: str) -> Node | None:
        """What the person's Home tab shows."""
        return self.views.home(user)

    async def until(self, predicate: Callable[[], Found], timeout: float = 5.0) -> Found:  # noqa: ASYNC109 -- as Feed.until
        """Wait until the predicate is true and return its value.

        Raises:
            TimeoutError: it stayed false.
        """
        return await self._feed.until(predicate, timeout)

    async def settled(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109 -- as Feed.until
        """Wait until no event is on its way to the app."""
        await self._feed.until(self._idle, timeout)

    def _top(self, user: str) -> Node:
        view = self.modal(user)
        if view is None:
            raise NotDone("not_found", f"{user} has no modal open.")
        return view


def _find(blocks: list[Node], action_id: str, value: Any) -> Node | None:
    """The action that using the element would be, or None if it isn't there."""
    for block, element in elements_of(blocks):
        if element["action_id"] != action_id:
            continue
        action = {"block_id": block["block_id"], "action_id": action_id, "type": element["type"]}
        if element["type"] == "overflow":
            options = {option["value"]: option for option in element["options"]}
            return {**action, "selected_option": options.get(value)}
        if element["type"] != "button":
            return {**action, **(held_by(element, value) if value is not None else {})}
        if value in {None, element.get("value")}:
            return action
    return None


def _state(action: Node) -> Node:
    held = {key: part for key, part in action.items() if key not in {"block_id", "action_id"}}
    return {"values": {action["block_id"]: {action["action_id"]: held}}}
