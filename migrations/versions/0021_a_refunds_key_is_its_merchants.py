"""Two merchants may hear of one refund, when they share an account at its provider."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    with op.batch_alter_table("refunds") as refunds:
        refunds.drop_constraint("uq_refunds_key", type_="unique")
        refunds.create_unique_constraint(
            refunds.f("uq_refunds_merchant_id_key"), ["merchant_id", "key"]
        )


def downgrade() -> None:
    with op.batch_alter_table("refunds") as refunds:
        refunds.drop_constraint("uq_refunds_merchant_id_key", type_="unique")
        refunds.create_unique_constraint(refunds.f("uq_refunds_key"), ["key"])
