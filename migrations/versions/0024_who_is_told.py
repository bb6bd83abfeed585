"""Sources say when they are stale, and storms who has them; labels are given back; problems are counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import TEXT, TIME, may

revision = "0024"
down_revision = "0023"

_COLUMNS = (
    ("sources", TIME, "stale_at", "stale_due_at"),
    ("storms", TEXT, "owner"),
    ("storms", TIME, "taken_at", "escalated_at", "answer_due_at"),
    ("labels", TEXT, "voided_by"),
    ("labels", TIME, "unheard_at"),
)
_DUE = (("sources", "stale_due_at"), ("storms", "answer_due_at"))
_PROBLEM = sa.text("kind = 'PackingProblem'")


def upgrade() -> None:
    for table, kind, *names in _COLUMNS:
        with op.batch_alter_table(table) as changed:
            for column in may(kind, *names):
                changed.add_column(column)
    for table, column in _DUE:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.create_index(
        "ix_events_packing_problems",
        "events",
        ["merchant_id", "at"],
        sqlite_where=_PROBLEM,
        postgresql_where=_PROBLEM,
    )


def downgrade() -> None:
    op.drop_index("ix_events_packing_problems", "events")
    for table, column in _DUE:
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
    for table, _, *names in _COLUMNS:
        with op.batch_alter_table(table) as changed:
            for name in names:
                changed.drop_column(name)
