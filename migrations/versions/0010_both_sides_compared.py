"""Refunds are compared with their providers' books, and a person can end what nobody tells of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from migrations.columns import ID, JSON, TEXT, TIME, may, must, owned

revision = "0010"
down_revision = "0007"

_NEW = {"submitted_at": TIME, "settled_by": TEXT, "silent_due_at": TIME}
_INDEXES = {
    "ix_refunds_merchant_id_requested_at": ["merchant_id", "requested_at"],
    "ix_refunds_merchant_id_submitted_at": ["merchant_id", "submitted_at"],
    "ix_refunds_silent_due_at": ["silent_due_at"],
}


def upgrade() -> None:
    with op.batch_alter_table("refunds") as refunds:
        for name, kind in _NEW.items():
            refunds.add_column(sa.Column(name, kind, nullable=True))
        for name, columns in _INDEXES.items():
            refunds.create_index(refunds.f(name), columns)
    owned(
        "reconciliations",
        *must(TEXT, "provider"),
        *must(TIME, "since"),
        *may(TIME, "compared_at"),
        *must(ID, "counted", "differing"),
        *must(JSON, "differences"),
        *may(TIME, "due_at"),
        sa.UniqueConstraint("merchant_id", "provider"),
        sa.Index(None, "due_at"),
    )
    op.execute(
        "UPDATE refunds SET submitted_at = coalesce(decided_at, requested_at) "
        "WHERE provider IS NOT NULL"
    )
    # Those under way are asked after, and every provider so far is compared with, at once.
    op.execute(
        "UPDATE refunds SET silent_due_at = submitted_at "
        "WHERE state IN ('submitted', 'unknown') AND provider <> 'manual'"
    )
    now = datetime.now(UTC)
    op.execute(
        sa.text(
            "INSERT INTO reconciliations "
            "(merchant_id, provider, since, counted, differing, differences, due_at) "
            "SELECT DISTINCT merchant_id, provider, :since, 0, 0, :differences, :now "
            "FROM refunds WHERE provider <> 'manual'"
        ).bindparams(
            sa.bindparam("since", now - timedelta(days=7), type_=TIME),
            sa.bindparam("differences", [], type_=JSON),
            sa.bindparam("now", now, type_=TIME),
        )
    )


def downgrade() -> None:
    op.drop_table("reconciliations")
    with op.batch_alter_table("refunds") as refunds:
        for name in _INDEXES:
            refunds.drop_index(name)
        for name in _NEW:
            refunds.drop_column(name)
