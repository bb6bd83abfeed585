"""Put the values into a decoded template, each as the place it stands in needs it.

* In mrkdwn, and in a message's `text`: cleaned, cut, entities escaped, formatting inert.
* In plain text (labels, titles, table cells): cleaned and cut, nothing escaped.
* In ids, values, addresses and metadata: exact.

So a template never says how a value is escaped, and can't say it wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from domain.money import Money
from templates import formats, text
from templates.formats import Reader
from templates.slots import OPEN, SLOT, payload_of

Place = Literal["mrkdwn", "plain", "exact"]

UNKNOWN: Final = "unknown"
#: How much of one value is shown where the template does not say, in UTF-16 units.
LINE: Final = 300
PARAGRAPH: Final = 2500

_TOKEN = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_MEMBER = re.compile(r"[UW][A-Z0-9]{1,30}")
#: A user group's id; its digit tells it from a partner's name in capitals.
_GROUP = re.compile(r"S(?=[A-Z]*[0-9])[A-Z0-9]{2,30}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{1,30}")
#: What a sentence of ours marks up: a member by id, and code. An id has a digit, `@UPS` none,
#: and Slack's own `<@U…>`, which no sentence of ours holds, was typed by somebody.
_MARKED = re.compile(
    r"(?<![\w<])@(?P<member>[UW](?=[A-Z]*[0-9])[A-Z0-9]{2,30})(?![\w>])|`(?P<code>[^`]+)`"
)
_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s<>|\"\\^`{}]{1,2000}")

#: Strings that people read without mrkdwn, by the key that holds them.
_PLAIN_KEYS: Final = frozenset(
    {
        "accessibility_label",
        "alt_text",
        "caption",
        "categories",
        "label",
        "name",
        "title",
        "x_label",
        "y_label",
    }
)
#: What the key `text` holds, by the type of its object.
_TEXT_PLACES: Final[Mapping[str, Place]] = {
    "message": "mrkdwn",
    "mrkdwn": "mrkdwn",
    "markdown": "mrkdwn",
    "plain_text": "plain",
    "raw_text": "plain",
    "text": "plain",
}


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a value has arrived: the place, who reads it, and what the template asked for."""

    place: Place
    reader: Reader
    limit: int | None
    in_code: bool


def fill(payload: dict[str, Any], reader: Reader) -> dict[str, Any]:
    """Return the message or view with its slots filled for the reader.

    Raises:
        ValueError: None where an id, a value or an address belongs.
    """
    filled: dict[str, Any] = _fill(payload, "message", "exact", reader)
    return filled


def _fill(node: Any, kind: str, place: Place, reader: Reader) -> Any:
    if isinstance(node, str):
        return _substitute(node, place, reader)
    if isinstance(node, list):
        return [_fill(item, "", place, reader) for item in node]
    if not isinstance(node, dict):
        return node
    # A type may be a value itself, where a template writes a whole object with |tojson.
    kind = _substitute(node["type"], "exact", reader) if "type" in node else kind
    filled = {key: _fill(item, "", _place(kind, key), reader) for key, item in node.items()}
    if kind == "mrkdwn":
        # Bare addresses, `#names` and `@names` in a value are not made into links.
        filled.setdefault("verbatim", True)
    return filled


def _place(kind: str, key: str) -> Place:
    if key == "text":
        return _TEXT_PLACES.get(kind, "exact")
    return "plain" if key in _PLAIN_KEYS else "exact"


def _substitute(source: str, place: Place, reader: Reader) -> str:
    if place == "exact" and OPEN not in source:
        return source
    pieces = SLOT.split(source)
    if place == "plain":
        pieces[::4] = map(_plainly, pieces[::4])
    result = pieces[:1]
    for before, kind, limit, payload, after in zip(
        pieces[::4], pieces[1::4], pieces[2::4], pieces[3::4], pieces[4::4], strict=False
    ):
        in_code = before.endswith("`") and after.startswith("`")
        spot = _Spot(place, reader, int(limit) if limit else None, in_code)
        result += _SHOWN[kind](payload_of(payload), spot), after
    return "".join(result) if place == "exact" else _without_indent("".join(result))


