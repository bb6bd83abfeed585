"""Balance transactions, as payment providers tell what their payouts are made of."""

from __future__ import annotations

from datetime import datetime

from domain.money import Money
from domain.payouts.model import LineDraft, LineKind


def lines(
    key: str,
    kind: LineKind | None,
    said: str,
    amount: Money,
    fee: Money,
    payment: str | None,
    posted_at: datetime,
) -> list[LineDraft]:
    """Return what a transaction moved, and what the provider kept of it; nothing that is zero.

    `key` is the provider's id of it, `said` its word for what it is, such as `payment_refund`.
    `fee` is positive where the provider keeps it. What has no `kind` is of no order.
    """
    what = said.replace("_", " ").capitalize()
    kept = LineKind.FEE if kind else LineKind.OTHER
    parts = (
        ("amount", kind or LineKind.OTHER, what, amount),
        ("fee", kept, f"{what} · fee", Money(-fee.minor, fee.currency)),
    )
    return [
        LineDraft(f"{key}:{part}", line_kind, words, money, payment, posted_at)
        for part, line_kind, words, money in parts
        if money.minor
    ]
