"""How often partners may be asked, and when an order's source last changed it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import TEXT, TIME, may, must, owned

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    owned(
        "buckets",
        *must(TEXT, "name"),
        *must(sa.Double(), "tokens"),
        *must(TIME, "filled_at"),
        *may(sa.Double(), "rate"),
        sa.UniqueConstraint("merchant_id", "name"),
    )
    for column in may(TIME, "changed_at"):
        op.add_column("orders", column)


def downgrade() -> None:
    op.drop_column("orders", "changed_at")
    op.drop_table("buckets")
