"""The file of refunds that Amazon reads: POST_FLAT_FILE_PAYMENT_ADJUSTMENT_DATA.

Columns, reason codes and signs: https://sellercentral.amazon.com/gp/help/external/661,
https://developer-docs.amazon.com/sp-api/docs/order-feed-type-values
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from domain.money import Money, exponent
from domain.refunds.model import Reason
from domain.refunds.payment import Entry

FEED_TYPE = "POST_FLAT_FILE_PAYMENT_ADJUSTMENT_DATA"
CONTENT_TYPE = "text/tab-separated-values; charset=UTF-8"
#: Promotions have columns too, which must not be there unless they are used. The one for a
#: quantity cancels items, and is left out for that.
COLUMNS = (
    "order-id",
    "order-item-id",
    "adjustment-reason-code",
    "currency",
    "item-price-adj",
    "item-tax-adj",
    "shipping-price-adj",
    "shipping-tax-adj",
)
#: An order's number at Amazon, with its hyphens.
_ORDER = re.compile(r"\d{3}-\d{7}-\d{7}")
_REASONS: Mapping[Reason, str] = {
    Reason.RETURNED: "CustomerReturn",
    Reason.WRONG_ITEM: "DifferentItem",
}


def is_order(reference: str | None) -> bool:
    """Tell whether this has the shape of an order's number at Amazon: 3-7-7 digits."""
    return bool(_ORDER.fullmatch(reference or ""))


def write(entries: Sequence[Entry]) -> bytes:
    """Write one line for each entry, under the names of the columns.

    Tax is left empty: Amazon gives it back by itself, and refuses what is asked for it
    (https://github.com/amzn/selling-partner-api-models/issues/1372).
    """
    lines = ["\t".join(COLUMNS), *("\t".join(_cells(entry)) for entry in entries)]
    return ("\r\n".join(lines) + "\r\n").encode()


def _cells(entry: Entry) -> list[str]:
    return [
        _cell(entry.payment),
        _cell(entry.item),
        _REASONS.get(entry.reason, "GeneralAdjustment"),
        entry.price.currency,
        _amount(entry.price),
        "",
        _amount(entry.shipping),
        "",
    ]


def _cell(text: str) -> str:
    """Keep an id from breaking out of its cell, wherever it was imported from."""
    return re.sub(r"[\x00-\x1f\x7f]", "", text)


def _amount(money: Money) -> str:
    return f"{money.decimal:.{exponent(money.currency)}f}"
