"""Orders are completed once their buyers have had time to look at them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from migrations.columns import TIME

revision = "0018"
down_revision = "0012"

#: What the setting is where nobody set it, and how long ago is history.
_INSPECTION = timedelta(days=14)
_HISTORY = _INSPECTION + timedelta(days=7)


def upgrade() -> None:
    with op.batch_alter_table("orders") as orders:
        orders.add_column(sa.Column("complete_due_at", TIME, nullable=True))
        orders.create_index(orders.f("ix_orders_complete_due_at"), ["complete_due_at"])
    with op.batch_alter_table("parcels") as parcels:
        parcels.create_index(
            parcels.f("ix_parcels_merchant_id_delivered_at"), ["merchant_id", "delivered_at"]
        )
    _begin_with_what_is_delivered()


def downgrade() -> None:
    with op.batch_alter_table("parcels") as parcels:
        parcels.drop_index("ix_parcels_merchant_id_delivered_at")
    with op.batch_alter_table("orders") as orders:
        orders.drop_index("ix_orders_complete_due_at")
        orders.drop_column("complete_due_at")


def _begin_with_what_is_delivered() -> None:
    """Give what arrived lately its time; what arrived long ago is over, unless something is open."""
    now = datetime.now(UTC)
    orders = sa.table(
        "orders",
        sa.column("id"),
        sa.column("state"),
        sa.column("delivered_at", TIME),
        sa.column("received_at", TIME),
        sa.column("complete_due_at", TIME),
    )
    arrived = sa.func.coalesce(orders.c.delivered_at, orders.c.received_at)
    delivered = orders.c.state == "delivered"
    op.execute(
        orders.update()
        .where(delivered, arrived > now - _INSPECTION)
        .values(complete_due_at=now + _INSPECTION)
    )
    is_open = sa.or_(
        *(
            orders.c.id.in_(
                sa.select(sa.column("order_id")).select_from(sa.table(table)).where(sa.text(state))
            )
            for table, state in (
                ("complaints", "state NOT IN ('resolved', 'merged')"),
                ("returns", "state NOT IN ('declined', 'withdrawn', 'expired', 'closed')"),
                (
                    "refunds",
                    "state IN ('requested', 'awaiting_approval', 'approved', 'submitted', 'unknown')",
                ),
            )
        )
    )
    waits = orders.c.complete_due_at.is_(None)
    op.execute(
        orders.update()
        .where(delivered, waits, sa.or_(arrived > now - _HISTORY, is_open))
        .values(complete_due_at=now)
    )
    op.execute(orders.update().where(delivered, waits).values(state="completed"))
