"""Goes through Block Kit objects and collects what Slack would refuse."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from bot.local import limits
from bot.local.errors import Node
from bot.local.limits import Rule, Surface

_ADDRESS = re.compile(r"[a-zA-Z][\w+.-]*:\S+")
_OPTION_KEYS = ("options", "initial_options")


class Problem(NamedTuple):
    """Something Slack refuses; `pointer` is a JSON pointer to it."""

    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


class Check:
    """Collects problems while it goes through an object."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, at: str, message: str) -> None:
        """Note one problem."""
        self.problems.append(Problem(at, message))

    def once(self, key: str, node: Any, seen: set[str], at: str) -> None:
        """An id that may stand only once among those seen before."""
        value = node.get(key) if isinstance(node, dict) else None
        if isinstance(value, str) and value:
            if value in seen:
                self.refuse(f"{at}/{key}", f'`{key}` "{value}" already exists')
            seen.add(value)

    def block(self, block: Any, surface: Surface, at: str) -> None:
        """A block, with everything in it."""
        if not isinstance(block, dict):
            self.refuse(at, "must provide an object")
            return
        kind = kind_of(block)
        if "type" not in block:
            self.refuse(at, "missing required field: type")
        elif kind not in limits.BLOCK_RULES or kind in limits.UNSUPPORTED[surface]:
            self.refuse(f"{at}/type", f"unsupported type: {kind}")
        else:
            rule = limits.BLOCK_RULES[kind]
            self.string(block, "block_id", limits.ID, at)
            self.rule(block, rule, at)
            self._parts(block, at)
            actions: set[str] = set()
            for key, kinds in rule.holds.items():
                for part, where in parts_of(block, key, at):
                    self.held(part, kinds, surface, where)
                    self.once("action_id", part, actions, where)

    def _parts(self, block: Node, at: str) -> None:
        """What stands in a block that is neither element nor text: charts, cells of tables."""
        match kind_of(block):
            case "data_visualization":
                self._chart(block.get("chart"), f"{at}/chart")
            case "table":
                for row, where in parts_of(block, "rows", at):
                    self.count({"row": row}, "row", 1, limits.TABLE_COLUMNS, where)

    def _chart(self, chart: Any, at: str) -> None:
        if not isinstance(chart, dict):
            self.refuse(at, "must provide an object")
        elif (kind := kind_of(chart)) not in limits.CHART_RULES:
            self.refuse(f"{at}/type", f"unsupported type: {kind}")
        else:
            self.rule(chart, limits.CHART_RULES[kind], at)
            axis = chart.get("axis_config")
            if axis is not None:
                self.rule(axis, limits.AXIS_RULE, f"{at}/axis_config")
            for segment, where in parts_of(chart, "segments", at):
                self.rule(segment, limits.SEGMENT_RULE, where)
                if not _is_number(segment) or segment["value"] <= 0:
                    self.refuse(f"{where}/value", "must be more than 0")
            for series, where in parts_of(chart, "series", at):
                self.rule(series, limits.SERIES_RULE, where)
                self._points(series, axis, where)

    def _points(self, series: Any, axis: Any, at: str) -> None:
        if not isinstance(series, dict):
            return
        points = parts_of(series, "data", at)
        for point, where in points:
            self.rule(point, limits.SEGMENT_RULE, where)
            if not _is_number(point):
                self.refuse(f"{where}/value", "must provide a number")
        labels = [point.get("label") for point, _ in points if isinstance(point, dict)]
        if isinstance(axis, dict) and labels != axis.get("categories"):
            self.refuse(f"{at}/data", "labels must match the categories of axis_config")

    def held(self, part: Any, kinds: frozenset[str], surface: Surface, at: str) -> None:
        """An element, or a block inside a block."""
        if not isinstance(part, dict):
            self.refuse(at, "must provide an object")
        elif (kind := kind_of(part)) not in kinds:
            self.refuse(f"{at}/type", f"unsupported type: {kind}")
        elif kind in limits.TEXT_FIELDS:
            self.text(part, 3000, at, plain=False)
        elif kind in limits.ELEMENT_RULES:
            self.string(part, "action_id", limits.ID, at)
            self.rule(part, limits.ELEMENT_RULES[kind], at)
            self.choices(part, at)
        else:
            self.block(part, surface, at)

    def choices(self, element: Node, at: str) -> None:
        """Options, groups of them, and what is chosen at first."""
        for key in _OPTION_KEYS:
            for option, where in parts_of(element, key, at):
                self.rule(option, limits.OPTION_RULE, where)
        for group, where in parts_of(element, "option_groups", at):
            self.rule(group, limits.GROUP_RULE, where)
            if isinstance(group, dict):
                self.choices(group, where)
        if "confirm" in element:
            self.rule(element["confirm"], limits.CONFIRM_RULE, f"{at}/confirm")
        self._initial(element, at)

    def _initial(self, element: Node, at: str) -> None:
        if kind_of(element).endswith("external_select"):
            return
        holders = [element, *(group for group, _ in parts_of(element, "option_groups", at))]
        known = [
            _value(option)
            for holder in holders
            if isinstance(holder, dict)
            for option, _ in parts_of(holder, "options", at)
        ]
        chosen = parts_of(element, "initial_option", at) + parts_of(element, "initial_options", at)
        if any(_value(option) not in known for option, _ in chosen):
            self.refuse(at, "initial option must be one of the options")

    def rule(self, node: Any, rule: Rule, at: str) -> None:
        """The keys of an object, then what stands under them."""
        if not isinstance(node, dict):
            self.refuse(at, "must provide an object")
            return
        for key in rule.needed:
            if node.get(key) is None:
                self.refuse(at, f"missing required field: {key}")
        if rule.any_of and not any(node.get(key) for key in rule.any_of):
            self.refuse(at, f"missing required field: {' or '.join(rule.any_of)}")
        if rule.fields is not None:
            self.strangers(node, rule.fields | {"block_id"}, at)
        for key, most in rule.texts.items():
            for text, where in parts_of(node, key, at):
                self.text(text, most, where, plain=key in rule.plain)
        for key, most in rule.strings.items():
            self.strings(node, key, most, at)
        for key, (least, most) in rule.items.items():
            self.count(node, key, least, most, at)
        self._wording(node, rule, at)

    def _wording(self, node: Node, rule: Rule, at: str) -> None:
        for key, allowed in rule.choices.items():
            if node.get(key) is not None and node[key] not in allowed:
                self.refuse(f"{at}/{key}", f"must be a valid enum value: {', '.join(allowed)}")
        for key in rule.urls:
            if isinstance(node.get(key), str) and not _ADDRESS.fullmatch(node[key]):
                self.refuse(f"{at}/{key}", "must be a valid url")

    def strangers(self, node: Node, known: frozenset[str], at: str) -> None:
        """Keys that Slack doesn't know."""
        for key in sorted(node.keys() - known - {"type"}):
            self.refuse(at, f"invalid additional property: {key}")

    def text(self, text: Any, most: int, at: str, *, plain: bool) -> None:
        """A text object; `plain` ones can't be mrkdwn."""
        if not isinstance(text, dict):
            self.refuse(at, "must provide an object")
            return
        kind = kind_of(text)
        if kind not in limits.TEXT_FIELDS or (plain and kind != "plain_text"):
            self.refuse(f"{at}/type", f"unsupported type: {kind}")
            return
        self.strangers(text, limits.TEXT_FIELDS[kind], at)
        if text.get("text") is None:
            self.refuse(at, "missing required field: text")
        elif text["text"] == "":
            self.refuse(f"{at}/text", "must be more than 0 characters")
        self.string(text, "text", most, at)

    def string(self, node: Node, key: str, most: int, at: str) -> None:
        """A string, if it is there."""
        value = node.get(key)
        if value is None:
            return
        if not isinstance(value, str):
            self.refuse(f"{at}/{key}", "must provide a string")
        elif length_of(value) > most:
            self.refuse(f"{at}/{key}", f"must be less than {most + 1} characters")

    def strings(self, node: Node, key: str, most: int, at: str) -> None:
        """A string, or each of a list of them."""
        if not isinstance(node.get(key), list):
            self.string(node, key, most, at)
            return
        for index, text in enumerate(node[key]):
            self.string({str(index): text}, str(index), most, f"{at}/{key}")

    def count(self, node: Node, key: str, least: int, most: int, at: str) -> None:
        """The length of a list, if it is there."""
        value = node.get(key)
        if value is None:
            return
        if not isinstance(value, list):
            self.refuse(f"{at}/{key}", "must provide an array")
        elif len(value) > most:
            self.refuse(f"{at}/{key}", f"no more than {most} items allowed")
        elif len(value) < least:
            self.refuse(f"{at}/{key}", f"no fewer than {least} items allowed")


def kind_of(node: Node) -> str:
    """The object's type, or an empty string."""
    return str(node.get("type", ""))


def _is_number(point: Any) -> bool:
    value = point.get("value") if isinstance(point, dict) else None
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _value(option: Any) -> Any:
    return option.get("value") if isinstance(option, dict) else None


def parts_of(node: Node, key: str, at: str) -> list[tuple[Any, str]]:
    """What stands under a key, one or a list of them, each with its pointer."""
    value = node.get(key)
    if value is None:
        return []
    if isinstance(value, list):
        return [(part, f"{at}/{key}/{index}") for index, part in enumerate(value)]
    return [(value, f"{at}/{key}")]


def length_of(text: str) -> int:
    """Slack counts UTF-16 units: an emoji outside the basic plane counts twice."""
    return len(text.encode("utf-16-le")) // 2
