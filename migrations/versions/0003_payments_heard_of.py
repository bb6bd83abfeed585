"""Refunds keep the payment they are paid back from, and a payment leads to its order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import TEXT

revision = "0003"
down_revision = "0002"

_INDEX = "ix_orders_merchant_id_payment_reference"


def upgrade() -> None:
    with op.batch_alter_table("refunds") as refunds:
        refunds.add_column(sa.Column("payment_reference", TEXT, nullable=True))
    # Those under way go on with the payment that they were submitted for.
    op.execute(
        "UPDATE refunds SET payment_reference = "
        "(SELECT payment_reference FROM orders WHERE orders.id = refunds.order_id) "
        "WHERE state IN ('submitted', 'unknown')"
    )
    op.create_index(_INDEX, "orders", ["merchant_id", "payment_reference"])


def downgrade() -> None:
    op.drop_index(_INDEX, "orders")
    with op.batch_alter_table("refunds") as refunds:
        refunds.drop_column("payment_reference")
