"""Orders of Amazon's Orders API v0, put together from its several answers.

v0 tells an order in pieces: `getOrders` or `getOrder`, `getOrderItems`, `getOrderBuyerInfo`
and `getOrderAddress`. They are merged by `AmazonOrderId` before they come here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.connectors.files import amazon
from bot.connectors.files.values import (
    BadValue,
    joined,
    moment,
    part,
    parts,
    quantity,
    text,
    unit_price,
)
from domain.orders.intake import LineDraft, OrderDraft
from domain.orders.model import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: What v0 answers apart about an order without being one of its parts that matter here.
_ASIDE = "RegulatedInformation"
#: Cash on delivery: not yet paid when the order is shipped.
_PAID_AT_THE_DOOR = "COD"


def is_aside(piece: Mapping[str, Any]) -> bool:
    """Tell whether a payload says nothing that an order is made of."""
    return _ASIDE in piece


def draft(order: Mapping[str, Any]) -> OrderDraft:
    """Make an order of its merged payloads; raises `BadValue`.

    `ItemPrice` is that of all units together, so a unit's price is known only where it
    divides exactly.
    """
    number = text(order.get("AmazonOrderId"))
    if number is None:
        raise BadValue("AmazonOrderId is empty")
    status = text(order.get("OrderStatus"))
    if status is None:
        raise BadValue(
            f"only parts of order {number} are here, not the order itself; "
            "import them together with the answer of getOrder"
        )
    state = amazon.state(status)
    # The buyer's part of the items names those without saying how many were ordered.
    items = [item for item in parts(order.get("OrderItems")) if "QuantityOrdered" in item]
    code = _currency(order, items)
    total = _minor(part(order, "OrderTotal"), code, "OrderTotal")
    paid = order.get("PaymentMethod") != _PAID_AT_THE_DOOR
    buyer = {**part(order, "BuyerInfo"), **order}
    address = part(order, "ShippingAddress")
    return OrderDraft(
        number=number,
        channel=amazon.CHANNEL,
        state=state,
        marketplace_status=status,
        currency=code,
        lines=tuple(_line(item, code) for item in items),
        captured=amazon.captured(state, total) if paid else None,
        total=total,
        placed_at=moment(order.get("PurchaseDate"), "PurchaseDate"),
        ship_by=moment(order.get("LatestShipDate"), "LatestShipDate"),
        deliver_by=moment(order.get("LatestDeliveryDate"), "LatestDeliveryDate"),
        buyer_name=text(buyer.get("BuyerName")),
        buyer_email=text(buyer.get("BuyerEmail")),
        ship_to_name=joined((text(address.get("Name")), text(address.get("CompanyName"))), ", "),
        ship_to_street=joined(text(address.get(f"AddressLine{line}")) for line in (1, 2, 3)),
        ship_to_region=text(address.get("StateOrRegion")),
        ship_to_city=text(address.get("City")),
        ship_to_postcode=text(address.get("PostalCode")),
        ship_to_country=text(address.get("CountryCode")),
        payment_provider=amazon.PROVIDER,
        payment_reference=number,
        awaits_payment=state is State.PENDING,
    )


def _currency(order: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> str:
    said = [part(order, "OrderTotal"), *(part(item, "ItemPrice") for item in items)]
    return amazon.currency_of(
        (money.get("CurrencyCode") for money in said), text(order.get("MarketplaceId"))
    )


def _line(item: Mapping[str, Any], code: str) -> LineDraft:
    count = quantity(item["QuantityOrdered"], "QuantityOrdered", least=0)
    return LineDraft(
        quantity=count,
        sku=text(item.get("SellerSKU")),
        title=text(item.get("Title")),
        unit_price=unit_price(_minor(part(item, "ItemPrice"), code, "ItemPrice"), count),
        shipping_price=_minor(part(item, "ShippingPrice"), code, "ShippingPrice"),
        external_id=text(item.get("OrderItemId")),
    )


def _minor(money: Mapping[str, Any], code: str, name: str) -> int | None:
    return amazon.minor(money.get("Amount"), money.get("CurrencyCode"), code, name)
