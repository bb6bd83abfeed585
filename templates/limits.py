"""Slack's limits, and `fit`, which brings any message or view within them.

Figures: https://docs.slack.dev/reference/block-kit (blocks, elements, composition objects),
https://docs.slack.dev/reference/views and .../methods/chat.postMessage, as of November 2026.
Text is counted in UTF-16 units (see `templates.text.length`). Where Slack's pages disagree
over time (segments and series of a chart: 6 or 12), the smaller figure is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

from templates.charts import fit_chart
from templates.text import cut, length

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one kind of object takes.

    `text`: longest text by key, of a string, a text object or each of a list of them.
    `exact`: longest id or value by key; these are refused, since a cut one is a wrong one.
    `items`: most items by key.
    `needed`: keys without which Slack refuses the object, so it is left out.
    `shown`: texts that can't be missing; a dash stands in for an empty one.
    """

    text: Mapping[str, int] = field(default_factory=dict)
    exact: Mapping[str, int] = field(default_factory=dict)
    items: Mapping[str, int] = field(default_factory=dict)
    needed: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()


_SELECT = Limits(
    text={"placeholder": 150}, items={"options": 100, "option_groups": 100}, needed=("options",)
)
_ANY_SELECT = Limits(text={"placeholder": 150})
_CHOICES = Limits(items={"options": 10}, needed=("options",))

LIMITS: Final[Mapping[str, Limits]] = {
    # surfaces
    "message": Limits(text={"text": 3000}, items={"blocks": 50}, shown=("text",)),
    "modal": Limits(
        text={"title": 24, "submit": 24, "close": 24}, items={"blocks": 100}, shown=("title",)
    ),
    "home": Limits(items={"blocks": 100}),
    # blocks
    "header": Limits(text={"text": 150}, needed=("text",)),
    "divider": Limits(),
    "section": Limits(text={"text": 3000, "fields": 2000}, items={"fields": 10}),
    "context": Limits(items={"elements": 10}, needed=("elements",)),
    "actions": Limits(items={"elements": 25}, needed=("elements",)),
    "input": Limits(text={"label": 2000, "hint": 2000}, needed=("element",), shown=("label",)),
    "image": Limits(
        text={"alt_text": 2000, "title": 2000}, needed=("image_url",), shown=("alt_text",)
    ),
    "markdown": Limits(text={"text": 12000}, needed=("text",)),
    "table": Limits(items={"rows": 100}, needed=("rows",)),
    "data_visualization": Limits(text={"title": 50}, needed=("chart",), shown=("title",)),
    # elements
    "button": Limits(
        text={"text": 75, "accessibility_label": 75}, exact={"value": 2000}, shown=("text",)
    ),
    "static_select": _SELECT,
    "multi_static_select": _SELECT,
    "external_select": _ANY_SELECT,
    "users_select": _ANY_SELECT,
    "conversations_select": _ANY_SELECT,
    "channels_select": _ANY_SELECT,
    "overflow": Limits(items={"options": 5}, needed=("options",)),
    "checkboxes": _CHOICES,
    "radio_buttons": _CHOICES,
    "plain_text_input": Limits(text={"placeholder": 150, "initial_value": 3000}),
    "number_input": Limits(text={"placeholder": 150}),
    "datepicker": Limits(text={"placeholder": 150}),
    # composition objects
    "plain_text": Limits(text={"text": 3000}, needed=("text",)),
    "mrkdwn": Limits(text={"text": 3000}, needed=("text",)),
    "raw_text": Limits(text={"text": 2000}, shown=("text",)),
    "option": Limits(
        text={"text": 75, "description": 75},
        exact={"value": 150},
        needed=("value",),
        shown=("text",),
    ),
    "option_group": Limits(text={"label": 75}, items={"options": 100}, needed=("options",)),
    "confirm": Limits(
        text={"title": 100, "text": 300, "confirm": 30, "deny": 30},
        shown=("title", "text", "confirm", "deny"),
    ),
}
#: The same for every object.
EXACT: Final[Mapping[str, int]] = {
    "action_id": 255,
    "block_id": 255,
    "callback_id": 255,
    "external_id": 255,
    "private_metadata": 3000,
}
#: Longest address; one that is longer, or no address at all, is left out.
ADDRESS: Final = 3000
#: Most columns of a table, and most characters in all of its cells.
COLUMNS: Final = 20
TABLE_CONTENT: Final = 10_000
#: Most blocks of a kind in one message.
BLOCKS_OF_KIND: Final[Mapping[str, int]] = {"table": 1, "data_visualization": 2}

