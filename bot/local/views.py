"""Modals in their stacks, and Home tabs."""

from __future__ import annotations

import secrets
from typing import Any

from bot.local.blocks import with_ids
from bot.local.errors import Node, SlackError
from bot.local.feed import Feed
from bot.local.inputs import values_of
from bot.local.workspace import Workspace

#: Most views of one stack: https://docs.slack.dev/surfaces/modals.
STACK = 3


class Views:
    """Every open view; a person has one modal stack and one Home tab."""

    def __init__(self, workspace: Workspace, feed: Feed) -> None:
        self._workspace = workspace
        self._feed = feed
        self._views: dict[str, Node] = {}
        self._stacks: dict[str, list[str]] = {}
        self._homes: dict[str, Node] = {}

    def stack(self, user: str) -> list[Node]:
        """The person's open modals, bottom first."""
        return [self._views[view_id] for view_id in self._stacks.get(user, [])]

    def home(self, user: str) -> Node | None:
        """What the person's Home tab shows."""
        return self._homes.get(user)

    def open(self, user: str, view: Node) -> Node:
        """Show the person a modal in place of any other."""
        self._refuse_taken(view.get("external_id"))
        self._forget(self._stacks.pop(user, []))
        return self._show(user, self._new(view))

    def push(self, user: str, view: Node) -> Node:
        """Show the person a modal on top of the others.

        Raises:
            SlackError: `push_limit_reached`; `not_found` if there is nothing to be on top of.
        """
        stack = self._stacks.get(user, [])
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= STACK:
            raise SlackError("push_limit_reached")
        self._refuse_taken(view.get("external_id"))
        return self._show(user, self._new(view, previous=stack[-1], root=stack[0]))

    def update(self, current: Node, view: Node, hash_: str | None = None) -> Node:
        """Replace what a view shows; what was entered stays.

        Raises:
            SlackError: `hash_conflict`, `duplicate_external_id`.
        """
        _refuse_stale(current, hash_)
        if view.get("external_id") not in {None, "", current["external_id"]}:
            self._refuse_taken(view.get("external_id"))
        self._replace(current, view)
        self._tell(self.owner(current))
        return current

    def publish(self, user: str, view: Node, hash_: str | None = None) -> Node:
        """Replace the person's Home tab.

        Raises:
            SlackError: `hash_conflict`.
        """
        home = self._homes.get(user)
        if home is None:
            home = self._homes[user] = self._new(view)
            self._views[home["id"]] = home
        else:
            _refuse_stale(home, hash_)
            self._replace(home, view)
        self._tell(user)
        return home

    def find(self, view_id: str | None = None, external_id: str | None = None) -> Node:
        """An open view.

        Raises:
            SlackError: `not_found`.
        """
        for view in self._views.values():
            if view["id"] == view_id or (external_id and view["external_id"] == external_id):
                return view
        raise SlackError("not_found")

    def owner(self, view: Node) -> str:
        """The person who has the view open."""
        homes = [user for user, home in self._homes.items() if home is view]
        return homes[0] if homes else self._holder(view["id"])

    def enter(self, view: Node, values: Any) -> None:
        """Keep what the person has entered so far."""
        kept = {**view["state"]["values"], **(values or {})}
        view["state"] = {"values": values_of(view["blocks"], kept)}

    def close(self, view: Node) -> None:
        """Take one modal off its stack."""
        user = self._holder(view["id"])
        self._stacks[user].remove(view["id"])
        self._forget([view["id"]])
        self._tell(user)

    def clear(self, user: str) -> None:
        """Close all of the person's modals."""
        self._forget(self._stacks.pop(user, []))
        self._tell(user)

    def _holder(self, view_id: str) -> str:
        for user, stack in self._stacks.items():
            if view_id in stack:
                return user
        raise SlackError("not_found")

    def _show(self, user: str, view: Node) -> Node:
        self._views[view["id"]] = view
        self._stacks.setdefault(user, []).append(view["id"])
        self._tell(user)
        return view

    def _forget(self, view_ids: list[str]) -> None:
        for view_id in view_ids:
            del self._views[view_id]

    def _replace(self, current: Node, view: Node) -> None:
        """Show something else in place; values stay where block, action and type stay."""
        kept = {key: current[key] for key in ("id", "root_view_id", "previous_view_id")}
        entered = current["state"]["values"]
        current.update(self._new(view), **kept)
        if entered:
            self.enter(current, entered)

    def _refuse_taken(self, external_id: str | None) -> None:
        if external_id and any(v["external_id"] == external_id for v in self._views.values()):
            raise SlackError("duplicate_external_id")

    def _new(self, view: Node, *, previous: str | None = None, root: str | None = None) -> Node:
        """The view as Slack's API gives it back."""
        workspace = self._workspace
        view_id = f"V{secrets.token_hex(5).upper()}"
        return {
            "id": view_id,
            "team_id": workspace.team.id,
            "type": view["type"],
            "blocks": with_ids(view["blocks"]),
            "private_metadata": view.get("private_metadata", ""),
            "callback_id": view.get("callback_id", ""),
            "external_id": view.get("external_id", ""),
            "state": {"values": {}},
            "hash": f"{int(workspace.clock())}.{secrets.token_hex(4)}",
            "title": view.get("title"),
            "close": view.get("close"),
            "submit": view.get("submit"),
            "submit_disabled": view.get("submit_disabled", False),
            "clear_on_close": view.get("clear_on_close", False),
            "notify_on_close": view.get("notify_on_close", False),
            "previous_view_id": previous,
            "root_view_id": root or view_id,
            "app_id": workspace.app.id,
            "app_installed_team_id": workspace.team.id,
            "bot_id": workspace.app.bot_id,
        }

    def _tell(self, user: str) -> None:
        self._feed.tell("modal", lambda who: {"stack": self.stack(user)} if who == user else None)
        self._feed.tell("home", lambda who: {"view": self.home(user)} if who == user else None)


def _refuse_stale(view: Node, hash_: str | None) -> None:
    if hash_ and hash_ != view["hash"]:
        raise SlackError("hash_conflict")
