"""What every event of a refund says: where it stands, and how much it is about."""

from __future__ import annotations

from typing import Any

from domain.events import Kind
from domain.refunds.model import Refund
from domain.store import Work


def record(work: Work, refund: Refund, kind: Kind, why: str | None, **data: Any) -> None:
    """Record what happened to a refund, with its state and amount as they are now."""
    work.record(
        kind,
        refund,
        order_id=refund.order_id,
        why=why,
        state=refund.state,
        amount=refund.amount,
        currency=refund.currency,
        **data,
    )
