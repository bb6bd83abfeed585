"""What lies on the shelf, and what of it is promised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import ID, TEXT, TIME, WORD, may, must, owned, partial

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    owned(
        "items",
        *must(TEXT, "key", "sku"),
        *may(TEXT, "title", "location", "currency"),
        *must(ID, "on_hand", "reserved"),
        *may(ID, "low_at", "list_price"),
        *may(WORD, "shortage"),
        *may(TIME, "short_since"),
        sa.UniqueConstraint("merchant_id", "key"),
        sa.CheckConstraint("on_hand >= 0", "on_hand"),
        sa.CheckConstraint("reserved >= 0", "reserved"),
        sa.Index("ix_items_merchant_id_shortage", "merchant_id", "shortage"),
    )
    owned(
        "reservations",
        sa.Column("order_id", ID, sa.ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
        sa.Column(
            "line_id", ID, sa.ForeignKey("order_lines.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("item_id", ID, sa.ForeignKey("items.id", ondelete="RESTRICT"), nullable=False),
        *must(ID, "wanted", "quantity"),
        sa.UniqueConstraint("line_id"),
        sa.CheckConstraint("quantity >= 0 AND quantity <= wanted", "quantity"),
        sa.Index("ix_reservations_merchant_id_order_id", "merchant_id", "order_id"),
        sa.Index("ix_reservations_item_id", "item_id"),
        partial("ix_reservations_waiting", "quantity < wanted", "item_id", "id"),
    )
    owned("watches", *must(TIME, "since"), *may(TIME, "ended_at"))


def downgrade() -> None:
    for table in ("watches", "reservations", "items"):
        op.drop_table(table)
