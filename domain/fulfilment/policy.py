"""What of an order can be picked, packed and shipped, and what state follows: no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.errors import Conflict, Invalid, WrongState
from domain.fulfilment.progress import Progress
from domain.orders.model import TRANSITIONS, UNSHIPPED, Order, State


class NothingChosen(Invalid):
    """A form in which no piece was chosen."""

    def __init__(self, doing: str) -> None:
        super().__init__(f"Nothing is chosen. Say how many of which line are {doing}.")


class NotThere(Invalid):
    """More of a line than there is at this step, or fewer than none; `field` is the line's."""

    def __init__(self, line: Progress, asked: int, most: int, step: str) -> None:
        self.field = f"line:{line.line_id}"
        super().__init__(
            f"{asked} × {line.name[:80]} can't be {step}. Say a number from 0 to {most}."
        )


class NothingToDo(Conflict):
    """Nothing of the order is at this step."""


def check_open(order: Order, doing: str) -> None:
    """Raise `WrongState` unless the warehouse may have something to do with the order."""
    if order.state not in UNSHIPPED or order.state is State.PENDING:
        raise WrongState(f"Order {order.number}", order.state, doing, TRANSITIONS[order.state])


def shippable(lines: Sequence[Progress]) -> dict[int, int]:
    """Return how many of each line can go into a parcel: what is packed.

    Where nobody has begun to pick, it is what is in the house: a small shop needs no lists.
    """
    if any(line.in_hand for line in lines):
        return {line.line_id: line.to_ship for line in lines}
    return {line.line_id: line.to_pick for line in lines}


def check_parcel(
    order: Order, lines: Sequence[Progress], quantities: Mapping[int, int]
) -> dict[int, int]:
    """Return what a parcel of these quantities holds, by line.

    Raises:
        NothingToDo: nothing is ready to be shipped; says what it waits for.
        NotThere: more than is ready.
        NothingChosen: the parcel would be empty.
    """
    most = shippable(lines)
    if lines and not any(most.values()):
        raise NothingToDo(_why_nothing_ships(order, lines))
    for line in lines:
        asked = quantities.get(line.line_id, 0)
        if not 0 <= asked <= most[line.line_id]:
            raise NotThere(line, asked, most[line.line_id], "shipped")
    for stranger in quantities.keys() - most.keys():
        raise NothingToDo(f"Order {order.number} has no line {stranger} any more. Look again.")
    chosen = {line_id: quantity for line_id, quantity in quantities.items() if quantity}
    if lines and not chosen:
        raise NothingChosen("shipped")
    return chosen


def state_of(order: Order, lines: Sequence[Progress]) -> State:
    """Return the state that follows from how far the lines are; it never goes back."""
    if not any(line.left for line in lines):
        return State.SHIPPED
    under_way = any(line.listed or line.to_pack for line in lines)
    if not under_way and any(line.to_ship or line.shipped for line in lines):
        return State.PACKED
    return State.PICKING if under_way and order.state is State.CONFIRMED else order.state


def _why_nothing_ships(order: Order, lines: Sequence[Progress]) -> str:
    if any(line.to_pack for line in lines):
        return f"Nothing of order {order.number} is packed yet. Pack what was picked first."
    if any(line.listed for line in lines):
        return f"Order {order.number} is on a pick list. Say what was found first."
    waiting = sum(line.waiting for line in lines)
    if waiting:
        return f"Order {order.number} waits for stock: {waiting} pieces are on back-order."
    return f"Nothing of order {order.number} is left to ship."
