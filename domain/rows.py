"""Nested rows as one JSON value, so that a whole card is read in a single query."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect, ScalarSelect, Select, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import JSON, TypeDecorator

Row = dict[str, Any]


class _Rows(TypeDecorator[list[Row]]):
    impl = JSON
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> list[Row]:
        del dialect
        return (json.loads(value) if isinstance(value, str) else value) or []


class _Objects(FunctionElement[list[Row]]):
    """An aggregate: one JSON object a row, its columns by name, in an array."""

    type = _Rows()
    inherit_cache = True


def nested(query: Select[*tuple[Any, ...]]) -> ScalarSelect[list[Row]]:
    """Return the query's rows, in its order, as one column: a list of dicts by column name.

    Times arrive as text: read them with `moment`.
    """
    inner = query.subquery()
    return select(_Objects(*inner.c)).scalar_subquery()


def moment(value: str | None) -> datetime | None:
    """Read a time that came through JSON back into an aware UTC datetime."""
    return None if value is None else at(value)


def at(value: str) -> datetime:
    """Read a time that is always there; see `moment`."""
    read = datetime.fromisoformat(value)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


@compiles(_Objects, "sqlite")
def _on_sqlite(element: _Objects, compiler: SQLCompiler, **options: Any) -> str:
    # A derived table turns nested JSON into text, which json() turns back.
    pairs = _pairs(element, compiler, options, nested="json({})")
    return f"json_group_array(json_object({pairs}))"


@compiles(_Objects, "postgresql")
def _on_postgresql(element: _Objects, compiler: SQLCompiler, **options: Any) -> str:
    pairs = _pairs(element, compiler, options, nested="{}")
    return f"json_agg(json_build_object({pairs}))"


def _pairs(
    element: _Objects, compiler: SQLCompiler, options: dict[str, Any], *, nested: str
) -> str:
    pairs = []
    for column in element.clauses:
        value = compiler.process(column, **options)
        shape = nested if isinstance(column.type, _Rows) else "{}"
        pairs.append(f"'{column.name}', {shape.format(value)}")
    return ", ".join(pairs)
