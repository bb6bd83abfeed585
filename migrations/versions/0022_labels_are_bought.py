"""Labels that are asked for, and bought at a partner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import ID, JSON, TEXT, TIME, WORD, may, must, owned

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    owned(
        "labels",
        sa.Column("order_id", ID, sa.ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
        *must(TEXT, "reference"),
        *must(WORD, "state"),
        *must(JSON, "quantities"),
        *must(ID, "weight"),
        *may(TEXT, "wanted"),
        *must(TEXT, "asked_by"),
        *must(TIME, "asked_at"),
        *may(TEXT, "quote", "rate", "carrier", "tracking_number", "url"),
        *may(ID, "cost"),
        *may(TEXT, "currency"),
        sa.Column("parcel_id", ID, sa.ForeignKey("parcels.id", ondelete="CASCADE"), nullable=True),
        *may(TEXT, "problem"),
        *may(TIME, "ended_at"),
        sa.UniqueConstraint("merchant_id", "reference"),
        sa.CheckConstraint("weight > 0", "weight"),
    )
    op.create_index(op.f("ix_labels_merchant_id_order_id"), "labels", ["merchant_id", "order_id"])


def downgrade() -> None:
    op.drop_table("labels")
