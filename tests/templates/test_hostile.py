"""Whatever the data: every template stays within Slack's limits and does only what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from templates import Reader
from templates.problems import problems
from templates.text import length
from tests.templates.blocks import Node, mrkdwn, nodes
from tests.templates.cases import CASES, NAMES, Values, rendered
from tests.templates.mischief import HOSTILE, crowded, emptied, poisoned

WAYS: dict[str, Callable[[Values], Values]] = {
    "nothing": emptied,
    "nothing at all": lambda values: poisoned(emptied(values), ""),
    "crowd": crowded,
    "hostile crowd": lambda values: crowded(poisoned(values, HOSTILE["entities"])),
    **{name: partial(poisoned, text=text) for name, text in HOSTILE.items()},
}
#: What mrkdwn may hold between angle brackets: dates, and members, user groups and channels by
#: a real id.
_OURS = re.compile(
    r"<!date\^\d+\^[^<>|]+\|[^<>]*>|<@U0[A-Z0-9]+>|<!subteam\^S0[A-Z0-9]+>|<#C0[A-Z0-9]+>"
)
_QUOTE = re.compile(r"^>( |$)", re.MULTILINE)
#: The published list's names of kinds and parts, where they are not Slack's types.
_ELEMENTS = {
    "static_select": "select",
    "conversations_select": "select",
    "modal": "view",
    "home": "view",
}
_OPTION_KEYS = {"confirm": "confirmation", "options": "option", "initial_option": "option"}


@cache
def _mischief(case: str) -> dict[str, Node]:
    """The case rendered in every way."""
    return {way: rendered(case, **change(CASES[case])) for way, change in WAYS.items()}


def test_every_template_has_a_case() -> None:
    assert NAMES
    assert {case.partition("@")[0] for case in CASES} == set(NAMES)


@pytest.mark.parametrize("case", CASES)
def test_an_ordinary_day_is_within_slacks_limits(case: str) -> None:
    for reader in (Reader(), Reader("ar-EG", "Asia/Kathmandu"), Reader("??", "x")):
        assert problems(rendered(case, reader)) == []


@pytest.mark.parametrize("case", CASES)
def test_any_data_stays_within_slacks_limits(case: str) -> None:
    found = {way: problems(payload) for way, payload in _mischief(case).items()}
    assert {way: sentences for way, sentences in found.items() if sentences} == {}


@pytest.mark.parametrize("case", CASES)
def test_no_data_mentions_links_or_reorders(case: str) -> None:
    for text in [text for payload in _mischief(case).values() for text in mrkdwn(payload)]:
        rest = _QUOTE.sub("", _OURS.sub("", text))
        assert not re.search("[<>\u202a-\u202e]", rest)
        assert text.count("\u2068") == text.count("\u2069")


@pytest.mark.parametrize("case", CASES)
def test_a_published_list_of_limits_agrees(shared: Path, case: str) -> None:
    file = shared / "data" / "slack" / "limits.json"
    if not file.exists():
        pytest.skip("the published list of limits is not there")
    limits = json.loads(file.read_text())
    found = {way: [*_over(limits, payload)] for way, payload in _mischief(case).items()}
    assert {way: breaches for way, breaches in found.items() if breaches} == {}


def _over(limits: dict[str, Any], payload: Node) -> Iterator[str]:
    """Hold every object against the entry of its kind, without the product's own figures."""
    for node in nodes(payload):
        for key, most in (("action_id", 255), ("block_id", 255)):
            if key in node and not 1 <= length(node[key]) <= most:
                yield f"{key} of {length(node[key])}"
        kind = str(node.get("type", ""))
        yield from _breaches(node, limits.get(_ELEMENTS.get(kind, kind), {}), kind)
        for key, kind_of_parts in _OPTION_KEYS.items():
            parts = node.get(key, [])
            for part in parts if isinstance(parts, list) else [parts]:
                yield from _breaches(part, limits[kind_of_parts], kind_of_parts)
        if kind in {"mrkdwn", "plain_text"} and not 1 <= length(node["text"]) <= 3000:
            yield f"{kind} of {length(node['text'])}"


def _breaches(node: Node, rules: dict[str, Any], kind: str) -> Iterator[str]:
    for key, rule in rules.items():
        value = node.get(key)
        if value is None or isinstance(value, int):
            continue
        if isinstance(value, dict):
            value = value.get("text", "")
        least = rule.get("min_length", rule.get("min_items", 0))
        most = rule.get("max_length", rule.get("max_items"))
        size = length(value) if isinstance(value, str) else len(value)
        if size < least or (most is not None and size > most):
            yield f"{kind}.{key} of {size}"
        longest = rule.get("item_max_length")
        if longest and any(length(item["text"]) > longest for item in value):
            yield f"an item of {kind}.{key}"
