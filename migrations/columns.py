"""How revisions write tables: column types that don't change with the code, and tenancy.

Row-level security: on PostgreSQL a session sees the rows of its merchant, whatever it asks.
The session says whom it works for in `deskhand.merchant`: a merchant's id, or `*` for all.
One that says nothing sees nothing. FORCE holds the tables' owner to it as well; only a
superuser is above it, so Deskhand should not be given one.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

#: SQLite counts upwards by itself only on a column of type INTEGER.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TEXT = sa.String()
TIME = sa.DateTime(timezone=True)
#: One of a fixed set of words: a state, a reason.
WORD = sa.String(32)


def must(kind: Any, *names: str) -> list[sa.Column[Any]]:
    """Return columns that always hold something."""
    return [sa.Column(name, kind, nullable=False) for name in names]


def may(kind: Any, *names: str) -> list[sa.Column[Any]]:
    """Return columns that may be empty."""
    return [sa.Column(name, kind, nullable=True) for name in names]


def partial(name: str, rows: str, *columns: str) -> sa.Index:
    """Return an index of some rows alone: those for which the condition holds."""
    where = sa.text(rows)
    return sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)


def owned(table: str, *items: SchemaItem) -> None:
    """Create a table whose rows belong to merchants, and keep theirs apart."""
    op.create_table(
        table,
        sa.Column("id", ID, primary_key=True),
        sa.Column(
            "merchant_id", ID, sa.ForeignKey("merchants.id", ondelete="CASCADE"), nullable=False
        ),
        *items,
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY merchant ON {table} "
            "USING (current_setting('deskhand.merchant', true) IN ('*', merchant_id::text))"
        )
