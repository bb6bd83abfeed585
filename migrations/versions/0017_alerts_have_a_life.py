"""An alert is a record of its own: who has it, until when it sleeps, what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import ID, JSON, TEXT, TIME, WORD, may, must, owned

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    owned(
        "alerts",
        sa.Column("order_id", ID, sa.ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
        sa.Column("parcel_id", ID, sa.ForeignKey("parcels.id", ondelete="CASCADE"), nullable=True),
        *may(ID, "storm_id"),
        *must(WORD, "trouble"),
        *must(TIME, "noticed_at"),
        *must(WORD, "state"),
        *may(TEXT, "owner"),
        *must(TIME, "waiting_since"),
        *may(TIME, "reminded_at", "escalated_at", "answer_due_at"),
        *may(TEXT, "snoozed_by"),
        *may(TIME, "wake_due_at"),
        *may(TEXT, "snooze_reason", "resolved_by"),
        *may(TIME, "resolved_at"),
        *may(WORD, "outcome"),
        *may(TEXT, "note"),
        sa.Index(None, "merchant_id", "parcel_id"),
        sa.Index(None, "merchant_id", "order_id"),
        sa.Index(None, "merchant_id", "state"),
        sa.Index(None, "answer_due_at"),
        sa.Index(None, "wake_due_at"),
    )
    # Nobody is reminded of what was noticed before there were reminders.
    op.execute(
        "INSERT INTO alerts "
        "(merchant_id, order_id, parcel_id, trouble, noticed_at, state, owner, waiting_since) "
        "SELECT merchant_id, order_id, id, trouble, troubled_at, "
        "CASE WHEN acknowledged_by IS NULL THEN 'open' ELSE 'acknowledged' END, "
        "acknowledged_by, troubled_at FROM parcels "
        "WHERE trouble IS NOT NULL AND troubled_at IS NOT NULL AND return_id IS NULL"
    )
    with op.batch_alter_table("parcels") as parcels:
        parcels.drop_column("acknowledged_by")
        parcels.add_column(sa.Column("settled", JSON, nullable=True))
        parcels.add_column(sa.Column("stuck_due_at", TIME, nullable=True))
        parcels.create_index(parcels.f("ix_parcels_stuck_due_at"), ["stuck_due_at"])


def downgrade() -> None:
    with op.batch_alter_table("parcels") as parcels:
        parcels.drop_index("ix_parcels_stuck_due_at")
        parcels.drop_column("stuck_due_at")
        parcels.drop_column("settled")
        parcels.add_column(sa.Column("acknowledged_by", TEXT, nullable=True))
    op.execute(
        "UPDATE parcels SET acknowledged_by = (SELECT owner FROM alerts "
        "WHERE alerts.parcel_id = parcels.id AND alerts.noticed_at = parcels.troubled_at)"
    )
    # The code of then knows neither.
    op.execute(
        "UPDATE parcels SET trouble = NULL, troubled_at = NULL "
        "WHERE trouble IN ('stuck', 'disputed')"
    )
    op.drop_table("alerts")