#: What an object without a `type` is, by the key that holds it.
KIND_BY_KEY: Final[Mapping[str, str]] = {
    "confirm": "confirm",
    "options": "option",
    "option_groups": "option_group",
    "initial_option": "option",
    "initial_options": "option",
}
#: Objects whose own `text` is mrkdwn.
_MARKUP = frozenset({"message", "mrkdwn", "markdown"})
_ADDRESS_KEYS = ("url", "image_url")
_IS_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:|slack://)\S+")
_DASH = "—"
_NOUNS: Final[Mapping[str, tuple[str, str]]] = {
    "blocks": ("block", "blocks"),
    "categories": ("category", "categories"),
    "columns": ("column", "columns"),
    "elements": ("part", "parts"),
    "fields": ("fact", "facts"),
    "option_groups": ("group", "groups"),
    "options": ("choice", "choices"),
    "rows": ("row", "rows"),
    "series": ("series", "series"),
}


class TooLong(ValueError):
    """An id or value is longer than Slack takes; what makes it must be mended, not cut."""

    def __init__(self, kind: str, key: str, limit: int, value: str) -> None:
        super().__init__(
            f"{key} of a {kind} has {length(value)} characters, and Slack takes {limit}: “{value[:40]}…”."
        )


def fit(payload: Node) -> Node:
    """Return the message or view within Slack's limits.

    Over-long text ends in an ellipsis, surplus parts are left out and counted in a context
    block at the end, and what Slack refuses for being empty is left out or shown as a dash.

    Raises:
        TooLong: an id, a value or metadata is over its limit.
    """
    left_out: Counter[str] = Counter()
    kind = payload.get("type", "message")
    fitted = _fit(payload, kind, left_out) or {}
    if "blocks" in payload:
        most = LIMITS[kind].items["blocks"]
        fitted["blocks"] = _fit_blocks(fitted.get("blocks", []), kind, most, left_out)
    return fitted


def _fit(node: Node, kind: str, left_out: Counter[str]) -> Node | None:
    """Return the object within its limits, or None if nothing is left to show."""
    limits = LIMITS.get(kind, Limits())
    _refuse_too_long(node, kind, limits)
    fitted = {}
    for key, value in node.items():
        part = _fit_part(key, value, kind, left_out)
        if part not in (None, "", [], {}) and not _is_bad_address(key, part):
            fitted[key] = part
    _keep_initial_among_options(fitted)
    for key in limits.shown:
        if key in node and not _has_text(fitted.get(key)):
            fitted[key] = _dash(node[key])
    if kind == "data_visualization" and "chart" in fitted:
        fitted["chart"] = fit_chart(fitted["chart"], left_out)
    if kind == "table" and "rows" in fitted:
        fitted = _fit_table(fitted, left_out)
    if kind == "section" and "text" not in fitted and "fields" not in fitted:
        return None
    if any(not fitted.get(key) for key in _needed(node, limits)):
        return None
    return fitted


def _needed(node: Node, limits: Limits) -> tuple[str, ...]:
    """A menu may have groups of options in place of options."""
    return () if "option_groups" in node and "options" not in node else limits.needed


