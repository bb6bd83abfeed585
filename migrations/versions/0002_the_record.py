"""The record: events carry a position and a digest, and the newest seal is kept apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import ID, TEXT, TIME, must, owned

revision = "0002"
down_revision = "0001"

_INDEXES = {
    "ix_events_sealed": ("position", "position IS NOT NULL"),
    "ix_events_unsealed": ("id", "position IS NULL"),
}


def upgrade() -> None:
    # What happened before is sealed like everything else, by the clock.
    op.add_column("events", sa.Column("position", ID))
    op.add_column("events", sa.Column("digest", TEXT))
    for name, (column, rows) in _INDEXES.items():
        op.create_index(
            name,
            "events",
            ["merchant_id", column],
            unique=column == "position",
            sqlite_where=sa.text(rows),
            postgresql_where=sa.text(rows),
        )
    owned(
        "seals",
        *must(ID, "position"),
        *must(TEXT, "digest"),
        *must(TIME, "at"),
        sa.UniqueConstraint("merchant_id"),
    )


def downgrade() -> None:
    op.drop_table("seals")
    for name in _INDEXES:
        op.drop_index(name, "events")
    with op.batch_alter_table("events") as events:
        events.drop_column("digest")
        events.drop_column("position")
