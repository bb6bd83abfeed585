"""The manifest that an app is made from."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from bot.slack.manifest import NotAnAddress, build
from handlers.commands import COMMANDS, EVENTS, SCOPES, SHORTCUTS

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
