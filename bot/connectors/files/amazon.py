"""Amazon's words, made into ours: statuses, marketplaces, what is paid when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.connectors.files.values import NO_CURRENCY, BadValue, amount, currency, short
from domain.orders.model import State
from domain.shipping.model import ParcelState

CHANNEL = "amazon"
PROVIDER = "amazon"

#: Order statuses of both Orders APIs and of the reports, in lower case without
#: separators. A partly shipped order still has something to ship, so it stays confirmed.
STATES = {
    "pendingavailability": State.PENDING,
    "pending": State.PENDING,
    "unshipped": State.CONFIRMED,
    "shipping": State.CONFIRMED,
    "partiallyshipped": State.CONFIRMED,
    "shipped": State.SHIPPED,
    "invoiceunconfirmed": State.SHIPPED,
    "cancelled": State.CANCELLED,
    "canceled": State.CANCELLED,
    "unfulfillable": State.CANCELLED,
    "shippeddeliveredtobuyer": State.DELIVERED,
    "shippedpickedup": State.SHIPPED,
    "shippedoutfordelivery": State.SHIPPED,
    "shippedrejectedbybuyer": State.SHIPPED,
    "shippedreturningtoseller": State.SHIPPED,
    "shippedreturnedtoseller": State.SHIPPED,
    "shippedlostintransit": State.SHIPPED,
    "shippeddamaged": State.SHIPPED,
    "shippedundeliverable": State.SHIPPED,
    "pendingwaitingforpickup": State.CONFIRMED,
}
#: Package statuses of the Orders API 2026-01-01, first the coarse, then the detailed ones.
PARCEL_STATES = {
    "PENDING": ParcelState.PENDING,
    "SHIPPED": ParcelState.IN_TRANSIT,
    "IN_TRANSIT": ParcelState.IN_TRANSIT,
    "DELIVERED": ParcelState.DELIVERED,
    "CANCELLED": ParcelState.CANCELLED,
    "UNDELIVERABLE": ParcelState.DELIVERY_FAILED,
    "PENDING_SCHEDULE": ParcelState.PENDING,
    "PENDING_PICK_UP": ParcelState.PENDING,
    "PENDING_DROP_OFF": ParcelState.PENDING,
    "LABEL_CANCELLED": ParcelState.CANCELLED,
    "PICKED_UP": ParcelState.PICKED_UP,
    "DROPPED_OFF": ParcelState.PICKED_UP,
    "AT_ORIGIN_FC": ParcelState.IN_TRANSIT,
    "AT_DESTINATION_FC": ParcelState.IN_TRANSIT,
    "OUT_FOR_DELIVERY": ParcelState.OUT_FOR_DELIVERY,
    "REJECTED_BY_BUYER": ParcelState.DELIVERY_FAILED,
    "LOST": ParcelState.DELIVERY_FAILED,
    "DAMAGED": ParcelState.DELIVERY_FAILED,
    "RETURNING_TO_SELLER": ParcelState.RETURN_TO_SENDER,
    "RETURNED_TO_SELLER": ParcelState.RETURN_TO_SENDER,
}


@dataclass(frozen=True, slots=True)
class Marketplace:
    """Where Amazon sells: its id, sales channel and currency, and whether prices hold tax."""

    id: str
    channel: str
    currency: str
    tax_included: bool = True


#: Ids as in the Selling Partner API's list of marketplaces. An order that is pending or
#: cancelled has no amounts, so this is the only place its currency can be known from.
_MARKETPLACES = (
    Marketplace("ATVPDKIKX0DER", "amazon.com", "USD", tax_included=False),
    Marketplace("A2EUQ1WTGCTBG2", "amazon.ca", "CAD", tax_included=False),
    Marketplace("A1AM78C64UM0Y8", "amazon.com.mx", "MXN"),
    Marketplace("A2Q3Y263D00KWC", "amazon.com.br", "BRL"),
    Marketplace("A28R8C7NBKEWEA", "amazon.ie", "EUR"),
    Marketplace("A1RKKUPIHCS9HS", "amazon.es", "EUR"),
    Marketplace("A1F83G8C2ARO7P", "amazon.co.uk", "GBP"),
    Marketplace("A13V1IB3VIYZZH", "amazon.fr", "EUR"),
    Marketplace("AMEN7PMS3EDWL", "amazon.com.be", "EUR"),
    Marketplace("A1805IZSGTT6HS", "amazon.nl", "EUR"),
    Marketplace("A1PA6795UKMFR9", "amazon.de", "EUR"),
    Marketplace("APJ6JRA9NG5V4", "amazon.it", "EUR"),
    Marketplace("A2NODRKZP88ZB9", "amazon.se", "SEK"),
    Marketplace("AE08WJ6YKNBMC", "amazon.co.za", "ZAR"),
    Marketplace("A1C3SOZRARQ6R3", "amazon.pl", "PLN"),
    Marketplace("ARBP9OOSHTCHU", "amazon.eg", "EGP"),
    Marketplace("A33AVAJ2PDY3EV", "amazon.com.tr", "TRY"),
    Marketplace("A17E79C6D8DWNP", "amazon.sa", "SAR"),
    Marketplace("A2VIGQ35RCS4UG", "amazon.ae", "AED"),
    Marketplace("A21TJRUUN4KGV", "amazon.in", "INR"),
    Marketplace("A19VAU5U5O7RUS", "amazon.sg", "SGD"),
    Marketplace("A39IBJ37TRP1C6", "amazon.com.au", "AUD"),
    Marketplace("A1VC38T7YXB528", "amazon.co.jp", "JPY"),
)


def marketplace(name: str | None) -> Marketplace | None:
    """Find a marketplace by its id or sales channel (`Amazon.de`)."""
    wanted = (name or "").lower()
    return next((m for m in _MARKETPLACES if wanted in {m.id.lower(), m.channel}), None)


def state(status: str) -> State:
    """Read an order status; raises `BadValue` for one that Amazon does not document."""
    word = "".join(filter(str.isalpha, status)).lower()
    if word not in STATES:
        raise BadValue(f"order status “{short(status)}” is not one of Amazon's")
    return STATES[word]


def currency_of(said: Iterable[object], market: str | None) -> str:
    """Return an order's currency: the first that its amounts name, else its marketplace's."""
    for code in map(currency, said):
        if code:
            return code
    found = marketplace(market)
    return found.currency if found else NO_CURRENCY


def minor(value: object, own: object, code: str, name: str) -> int | None:
    """Return minor units of an amount that names its `own` currency.

    Raises `BadValue` for another one than the order's, `code`, and as `values.amount` does.
    """
    if (said := currency(own)) and said != code:
        raise BadValue(f"{name} is in {said}, but the order is in {code}")
    return amount(value, code, name)


def captured(of: State, total: int | None) -> int | None:
    """Tell what the buyer has paid, in minor units.

    Amazon keeps an order pending until the payment is authorised and answers for it from
    then on, so past that it is the total; what became of a cancelled one it does not say.
    """
    if of is State.PENDING:
        return 0
    return None if of is State.CANCELLED else total
