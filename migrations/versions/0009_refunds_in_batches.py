"""Refunds go to some providers in batches, item by item."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import ID, TEXT, TIME, WORD, may, must, owned

revision = "0009"
down_revision = "0006"


def upgrade() -> None:
    owned(
        "refund_batches",
        *must(TEXT, "provider"),
        *must(WORD, "state"),
        *must(TIME, "opened_at", "due_at"),
        *may(TEXT, "document"),
        *may(TIME, "attempted_at", "tried_at"),
        *must(sa.Integer(), "attempts", "looks"),
        *may(TEXT, "reference"),
        *may(TIME, "sent_at"),
        *may(TEXT, "problem"),
        sa.UniqueConstraint("merchant_id", "provider", "reference"),
        sa.Index(None, "merchant_id", "provider", "state"),
    )
    owned(
        "refund_shares",
        sa.Column("refund_id", ID, sa.ForeignKey("refunds.id", ondelete="CASCADE"), nullable=False),
        *must(TEXT, "item"),
        *must(ID, "price", "shipping"),
        *may(sa.Integer(), "position"),
        *may(sa.Boolean(), "accepted"),
        *may(TEXT, "refusal", "reference"),
        sa.UniqueConstraint("refund_id", "item"),
    )
    with op.batch_alter_table("refunds") as refunds:
        refunds.add_column(sa.Column("batch_id", ID, nullable=True))
        refunds.create_foreign_key(
            refunds.f("fk_refunds_batch_id"), "refund_batches", ["batch_id"], ["id"]
        )
        refunds.create_index(refunds.f("ix_refunds_batch_id"), ["batch_id"])


def downgrade() -> None:
    with op.batch_alter_table("refunds") as refunds:
        refunds.drop_index("ix_refunds_batch_id")
        refunds.drop_constraint("fk_refunds_batch_id", type_="foreignkey")
        refunds.drop_column("batch_id")
    op.drop_table("refund_shares")
    op.drop_table("refund_batches")
