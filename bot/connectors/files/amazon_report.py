"""Amazon's All Orders reports: flat files, a row per order item.

The columns are those of the report types GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL
and …_BY_ORDER_DATE_GENERAL. They name neither buyer nor order item nor parcel. Prices are
of the whole row, not of one unit.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from bot.connectors.files import amazon
from bot.connectors.files.records import Shape
from bot.connectors.files.rows import Row, orders
from bot.connectors.files.values import NO_CURRENCY, BadValue, joined, unit_price
from domain.orders.intake import LineDraft, OrderDraft
from domain.orders.model import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.connectors.files.amazon import Marketplace
    from bot.connectors.files.progress import Progress
    from bot.connectors.files.sniffing import Source
    from bot.connectors.files.values import Rejected

_PRICES = ("item-price", "shipping-price", "gift-wrap-price")
_TAXES = ("item-tax", "shipping-tax", "gift-wrap-tax")
_DISCOUNTS = ("item-promotion-discount", "ship-promotion-discount")


def read(source: Source, progress: Progress) -> Iterator[OrderDraft | Rejected]:
    """Yield the orders of the report."""
    # Outside Japan, what Amazon does not write in UTF-8 is Windows' Western code page.
    encoding = "cp932" if _japanese(source) else "cp1252"
    quoted = source.delimiter != "\t"
    shape = Shape(key="amazon-order-id", quoted=quoted, ragged=True, encoding=encoding)
    return orders(source, progress, shape, _drafts)


def _japanese(source: Source) -> bool:
    with source.path.open("rb") as stream:
        return b"Amazon.co.jp" in stream.read(65_536)


def _drafts(rows: list[Row]) -> Iterator[OrderDraft]:
    first = rows[0]
    status = first.text("order-status") or first.refuse("order-status is empty")
    try:
        state = amazon.state(status)
    except BadValue as bad:
        first.refuse(str(bad))
    market = amazon.marketplace(first.text("sales-channel"))
    currency = _currency(rows) or (market.currency if market else NO_CURRENCY)
    total = _total(rows, currency, market)
    yield OrderDraft(
        number=first.text("amazon-order-id") or "",
        channel=amazon.CHANNEL,
        state=state,
        marketplace_status=status,
        currency=currency,
        lines=tuple(_line(row, currency, cancelled=state is State.CANCELLED) for row in rows),
        captured=amazon.captured(state, total),
        total=total,
        placed_at=first.moment("purchase-date", UTC),
        ship_to_name=first.text("recipient-name"),
        ship_to_street=joined(first.text(f"ship-address-{line}") for line in (1, 2, 3)),
        ship_to_region=first.text("ship-state"),
        ship_to_city=first.text("ship-city"),
        ship_to_postcode=first.text("ship-postal-code"),
        ship_to_country=first.text("ship-country"),
        payment_provider=amazon.PROVIDER,
        payment_reference=first.text("amazon-order-id"),
        awaits_payment=state is State.PENDING,
    )


def _currency(rows: list[Row]) -> str | None:
    currency = None
    for row in rows:
        code = row.currency("currency")
        if code and currency and code != currency:
            row.refuse(f"currency {code} differs from {currency} in the same order")
        currency = currency or code
    return currency


def _line(row: Row, currency: str, *, cancelled: bool) -> LineDraft:
    # Cancelled rows of an order that goes on are not part of it any more.
    count = 0 if _gone(row) and not cancelled else row.quantity("quantity", least=0)
    return LineDraft(
        quantity=count,
        sku=row.text("sku"),
        title=row.text("product-name"),
        unit_price=unit_price(row.amount("item-price", currency), count),
        shipping_price=row.amount("shipping-price", currency),
    )


def _gone(row: Row) -> bool:
    return (row.text("item-status") or "").lower() in {"cancelled", "canceled"}


def _total(rows: list[Row], currency: str, market: Marketplace | None) -> int | None:
    """Add up what the buyer was charged; None where a price is missing.

    Outside North America prices hold their tax already. For an unknown marketplace nobody
    can tell, so there a total with tax in it stays unknown.
    """
    total = 0
    standing = [row for row in rows if not _gone(row)]
    for row in standing:
        if row.text("item-price") is None:
            return None
        taxes = sum(row.amount(column, currency) or 0 for column in _TAXES)
        if taxes and market is None:
            return None
        total += sum(row.amount(column, currency) or 0 for column in _PRICES)
        total += taxes if market and not market.tax_included else 0
        total -= sum(_discount(row, column, currency) for column in _DISCOUNTS)
    return max(total, 0) if standing else None


def _discount(row: Row, column: str, currency: str) -> int:
    # Some report types write discounts with a minus sign, others without.
    unsigned = {column: (row.text(column) or "").removeprefix("-")}
    return Row(row.number, unsigned).amount(column, currency) or 0
