"""People may be away, and records belong together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import ID, TEXT, TIME, may, must, owned

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    owned(
        "links",
        *must(TEXT, "subject", "other"),
        *must(ID, "subject_id", "other_id"),
        sa.UniqueConstraint("merchant_id", "subject", "subject_id", "other", "other_id"),
        sa.Index(None, "merchant_id", "other", "other_id"),
    )
    with op.batch_alter_table("people") as people:
        for column in (*may(TIME, "away_until"), *may(TEXT, "deputy")):
            people.add_column(column)


def downgrade() -> None:
    with op.batch_alter_table("people") as people:
        for name in ("away_until", "deputy"):
            people.drop_column(name)
    op.drop_table("links")