def _without_indent(shown: str) -> str:
    return re.sub(r"[ \t]*\n[ \t]*", "\n", shown).strip(" \t\n")


def _plainly(own: str) -> str:
    """Return a template's own mrkdwn as plain text: a token by its label, entities as themselves."""
    return text.unescape(_TOKEN.sub(lambda found: found[2] or found[1], own))


def _inert(value: str, spot: _Spot) -> str:
    shown = text.inert(value, code=spot.in_code) if spot.place == "mrkdwn" else value
    return text.isolate(shown)


def _line(value: str, spot: _Spot) -> str:
    if spot.place == "exact":
        return text.whole(value)
    return _inert(text.cut(text.clean(value), spot.limit or LINE), spot)


def _lines(value: str, spot: _Spot) -> str:
    if spot.place == "exact":
        return text.whole(value)
    return _inert(text.cut(text.clean(value, lines=True), spot.limit or PARAGRAPH), spot)


def _quote(value: str, spot: _Spot) -> str:
    shown = _lines(value, spot)
    if not shown or spot.place != "mrkdwn":
        return shown
    return re.sub("^", "> ", shown, flags=re.MULTILINE)


def _sentence(value: str, spot: _Spot) -> str:
    if spot.place != "mrkdwn":
        return _lines(value, spot)
    said = text.cut(text.clean(value), spot.limit or PARAGRAPH)
    shown, end = "", 0
    for found in _MARKED.finditer(said):
        shown += _inert(said[end : found.start()], spot)
        code = text.isolate(text.inert(found["code"] or "", code=True))
        shown += f"<@{found['member']}>" if found["member"] else f"`{code}`"
        end = found.end()
    return shown + _inert(said[end:], spot)


def _none(_: str, spot: _Spot) -> str:
    if spot.place == "exact":
        raise ValueError("None stands where an id, a value or an address belongs.")
    return UNKNOWN


def _money(value: str, spot: _Spot) -> str:
    minor, currency = value.split(" ", 1)
    money = Money(int(minor), currency)
    return str(money) if spot.place == "exact" else _inert(formats.amount(money, spot.reader), spot)


def _day(value: str, spot: _Spot) -> str:
    if spot.place == "exact":
        return value
    return text.isolate(formats.day(date.fromisoformat(value), spot.reader))


def _moment(style: formats.Style) -> Callable[[str, _Spot], str]:
    def shown(value: str, spot: _Spot) -> str:
        if spot.place == "exact":
            return value
        at = datetime.fromisoformat(value)
        if spot.place == "plain":
            return text.isolate(formats.moment(at, style, spot.reader))
        return formats.moment_token(at, style, spot.reader)

    return shown


def _reference(pattern: re.Pattern[str], sign: str) -> Callable[[str, _Spot], str]:
    def shown(value: str, spot: _Spot) -> str:
        if spot.place == "exact" or not pattern.fullmatch(value):
            return _line(value, spot)
        return f"<{sign}{value}>" if spot.place == "mrkdwn" else f"{sign}{value}"

    return shown


_member = _reference(_MEMBER, "@")


def _mention(value: str, spot: _Spot) -> str:
    if spot.place == "mrkdwn" and _GROUP.fullmatch(value):
        return f"<!subteam^{value}>"
    return _member(value, spot)


def _link(value: str, spot: _Spot) -> str:
    address, _, label = value.partition("\n")
    if spot.place == "exact":
        return text.whole(address)
    shown = _line(label or address, spot)
    if spot.place == "plain" or not shown or not _ADDRESS.fullmatch(address):
        return shown
    return f"<{text.escape(address)}|{shown}>"


_SHOWN: Final[Mapping[str, Callable[[str, _Spot], str]]] = {
    "line": _line,
    "lines": _lines,
    "quote": _quote,
    "sentence": _sentence,
    "none": _none,
    "money": _money,
    "day": _day,
    "datetime": _moment("datetime"),
    "date": _moment("date"),
    "time": _moment("time"),
    "member": _mention,
    "channel": _reference(_CHANNEL, "#"),
    "link": _link,
}
