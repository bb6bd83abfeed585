"""A case is a thread: its replies, its owner, its clock, its category and severity."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import ID, TEXT, TIME, WORD, may, must, owned

revision = "0004"
down_revision = "0003"

_NEW = (
    "owner",
    "answered_at",
    "clock_started_at",
    "warning_due_at",
    "category",
    "severity",
)


def upgrade() -> None:
    owned(
        "complaint_replies",
        sa.Column(
            "complaint_id", ID, sa.ForeignKey("complaints.id", ondelete="CASCADE"), nullable=False
        ),
        *must(TEXT, "place", "reference", "author", "text"),
        *must(TIME, "said_at"),
        *may(TIME, "edited_at", "deleted_at"),
        sa.UniqueConstraint("merchant_id", "place", "reference"),
        sa.Index(None, "merchant_id", "complaint_id"),
    )
    with op.batch_alter_table("complaints") as complaints:
        for column in (
            *may(TEXT, "owner"),
            *may(TIME, "answered_at", "clock_started_at", "warning_due_at"),
        ):
            complaints.add_column(column)
        # Cases from before are of the usual kind.
        for name, usual in (("category", "other"), ("severity", "normal")):
            complaints.add_column(sa.Column(name, WORD, nullable=False, server_default=usual))
        complaints.create_index(complaints.f("ix_complaints_warning_due_at"), ["warning_due_at"])
    # Until now only the button acknowledged.
    op.execute("UPDATE complaints SET answered_at = acknowledged_at, owner = acknowledged_by")


def downgrade() -> None:
    with op.batch_alter_table("complaints") as complaints:
        complaints.drop_index("ix_complaints_warning_due_at")
        for name in _NEW:
            complaints.drop_column(name)
    op.drop_table("complaint_replies")
