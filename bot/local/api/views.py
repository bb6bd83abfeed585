"""views.*, blocks.validate: https://docs.slack.dev/reference/methods?family=views."""

from __future__ import annotations

import json
from typing import Any

from bot.local.api.call import Call
from bot.local.blocks import check_blocks, check_view, refuse_bad_view
from bot.local.check import Problem
from bot.local.errors import Node, SlackError


def open_modal(call: Call) -> Node:
    """views.open."""
    view = _view(call, "modal")
    user = call.desk.tickets.exchange(call.needed("trigger_id"))
    return {"view": call.desk.views.open(user, view)}


def push(call: Call) -> Node:
    """views.push."""
    view = _view(call, "modal")
    user = call.desk.tickets.exchange(call.needed("trigger_id"))
    return {"view": call.desk.views.push(user, view)}


def update(call: Call) -> Node:
    """views.update."""
    if not call.text("view_id") and not call.text("external_id"):
        raise SlackError("invalid_arguments", ["missing required field: view_id"])
    current = call.desk.views.find(call.text("view_id"), call.text("external_id"))
    view = _view(call, current["type"])
    return {"view": call.desk.views.update(current, view, call.text("hash"))}


def publish(call: Call) -> Node:
    """views.publish."""
    view = _view(call, "home")
    user = call.workspace.person(call.needed("user_id")).id
    return {"view": call.desk.views.publish(user, view, call.text("hash"))}


def validate(call: Call) -> Node:
    """blocks.validate: exactly one of blocks, message and view."""
    given = [key for key in ("blocks", "message", "view") if call.args.get(key)]
    if len(given) != 1:
        raise SlackError("invalid_arguments", ["provide exactly one of blocks, message, view"])
    (kind,) = given
    value = _json(call.args[kind])
    problems: list[Problem]
    match kind:
        case "blocks":
            problems = check_blocks(value, "message", "")
        case "message":
            blocks = value.get("blocks", []) if isinstance(value, dict) else None
            problems = check_blocks(blocks, "message")
        case _:
            problems = check_view(value, "")
    if problems:
        faults = [
            {"pointer": one.pointer, "code": "failed_constraint", "message": one.message}
            for one in problems
        ]
        raise SlackError(f"invalid_{kind}", errors=faults)
    return {}


def _view(call: Call, kind: str) -> Node:
    view = _json(call.args.get("view"))
    if view is None:
        raise SlackError("invalid_arguments", ["missing required field: view"])
    refuse_bad_view(view, kind=kind)
    checked: Node = view
    return checked


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise SlackError("invalid_arguments", ["must be valid JSON"]) from None
