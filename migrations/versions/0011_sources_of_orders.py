"""How far each source of orders was read, and how fresh it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import JSON, TEXT, TIME, may, must, owned

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    owned(
        "sources",
        *must(TEXT, "name"),
        *may(JSON, "cursor"),
        *may(TIME, "heard_at", "checked_at", "failing_since", "due_at"),
        *may(TEXT, "last_error"),
        sa.UniqueConstraint("merchant_id", "name"),
        sa.Index("ix_sources_due_at", "due_at"),
    )


def downgrade() -> None:
    op.drop_table("sources")
