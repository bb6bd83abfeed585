"""What is checked before an order is confirmed: pure decisions, from facts and settings alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.merchants import Settings
from domain.money import Money


class Concern(StrEnum):
    """What a finding is about; the value is what the log keeps."""

    UNPAID = "unpaid"
    CANCELLED = "cancelled"
    LATE = "late"
    EMPTY = "empty"
    UNKNOWN_SKU = "unknown_sku"
    SHORT = "short"
    PRICE = "price"
    QUANTITY = "quantity"
    VALUE = "value"
    ADDRESS = "address"
    COUNTRY = "country"
    RISK = "risk"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should look at, in a sentence without anything about the buyer."""

    concern: Concern
    sentence: str


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What is checked of a line; the price is minor units of the order's currency."""

    sku: str | None
    #: What the stock knows the SKU by, empty without one.
    key: str
    quantity: int
    unit_price: int | None


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What is checked of an order; None is what its source does not say."""

    id: int
    number: str
    currency: str
    total: int | None
    marketplace_status: str | None
    awaits_payment: bool
    ship_by: datetime | None
    ship_to_name: str | None
    ship_to_street: str | None
    ship_to_city: str | None
    ship_to_postcode: str | None
    ship_to_country: str | None
    lines: tuple[LineFacts, ...] = ()


@dataclass(slots=True)
class Goods:
    """What is known of a SKU in stock; who is promised some of it takes it from `available`."""

    available: int
    list_price: Money | None = None


#: Goods by the keys of their SKUs; None where the merchant keeps no stock here.
Stock = Mapping[str, Goods] | None


def check(
    order: OrderFacts, stock: Stock, settings: Settings, now: datetime
) -> tuple[Finding, ...]:
    """Return all that a person should look at, most important first; empty for nothing."""
    return tuple(
        Finding(concern, sentence)
        for concern, sentence in (
            *_standing(order, now),
            *_products(order, stock),
            *_prices(order, stock, settings),
            *_sizes(order, settings),
            *_address(order, settings),
        )
    )


def promise(order: OrderFacts, stock: Stock) -> None:
    """Take what the order needs from what is available, so that the next one can't have it."""
    for key, quantity in _wanted(order).items():
        if stock and key in stock:
            stock[key].available -= quantity


def by_rule(order: OrderFacts, settings: Settings) -> str | None:
    """Return the rule that confirms an order without findings, None where a person has to."""
    if settings["order.auto_confirm"] != "clean":
        return None
    if not settings["order.auto_confirm_below"]:
        return "nothing to look at"
    most = settings.amount("order.auto_confirm_below", order.currency)
    if most is None or order.total is None or order.total > most.minor:
        return None
    return f"nothing to look at, up to {most}"


_Said = Iterator[tuple[Concern, str]]


def _standing(order: OrderFacts, now: datetime) -> _Said:
    if "cancel" in (order.marketplace_status or "").lower():
        yield Concern.CANCELLED, f"The marketplace says: {order.marketplace_status}."
    if order.awaits_payment:
        yield Concern.UNPAID, "The buyer has not paid yet."
    if order.ship_by and order.ship_by < now:
        yield Concern.LATE, f"Its ship-by passed {_span(now - order.ship_by)} ago."


def _products(order: OrderFacts, stock: Stock) -> _Said:
    if not any(line.quantity for line in order.lines):
        yield Concern.EMPTY, "It has no lines."
    if stock is None:
        return
    nameless = sum(1 for line in order.lines if line.quantity and not line.key)
    if nameless:
        lines = "1 line has" if nameless == 1 else f"{nameless} lines have"
        yield Concern.UNKNOWN_SKU, f"{lines} no SKU."
    written = {line.key: line.sku for line in reversed(order.lines)}
    for key, quantity in _wanted(order).items():
        if key not in stock:
            yield Concern.UNKNOWN_SKU, f"{written[key]} is not among the stock items."
        elif quantity > (left := max(stock[key].available, 0)):
            yield Concern.SHORT, f"{written[key]}: {quantity} ordered, {left} available."


