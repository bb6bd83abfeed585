"""A case is resolved in time, may sleep for a reason, and goes on in another one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from migrations.columns import ID, TEXT, TIME, may

revision = "0008"
down_revision = "0009"

_RENAMED = {
    "clock_started_at": "answer_started_at",
    "warning_due_at": "answer_warning_due_at",
}
_TIMES = (
    "resolve_started_at",
    "resolve_due_at",
    "resolve_warning_due_at",
    "wake_due_at",
    "merged_at",
    "reopened_at",
)
_TEXTS = ("snoozed_by", "snooze_reason", "merged_by")
_DUE = ("answer_warning_due_at", "resolve_due_at", "resolve_warning_due_at", "wake_due_at")


def upgrade() -> None:
    with op.batch_alter_table("complaints") as complaints:
        complaints.drop_index("ix_complaints_warning_due_at")
        for old, new in _RENAMED.items():
            complaints.alter_column(old, new_column_name=new)
    with op.batch_alter_table("complaints") as complaints:
        for column in (*may(TIME, *_TIMES), *may(TEXT, *_TEXTS), *may(ID, "merged_into")):
            complaints.add_column(column)
        complaints.create_foreign_key(
            complaints.f("fk_complaints_merged_into"),
            "complaints",
            ["merged_into"],
            ["id"],
            ondelete="RESTRICT",
        )
        complaints.create_index(
            complaints.f("ix_complaints_merchant_id_merged_into"), ["merchant_id", "merged_into"]
        )
        for name in _DUE:
            complaints.create_index(complaints.f(f"ix_complaints_{name}"), [name])
    _start_clocks()


def downgrade() -> None:
    with op.batch_alter_table("complaints") as complaints:
        for name in ("merchant_id_merged_into", *_DUE):
            complaints.drop_index(f"ix_complaints_{name}")
        complaints.drop_constraint("fk_complaints_merged_into", type_="foreignkey")
        for name in ("merged_into", *_TIMES, *_TEXTS):
            complaints.drop_column(name)
    with op.batch_alter_table("complaints") as complaints:
        for old, new in _RENAMED.items():
            complaints.alter_column(new, new_column_name=old)
    with op.batch_alter_table("complaints") as complaints:
        complaints.create_index(complaints.f("ix_complaints_warning_due_at"), ["warning_due_at"])
    # To the code of then they are closed.
    op.execute("UPDATE complaints SET state = 'resolved' WHERE state = 'merged'")


def _start_clocks() -> None:
    """Give open cases the usual time from today: reckoned from long ago, all would be over."""
    now = datetime.now(UTC)
    complaints = sa.table(
        "complaints",
        *(sa.column(name, TIME) for name in _TIMES),
        sa.column("severity", TEXT),
        sa.column("state", TEXT),
    )
    for is_high, hours in ((False, 72), (True, 36)):
        due_at = now + timedelta(hours=hours)
        severe = complaints.c.severity == "high"
        op.execute(
            complaints.update()
            .where(severe if is_high else ~severe, complaints.c.state != "resolved")
            .values(
                resolve_started_at=now,
                resolve_due_at=due_at,
                resolve_warning_due_at=now + (due_at - now) / 2,
            )
        )
