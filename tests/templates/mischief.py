"""Values as nobody expects them: every text hostile, everything missing, far too many."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from enum import Enum
from typing import Any, get_args, get_type_hints

from sqlalchemy import inspect
from sqlalchemy.orm import DeclarativeBase

HOSTILE = {
    "mention": "<!channel> <!here|x> <@U123> <#C123|general> @channel",
    "markup": "*bold* _it_ ~no~ `code` > quote\n> quote <https://evil.example|Refund>",
    "json": '"}]},{"type":"divider"},{"x":["\\"\\\\',
    "lines": "one\ntwo\r\n\u2028three\x00\x1b[31m",
    "template": "{{ 7 * 7 }}{% raw %}{# #}",
    "right_to_left": "\u202eשלום עולם\u2066 مرحبا (1042)",  # noqa: RUF001 - on purpose
    "long": "x" * 10_000,
    "entities": "&" * 10_000,
    "emoji": "👩‍👩‍👧‍👦" * 2_000,
    "many_lines": "line\n" * 2_000,
    "surrogate": "\ud800 half",
    "blank": " \t\n",
    "empty": "",
}
#: Texts that are the program's own wherever they stand.
_OWN = {"currency"}


def poisoned(value: Any, text: str) -> Any:
    """Put the text in place of every text from outside; states and currencies stay."""
    return _walk(value, lambda leaf: text if _is_text(leaf) else leaf)


def emptied(value: Any) -> Any:
    """Take away whatever may be missing: None in fields that allow it, no items in lists."""
    return _walk(value, lambda leaf: leaf, missing=True)


def crowded(value: Any, times: int = 200) -> Any:
    """Repeat the items of every list, each with an id of its own."""
    match value:
        case list() | tuple() if value and not any(_is_text(item) for item in value):
            items = [crowded(item, times) for item in value]
            many = [_with_id(items[n % len(items)], n + 1) for n in range(times)]
            return type(value)(many)
        case _:
            return _inside(value, lambda part: crowded(part, times))


def _walk(value: Any, leaf: Callable[[Any], Any], *, missing: bool = False) -> Any:
    if missing and isinstance(value, list | tuple):
        return type(value)()
    if missing and _fields(value):
        gone = {name: None for name in _fields(value) if name in _nullable(type(value))}
        value = _changed(value, gone)
    if isinstance(value, list | tuple):
        return type(value)(_walk(item, leaf, missing=missing) for item in value)
    if _fields(value) or isinstance(value, dict):
        return _inside(value, lambda part: _walk(part, leaf, missing=missing))
    return leaf(value)


def _inside(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: change(part) for key, part in value.items()}
    fields = _fields(value)
    changes = {name: change(part) for name, part in fields.items() if name not in _OWN}
    return _changed(value, changes) if changes else value


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Enum)


def _fields(value: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, DeclarativeBase):
        return {key: part for key, part in vars(value).items() if not key.startswith("_")}
    return {}


def _nullable(kind: type) -> set[str]:
    if issubclass(kind, DeclarativeBase):
        return {name for name, column in inspect(kind).columns.items() if column.nullable}
    return {name for name, hint in get_type_hints(kind).items() if type(None) in get_args(hint)}


def _changed(value: Any, changes: dict[str, Any]) -> Any:
    if isinstance(value, DeclarativeBase):
        return type(value)(**_fields(value) | changes)
    return dataclasses.replace(value, **changes)


def _with_id(value: Any, number: int) -> Any:
    return _changed(value, {"id": number}) if "id" in _fields(value) else value