def _prices(order: OrderFacts, stock: Stock, settings: Settings) -> _Said:
    least = 100 - settings["order.price_tolerance"]
    for line in order.lines:
        goods = (stock or {}).get(line.key)
        price = goods.list_price if goods else None
        if price is None or line.unit_price is None or price.currency != order.currency:
            continue
        if line.quantity and line.unit_price * 100 < price.minor * least:
            paid = Money(line.unit_price, order.currency)
            yield Concern.PRICE, f"{line.sku} was sold at {paid}, its list price is {price}."


def _sizes(order: OrderFacts, settings: Settings) -> _Said:
    most = settings["order.most_units"]
    for line in order.lines:
        if line.quantity > most:
            what = line.sku or "one product"
            yield (
                Concern.QUANTITY,
                f"{line.quantity} of {what} were ordered, up to {most} are usual.",
            )
    limit = settings.amount("order.most_value", order.currency)
    if limit and order.total is not None and order.total > limit.minor:
        total = Money(order.total, order.currency)
        yield Concern.VALUE, f"Its total is {total}, up to {limit} is usual."


def _address(order: OrderFacts, settings: Settings) -> _Said:
    # A marketplace keeps the address to itself until the order is paid.
    if not order.awaits_payment and (missing := list(_missing(order))):
        listed = " and ".join(part for part in (", ".join(missing[:-1]), missing[-1]) if part)
        yield Concern.ADDRESS, f"The address has no {listed}."
    country = (order.ship_to_country or "").upper()
    allowed = settings["order.ship_to"]
    if allowed and country and country not in allowed:
        yield Concern.COUNTRY, f"{country} is not among the countries that are shipped to."
    written = "\n".join(filter(None, (order.ship_to_name, order.ship_to_street)))
    if _BOX.search(written):
        yield Concern.RISK, "The address is a box or locker, where few carriers deliver."
    if _FORWARDER.search(written):
        yield Concern.RISK, "The address looks like a freight forwarder's."


def _missing(order: OrderFacts) -> Iterator[str]:
    # Some sources tell no streets at all; those that do tell whom the parcel is for.
    if order.ship_to_name and not order.ship_to_street:
        yield "street"
    if not order.ship_to_city:
        yield "city"
    country = (order.ship_to_country or "").upper()
    if not country:
        yield "country"
    elif not order.ship_to_postcode and country not in _WITHOUT_POSTCODES.split():
        yield "postcode"


def _wanted(order: OrderFacts) -> Counter[str]:
    """Return how many of each SKU the order needs: two lines may ask for one."""
    wanted: Counter[str] = Counter()
    for line in order.lines:
        if line.key and line.quantity:
            wanted[line.key] += line.quantity
    return wanted


def _span(gone: timedelta) -> str:
    count, unit = (gone.days, "day") if gone.days else (gone.seconds // 3600, "hour")
    if not count:
        return "less than an hour"
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


#: Boxes and lockers in the languages of Amazon's marketplaces.
_BOX = re.compile(
    r"\b(?:p\.? ?o\.? ?box|post(?:al)? office box|postfach|packstation|postbus|postboks|"
    r"bo[iî]te postale|b\.?p\.? ?(?=\d)|apartado(?: de correos| postal)?(?= ?\d)|"
    r"casella postale|caixa postal|skrytka pocztowa)\b|私書箱",
    re.IGNORECASE,
)
#: Forwarders: the word itself, and those whose addresses many buyers abroad use.
_FORWARDER = re.compile(
    r"\b(?:freight|forward(?:er|ers|ing)|re-?ship(?:per|ping)?|myus|shipito|stackry|"
    r"planet express|borderlinx|qwintry|viabox|forward2me|tenso|buyee|comgateway)\b",
    re.IGNORECASE,
)
#: Countries whose addresses need no postcode, from the format data of
#: https://github.com/google/libaddressinput (no Z among what is required).
_WITHOUT_POSTCODES = (
    "AE AG AI AN AO AW BB BF BI BJ BM BO BQ BS BW BZ CD CF CG CI CK CM CO CW DJ DM ER FJ GA GD GH "
    "GM GQ GY HK IE JM KI KM KN KP LC LY ML MO MR MS MW NA NR NU PA QA RW SB SC SL SO SR SS ST SX "
    "SY TD TF TG TK TL TO TT TV UG VU WS YE ZW"
)
