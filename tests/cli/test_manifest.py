"""The manifest that an app is made from."""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.local.api.methods import METHODS
from bot.slack.app import CONVERSATIONS
from bot.slack.manifest import NotAnAddress, build
from handlers.commands import COMMANDS, EVENTS, SCOPES, SHORTCUTS

ROOT = Path(__file__).parents[2]
_URL = "https://desk.example.com"


@pytest.mark.parametrize("url", [None, _URL])
def test_the_manifest_is_one_that_slack_takes(shared: Path, url: str | None) -> None:
    schema = shared / "data" / "slack" / "manifest.schema.2.0.0.json"
    jsonschema.validate(build(url), json.loads(schema.read_text(encoding="utf-8")))


def test_it_asks_for_what_the_app_uses_and_no_more() -> None:
    manifest = build(_URL)
    commands = manifest["features"]["slash_commands"]
    assert [one["command"] for one in commands] == [one.name for one in COMMANDS]
    shortcuts = manifest["features"]["shortcuts"]
    assert [one["callback_id"] for one in shortcuts] == [one.callback_id for one in SHORTCUTS]
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == sorted(EVENTS)
    assert manifest["oauth_config"]["scopes"]["bot"] == sorted(SCOPES)


@pytest.mark.parametrize("url", [_URL, f"{_URL}/"])
def test_everything_that_slack_sends_goes_to_one_address(url: str) -> None:
    manifest = build(url)
    events = f"{_URL}/slack/events"
    assert manifest["settings"]["event_subscriptions"]["request_url"] == events
    assert manifest["settings"]["interactivity"]["request_url"] == events
    assert {one["url"] for one in manifest["features"]["slash_commands"]} == {events}


def test_socket_mode_needs_no_address() -> None:
    manifest = build(None)
    assert manifest["settings"]["socket_mode_enabled"]
    assert "url" not in json.dumps(manifest)


@pytest.mark.parametrize("url", ["desk.example.com", "http://a.example", "https://", "https://a b"])
def test_slack_calls_https_alone(url: str) -> None:
    with pytest.raises(NotAnAddress, match="Give an address like"):
        build(url)


class Recorder:
    """Stands in for the Bolt app, and notes what the conversations listen to."""

    def __init__(self) -> None:
        self.heard: dict[str, set[str]] = defaultdict(set)

    def __getattr__(self, kind: str) -> Callable[[Any], Callable[[Any], Any]]:
        def listen(what: Any) -> Callable[[Any], Any]:
            self.heard[kind].add(str(what))
            return lambda listener: listener

        return listen


def test_it_names_exactly_what_the_conversations_listen_to() -> None:
    app = Recorder()
    for conversation in CONVERSATIONS:
        conversation.register(app)  # type: ignore[attr-defined]
    assert app.heard["command"] == {one.name for one in COMMANDS}
    assert app.heard["shortcut"] == {one.callback_id for one in SHORTCUTS}
    # `message.channels` arrives as `message`: only the subscription says where it was said.
    assert app.heard["event"] == {name.partition(".")[0] for name in EVENTS}


def test_it_may_read_where_it_hears() -> None:
    """https://docs.slack.dev/reference/events/message.channels, …/message.groups."""
    needed = {"message.channels": "channels:history", "message.groups": "groups:history"}
    assert {name for name in EVENTS if name.startswith("message.")} == set(needed)
    assert set(needed.values()) <= set(SCOPES)


def test_it_asks_for_exactly_the_scopes_of_the_methods_that_the_code_calls() -> None:
    called = _methods_called()
    for scope, methods in SCOPES.items():
        if scope != "commands":
            assert set(methods) <= called, f"{scope} is for a method that nobody calls"
            assert all(scope in METHODS[method].scopes for method in methods)
    for method in called:
        needed = METHODS[method].scopes
        assert not needed or set(needed) & set(SCOPES), f"{method} needs one of {needed}"


def _methods_called() -> set[str]:
    """The Web API methods that the source calls, as `client.chat_postMessage`."""
    names = {method.replace(".", "_"): method for method in METHODS}
    called = set()
    for room in ("handlers", "bot"):
        for path in (ROOT / room).rglob("*.py"):
            if path.is_relative_to(ROOT / "bot" / "local"):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and node.attr in names:
                    called.add(names[node.attr])
    return called
