"""Bursts are read together, scans wait for their parcels, and a storm has a cause and an end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import TEXT, TIME, WORD, may, must, owned

revision = "0018"
down_revision = "0017"

_SINCE = "uq_storms_merchant_id_trouble_since"
_PARTIAL = {
    "ix_inbox_unread": ("inbox", "unread", ["merchant_id", "source", "id"], False),
    "ix_jobs_waiting": ("jobs", "waits_as IS NOT NULL", ["merchant_id", "waits_as"], True),
    "ix_parcels_troubled": (
        "parcels",
        "trouble IS NOT NULL",
        ["merchant_id", "trouble", "troubled_at"],
        False,
    ),
    "ix_storms_cause": (
        "storms",
        "ended_at IS NULL",
        ["merchant_id", "trouble", "carrier"],
        True,
    ),
}


def upgrade() -> None:
    # Messages from before have jobs of their own.
    with op.batch_alter_table("inbox") as inbox:
        inbox.add_column(sa.Column("unread", sa.Boolean, nullable=False, server_default=sa.false()))
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("waits_as", TEXT, nullable=True))
    with op.batch_alter_table("parcel_scans") as scans:
        scans.add_column(sa.Column("told_at", TIME, nullable=True))
    with op.batch_alter_table("storms") as storms:
        storms.drop_constraint(storms.f(_SINCE), type_="unique")
        storms.add_column(sa.Column("carrier", TEXT, nullable=False, server_default=""))
        storms.add_column(sa.Column("grew_at", TIME, nullable=True))
        storms.add_column(sa.Column("ended_at", TIME, nullable=True))
        storms.add_column(sa.Column("surfaced", sa.Integer(), nullable=False, server_default="0"))
    # Until now a storm lasted for an hour, whoever carried its parcels.
    op.execute("UPDATE storms SET grew_at = since, ended_at = since")
    with op.batch_alter_table("storms") as storms:
        storms.alter_column("grew_at", nullable=False)
    owned(
        "unmatched_scans",
        *must(TEXT, "tracking_number", "reference"),
        *must(TIME, "at"),
        *may(TIME, "told_at"),
        *must(WORD, "state"),
        *may(TEXT, "description", "place"),
        *may(WORD, "mishap"),
        *must(TEXT, "source"),
        *must(TIME, "heard_at"),
        *may(TIME, "due_at"),
        sa.UniqueConstraint("merchant_id", "tracking_number", "reference"),
        sa.Index(None, "due_at"),
    )
    for name, (table, rows, columns, unique) in _PARTIAL.items():
        where = sa.text(rows)
        op.create_index(
            name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where
        )


def downgrade() -> None:
    for name, (table, *_) in _PARTIAL.items():
        op.drop_index(name, table)
    op.drop_table("unmatched_scans")
    # Two causes may have begun a storm at the same moment.
    op.execute(
        "DELETE FROM storms WHERE id NOT IN "
        "(SELECT min(id) FROM storms GROUP BY merchant_id, trouble, since)"
    )
    with op.batch_alter_table("storms") as storms:
        for name in ("carrier", "grew_at", "ended_at", "surfaced"):
            storms.drop_column(name)
        storms.create_unique_constraint(storms.f(_SINCE), ["merchant_id", "trouble", "since"])
    for table, name in (("parcel_scans", "told_at"), ("jobs", "waits_as"), ("inbox", "unread")):
        with op.batch_alter_table(table) as changed:
            changed.drop_column(name)
