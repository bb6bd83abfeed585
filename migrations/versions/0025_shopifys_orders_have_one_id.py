"""An order at Shopify is known by its digits, as its payouts and refunds name it."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    # What comes after `gid://shopify/Order/`, which has twenty characters.
    op.execute(
        "UPDATE orders SET payment_reference = substr(payment_reference, 21) "
        "WHERE payment_provider = 'shopify' AND payment_reference LIKE 'gid://shopify/Order/%'"
    )
    op.execute(
        "UPDATE refunds SET payment_reference = substr(payment_reference, 21) "
        "WHERE provider = 'shopify' AND payment_reference LIKE 'gid://shopify/Order/%'"
    )


def downgrade() -> None:
    """Leave them: the code of then reads both forms."""
