"""The first tables: people and settings, orders and parcels, refunds, complaints, the log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import ID, JSON, TEXT, TIME, WORD, may, must, owned, partial

revision = "0001"
down_revision = None

#: Each after those it refers to.
_TABLES = (
    "merchants",
    "people",
    "limits",
    "settings",
    "events",
    "jobs",
    "lanes",
    "inbox",
    "cards",
    "orders",
    "order_lines",
    "parcels",
    "parcel_lines",
    "parcel_scans",
    "storms",
    "refunds",
    "refund_parts",
    "refund_approvals",
    "complaints",
)


def upgrade() -> None:
    op.create_table(
        "merchants",
        sa.Column("id", ID, primary_key=True),
        *may(TEXT, "team_id"),
        *must(TEXT, "name"),
        *must(TIME, "created_at"),
        sa.UniqueConstraint("team_id"),
    )
    _desk()
    _log()
    _orders()
    _shipping()
    _refunds()
    _complaints()


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)


def _desk() -> None:
    owned(
        "people",
        *must(TEXT, "member_id"),
        *may(TEXT, "role", "name", "locale", "tz"),
        sa.UniqueConstraint("merchant_id", "member_id"),
    )
    owned(
        "limits",
        sa.Column("person_id", ID, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        *must(TEXT, "currency"),
        *must(ID, "amount"),
        sa.UniqueConstraint("person_id", "currency"),
    )
    owned(
        "settings",
        *must(TEXT, "key"),
        *must(JSON, "value"),
        sa.UniqueConstraint("merchant_id", "key"),
    )


def _log() -> None:
    owned(
        "events",
        *must(TEXT, "kind"),
        *must(TIME, "at"),
        *must(TEXT, "actor"),
        *may(TEXT, "why"),
        *must(TEXT, "subject"),
        *must(ID, "subject_id"),
        *may(ID, "order_id"),
        *must(JSON, "data"),
        sa.Index(None, "merchant_id", "order_id", "id"),
        sa.Index(None, "merchant_id", "subject", "subject_id", "id"),
    )
    owned(
        "jobs",
        *must(TEXT, "key", "kind"),
        *must(JSON, "payload"),
        *may(TEXT, "lane"),
        *must(TEXT, "state"),
        *must(TIME, "due_at", "created_at"),
        *may(TIME, "finished_at"),
        *must(sa.Integer(), "attempts"),
        *may(TIME, "lease_until"),
        *may(TEXT, "lease_token", "last_error"),
        sa.UniqueConstraint("merchant_id", "key"),
        partial("ix_jobs_open", "finished_at IS NULL", "due_at", "id"),
        partial("ix_jobs_open_lane", "finished_at IS NULL", "merchant_id", "lane", "id"),
        partial("ix_jobs_held_lane", "lease_until IS NOT NULL", "merchant_id", "lane"),
        partial("ix_jobs_dead", "state = 'dead'", "id"),
    )
    owned(
        "lanes",
        *must(TEXT, "name"),
        *must(TIME, "free_at"),
        sa.UniqueConstraint("merchant_id", "name"),
    )
    owned(
        "inbox",
        *must(TEXT, "source", "reference", "body"),
        *must(TIME, "received_at"),
        sa.UniqueConstraint("merchant_id", "source", "reference"),
    )
    owned(
        "cards",
        *must(TEXT, "subject"),
        *must(ID, "subject_id"),
        *must(TEXT, "template", "place", "reference", "digest"),
        sa.UniqueConstraint("merchant_id", "place", "reference"),
        sa.Index(None, "merchant_id", "subject", "subject_id"),
    )


def _orders() -> None:
    owned(
        "orders",
        *must(TEXT, "number", "channel", "source"),
        *must(WORD, "state"),
        *may(TEXT, "marketplace_status"),
        *must(TEXT, "currency"),
        *may(ID, "captured", "total"),
        *may(TIME, "placed_at", "ship_by", "deliver_by", "shipped_at", "delivered_at"),
        *may(
            TEXT,
            "buyer_name",
            "buyer_name_folded",
            "buyer_email",
            "ship_to_city",
            "ship_to_city_folded",
            "ship_to_postcode",
            "ship_to_country",
            "payment_provider",
            "payment_reference",
        ),
        *may(TIME, "ship_by_due_at"),
        *must(TEXT, "fingerprint"),
        *must(TIME, "received_at"),
        sa.UniqueConstraint("merchant_id", "channel", "number"),
        sa.Index(None, "merchant_id", "buyer_email"),
        sa.Index(None, "merchant_id", "buyer_name_folded"),
        sa.Index(None, "merchant_id", "number"),
        sa.Index(None, "merchant_id", "placed_at"),
        sa.Index(None, "merchant_id", "ship_to_city_folded"),
        sa.Index(None, "merchant_id", "state"),
        sa.Index(None, "ship_by_due_at"),
    )
    owned(
        "order_lines",
        sa.Column("order_id", ID, sa.ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
        *must(sa.Integer(), "position"),
        *may(TEXT, "external_id", "sku", "title"),
        *must(sa.Integer(), "quantity"),
        *may(ID, "unit_price", "shipping_price"),
        sa.UniqueConstraint("order_id", "position"),
        sa.Index("ix_order_lines_merchant_id_sku", "merchant_id", sa.text("lower(sku)")),
    )


def _shipping() -> None:
    owned(
        "parcels",
        sa.Column("order_id", ID, sa.ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
        *may(TEXT, "carrier", "tracking_number"),
        *must(WORD, "state"),
        *may(TIME, "shipped_at", "delivered_at", "last_event_at"),
        *may(WORD, "trouble"),
        *may(TIME, "troubled_at"),
        *may(TEXT, "acknowledged_by"),
        *may(TIME, "silent_due_at", "late_due_at"),
        sa.Index(None, "late_due_at"),
        sa.Index(None, "merchant_id", "order_id"),
        sa.Index(None, "merchant_id", "tracking_number"),
        sa.Index(None, "silent_due_at"),
    )
    owned(
        "parcel_lines",
        sa.Column("parcel_id", ID, sa.ForeignKey("parcels.id", ondelete="CASCADE"), nullable=False),
        sa.Column(
            "line_id", ID, sa.ForeignKey("order_lines.id", ondelete="CASCADE"), nullable=False
        ),
        *must(sa.Integer(), "quantity"),
        sa.UniqueConstraint("parcel_id", "line_id"),
    )
    owned(
        "parcel_scans",
        sa.Column("parcel_id", ID, sa.ForeignKey("parcels.id", ondelete="CASCADE"), nullable=False),
        *must(TEXT, "reference"),
        *must(TIME, "at"),
        *must(WORD, "state"),
        *may(TEXT, "description", "place"),
        sa.UniqueConstraint("parcel_id", "reference"),
        sa.Index(None, "parcel_id", "at"),
    )
    owned(
        "storms",
        *must(WORD, "trouble"),
        *must(TIME, "since"),
        sa.UniqueConstraint("merchant_id", "trouble", "since"),
    )


def _refunds() -> None:
    owned(
        "refunds",
        sa.Column("order_id", ID, sa.ForeignKey("orders.id", ondelete="RESTRICT"), nullable=False),
        *must(TEXT, "key"),
        *must(WORD, "state"),
        *must(ID, "amount"),
        *must(TEXT, "currency"),
        *must(WORD, "reason"),
        *may(TEXT, "note"),
        *must(sa.Integer(), "approvers_needed"),
        *must(TEXT, "explanation", "requested_by"),
        *must(TIME, "requested_at"),
        *may(TEXT, "decided_by"),
        *may(TIME, "decided_at"),
        *may(TEXT, "decision_note", "provider", "provider_reference", "failure"),
        *may(TIME, "settled_at", "expires_due_at"),
        sa.UniqueConstraint("key"),
        sa.Index(None, "expires_due_at"),
        sa.Index(None, "merchant_id", "order_id"),
    )
    owned(
        "refund_parts",
        sa.Column("refund_id", ID, sa.ForeignKey("refunds.id", ondelete="CASCADE"), nullable=False),
        *must(WORD, "kind"),
        sa.Column("line_id", ID, sa.ForeignKey("order_lines.id"), nullable=True),
        *may(sa.Integer(), "quantity"),
        *must(ID, "amount"),
        sa.Index(None, "line_id"),
        sa.Index(None, "refund_id"),
    )
    owned(
        "refund_approvals",
        sa.Column("refund_id", ID, sa.ForeignKey("refunds.id", ondelete="CASCADE"), nullable=False),
        *must(TEXT, "member_id"),
        *must(TIME, "at"),
        sa.UniqueConstraint("refund_id", "member_id"),
    )


def _complaints() -> None:
    owned(
        "complaints",
        sa.Column("order_id", ID, sa.ForeignKey("orders.id", ondelete="RESTRICT"), nullable=False),
        *must(WORD, "state"),
        *must(sa.Integer(), "level"),
        *must(TEXT, "text", "opened_by"),
        *must(TIME, "opened_at"),
        *may(TEXT, "acknowledged_by"),
        *may(TIME, "acknowledged_at"),
        *may(TEXT, "resolved_by"),
        *may(TIME, "resolved_at"),
        *may(WORD, "outcome"),
        *may(TEXT, "resolution"),
        *may(TIME, "answer_due_at"),
        sa.Index(None, "answer_due_at"),
        sa.Index(None, "merchant_id", "order_id"),
    )
