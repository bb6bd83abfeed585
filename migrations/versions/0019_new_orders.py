"""New orders are announced together, and it is known who confirmed them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import ID, TEXT, TIME, must, owned

revision = "0019"
down_revision = "0018"

_NEW = {"arrival_id": ID, "confirm_due_at": TIME, "confirmed_at": TIME, "confirmed_by": TEXT}
_INDEXES = {
    "ix_orders_confirm_due_at": ["confirm_due_at"],
    "ix_orders_merchant_id_arrival_id": ["merchant_id", "arrival_id"],
}


def upgrade() -> None:
    owned("arrivals", *must(TIME, "since"), sa.UniqueConstraint("merchant_id", "since"))
    with op.batch_alter_table("orders") as orders:
        for name, kind in _NEW.items():
            orders.add_column(sa.Column(name, kind, nullable=True))
        orders.add_column(
            sa.Column("awaits_payment", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        for name, columns in _INDEXES.items():
            orders.create_index(orders.f(name), columns)


def downgrade() -> None:
    with op.batch_alter_table("orders") as orders:
        for name in _INDEXES:
            orders.drop_index(name)
        for name in ("awaits_payment", *_NEW):
            orders.drop_column(name)
    op.drop_table("arrivals")
