"""Values on their way through a template: like bind parameters, they never become its text.

A value that a template interpolates is written into the output as a *slot*: a kind and a
payload between three of Unicode's noncharacters, which are reserved for a program's own use.
A slot holds no quote and no backslash, so it can't end the JSON string it stands in, and a
value that contains such noncharacters loses them, so it can't forge a slot. Only when the
output has been decoded as JSON are the values put in (see `templates.fill`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import singledispatch
from typing import Any, Final

from jinja2 import Undefined, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from domain.money import Money
from templates.formats import Style

OPEN, _PAYLOAD, _CLOSE, _QUOTE, _BACKSLASH = "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4"
_RESERVED = re.compile('["\\\\\ufdd0-\ufdef]')
_STAND_INS = {'"': _QUOTE, "\\": _BACKSLASH}
#: Splits a string into its own text, and kind, limit and payload of each slot, in turns.
SLOT: Final = re.compile(f"{OPEN}([a-z]+)([0-9]*){_PAYLOAD}([^{_CLOSE}]*){_CLOSE}")


def slot(kind: str, payload: str, limit: int | None = None) -> Markup:
    """Write a value as a slot."""
    if _RESERVED.search(payload):
        payload = _RESERVED.sub(lambda found: _STAND_INS.get(found[0], "\ufffd"), payload)
    size = "" if limit is None else limit
    return Markup(f"{OPEN}{kind}{size}{_PAYLOAD}{payload}{_CLOSE}")  # noqa: S704 - a slot is inert


@singledispatch
def written(value: object) -> Markup:
    """Return what a template's output holds for a value.

    Markup (what a macro or a `{% call %}` block made) stays; whole numbers and booleans are
    written as JSON has them; everything else becomes a slot.

    Raises:
        TypeError: a list or mapping, which has no text of its own.
        ValueError: a time without a zone.
    """
    return slot("line", str(value))


@written.register
def _(value: Markup) -> Markup:
    return value


@written.register
def _(value: str) -> Markup:
    return slot("line", str.__str__(value))


@written.register
def _(value: Enum) -> Markup:
    return written(value.value)


@written.register
def _(value: int) -> Markup:
    return Markup(json.dumps(value))  # noqa: S704 - digits, true or false


@written.register
def _(_value: None) -> Markup:
    return slot("none", "")


@written.register
def _(value: Undefined) -> Markup:
    # An `if` without `else` inside `{{ }}` is nothing; what was never given raises here.
    return Markup(str(value))  # noqa: S704 - empty


@written.register
def _(value: Money) -> Markup:
    return slot("money", f"{value.minor} {value.currency}")


@written.register
def _(value: date) -> Markup:
    return slot("day", value.isoformat())


@written.register
def _(value: datetime) -> Markup:
    return at(value, "datetime")


@written.register(Mapping)
@written.register(Iterable)
def _(value: object) -> Markup:
    kind = type(value).__name__
    raise TypeError(f"A {kind} has no text: loop over it, or write it with |tojson.")


@pass_eval_context
def finalize(_context: EvalContext, value: object) -> Markup:
    """Be the environment's `finalize`.

    It takes the context only to keep Jinja from folding constants, which it HTML-escapes.
    """
    return written(value)


def at(value: datetime | None, style: Style) -> Markup:
    """Write a time in one of the styles; raises `ValueError` if it has no zone."""
    if value is None:
        return written(None)
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} has no time zone; pass aware datetimes.")
    return slot(style, value.isoformat())


def joined(parts: Iterable[object], separator: object = "") -> str:
    """Join values as one; texts and numbers give a plain text, anything else a row of slots."""
    pieces = list(parts)
    if all(type(piece) in {str, int} for piece in (*pieces, separator)):
        return str(separator).join(map(str, pieces))
    between = _spaced(separator) if separator else ""
    return Markup(between.join(map(_spaced, pieces)))  # noqa: S704 - all written


def _spaced(piece: object) -> str:
    """Write a piece with the space at its ends outside of the slot, where it is kept."""
    if type(piece) is not str or not piece.strip():
        return " " if isinstance(piece, str) and piece.isspace() else str(written(piece))
    before, after = (" " if end.isspace() else "" for end in (piece[0], piece[-1]))
    return f"{before}{written(piece)}{after}"


def added(operands: tuple[Any, Any]) -> Any:
    """Add two values; texts of which one is markup are joined."""
    left, right = operands
    if isinstance(left, Markup) or isinstance(right, Markup):
        return joined(operands)
    return left + right


def literal(value: object) -> Markup:
    """Write a whole value as JSON, its strings as slots; this is the filter `tojson`.

    Markup is written as the JSON string that holds it.
    """
    match value:
        case Markup():
            source = json.dumps(str(value), ensure_ascii=False)
        case Enum():
            return literal(value.value)
        case None | bool() | int():
            source = json.dumps(value)
        case str() | Money() | date():
            source = f'"{written(value)}"'
        case float() | Decimal():
            source = json.dumps(float(value), allow_nan=False)
        case Mapping():
            pairs = (f"{json.dumps(str(key))}: {literal(item)}" for key, item in value.items())
            source = "{" + ", ".join(pairs) + "}"
        case Iterable():
            source = "[" + ", ".join(map(literal, value)) + "]"
        case _:
            raise TypeError(f"A {type(value).__name__} can't be written as JSON.")
    return Markup(source)  # noqa: S704 - JSON whose strings are slots


def payload_of(protected: str) -> str:
    """Return a slot's payload as it was before `slot` protected it."""
    return protected.replace(_QUOTE, '"').replace(_BACKSLASH, "\\")
