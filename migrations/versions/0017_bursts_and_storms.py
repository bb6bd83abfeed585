"""Messages that come in a burst are read together, and of jobs that do the same one waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import TEXT

revision = "0017"
down_revision = "0018"

_UNREAD = "unread"
_WAITING = "waits_as IS NOT NULL"


def upgrade() -> None:
    # Messages from before have jobs of their own.
    with op.batch_alter_table("inbox") as inbox:
        inbox.add_column(sa.Column("unread", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_inbox_unread",
        "inbox",
        ["merchant_id", "source", "id"],
        sqlite_where=sa.text(_UNREAD),
        postgresql_where=sa.text(_UNREAD),
    )
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("waits_as", TEXT, nullable=True))
    op.create_index(
        "ix_jobs_waiting",
        "jobs",
        ["merchant_id", "waits_as"],
        unique=True,
        sqlite_where=sa.text(_WAITING),
        postgresql_where=sa.text(_WAITING),
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_waiting", "jobs")
    op.drop_index("ix_inbox_unread", "inbox")
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_column("waits_as")
    with op.batch_alter_table("inbox") as inbox:
        inbox.drop_column("unread")
