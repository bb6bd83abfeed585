"""Labels are given back, and packing problems counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import TEXT, TIME

revision = "0026"
down_revision = "0025"

_PROBLEM = sa.text("kind = 'PackingProblem'")


def upgrade() -> None:
    with op.batch_alter_table("labels") as labels:
        labels.add_column(sa.Column("voided_by", TEXT, nullable=True))
        labels.add_column(sa.Column("unheard_at", TIME, nullable=True))
    op.create_index(
        "ix_events_packing_problems",
        "events",
        ["merchant_id", "at"],
        sqlite_where=_PROBLEM,
        postgresql_where=_PROBLEM,
    )


def downgrade() -> None:
    op.drop_index("ix_events_packing_problems", "events")
    with op.batch_alter_table("labels") as labels:
        for name in ("voided_by", "unheard_at"):
            labels.drop_column(name)
