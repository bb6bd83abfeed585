"""The orders export of Shopify's admin: a row per line item.

An order's own columns are filled in its first row only; the rows below repeat its name, or
leave even that out.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from bot.connectors.files import shopify
from bot.connectors.files.records import Shape
from bot.connectors.files.rows import Row, orders
from bot.connectors.files.values import BadValue, joined
from domain.orders.intake import LineDraft, OrderDraft
from domain.orders.model import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.connectors.files.progress import Progress
    from bot.connectors.files.sniffing import Source
    from bot.connectors.files.values import Rejected


def read(source: Source, progress: Progress) -> Iterator[OrderDraft | Rejected]:
    """Yield the orders of the export."""
    return orders(source, progress, Shape(key="name", inherits=True), _drafts)


def _drafts(rows: list[Row]) -> Iterator[OrderDraft]:
    first = rows[0]
    currency = first.currency("currency") or first.refuse("Currency is empty")
    financial = first.text("financial status")
    fulfillment = first.text("fulfillment status")
    total = first.amount("total", currency)
    try:
        state = shopify.state(financial, fulfillment, cancelled=bool(first.text("cancelled at")))
    except BadValue as bad:
        first.refuse(str(bad))
    shipped = state is State.SHIPPED
    yield OrderDraft(
        number=first.text("name") or "",
        channel=shopify.CHANNEL,
        state=state,
        marketplace_status=shopify.status(financial, fulfillment),
        currency=currency,
        # A row without a quantity carries a second payment or discount, not a line.
        lines=tuple(_line(row, currency) for row in rows if row.text("lineitem quantity")),
        captured=shopify.captured(
            financial,
            total,
            refunded=first.amount("refunded amount", currency),
            outstanding=first.amount("outstanding balance", currency),
        ),
        total=total,
        placed_at=first.moment("created at", UTC),
        shipped_at=first.moment("fulfilled at", UTC) if shipped else None,
        buyer_name=first.text("shipping name") or first.text("billing name"),
        buyer_email=first.text("email"),
        ship_to_name=joined((first.text("shipping name"), first.text("shipping company")), ", "),
        ship_to_street=joined((first.text("shipping address1"), first.text("shipping address2")))
        or first.text("shipping street"),
        ship_to_region=first.text("shipping province"),
        ship_to_city=first.text("shipping city"),
        ship_to_postcode=_unquoted(first.text("shipping zip")),
        ship_to_country=first.text("shipping country"),
        payment_provider=shopify.PROVIDER,
        payment_reference=first.text("id") or first.text("payment reference"),
        awaits_payment=state is State.PENDING,
    )


def _line(row: Row, currency: str) -> LineDraft:
    return LineDraft(
        quantity=row.quantity("lineitem quantity"),
        sku=row.text("lineitem sku"),
        title=row.text("lineitem name"),
        unit_price=row.amount("lineitem price", currency),
    )


def _unquoted(postcode: str | None) -> str | None:
    """Drop the apostrophe that keeps spreadsheets from eating leading zeros."""
    return postcode.removeprefix("'") if postcode else None
