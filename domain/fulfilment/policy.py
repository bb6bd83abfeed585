"""What of an order can be picked, packed and shipped, and what state follows: no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from domain.errors import Conflict, Invalid, WrongState
from domain.fulfilment.model import Problem
from domain.fulfilment.progress import Progress
from domain.orders.model import TO_SHIP, TRANSITIONS, State


class Step(StrEnum):
    """What the warehouse does with an order; to find is to say what was on the list."""

    PICK = "pick"
    FIND = "find"
    PACK = "pack"
    SHIP = "ship"


class NothingChosen(Invalid):
    """A form in which no piece was chosen."""

    def __init__(self, doing: str) -> None:
        super().__init__(f"Nothing is chosen. Say how many of which line are {doing}.")


class NotThere(Invalid):
    """More of a line than there is at this step, or fewer than none; `field` is the line's."""

    def __init__(self, line: Progress, asked: int, most: int, step: str) -> None:
        self.field = f"line:{line.id}"
        super().__init__(
            f"{asked} × {line.name[:80]} can't be {step}. Say a number from 0 to {most}."
        )


class ReasonForDifference(Invalid):
    """Fewer in the box than were fetched, and nobody says why."""

    field = "problem"

    def __init__(self, line: Progress, inside: int) -> None:
        super().__init__(
            f"{inside} of the {line.to_pack} × {line.name[:80]} that were picked are in the box. "
            "Put the rest in, or choose what is wrong with it."
        )


class NothingToDo(Conflict):
    """Nothing of the order is at this step."""


class Numbered(Protocol):
    """An order, as far as the warehouse has to know it."""

    @property
    def number(self) -> str:
        """What people call it."""

    @property
    def state(self) -> State:
        """Where it stands."""


def is_open(state: State, lines: Sequence[Progress]) -> bool:
    """Tell whether the warehouse may have something to do with an order, be it to send it again."""
    return state in TO_SHIP or any(line.again for line in lines)


def check_open(order: Numbered, lines: Sequence[Progress], doing: str) -> None:
    """Raise `WrongState` unless the warehouse may have something to do with the order."""
    if not is_open(order.state, lines):
        raise WrongState(f"Order {order.number}", order.state, doing, TRANSITIONS[order.state])


def shippable(lines: Sequence[Progress]) -> dict[int, int]:
    """Return how many of each line can go into a parcel: what is packed.

    Where nobody has begun to pick, it is what is in the house: a small shop needs no lists.
    """
    if any(line.in_hand for line in lines):
        return {line.id: line.to_ship for line in lines}
    return {line.id: line.to_pick for line in lines}


def check_shippable(order: Numbered, lines: Sequence[Progress]) -> None:
    """Raise `WrongState` or `NothingToDo` unless something can go into a parcel now."""
    check_open(order, lines, "shipped")
    if lines and not any(shippable(lines).values()):
        raise NothingToDo(_why_nothing_ships(order, lines))


def check_packable(order: Numbered, lines: Sequence[Progress]) -> None:
    """Raise `WrongState` or `NothingToDo` unless something was fetched that is not packed yet."""
    check_open(order, lines, "packed")
    if not any(line.to_pack for line in lines):
        raise NothingToDo(_why_nothing_packs(order, lines))


def check_parcel(
    order: Numbered, lines: Sequence[Progress], quantities: Mapping[int, int]
) -> dict[int, int]:
    """Return what a parcel of these quantities holds, by line.

    Raises:
        NothingToDo: nothing is ready to be shipped; says what it waits for.
        NotThere: more than is ready.
        NothingChosen: the parcel would be empty.
    """
    check_shippable(order, lines)
    most = shippable(lines)
    for line in lines:
        asked = quantities.get(line.id, 0)
        if not 0 <= asked <= most[line.id]:
            raise NotThere(line, asked, most[line.id], "shipped")
    for stranger in quantities.keys() - most.keys():
        raise NothingToDo(f"Order {order.number} has no line {stranger} any more. Look again.")
    chosen = {line_id: quantity for line_id, quantity in quantities.items() if quantity}
    if lines and not chosen:
        raise NothingChosen("shipped")
    return chosen


def check_box(
    order: Numbered, lines: Sequence[Progress], contents: Mapping[int, int], problem: Problem | None
) -> dict[int, int]:
    """Return how many of each line that was fetched are not in the box.

    Raises:
        NothingToDo: nothing was fetched that is not packed yet.
        NotThere: more than was fetched.
        ReasonForDifference: fewer, and nobody says what is wrong with the rest.
    """
    check_packable(order, lines)
    short = {}
    for line in lines:
        inside = contents.get(line.id, 0)
        if not 0 <= inside <= line.to_pack:
            raise NotThere(line, inside, line.to_pack, "packed")
        if inside < line.to_pack:
            if problem is None:
                raise ReasonForDifference(line, inside)
            short[line.id] = line.to_pack - inside
    return short


def next_step(state: State, lines: Sequence[Progress]) -> Step | None:
    """Return what is to be done next with an order; None where nothing is, or it waits."""
    if not is_open(state, lines):
        return None
    if any(line.to_pack for line in lines):
        return Step.PACK
    if any(line.to_ship for line in lines):
        return Step.SHIP
    if any(line.listed for line in lines):
        return Step.FIND
    # Whoever told of it as packed has packed it.
    if state is State.PACKED and not any(line.shipped for line in lines):
        return Step.SHIP
    return Step.PICK if any(line.to_pick for line in lines) else None


def state_of(order: Numbered, lines: Sequence[Progress]) -> State:
    """Return the state that follows from how far the lines are; it never goes back."""
    if order.state not in TO_SHIP:
        return order.state
    if not any(line.owed for line in lines):
        return State.SHIPPED
    under_way = any(line.listed or line.to_pack for line in lines)
    if not under_way and any(line.to_ship or line.shipped for line in lines):
        return State.PACKED
    return State.PICKING if under_way and order.state is State.CONFIRMED else order.state


def _why_nothing_packs(order: Numbered, lines: Sequence[Progress]) -> str:
    if any(line.to_ship for line in lines):
        return f"All that was picked of order {order.number} is packed already. Ship it."
    if any(line.listed for line in lines):
        return f"Order {order.number} is on a pick list. Say what was found first."
    return f"Nothing of order {order.number} was picked yet. Ask for a pick list first."


def _why_nothing_ships(order: Numbered, lines: Sequence[Progress]) -> str:
    if any(line.to_pack for line in lines):
        return f"Nothing of order {order.number} is packed yet. Pack what was picked first."
    if any(line.listed for line in lines):
        return f"Order {order.number} is on a pick list. Say what was found first."
    waiting = sum(line.waiting for line in lines)
    if waiting:
        return f"Order {order.number} waits for stock: {waiting} pieces are on back-order."
    return f"Nothing of order {order.number} is left to ship."
