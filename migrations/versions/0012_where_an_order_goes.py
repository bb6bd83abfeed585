"""An order knows the whole address that it goes to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import TEXT

revision = "0012"
down_revision = "0011"

_NEW = ("ship_to_name", "ship_to_street", "ship_to_region")


def upgrade() -> None:
    with op.batch_alter_table("orders") as orders:
        for name in _NEW:
            orders.add_column(sa.Column(name, TEXT, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("orders") as orders:
        for name in _NEW:
            orders.drop_column(name)
