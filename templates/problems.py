"""What Slack would say against a message or view; the check that tests hold templates to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from templates import charts
from templates.limits import (
    ADDRESS,
    BLOCKS_OF_KIND,
    COLUMNS,
    EXACT,
    KIND_BY_KEY,
    LIMITS,
    TABLE_CONTENT,
    Node,
)
from templates.text import length

_BLOCKS: Final = frozenset(
    {"header", "divider", "section", "context", "actions", "input", "image", "markdown"}
    | {"table", "data_visualization"}
)
_MESSAGES_ONLY: Final = frozenset({"table", "markdown", "data_visualization"})
_REQUIRED: Final = {
    "message": ("text",),
    "modal": ("title", "blocks"),
    "home": ("blocks",),
    "header": ("text",),
    "context": ("elements",),
    "actions": ("elements",),
    "input": ("label", "element"),
    "button": ("text", "action_id"),
    "static_select": ("action_id",),
    "external_select": ("action_id",),
    "overflow": ("action_id", "options"),
    "checkboxes": ("action_id", "options"),
    "radio_buttons": ("action_id", "options"),
    "plain_text_input": ("action_id",),
    "option": ("text", "value"),
    "confirm": ("title", "text", "confirm", "deny"),
    "plain_text": ("text",),
    "mrkdwn": ("text",),
    "raw_text": ("text",),
    "table": ("rows",),
    "data_visualization": ("title", "chart"),
}


def problems(payload: Node) -> list[str]:
    """Return one sentence for each thing that Slack would refuse; none if all is well."""
    kind = payload.get("type", "message")
    return [*_surface(payload, kind), *_object(payload, kind, kind), *_encoding(payload)]


def _encoding(payload: Node) -> Iterator[str]:
    try:
        json.dumps(payload, allow_nan=False, ensure_ascii=False).encode()
    except ValueError as error:
        yield f"it can't be sent as JSON: {error}"


def _surface(payload: Node, kind: str) -> Iterator[str]:
    if kind not in {"message", "modal", "home"}:
        yield f"{kind} is not a kind of message or view"
    blocks = payload.get("blocks", [])
    kinds = Counter(block.get("type") for block in blocks)
    for block_kind, count in kinds.items():
        if block_kind not in _BLOCKS:
            yield f"{block_kind} is not a block"
        if kind != "message" and block_kind in _MESSAGES_ONLY:
            yield f"{kind} can't hold a {block_kind}"
        if count > BLOCKS_OF_KIND.get(str(block_kind), count):
            yield f"{count} blocks are {block_kind}"
    ids = Counter(block["block_id"] for block in blocks if "block_id" in block)
    yield from (f"block_id {name} is used {n} times" for name, n in ids.items() if n > 1)
    if kind == "modal" and kinds["input"] and "submit" not in payload:
        yield "a modal with inputs has no submit"


def _object(node: Node, kind: str, path: str) -> Iterator[str]:
    yield from (f"{path} has no {key}" for key in _REQUIRED.get(kind, ()) if not node.get(key))
    if kind == "section" and not (node.get("text") or node.get("fields")):
        yield f"{path} has neither text nor fields"
    yield from _sizes(node, kind, path)
    yield from _choices(node, path)
    if kind == "actions":
        actions = Counter(element.get("action_id") for element in node.get("elements", []))
        yield from (f"{path} has {n} × {name}" for name, n in actions.items() if n > 1)
    if kind == "table":
        yield from _table(node["rows"], path)
    if kind == "data_visualization":
        yield from _chart(node["chart"], path)
    for key, value in node.items():
        yield from _parts(key, value, f"{path}.{key}")


def _parts(key: str, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _object(value, str(value.get("type") or KIND_BY_KEY.get(key, "")), path)
    elif isinstance(value, list):
        if not value and key != "blocks":
            yield f"{path} is empty"
        for index, item in enumerate(value):
            yield from _parts(key, item, f"{path}[{index}]")


def _sizes(node: Node, kind: str, path: str) -> Iterator[str]:
    limits = LIMITS.get(kind)
    longest = dict(EXACT) | {"url": ADDRESS, "image_url": ADDRESS}
    if limits is not None:
        longest |= {**limits.text, **limits.exact}
        for key, most in limits.items.items():
            if len(node.get(key, ())) > most:
                yield f"{path}.{key} holds {len(node[key])} of {most}"
    for key, most in longest.items():
        for text in _texts(node.get(key)):
            if length(text) > most:
                yield f"{path}.{key} has {length(text)} characters of {most}"
            if not text.strip() and key not in {"initial_value", "value"}:
                yield f"{path}.{key} is empty"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and isinstance(value.get("text"), str):
        yield value["text"]
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _choices(node: Node, path: str) -> Iterator[str]:
    options = [*node.get("options", [])]
    options += [option for group in node.get("option_groups", []) for option in group["options"]]
    initial = [*node.get("initial_options", [])]
    initial += [node["initial_option"]] if "initial_option" in node else []
    if options and any(option not in options for option in initial):
        yield f"{path} begins with a choice that is not one of its options"


def _table(rows: list[list[Node]], path: str) -> Iterator[str]:
    if len({len(row) for row in rows}) > 1:
        yield f"{path} has rows of different lengths"
    if max(map(len, rows)) > COLUMNS:
        yield f"{path} has more than {COLUMNS} columns"
    if sum(length(text) for row in rows for text in _texts(row)) > TABLE_CONTENT:
        yield f"{path} holds more than {TABLE_CONTENT} characters"


def _chart(chart: Node, path: str) -> Iterator[str]:
    if chart["type"] == "pie":
        labels = [part["label"] for part in chart["segments"]]
        if not 1 <= len(labels) <= charts.SEGMENTS:
            yield f"{path} has {len(labels)} segments"
        if any(part["value"] <= 0 for part in chart["segments"]):
            yield f"{path} has a segment of nothing"
        yield from _labels(labels, path)
        return
    categories = chart["axis_config"]["categories"]
    names = [line["name"] for line in chart["series"]]
    if not 1 <= len(names) <= charts.SERIES or not 1 <= len(categories) <= charts.CATEGORIES:
        yield f"{path} has {len(names)} series over {len(categories)} categories"
    if any([point["label"] for point in line["data"]] != categories for line in chart["series"]):
        yield f"{path} has points beside its categories"
    yield from _labels(names, path)
    yield from _labels(categories, path)


def _labels(labels: list[str], path: str) -> Iterator[str]:
    if len(set(labels)) < len(labels):
        yield f"{path} has two labels alike"
    yield from (
        f"{path} can't have the label “{label}”"
        for label in labels
        if not label or length(label) > charts.LABEL
    )
