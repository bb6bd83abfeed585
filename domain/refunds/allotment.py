"""What each line of an order gets back of a refund, for providers that pay by the line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.errors import DeskhandError
from domain.money import Money
from domain.refunds.model import PartKind
from domain.refunds.payment import Portion


class Unallottable(DeskhandError):
    """The refund can't be said line by line; nothing was sent."""


@dataclass(slots=True)
class Room:
    """What can still go back on a line, in minor units; `item` is the sales channel's own id."""

    item: str | None
    price: int
    shipping: int


@dataclass(slots=True)
class Allotted:
    """What one item gets back, in minor units, of its price and of its shipping."""

    item: str
    price: int = 0
    shipping: int = 0


def allot(portions: Sequence[Portion], rooms: Sequence[Room], currency: str) -> list[Allotted]:
    """Put a refund's portions on the order's lines; what they get adds up to the portions.

    A portion for an item is that item's, and shipping goes where shipping was paid. What is
    for no line goes to as few lines as will take it, of their price first.

    Raises:
        Unallottable: a line has no id of the channel's, or there is too little room.
    """
    named = [Room(room.item, room.price, room.shipping) for room in rooms if room.item]
    if not named or any(p.kind is PartKind.ITEM and p.item is None for p in portions):
        raise Unallottable(
            "The order does not have the sales channel's own ids of its items, which have to be "
            "named to pay this back. Import the order from the channel's API, or refund it in the "
            "channel's console."
        )
    given: dict[str, Allotted] = {}
    for portion in portions:
        if portion.kind is PartKind.ITEM:
            _give(given, str(portion.item)).price += portion.money.minor
            for room in named:
                if room.item == portion.item:
                    room.price = max(0, room.price - portion.money.minor)
    for kinds in ((PartKind.SHIPPING,), (PartKind.GOODWILL, PartKind.AMOUNT)):
        lump = sum(portion.money.minor for portion in portions if portion.kind in kinds)
        _spread(given, named, lump, currency, shipping_alone=kinds == (PartKind.SHIPPING,))
    return [one for one in given.values() if one.price or one.shipping]


def _spread(
    given: dict[str, Allotted],
    rooms: Sequence[Room],
    lump: int,
    currency: str,
    *,
    shipping_alone: bool,
) -> None:
    fields = ("shipping",) if shipping_alone else ("price", "shipping")
    left = lump
    for field in fields:
        for room, amount in _fill(rooms, field, left):
            taken = _give(given, str(room.item))
            setattr(taken, field, getattr(taken, field) + amount)
            setattr(room, field, getattr(room, field) - amount)
            left -= amount
    if left:
        what = "was paid for shipping" if shipping_alone else "its lines cost"
        raise Unallottable(
            f"{Money(lump, currency)} is more than the {Money(lump - left, currency)} that is left "
            f"of what {what}, without tax: that goes back by itself. Ask for less, or refund it "
            "in the sales channel's console."
        )


def _fill(rooms: Sequence[Room], field: str, amount: int) -> Iterator[tuple[Room, int]]:
    """Yield which rooms take how much: one alone if one can, else each what it can in turn."""
    alone = next((room for room in rooms if getattr(room, field) >= amount), None)
    for room in [alone] if alone else rooms:
        part = min(amount, getattr(room, field))
        if part > 0:
            yield room, part
            amount -= part


def _give(given: dict[str, Allotted], item: str) -> Allotted:
    return given.setdefault(item, Allotted(item))
