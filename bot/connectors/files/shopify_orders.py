"""Orders of Shopify's REST API, also as its order webhooks carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.connectors.files import shopify
from bot.connectors.files.values import (
    BadValue,
    amount,
    currency,
    joined,
    moment,
    part,
    parts,
    quantity,
    text,
)
from domain.orders.intake import LineDraft, OrderDraft, ParcelDraft
from domain.orders.model import State
from domain.shipping.model import ParcelState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def draft(order: Mapping[str, Any], *, live: bool = False) -> OrderDraft:
    """Make an order of what the API says; raises `BadValue`.

    In a file `captured` is less what was refunded before: see `shopify.captured`. The refunds of
    a `live` order are told to the desk one by one, and would count twice.
    """
    number = text(order.get("name")) or text(order.get("order_number"))
    if number is None:
        raise BadValue("name is empty")
    code = currency(order.get("currency"))
    if code is None:
        raise BadValue("currency is empty")
    financial = text(order.get("financial_status"))
    fulfillment = text(order.get("fulfillment_status"))
    cancelled = text(order.get("cancelled_at")) is not None
    total = amount(order.get("total_price"), code, "total_price")
    items = parts(order.get("line_items"))
    parcels = tuple(_parcels(order, [text(item.get("id")) for item in items]))
    state = shopify.state(financial, fulfillment, cancelled=cancelled)
    if state is State.SHIPPED and _all_delivered(parcels):
        state = State.DELIVERED
    address = part(order, "shipping_address")
    return OrderDraft(
        number=number,
        channel=shopify.CHANNEL,
        state=state,
        marketplace_status=shopify.status(financial, fulfillment),
        currency=code,
        lines=tuple(_line(item, code) for item in items),
        parcels=parcels,
        captured=_captured(order, code, total, live=live),
        total=total,
        placed_at=moment(order.get("created_at"), "created_at"),
        shipped_at=_shipped_at(state, parcels),
        buyer_name=_buyer_name(order, address),
        buyer_email=text(order.get("email")) or text(order.get("contact_email")),
        ship_to_name=joined((text(address.get("name")), text(address.get("company"))), ", "),
        ship_to_street=joined(text(address.get(f"address{line}")) for line in (1, 2)),
        ship_to_region=text(address.get("province_code")) or text(address.get("province")),
        ship_to_city=text(address.get("city")),
        ship_to_postcode=text(address.get("zip")),
        ship_to_country=text(address.get("country_code")),
        payment_provider=shopify.PROVIDER,
        payment_reference=text(order.get("id"))
        or shopify.order_id(text(order.get("admin_graphql_api_id"))),
        awaits_payment=state is State.PENDING,
        changed_at=moment(order.get("updated_at"), "updated_at"),
    )


def _line(item: Mapping[str, Any], code: str) -> LineDraft:
    return LineDraft(
        quantity=quantity(item.get("quantity"), "quantity", least=0),
        sku=text(item.get("sku")),
        title=text(item.get("name")) or text(item.get("title")),
        unit_price=amount(item.get("price"), code, "price"),
        external_id=text(item.get("id")),
    )


def _captured(order: Mapping[str, Any], code: str, total: int | None, *, live: bool) -> int | None:
    financial = text(order.get("financial_status"))
    outstanding = amount(order.get("total_outstanding"), code, "total_outstanding")
    if live:
        return shopify.paid(financial, total, outstanding=outstanding)
    return shopify.captured(
        financial, total, refunded=_refunded(order, code), outstanding=outstanding
    )


def _refunded(order: Mapping[str, Any], code: str) -> int | None:
    if not isinstance(order.get("refunds"), list):
        return None
    return sum(
        amount(transaction.get("amount"), code, "refund amount") or 0
        for refund in parts(order["refunds"])
        for transaction in parts(refund.get("transactions"))
        if transaction.get("kind") == "refund" and transaction.get("status") == "success"
    )


def _parcels(order: Mapping[str, Any], items: Sequence[str | None]) -> Iterator[ParcelDraft]:
    """Yield a parcel for each tracking number; which of several holds what is not told."""
    for fulfillment in parts(order.get("fulfillments")):
        numbers = fulfillment.get("tracking_numbers")
        known = [text(number) for number in numbers] if isinstance(numbers, list) else []
        found: list[str | None] = [number for number in known if number]
        found = found or [text(fulfillment.get("tracking_number"))]
        contents = tuple(
            (items.index(item) + 1, quantity(content.get("quantity"), "quantity"))
            for content in parts(fulfillment.get("line_items"))
            if (item := text(content.get("id"))) in items
        )
        for number in found:
            yield ParcelDraft(
                carrier=text(fulfillment.get("tracking_company")),
                tracking_number=number,
                state=shopify.parcel_state(
                    text(fulfillment.get("shipment_status")), text(fulfillment.get("status"))
                ),
                shipped_at=moment(fulfillment.get("created_at"), "created_at"),
                lines=contents if len(found) == 1 else (),
            )


def _all_delivered(parcels: Sequence[ParcelDraft]) -> bool:
    sent = [parcel for parcel in parcels if parcel.state is not ParcelState.CANCELLED]
    return bool(sent) and all(parcel.state is ParcelState.DELIVERED for parcel in sent)


def _shipped_at(state: State, parcels: Sequence[ParcelDraft]) -> Any:
    """Return when the last parcel left, once the order is shipped."""
    left = [parcel.shipped_at for parcel in parcels if parcel.shipped_at]
    return max(left) if left and state in {State.SHIPPED, State.DELIVERED} else None


def _buyer_name(order: Mapping[str, Any], address: Mapping[str, Any]) -> str | None:
    customer = part(order, "customer")
    names = [text(customer.get("first_name")), text(customer.get("last_name"))]
    return " ".join(name for name in names if name) or text(address.get("name"))
