"""What people enter into blocks: Slack's `state.values`, its checks and its defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from bot.local.errors import Node


class Slot(NamedTuple):
    """Where an element's value stands in `state.values`, and where it begins."""

    key: str
    initial: str
    empty: Any


_TEXT: Final = Slot("value", "initial_value", None)
#: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
SLOTS: Final[Mapping[str, Slot]] = {
    "plain_text_input": _TEXT,
    "email_text_input": _TEXT,
    "url_text_input": _TEXT,
    "number_input": _TEXT,
    "rich_text_input": Slot("rich_text_value", "initial_value", None),
    "static_select": Slot("selected_option", "initial_option", None),
    "external_select": Slot("selected_option", "initial_option", None),
    "radio_buttons": Slot("selected_option", "initial_option", None),
    "checkboxes": Slot("selected_options", "initial_options", ()),
    "multi_static_select": Slot("selected_options", "initial_options", ()),
    "multi_external_select": Slot("selected_options", "initial_options", ()),
    "users_select": Slot("selected_user", "initial_user", None),
    "multi_users_select": Slot("selected_users", "initial_users", ()),
    "conversations_select": Slot("selected_conversation", "initial_conversation", None),
    "multi_conversations_select": Slot("selected_conversations", "initial_conversations", ()),
    "channels_select": Slot("selected_channel", "initial_channel", None),
    "multi_channels_select": Slot("selected_channels", "initial_channels", ()),
    "datepicker": Slot("selected_date", "initial_date", None),
    "timepicker": Slot("selected_time", "initial_time", None),
    "datetimepicker": Slot("selected_date_time", "initial_date_time", None),
    "file_input": Slot("files", "files", ()),
}
_REQUIRED = "Please complete this required field."


def elements_of(blocks: list[Node]) -> Iterator[tuple[Node, Node]]:
    """Every element that people can use, with its block."""
    for block in blocks:
        inner = [block.get("accessory"), block.get("element"), *(block.get("actions") or [])]
        if block["type"] in {"actions", "context_actions"}:
            inner += block["elements"]
        for element in inner:
            if element is not None and "action_id" in element:
                yield block, element
        yield from elements_of([*block.get("child_blocks", []), *_cards(block)])


def _cards(block: Node) -> list[Node]:
    return block["elements"] if block["type"] == "carousel" else []


def values_of(blocks: list[Node], entered: Mapping[str, Any]) -> Node:
    """`state.values` for the blocks: what was entered, else what the element begins with.

    Only elements that hold a value are in it, and only as what they are now: a value entered
    into an element of another type is dropped.
    """
    values: Node = {}
    for block, element in elements_of(blocks):
        slot = SLOTS.get(element["type"])
        if slot is None:
            continue
        block_id, action_id = block["block_id"], element["action_id"]
        before = (entered.get(block_id) or {}).get(action_id) or {}
        if before.get("type") == element["type"]:
            held = before.get(slot.key)
        else:
            held = element.get(slot.initial)
        if held in (None, ""):
            held = list(slot.empty) if slot.empty is not None else None
        values.setdefault(block_id, {})[action_id] = {"type": element["type"], slot.key: held}
    return values


def complaints(blocks: list[Node], values: Node) -> dict[str, str]:
    """What Slack itself finds wrong with a form before the app sees it: block id → sentence."""
    found: dict[str, str] = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        slot = SLOTS.get(element["type"])
        if slot is None:
            continue
        held = values[block["block_id"]][element["action_id"]][slot.key]
        if not held:
            if not block.get("optional"):
                found[block["block_id"]] = _REQUIRED
        elif problem := _problem(element, held):
            found[block["block_id"]] = problem
    return found


def _problem(element: Node, held: Any) -> str | None:
    match element["type"]:
        case "plain_text_input":
            return _length_problem(element, held)
        case "number_input":
            return _number_problem(element, held)
        case "email_text_input" if "@" not in held:
            return "Please enter a valid email address."
        case "url_text_input" if "://" not in held:
            return "Please enter a valid URL."
        case _:
            return None


def _length_problem(element: Node, held: str) -> str | None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if len(held) < least:
        return f"Please enter at least {least} characters."
    if len(held) > most:
        return f"Please enter no more than {most} characters."
    return None


def _number_problem(element: Node, held: str) -> str | None:
    try:
        number = float(held)
    except ValueError:
        return "Please enter a valid number."
    if not element.get("is_decimal_allowed") and not number.is_integer():
        return "Please enter a whole number."
    if "min_value" in element and number < float(element["min_value"]):
        return f"Please enter a number no less than {element['min_value']}."
    if "max_value" in element and number > float(element["max_value"]):
        return f"Please enter a number no greater than {element['max_value']}."
    return None


def options_of(element: Node) -> list[Node]:
    """All options of an element, those in groups too."""
    groups = element.get("option_groups") or []
    return [
        *(element.get("options") or []),
        *(option for group in groups for option in group["options"]),
    ]


def held_by(element: Node, value: Any) -> Node:
    """How `state.values` holds a plain value: an option is named by its value.

    Raises:
        ValueError: the element has no such option, or holds no value at all.
    """
    slot = SLOTS.get(element["type"])
    if slot is None:
        raise ValueError(f"{element['action_id']} is a {element['type']} and holds no value.")
    if slot.key == "selected_option" and isinstance(value, str):
        value = _option(element, value)
    elif slot.key == "selected_options":
        value = [_option(element, one) if isinstance(one, str) else one for one in value]
    return {"type": element["type"], slot.key: value}


def _option(element: Node, value: str) -> Node:
    for option in options_of(element):
        if option["value"] == value:
            return option
    known = ", ".join(option["value"] for option in options_of(element)) or "none"
    raise ValueError(f"{element['action_id']} has no option {value!r}; it has: {known}.")
