"""Block Kit as Jinja2: `render("orders/card", reader, card=card)`.

A template is `templates/<concept>/<name>.json.jinja` and looks like the JSON that Slack gets::

    {
      "text": "Order {{ card.number }} is {{ card.state|words }}",
      "blocks": [
        {% call section() %}
          *Order `{{ card.number }}`* is {{ card.state|words }}
        {% endcall %}
        {{ fields([["Buyer", card.buyer], ["Total", card.total]]) }}
        {% if card.refundable %}
          {{ actions([button("Refund", "refund.open", card.id, style="primary")]) }}
        {% endif %}
        {{ context(["Imported " ~ card.source, card.placed_at]) }}
      ]
    }

What holds in every template:

* Commas between values may be missing, repeated or left over, so `if` and `for` go anywhere.
* What stands outside of `{{ }}` is the template's own mrkdwn. What comes out of `{{ }}` is a
  value: shown as it is, on one line, never formatting, linking or mentioning, and cut to a
  sane length. That includes string literals: `{{ section("*late*") }}` shows the asterisks;
  for mrkdwn of its own a template writes `{% call section() %}*late*{% endcall %}`.
* A value is escaped for the place it arrives at (see `templates.fill`): the same `{{ name }}`
  is right in mrkdwn, in a button's label and in a button's value. Money and times are
  formatted for the reader; None is shown as "unknown".
* Every result keeps Slack's limits (see `templates.limits`).

Macros (`_blocks.jinja`, `_inputs.jinja`, `_charts.jinja`, `_signs.jinja`) need no import. Filters:

=====================  ==========================================================================
`long(n)`              show up to n characters instead of 300
`multiline`            keep line breaks, up to 2500 characters
`quote`                the same as a block quote; starts a line of its own
`date` `time`          a time by its day or hour only; without a filter, both
`money(currency)`      minor units as an amount
`mention` `channel`    a member's, user group's or channel's id as Slack shows them
`link(text)`           an address as a link
`count(one, many)`     `3|count("order", "orders")` → 3 orders
`sentence`             a sentence of ours with its `code` and its `@U123`s, all else in it inert
`words` `capital`      `awaiting_approval` → awaiting approval, Awaiting approval
`json`                 a value as one string of JSON, for `private_metadata`
`tojson`               a value in place of a JSON value
=====================  ==========================================================================

and of Jinja's own those in `_JINJA_FILTERS`; `safe` and the like do not exist here.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.filters import FILTERS
from markupsafe import Markup

from domain.money import Money
from templates import slots
from templates.fill import PARAGRAPH, fill
from templates.formats import Reader
from templates.limits import fit

_HERE: Final = Path(__file__).parent
_MACROS: Final = ("_blocks.jinja", "_inputs.jinja", "_charts.jinja", "_signs.jinja")
#: Jinja's filters that work on values; those that would HTML-escape, or take a text apart
#: that may hold slots, stay out.
_JINJA_FILTERS: Final = frozenset(
    {"abs", "batch", "default", "dictsort", "first", "groupby", "int", "items", "last", "length"}
    | {"list", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "select"}
    | {"selectattr", "slice", "sort", "sum", "unique"}
)

_GAPS: Final = re.compile(
    r"""(?P<value>"(?:[^"\\]|\\.)*+"|[}\]]|true|false|null|-?\d[\d.eE+-]*+)
        (?P<missing>\s*(?=["{\[tfn\d-]))?
      | (?P<open>[{\[])[\s,]*
      | ,[\s,]*(?P<last>(?=[}\]]))?
    """,
    re.VERBOSE | re.DOTALL,
)


class BrokenTemplate(ValueError):
    """A template whose output is not a message or view, whatever its values; says where."""


class Templates:
    """The templates of one folder, compiled once; rendering shares no state."""

    def __init__(self, loader: BaseLoader | None = None) -> None:
        """Read templates through the loader; by default those beside this module."""
        self._environment = _environment(loader or FileSystemLoader(_HERE))

    def render(self, name: str, reader: Reader, /, **values: object) -> dict[str, Any]:
        """Return the message or view that `<name>.json.jinja` makes for the reader.

        Raises:
            jinja2.TemplateNotFound: there is no such template.
            jinja2.UndefinedError: the template uses a value that was not given.
            BrokenTemplate: its output is neither a message nor a view.
            limits.TooLong: an id or value is longer than Slack takes.
            TypeError: a value has the name of a macro, or no text of its own.
        """
        if taken := values.keys() & self._environment.globals.keys():
            raise TypeError(
                f"{name} can't be given {', '.join(sorted(taken))}: macros are called so."
            )
        template = self._environment.get_template(f"{name}.json.jinja")
        payload = _decoded(name, template.render(values, reader=reader))
        return fit(fill(payload, reader))


@cache
def _own() -> Templates:
    return Templates()


def render(name: str, reader: Reader, /, **values: object) -> dict[str, Any]:
    """Render one of Deskhand's own templates; see `Templates.render`."""
    return _own().render(name, reader, **values)


class _Compiler(CodeGenerator):
    """Joins values and markup with `~` and `+` by our rules, where Jinja would HTML-escape."""

    # The names are Jinja's.
    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        self._call("joined", node.nodes, frame)

    def visit_Add(self, node: nodes.BinExpr, frame: Frame) -> None:  # noqa: N802
        self._call("added", [node.left, node.right], frame)

    def _call(self, function: str, operands: list[nodes.Expr], frame: Frame) -> None:
        self.write(f"environment.{function}((")
        for operand in operands:
            self.visit(operand, frame)
            self.write(", ")
        self.write("))")


class _Environment(Environment):
    code_generator_class = _Compiler
    joined = staticmethod(slots.joined)
    added = staticmethod(slots.added)


def _environment(loader: BaseLoader) -> Environment:
    environment = _Environment(
        loader=ChoiceLoader([loader, FileSystemLoader(_HERE)]),
        autoescape=True,  # so that captured output is Markup; nothing is HTML-escaped
        undefined=StrictUndefined,
        finalize=slots.finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        optimized=False,  # constants folded at compile time would be joined by Jinja's rules
        cache_size=-1,
    )
    environment.filters = {name: FILTERS[name] for name in _JINJA_FILTERS} | {
        "capital": _capital,
        "channel": lambda value: _slot("channel", value),
        "count": lambda number, one, many: f"{number} {one if number == 1 else many}",
        "date": lambda value: slots.at(value, "date"),
        "join": lambda values, separator="": slots.joined(values, separator),
        "json": lambda value: json.dumps(
            value, ensure_ascii=False, separators=(",", ":"), default=str
        ),
        "link": _link,
        "long": lambda value, limit: _slot("line", value, limit),
        "mention": lambda value: _slot("member", value),
        "money": Money,
        "multiline": lambda value, limit=PARAGRAPH: _slot("lines", value, limit),
        "quote": lambda value, limit=PARAGRAPH: _slot("quote", value, limit),
        "sentence": lambda value: _slot("sentence", value),
        "time": lambda value: slots.at(value, "time"),
        "tojson": slots.literal,
        "words": lambda value: value and str(getattr(value, "value", value)).replace("_", " "),
    }
    for name in _MACROS:
        macros = vars(environment.get_template(name).module)
        environment.globals |= {
            key: macro for key, macro in macros.items() if not key.startswith("_")
        }
    return environment


def _slot(kind: str, value: object, limit: int | None = None) -> Markup:
    if isinstance(value, Markup):
        raise TypeError(f"|{kind} takes a value, not what a macro or another filter wrote.")
    return slots.written(None) if value is None else slots.slot(kind, str(value), limit)


def _link(address: str | None, text: str) -> Markup:
    """Write a link; without a usable address only its text is shown."""
    if isinstance(text, Markup):
        raise TypeError("|link takes a value as its text, not what a macro or filter wrote.")
    return slots.slot("link", f"{address or ''}".replace("\n", " ") + f"\n{text}")


def _words(value: object) -> str:
    return str(getattr(value, "value", value)).replace("_", " ")


def _capital(value: object) -> str:
    words = _words(value)
    return words[:1].upper() + words[1:]


def _decoded(name: str, output: str) -> dict[str, Any]:
    source = _GAPS.sub(_mended, output)
    try:
        # Not strict: a line break inside a string is a line break.
        payload = json.loads(source, strict=False)
    except json.JSONDecodeError as error:
        near = source[max(0, error.pos - 60) : error.pos + 20]
        raise BrokenTemplate(f"{name} is not JSON: {error.msg} near “{near}”.") from error
    if not isinstance(payload, dict) or not (
        "text" in payload or payload.get("type") in {"modal", "home"}
    ):
        raise BrokenTemplate(f"{name} is neither a message with a text nor a modal or home view.")
    return payload


def _mended(found: re.Match[str]) -> str:
    """Return the token with exactly the comma it needs."""
    if found["value"]:
        return found["value"] + ("," if found["missing"] is not None else "")
    return found["open"] or ("" if found["last"] is not None else ",")
