"""Packing: what is really in the box is held against what was fetched for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.events import Kind
from domain.fulfilment import policy, progress, steps
from domain.fulfilment.model import Fulfilment, Problem
from domain.fulfilment.progress import Progress
from domain.inventory import service as inventory
from domain.orders.model import Order
from domain.people import Can, Member
from domain.store import Work

#: Pieces that nobody can send to anybody: they come off the books, and go on back-order.
_LOST = (Problem.MISSING, Problem.DAMAGED)
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Box:
    """What is in the box, by the lines' ids, and what is wrong, if anything is."""

    contents: Mapping[int, int] = field(default_factory=dict)
    problem: Problem | None = None
    note: str = ""


async def pack(work: Work, member: Member, order_id: int, box: Box) -> Order:
    """Say what is in the box; what was fetched and is not in it needs a reason.

    What is missing or damaged goes on back-order; what else is wrong is fetched again.

    Raises:
        WrongState: the order is pending, cancelled, or gone.
        NothingToDo, NotThere, ReasonForDifference: the box is not what was fetched.
    """
    member.must(Can.SHIP)
    order = await steps.lock(work, order_id, "packed")
    lines = await progress.of(work.session, order.id)
    short = policy.check_box(order, lines, box.contents, box.problem)
    held = await steps.written(work, order, lines)
    inside = 0
    for line in lines:
        packed = line.to_pack - short.get(line.id, 0)
        held[line.id].packed += packed
        held[line.id].picked -= short.get(line.id, 0)
        inside += packed
    await work.session.flush()
    if box.problem is not None:
        _tell(work, order, lines, short, box.problem, box.note)
    if box.problem in _LOST:
        await _lose(work, order, held, short, box.problem)
    await steps.follow(work, order)
    if inside:
        work.record(Kind.ORDER_PACKED, order, order_id=order.id, state=order.state, quantity=inside)
    return order


def _tell(
    work: Work,
    order: Order,
    lines: Sequence[Progress],
    short: Mapping[int, int],
    problem: Problem,
    note: str,
) -> None:
    """Record the problem, also one of the whole box."""
    why = note.strip()[:_LONGEST] or None
    if short:
        steps.problems(work, order, lines, short, problem, why)
        return
    work.record(
        Kind.PACKING_PROBLEM, order, order_id=order.id, why=why, problem=problem, quantity=0
    )


async def _lose(
    work: Work,
    order: Order,
    held: Mapping[int, Fulfilment],
    short: Mapping[int, int],
    problem: Problem,
) -> None:
    known = await inventory.lose(
        work, order.id, short, f"{problem} when order {order.number} was packed"
    )
    for line_id in short.keys() - known:
        held[line_id].missing += short[line_id]
