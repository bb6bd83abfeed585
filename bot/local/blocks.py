"""Checks blocks and views as Slack does and words what is wrong as Slack words it."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from typing import Any

from bot.local import limits
from bot.local.check import Check, Problem, kind_of
from bot.local.errors import Node, SlackError
from bot.local.limits import Surface


def check_blocks(blocks: Any, surface: Surface, at: str = "/blocks") -> list[Problem]:
    """Everything Slack would refuse in a surface's blocks."""
    if not isinstance(blocks, list):
        return [Problem(at, "must provide an array")]
    check = Check()
    most = limits.BLOCKS[surface]
    if len(blocks) > most:
        check.refuse(at, f"no more than {most} items allowed")
    ids: set[str] = set()
    for index, block in enumerate(blocks):
        check.block(block, surface, f"{at}/{index}")
        check.once("block_id", block, ids, f"{at}/{index}")
    if surface == "message":
        kinds = Counter(kind_of(block) for block in blocks if isinstance(block, dict))
        for kind, allowed in limits.OF_A_KIND.items():
            if kinds[kind] > allowed:
                check.refuse(at, f"no more than {allowed} {kind} blocks allowed")
    return check.problems


def check_view(view: Any, at: str = "/view") -> list[Problem]:
    """Everything Slack would refuse in a view, a modal or a Home tab."""
    if not isinstance(view, dict):
        return [Problem(at, "must provide an object")]
    kind = kind_of(view)
    if not kind:
        return [Problem(at, "missing required field: type")]
    if kind not in limits.VIEW_RULES:
        return [Problem(f"{at}/type", f"unsupported type: {kind}")]
    check = Check()
    check.rule(view, limits.VIEW_RULES[kind], at)
    surface: Surface = "modal" if kind == "modal" else "home"
    blocks = view.get("blocks", [])
    problems = check.problems + check_blocks(blocks, surface, f"{at}/blocks")
    if problems or kind == "home" or view.get("submit"):
        return problems
    if any(block["type"] == "input" for block in blocks):
        return [Problem(at, "must define `submit` to use an `input` block in modals")]
    return []


def refuse_bad_blocks(blocks: Any, code: str = "invalid_blocks") -> None:
    """Let through blocks that a message may have.

    Raises:
        SlackError: `invalid_blocks`, naming each fault.
    """
    if problems := check_blocks(blocks, "message"):
        lines = [str(problem) for problem in problems]
        raise SlackError(code, lines, errors=lines)


def refuse_long_blocks(blocks: list[Node]) -> None:
    """Let through blocks of a posted message that are not too much text together.

    Raises:
        SlackError: `msg_blocks_too_long`.
    """
    markdown = sum(len(b["text"]) for b in blocks if b["type"] == "markdown")
    if markdown > limits.MARKDOWN_TEXT or _text_in(blocks) > limits.BLOCKS_TEXT:
        raise SlackError("msg_blocks_too_long")


def refuse_bad_view(view: Any, *, kind: str) -> None:
    """Let through a view of the kind.

    Raises:
        SlackError: `invalid_arguments` naming each fault, or `view_too_large`.
    """
    problems = check_view(view)
    if not problems and view["type"] != kind:
        problems = [Problem("/view/type", f"must be {kind}")]
    if problems:
        raise SlackError("invalid_arguments", [str(problem) for problem in problems])
    if len(json.dumps(view).encode()) > limits.VIEW_SIZE:
        raise SlackError("view_too_large")


def with_ids(blocks: list[Node]) -> list[Node]:
    """A copy in which Slack has named what the app did not."""
    return [_named_block(block) for block in blocks]


def _named_block(block: Node) -> Node:
    named = {**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)}
    for key in ("accessory", "element"):
        if key in named:
            named[key] = _named_element(named[key])
    if block["type"] in {"actions", "context_actions"}:
        named["elements"] = [_named_element(one) for one in block["elements"]]
    if "actions" in block:
        named["actions"] = [_named_element(one) for one in block["actions"]]
    if block["type"] == "carousel":
        named["elements"] = with_ids(block["elements"])
    if "child_blocks" in block:
        named["child_blocks"] = with_ids(block["child_blocks"])
    return named


def _named_element(element: Node) -> Node:
    if element["type"] == "image":
        return element
    return {**element, "action_id": element.get("action_id") or secrets.token_urlsafe(4)}


def _text_in(value: Any) -> int:
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(_text_in(part) for key, part in value.items() if key != "value")
    if isinstance(value, list):
        return sum(_text_in(part) for part in value)
    return 0
