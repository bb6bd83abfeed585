"""Orders are completed once their buyers have had time to look at them, and paid out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from migrations.columns import ID, JSON, TEXT, TIME, WORD, may, must, owned

revision = "0013"
down_revision = "0012"

#: What the setting is where nobody set it, and how long ago is history.
_INSPECTION = timedelta(days=14)
_HISTORY = _INSPECTION + timedelta(days=7)


def upgrade() -> None:
    with op.batch_alter_table("orders") as orders:
        orders.add_column(sa.Column("complete_due_at", TIME, nullable=True))
        orders.add_column(sa.Column("completed_at", TIME, nullable=True))
        orders.create_index(orders.f("ix_orders_complete_due_at"), ["complete_due_at"])
        orders.create_index(
            orders.f("ix_orders_merchant_id_completed_at"), ["merchant_id", "completed_at"]
        )
    with op.batch_alter_table("parcels") as parcels:
        parcels.create_index(
            parcels.f("ix_parcels_merchant_id_delivered_at"), ["merchant_id", "delivered_at"]
        )
    _settlements()
    _begin_with_what_is_delivered()


def downgrade() -> None:
    op.drop_table("payout_lines")
    op.drop_table("settlements")
    with op.batch_alter_table("parcels") as parcels:
        parcels.drop_index("ix_parcels_merchant_id_delivered_at")
    with op.batch_alter_table("orders") as orders:
        orders.drop_index("ix_orders_merchant_id_completed_at")
        orders.drop_index("ix_orders_complete_due_at")
        orders.drop_column("completed_at")
        orders.drop_column("complete_due_at")


def _settlements() -> None:
    owned(
        "settlements",
        *must(TEXT, "provider", "reference", "currency"),
        *must(WORD, "origin"),
        *must(TIME, "ended_at", "received_at"),
        *must(ID, "counted", "differing"),
        *must(JSON, "differences"),
        *may(ID, "total"),
        *may(TIME, "started_at", "paid_at", "compared_at", "due_at"),
        sa.UniqueConstraint("merchant_id", "provider", "reference"),
        sa.Index(None, "merchant_id", "ended_at"),
        sa.Index(None, "due_at"),
    )
    owned(
        "payout_lines",
        sa.Column(
            "settlement_id",
            ID,
            sa.ForeignKey("settlements.id", ondelete="CASCADE"),
            nullable=False,
        ),
        *may(ID, "order_id"),
        *must(TEXT, "provider", "key", "what", "currency"),
        *must(WORD, "origin", "kind"),
        *must(ID, "amount"),
        *may(TEXT, "payment"),
        *may(TIME, "posted_at"),
        sa.UniqueConstraint("merchant_id", "provider", "key"),
        sa.Index(None, "merchant_id", "settlement_id"),
        sa.Index(None, "merchant_id", "order_id"),
        sa.Index(None, "merchant_id", "payment"),
    )


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