def _fit_part(key: str, value: Any, holder: str, left_out: Counter[str]) -> Any:
    limits = LIMITS.get(holder, Limits())
    if isinstance(value, list):
        parts = [_fit_part(key, item, holder, left_out) for item in value]
        parts = [part for part in parts if part is not None]
        most = limits.items.get(key, len(parts)) if key != "blocks" else len(parts)
        left_out[key] += len(parts) - len(parts[:most])
        return parts[:most]
    if isinstance(value, dict):
        value = _fit(value, str(value.get("type") or KIND_BY_KEY.get(key, "")), left_out)
    if value is None or key not in limits.text:
        return value
    if isinstance(value, str):
        return cut(value, limits.text[key], markup=holder in _MARKUP)
    return value | {"text": cut(value["text"], limits.text[key], markup=value["type"] in _MARKUP)}


def _fit_table(table: Node, left_out: Counter[str]) -> Node:
    rows = [row[:COLUMNS] for row in table["rows"]]
    left_out["columns"] += max(map(len, table["rows"])) - max(map(len, rows))
    sizes = accumulate(sum(length(cell.get("text", "")) for cell in row) for row in rows)
    kept = [row for row, size in zip(rows, sizes, strict=True) if size <= TABLE_CONTENT]
    left_out["rows"] += len(rows) - len(kept)
    return table | {"rows": kept, "column_settings": table.get("column_settings", [])[:COLUMNS]}


def _refuse_too_long(node: Node, kind: str, limits: Limits) -> None:
    for key, limit in {**EXACT, **limits.exact}.items():
        value = node.get(key)
        if isinstance(value, str) and length(value) > limit:
            raise TooLong(kind, key, limit, value)


def _is_bad_address(key: str, value: Any) -> bool:
    return key in _ADDRESS_KEYS and (length(value) > ADDRESS or not _IS_ADDRESS.fullmatch(value))


def _has_text(value: Any) -> bool:
    return bool((value["text"] if isinstance(value, dict) else value or "").strip())


def _dash(value: Any) -> Any:
    return value | {"text": _DASH} if isinstance(value, dict) else _DASH


def _keep_initial_among_options(node: Node) -> None:
    """Slack refuses an initial option that is not one of the options."""
    groups = node.get("option_groups", [])
    options = [*node.get("options", []), *(o for group in groups for o in group["options"])]
    if options and node.get("initial_option") not in options:
        node.pop("initial_option", None)
    if chosen := [option for option in node.get("initial_options", []) if option in options]:
        node["initial_options"] = chosen
    else:
        node.pop("initial_options", None)


def _fit_blocks(blocks: list[Node], surface: str, most: int, left_out: Counter[str]) -> list[Node]:
    seen: Counter[str] = Counter()
    kept = []
    for block in blocks:
        seen[block["type"]] += 1
        if surface == "message" and seen[block["type"]] > BLOCKS_OF_KIND.get(
            block["type"], most + 1
        ):
            left_out["blocks"] += 1
        else:
            kept.append(block)
    if not kept and surface != "message":
        return [_small_print("Nothing to show.")]
    surplus = len(kept) - most
    if surplus <= 0 and not +left_out:
        return kept
    closing = _closing(kept)
    room = most - 1 - len(closing)
    body = kept[: len(kept) - len(closing)]
    left_out["blocks"] += max(0, len(body) - room)
    return [*body[:room], *closing, _small_print(_sentence(left_out))]


def _closing(blocks: list[Node]) -> list[Node]:
    """The buttons and small print at the end stay, however much before them is left out."""
    count = 0
    while count < min(len(blocks), 4) and blocks[-count - 1]["type"] in {"actions", "context"}:
        count += 1
    return blocks[len(blocks) - count :]


def _sentence(left_out: Counter[str]) -> str:
    parts = [f"{n:,} {_NOUNS[what][n > 1]}" for what, n in (+left_out).items()]
    return f"Not shown: {', '.join(parts)}."


def _small_print(text: str) -> Node:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}
