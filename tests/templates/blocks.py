"""What a person sees of a message or view, taken out of its blocks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]


def nodes(value: Any) -> Iterator[Node]:
    """Every object in it, outermost first."""
    if isinstance(value, dict):
        yield value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        yield from nodes(part)


def first_line(payload: Node) -> str:
    """What the card says before anything else."""
    return str(payload["blocks"][0]["text"]["text"].split("\n")[0])


def whole(payload: Node) -> str:
    """All of it, as it goes to Slack."""
    return json.dumps(payload, ensure_ascii=False)


def buttons(payload: Node) -> dict[str, str]:
    """Labels by action id, in order."""
    return {
        node["action_id"]: node["text"]["text"]
        for node in nodes(payload)
        if node.get("type") == "button"
    }


def primary(payload: Node) -> list[str]:
    """The action ids of primary buttons."""
    return [node["action_id"] for node in nodes(payload) if node.get("style") == "primary"]


def inputs(view: Node) -> dict[str, str]:
    """Action ids by block id."""
    return {
        block["block_id"]: block["element"]["action_id"]
        for block in view["blocks"]
        if block["type"] == "input"
    }


def mrkdwn(payload: Node) -> list[str]:
    """Every text that Slack parses: mrkdwn and a message's own."""
    return [
        str(node["text"])
        for node in nodes(payload)
        if node.get("type") in {None, "mrkdwn", "markdown"} and isinstance(node.get("text"), str)
    ]


def options(view: Node) -> list[str]:
    """What a form offers to choose from, by value."""
    return [option["value"] for node in nodes(view) for option in node.get("options", [])]


def values(payload: Node, prefix: str) -> list[str]:
    """The values of buttons whose action ids begin so, in order."""
    return [
        node["value"] for node in nodes(payload) if node.get("action_id", "").startswith(prefix)
    ]
