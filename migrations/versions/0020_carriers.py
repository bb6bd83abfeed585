"""Parcels may be lost or damaged, are tracked by a partner, and get labels that are bought."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import TIME, WORD

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    with op.batch_alter_table("parcels") as parcels:
        parcels.add_column(sa.Column("mishap", WORD, nullable=True))
        parcels.add_column(sa.Column("track_due_at", TIME, nullable=True))
        parcels.create_index(parcels.f("ix_parcels_track_due_at"), ["track_due_at"])
        parcels.create_index(
            parcels.f("ix_parcels_merchant_id_shipped_at"), ["merchant_id", "shipped_at"]
        )


def downgrade() -> None:
    with op.batch_alter_table("parcels") as parcels:
        parcels.drop_index("ix_parcels_merchant_id_shipped_at")
        parcels.drop_index("ix_parcels_track_due_at")
        parcels.drop_column("track_due_at")
        parcels.drop_column("mishap")
