"""Orders of Amazon's Orders API 2026-01-01, as `searchOrders` and `getOrder` answer them."""

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
from domain.orders.intake import LineDraft, OrderDraft, ParcelDraft
from domain.orders.model import State
from domain.shipping.model import ParcelState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: How the buyer of an order that is not yet paid will pay.
_PAID_AT_THE_DOOR = "CashOnDelivery"


def draft(order: Mapping[str, Any]) -> OrderDraft:
    """Make an order of what the API says; raises `BadValue`.

    Amazon knows no delivered order, only delivered packages: an order counts as delivered
    once all of its packages are.
    """
    number = text(order.get("orderId"))
    if number is None:
        raise BadValue("orderId is empty")
    fulfillment = part(order, "fulfillment")
    status = text(fulfillment.get("fulfillmentStatus"))
    state = amazon.state(status) if status else State.PENDING
    grand_total = part(order, "proceeds", "grandTotal")
    items = parts(order.get("orderItems"))
    code = _currency(order, grand_total, items)
    total = _minor(grand_total, code, "grandTotal")
    parcels = _parcels(order, [text(item.get("orderItemId")) for item in items])
    if state is State.SHIPPED and _all_delivered(parcels):
        state = State.DELIVERED
    address = part(order, "recipient", "deliveryAddress")
    return OrderDraft(
        number=number,
        channel=amazon.CHANNEL,
        state=state,
        marketplace_status=status,
        currency=code,
        lines=tuple(_line(item, code) for item in items),
        parcels=parcels,
        captured=_captured(order, state if status else None, total),
        total=total,
        placed_at=moment(order.get("createdTime"), "createdTime"),
        ship_by=_until(fulfillment, "shipByWindow"),
        deliver_by=_until(fulfillment, "deliverByWindow"),
        shipped_at=_shipped_at(state, parcels),
        buyer_name=text(part(order, "buyer").get("buyerName")),
        buyer_email=text(part(order, "buyer").get("buyerEmail")),
        ship_to_name=joined((text(address.get("name")), text(address.get("companyName"))), ", "),
        ship_to_street=joined(text(address.get(f"addressLine{line}")) for line in (1, 2, 3)),
        ship_to_region=text(address.get("stateOrRegion")),
        ship_to_city=text(address.get("city")),
        ship_to_postcode=text(address.get("postalCode")),
        ship_to_country=text(address.get("countryCode")),
        payment_provider=amazon.PROVIDER,
        payment_reference=number,
        awaits_payment=status is not None and state is State.PENDING,
        changed_at=moment(order.get("lastUpdatedTime"), "lastUpdatedTime"),
    )


def _currency(
    order: Mapping[str, Any], grand_total: Mapping[str, Any], items: Sequence[Mapping[str, Any]]
) -> str:
    said = [grand_total, *(part(item, "product", "price", "unitPrice") for item in items)]
    return amazon.currency_of(
        (money.get("currencyCode") for money in said),
        text(part(order, "salesChannel").get("marketplaceId")),
    )


def _captured(order: Mapping[str, Any], state: State | None, total: int | None) -> int | None:
    payments = parts(part(order, "payment").get("paymentExecutions"))
    if state is None or any(p.get("paymentMethod") == _PAID_AT_THE_DOOR for p in payments):
        return None
    return amazon.captured(state, total)


def _line(item: Mapping[str, Any], code: str) -> LineDraft:
    product = part(item, "product")
    count = quantity(item.get("quantityOrdered"), "quantityOrdered", least=0)
    price = _minor(part(product, "price", "unitPrice"), code, "unitPrice")
    if price is None:
        price = unit_price(_proceeds(item, "ITEM", code), count)
    return LineDraft(
        quantity=count,
        sku=text(product.get("sellerSku")),
        title=text(product.get("title")),
        unit_price=price,
        shipping_price=_proceeds(item, "SHIPPING", code),
        external_id=text(item.get("orderItemId")),
    )


def _proceeds(item: Mapping[str, Any], kind: str, code: str) -> int | None:
    for breakdown in parts(part(item, "proceeds").get("breakdowns")):
        if breakdown.get("type") == kind:
            return _minor(part(breakdown, "subtotal"), code, f"{kind} proceeds")
    return None


def _minor(money: Mapping[str, Any], code: str, name: str) -> int | None:
    return amazon.minor(money.get("amount"), money.get("currencyCode"), code, name)


def _until(fulfillment: Mapping[str, Any], window: str) -> Any:
    return moment(part(fulfillment, window).get("latestDateTime"), window)


def _parcels(order: Mapping[str, Any], items: Sequence[str | None]) -> tuple[ParcelDraft, ...]:
    return tuple(
        ParcelDraft(
            carrier=text(package.get("carrier")),
            tracking_number=text(package.get("trackingNumber")),
            state=_parcel_state(part(package, "packageStatus")),
            shipped_at=moment(package.get("shipTime"), "shipTime"),
            lines=tuple(
                (items.index(item) + 1, quantity(content.get("quantity"), "package quantity"))
                for content in parts(package.get("packageItems"))
                if (item := text(content.get("orderItemId"))) in items
            ),
        )
        for package in parts(order.get("packages"))
    )


def _parcel_state(status: Mapping[str, Any]) -> ParcelState:
    """Read the detailed status, or the coarse one where that says nothing known."""
    for key in ("detailedStatus", "status"):
        if known := amazon.PARCEL_STATES.get(text(status.get(key)) or ""):
            return known
    return ParcelState.UNKNOWN


def _all_delivered(parcels: Sequence[ParcelDraft]) -> bool:
    sent = [parcel for parcel in parcels if parcel.state is not ParcelState.CANCELLED]
    return bool(sent) and all(parcel.state is ParcelState.DELIVERED for parcel in sent)


def _shipped_at(state: State, parcels: Sequence[ParcelDraft]) -> Any:
    """Return when the last parcel left, once the order is shipped."""
    left = [parcel.shipped_at for parcel in parcels if parcel.shipped_at]
    return max(left) if left and state in {State.SHIPPED, State.DELIVERED} else None
