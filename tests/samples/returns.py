"""Returns, line by line."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain.orders.model import State as OrderState
from domain.returns.model import Reason as ReturnReason
from domain.returns.model import Return, ReturnLine
from domain.returns.model import State as ReturnState
from domain.returns.queries import ReturnCard, ReturnLineView
from tests.samples.basics import AGENT, NOW, ago, usd
from tests.samples.orders import order


def return_line(**changes: Any) -> ReturnLine:
    """Two mugs that are to come back."""
    values: dict[str, Any] = {"id": 8, "line_id": 1, "quantity": 2}
    return ReturnLine(**values | changes)


def return_line_view(line: ReturnLine, **changes: Any) -> ReturnLineView:
    """The line with its title and price; none of it was refunded."""
    values: dict[str, Any] = {
        "id": line.id,
        "line_id": line.line_id,
        "title": "Alpine mug",
        "sku": "AM-1",
        "unit_price": usd(1200),
        "quantity": line.quantity,
        "received": line.received,
        "verdict": line.verdict,
        "note": line.note,
        "disposal": line.disposal,
        "accepted": line.received if line.is_accepted else 0,
        "refunded": 0,
    }
    return ReturnLineView(**values | changes)


def rma(state: ReturnState = ReturnState.REQUESTED, **changes: Any) -> Return:
    """A return of two mugs that waits for an answer, unless its state says otherwise."""
    values: dict[str, Any] = {
        "id": 4,
        "order_id": 42,
        "state": state,
        "reason": ReturnReason.DAMAGED,
        "note": "Both lids are cracked; the buyer sent photos.",
        "requested_by": AGENT,
        "requested_at": ago(hours=3),
        "answer_by": NOW + timedelta(hours=45),
    }
    made = Return(**values | changes)
    if not made.lines:
        made.lines = [return_line()]
    return made


def return_card(what: Return | None = None, **changes: Any) -> ReturnCard:
    """The return's card."""
    record = what or rma()
    values: dict[str, Any] = {
        "rma": record,
        "order": order(state=OrderState.DELIVERED),
        "lines": tuple(return_line_view(line) for line in record.lines),
    }
    return ReturnCard(**values | changes)
