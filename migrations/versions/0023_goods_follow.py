"""Orders that wait are checked again when stock rises."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import TIME

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    with op.batch_alter_table("items") as items:
        items.add_column(sa.Column("checks_due_at", TIME, nullable=True))
        items.create_index(items.f("ix_items_checks_due_at"), ["checks_due_at"])


def downgrade() -> None:
    with op.batch_alter_table("items") as items:
        items.drop_index("ix_items_checks_due_at")
        items.drop_column("checks_due_at")
