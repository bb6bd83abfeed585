"""Shopify's words, made into ours: statuses, what is paid and not yet refunded."""

from __future__ import annotations

from bot.connectors.files.values import BadValue, short
from domain.orders.model import State
from domain.shipping.model import ParcelState

CHANNEL = "shopify"
PROVIDER = "shopify"

#: The financial statuses, and the state of an order of which nothing was shipped yet.
STATES = {
    "pending": State.PENDING,
    "expired": State.PENDING,
    "voided": State.PENDING,
    "unpaid": State.PENDING,
    "authorized": State.CONFIRMED,
    "partially_paid": State.CONFIRMED,
    "paid": State.CONFIRMED,
    "partially_refunded": State.CONFIRMED,
    "refunded": State.CONFIRMED,
}
#: Financial statuses under which nothing was captured.
_NOTHING = {"pending", "expired", "voided", "unpaid", "authorized"}
#: Fulfilment statuses of the whole order; None is what the financial status says.
FULFILLED = {
    "": None,
    "unfulfilled": None,
    "unshipped": None,
    "partial": None,
    "fulfilled": State.SHIPPED,
    "shipped": State.SHIPPED,
    "restocked": State.CANCELLED,
}
#: What the carrier says of a fulfilment (`shipment_status`), then what Shopify does
#: (`status`). A failed fulfilment request is no failed delivery.
PARCEL_STATES = {
    "confirmed": ParcelState.PENDING,
    "label_purchased": ParcelState.PENDING,
    "label_printed": ParcelState.PENDING,
    "label_voided": ParcelState.CANCELLED,
    "carrier_picked_up": ParcelState.PICKED_UP,
    "in_transit": ParcelState.IN_TRANSIT,
    "out_for_delivery": ParcelState.OUT_FOR_DELIVERY,
    "ready_for_pickup": ParcelState.READY_FOR_PICKUP,
    "attempted_delivery": ParcelState.DELIVERY_FAILED,
    "failure": ParcelState.DELIVERY_FAILED,
    "not_delivered": ParcelState.DELIVERY_FAILED,
    "delayed": ParcelState.DELIVERY_DELAYED,
    "delivered": ParcelState.DELIVERED,
    "picked_up": ParcelState.DELIVERED,
    "returning_to_sender": ParcelState.RETURN_TO_SENDER,
}
FULFILLMENT_STATES = {
    "pending": ParcelState.PENDING,
    "open": ParcelState.PENDING,
    "cancelled": ParcelState.CANCELLED,
}


def state(financial: str | None, fulfillment: str | None, *, cancelled: bool) -> State:
    """Read the two statuses of an order; raises `BadValue` for an unknown one."""
    if cancelled:
        return State.CANCELLED
    shipped, paid = (fulfillment or "").lower(), (financial or "pending").lower()
    if shipped not in FULFILLED:
        raise BadValue(f"fulfillment status “{short(shipped)}” is not one of Shopify's")
    if paid not in STATES:
        raise BadValue(f"financial status “{short(paid)}” is not one of Shopify's")
    return FULFILLED[shipped] or STATES[paid]


def parcel_state(shipment: str | None, fulfillment: str | None = None) -> ParcelState:
    """Read what the carrier says of a fulfilment, or Shopify itself where that is nothing known."""
    return PARCEL_STATES.get((shipment or "").lower()) or FULFILLMENT_STATES.get(
        (fulfillment or "").lower(), ParcelState.UNKNOWN
    )


def status(financial: str | None, fulfillment: str | None) -> str:
    """Return both statuses in one line, as Shopify's list of orders shows them."""
    return f"{financial or 'pending'} / {fulfillment or 'unfulfilled'}".lower()


def paid(financial: str | None, total: int | None, *, outstanding: int | None) -> int | None:
    """Tell what was captured, refunds or not, in minor units; None where that is not told."""
    said = (financial or "").lower()
    if said in _NOTHING:
        return 0
    if said != "partially_paid" or total is None:
        return total if said else None
    return None if outstanding is None else max(total - outstanding, 0)


def captured(
    financial: str | None, total: int | None, *, refunded: int | None, outstanding: int | None
) -> int | None:
    """Tell what was captured, less what the source says was refunded before, in minor units.

    The difference is what can still be refunded. None where the source does not say enough.
    """
    said = (financial or "").lower()
    if said == "refunded" and not refunded:
        return 0
    # Some was refunded and nobody says how much: what is left can't be known.
    if said == "partially_refunded" and not refunded:
        return None
    before = paid(financial, total, outstanding=outstanding)
    return None if before is None else max(before - (refunded or 0), 0)


def order_id(reference: str | None) -> str | None:
    """Return an order's id in the one form that payments are known by, which is its digits.

    Shopify's APIs write it as `450789469` or as `gid://shopify/Order/450789469`.
    """
    return reference.removeprefix("gid://shopify/Order/") if reference else None
