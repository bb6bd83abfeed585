"""Undecided refunds are reminded of and passed on, and the policy has a number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import JSON, TIME, may

revision = "0006"
down_revision = "0005"

_NEW = ("policy_version", "reminder_due_at", "reminded_at", "passed_on_at", "passed_on_to")


def upgrade() -> None:
    with op.batch_alter_table("merchants") as merchants:
        merchants.add_column(
            sa.Column("policy_version", sa.Integer(), nullable=False, server_default="1")
        )
    with op.batch_alter_table("refunds") as refunds:
        for column in (
            *may(sa.Integer(), "policy_version"),
            *may(TIME, "reminder_due_at", "reminded_at", "passed_on_at"),
            *may(JSON, "passed_on_to"),
        ):
            refunds.add_column(column)
        refunds.create_index(refunds.f("ix_refunds_reminder_due_at"), ["reminder_due_at"])
    # The clock's next look finds out what is due for those that wait already.
    op.execute(
        "UPDATE refunds SET reminder_due_at = requested_at WHERE state = 'awaiting_approval'"
    )


def downgrade() -> None:
    with op.batch_alter_table("refunds") as refunds:
        refunds.drop_index("ix_refunds_reminder_due_at")
        for name in _NEW:
            refunds.drop_column(name)
    with op.batch_alter_table("merchants") as merchants:
        merchants.drop_column("policy_version")
