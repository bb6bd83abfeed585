"""Returns and their lines; a parcel may bring one back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import ID, TEXT, TIME, WORD, may, must, owned

revision = "0007"
down_revision = "0008"


def upgrade() -> None:
    owned(
        "returns",
        sa.Column("order_id", ID, sa.ForeignKey("orders.id", ondelete="RESTRICT"), nullable=False),
        *must(WORD, "state", "reason"),
        *must(TEXT, "requested_by"),
        *must(TIME, "requested_at", "answer_by"),
        *may(TEXT, "note", "decided_by", "inspected_by", "ended_by", "ending"),
        *may(TIME, "decided_at", "received_at", "refund_by", "inspected_at", "ended_at"),
        *may(TIME, "warning_due_at", "overdue_due_at", "expires_due_at"),
        sa.Index(None, "merchant_id", "order_id"),
        sa.Index(None, "warning_due_at"),
        sa.Index(None, "overdue_due_at"),
        sa.Index(None, "expires_due_at"),
    )
    owned(
        "return_lines",
        sa.Column("return_id", ID, sa.ForeignKey("returns.id", ondelete="CASCADE"), nullable=False),
        sa.Column("line_id", ID, sa.ForeignKey("order_lines.id"), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        *may(sa.Integer(), "received"),
        *may(WORD, "verdict", "disposal"),
        *may(TEXT, "note", "disposed_by"),
        *may(TIME, "disposed_at"),
        sa.UniqueConstraint("return_id", "line_id"),
        sa.Index(None, "line_id"),
    )
    with op.batch_alter_table("parcels") as parcels:
        parcels.add_column(*may(ID, "return_id"))
        parcels.create_foreign_key(
            parcels.f("fk_parcels_return_id"), "returns", ["return_id"], ["id"], ondelete="CASCADE"
        )


def downgrade() -> None:
    with op.batch_alter_table("parcels") as parcels:
        parcels.drop_constraint(parcels.f("fk_parcels_return_id"), type_="foreignkey")
        parcels.drop_column("return_id")
    op.drop_table("return_lines")
    op.drop_table("returns")
