"""How far the lines of orders are in the warehouse, and the lists that they are picked by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import ID, TEXT, TIME, may, must, owned

revision = "0015"
down_revision = "0014"

_OPEN = sa.text("found IS NULL")


def upgrade() -> None:
    owned(
        "fulfilments",
        *_of_line(),
        *must(ID, "picked", "packed", "missing"),
        sa.UniqueConstraint("line_id"),
        sa.CheckConstraint("packed >= 0 AND packed <= picked", "packed"),
        sa.CheckConstraint("missing >= 0", "missing"),
        sa.Index("ix_fulfilments_merchant_id_order_id", "merchant_id", "order_id"),
    )
    owned(
        "pick_lists",
        *must(TEXT, "asked_by"),
        *must(TIME, "asked_at"),
        *may(TIME, "ended_at"),
        sa.Index("ix_pick_lists_merchant_id_ended_at", "merchant_id", "ended_at"),
    )
    owned(
        "picks",
        sa.Column(
            "pick_list_id", ID, sa.ForeignKey("pick_lists.id", ondelete="CASCADE"), nullable=False
        ),
        *_of_line(),
        *may(TEXT, "location"),
        *must(ID, "quantity"),
        *may(ID, "found"),
        sa.UniqueConstraint("pick_list_id", "line_id"),
        sa.CheckConstraint("quantity > 0", "quantity"),
        sa.CheckConstraint("found >= 0 AND found <= quantity", "found"),
        sa.Index(
            "ix_picks_open", "line_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
        ),
        sa.Index("ix_picks_merchant_id_order_id", "merchant_id", "order_id"),
    )


def downgrade() -> None:
    for table in ("picks", "pick_lists", "fulfilments"):
        op.drop_table(table)


def _of_line() -> tuple[sa.Column[int], sa.Column[int]]:
    return (
        sa.Column("order_id", ID, sa.ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
        sa.Column(
            "line_id", ID, sa.ForeignKey("order_lines.id", ondelete="CASCADE"), nullable=False
        ),
    )
