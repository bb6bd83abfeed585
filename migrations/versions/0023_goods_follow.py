"""Orders that wait are checked again when stock rises; what is sent again is goods to send."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import ID, TIME, may, must, owned, partial

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    with op.batch_alter_table("items") as items:
        items.add_column(sa.Column("checks_due_at", TIME, nullable=True))
        items.create_index(items.f("ix_items_checks_due_at"), ["checks_due_at"])
    again = sa.Column("again", sa.Integer(), nullable=False, server_default="0")
    op.add_column("parcel_lines", again)
    owned(
        "reshipments",
        *(_of(*one) for one in (("order_id", "orders"), ("line_id", "order_lines"))),
        _of("alert_id", "alerts"),
        *must(ID, "quantity", "sent"),
        sa.Column("parcel_id", ID, sa.ForeignKey("parcels.id", ondelete="SET NULL"), nullable=True),
        *may(TIME, "ended_at"),
        sa.CheckConstraint("quantity > 0", "quantity"),
        sa.CheckConstraint("sent >= 0 AND sent <= quantity", "sent"),
        partial("ix_reshipments_open", "ended_at IS NULL", "merchant_id", "id"),
    )
    for columns in (["merchant_id", "order_id"], ["line_id"]):
        op.create_index(op.f(f"ix_reshipments_{'_'.join(columns)}"), "reshipments", columns)


def downgrade() -> None:
    op.drop_table("reshipments")
    # Not in a batch: that would read the tables it refers to, and one has an index of an expression.
    op.drop_column("parcel_lines", "again")
    with op.batch_alter_table("items") as items:
        items.drop_index("ix_items_checks_due_at")
        items.drop_column("checks_due_at")


def _of(name: str, table: str) -> sa.Column[int]:
    return sa.Column(name, ID, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False)
