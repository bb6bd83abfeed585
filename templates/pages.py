"""Pages for printing: HTML as Jinja2, where every value is escaped.

A page is `templates/<concept>/<name>.html.jinja` and extends `_page.html.jinja`.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from templates.formats import Reader, moment

_HERE = Path(__file__).parent


def page(name: str, reader: Reader | None = None, /, **values: object) -> str:
    """Return the HTML of a page; times are written for the reader.

    Raises:
        jinja2.TemplateNotFound: there is no such page.
        jinja2.UndefinedError: it uses a value that was not given.
    """
    template = _environment().get_template(f"{name}.html.jinja")
    return template.render(values, reader=reader or Reader())


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = _moment
    environment.filters["day"] = _day
    return environment


def _moment(at: datetime, reader: Reader) -> str:
    return moment(at, "datetime", reader)


def _day(at: datetime, reader: Reader) -> str:
    return moment(at, "date", reader)
