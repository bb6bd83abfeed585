"""Confirming orders: one by a person, those of an arrival at once, or by the merchant's rule.

Locks are taken in one order everywhere: orders by id, then the stock of what they hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from domain import merchants
from domain.definitions import OFF
from domain.errors import AlreadyDecided, Conflict, RecordNotFound
from domain.events import Kind
from domain.inventory import service as inventory
from domain.jobs import NewJob
from domain.orders import arrivals, checks, goods
from domain.orders.arrivals import Arrival
from domain.orders.model import Order, State
from domain.orders.policy import Finding, OrderFacts, by_rule
from domain.people import Can, Member
from domain.store import CLOCK, Work
from domain.tables import among

#: So many are confirmed in one unit of work: nobody waits for its locks for long.
AT_ONCE = 100


class LookFirst(Conflict):
    """Something was found that takes a reason to confirm anyway; `findings` says what."""

    def __init__(self, number: str, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        found = " ".join(finding.sentence for finding in self.findings[:3])
        super().__init__(
            f"Order {number[:60]} needs a look first. {found} Open it, and give a reason to "
            "confirm it anyway."
        )


class NothingFine(Conflict):
    """All orders of an arrival that wait need a look of their own."""

    def __init__(self) -> None:
        super().__init__(
            "Each of these orders needs a look first. Open them one by one; `/order pending` "
            "lists them."
        )


@dataclass(frozen=True, slots=True)
class Rest:
    """The orders of an arrival that a job still looks at: with ids after one, up to another."""

    arrival_id: int
    after: int
    upto: int


async def confirm(work: Work, member: Member, order_id: int, why: str | None = None) -> Order:
    """Confirm a pending order, and reserve what is in stock of it.

    Raises:
        LookFirst: something was found, and there is no reason to confirm it anyway.
        AlreadyDecided: somebody else was first.
        WrongState: it has gone on without being confirmed, as when it is cancelled.
    """
    member.must(Can.SHIP)
    order = await work.lock(Order, order_id)
    if order.state is not State.PENDING and order.confirmed_by:
        raise _already(f"Order {order.number}", order.confirmed_by)
    order.move(State.CONFIRMED)
    settings = await merchants.settings(work.session)
    facts = await checks.facts(work.session, Order.id == order_id)
    stock = await goods.locked(work, checks.skus(facts))
    findings = checks.check_all(facts, stock, settings, work.now)[0].findings
    reason = (why or "").strip() or None
    if findings and reason is None:
        raise LookFirst(order.number, findings)
    await _confirmed(
        work,
        order,
        reason,
        findings=[finding.concern for finding in findings],
        arrival_id=order.arrival_id,
    )
    return order


async def confirm_fine(work: Work, member: Member, arrival_id: int) -> int | None:
    """Confirm those of an arrival's orders that nothing is found of; returns how many.

    None means that they are too many for one unit of work: a job goes through them.

    Raises:
        AlreadyDecided: somebody else was first.
        NothingFine: all that wait need a look.
    """
    member.must(Can.SHIP)
    if await work.session.get(Arrival, arrival_id) is None:
        raise RecordNotFound("arrival", arrival_id)
    waiting, last = (
        await work.session.execute(
            select(func.count(), func.max(Order.id)).where(arrivals.waiting_in(arrival_id))
        )
    ).one()
    if waiting > AT_ONCE:
        _go_on(work, Rest(arrival_id, 0, last))
        return None
    confirmed = await _confirm_next(work, Rest(arrival_id, 0, last or 0)) if waiting else 0
    if not confirmed:
        raise await _nothing_done(work, arrival_id)
    return confirmed


async def confirm_rest(work: Work, rest: Rest) -> None:
    """Confirm the next of them in the name of whoever asked, and have the others follow."""
    await _confirm_next(work, rest)


async def sweep_rules(work: Work, *, most: int) -> int:
    """Confirm by the merchant's rule what has just come in; returns how many were due."""
    due = await work.due(Order, "confirm_due_at", most=most)
    settings = await merchants.settings(work.session)
    if settings["order.auto_confirm"] != OFF:
        pending = [order for order in due if order.state is State.PENDING]
        await _confirm_all(work, pending, lambda order: by_rule(order, settings))
    return len(due)


async def _confirm_next(work: Work, rest: Rest) -> int:
    """Look at the next `AT_ONCE`, confirm those that are fine; returns how many were."""
    found = await work.session.scalars(
        select(Order.id)
        .where(arrivals.waiting_in(rest.arrival_id), Order.id > rest.after, Order.id <= rest.upto)
        .order_by(Order.id)
        .limit(AT_ONCE)
    )
    ids = list(found)
    if len(ids) == AT_ONCE and ids[-1] < rest.upto:
        _go_on(work, Rest(rest.arrival_id, ids[-1], rest.upto))
    locked = await work.session.scalars(
        select(Order)
        .where(among(work.session, Order.id, ids), Order.state == State.PENDING)
        .order_by(Order.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return await _confirm_all(work, locked.all(), lambda _: "nothing to look at")


def _go_on(work: Work, rest: Rest) -> None:
    work.enqueue(
        NewJob(
            key=f"confirm:{rest.arrival_id}:{rest.after}:{rest.upto}",
            kind="orders.confirm",
            payload={
                "arrival_id": rest.arrival_id,
                "after": rest.after,
                "upto": rest.upto,
                "actor": work.actor,
            },
        )
    )


async def _confirm_all(
    work: Work, orders: Iterable[Order], rule: Callable[[OrderFacts], str | None]
) -> int:
    """Confirm those locked orders that nothing is found of and the rule allows, saying why."""
    by_id = {order.id: order for order in orders}
    facts = await checks.facts(work.session, among(work.session, Order.id, by_id))
    stock = await goods.locked(work, checks.skus(facts))
    settings = await merchants.settings(work.session)
    arrived: Counter[int | None] = Counter()
    for checked in checks.check_all(facts, stock, settings, work.now):
        why = None if checked.findings else rule(checked.order)
        if why is not None:
            order = by_id[checked.order.id]
            order.move(State.CONFIRMED)
            await _confirmed(work, order, why)
            arrived[order.arrival_id] += 1
    for arrival_id, orders_confirmed in arrived.items():
        if arrival_id is not None:
            arrival = await work.session.get_one(Arrival, arrival_id)
            work.record(Kind.ORDERS_CONFIRMED, arrival, order_id=None, found=orders_confirmed)
    return arrived.total()


async def _confirmed(work: Work, order: Order, why: str | None, **data: object) -> None:
    order.confirmed_at, order.confirmed_by = work.now, work.actor
    order.confirm_due_at = None
    await inventory.reserve(work, order)
    work.record(Kind.ORDER_CONFIRMED, order, order_id=order.id, why=why, **data)


async def _nothing_done(work: Work, arrival_id: int) -> Conflict:
    if await work.session.scalar(select(Order.id).where(arrivals.waiting_in(arrival_id)).limit(1)):
        return NothingFine()
    last = await work.session.scalar(
        select(Order.confirmed_by)
        .where(Order.arrival_id == arrival_id, Order.confirmed_by.is_not(None))
        .order_by(Order.confirmed_at.desc(), Order.id.desc())
        .limit(1)
    )
    return _already("The last of these orders", last)


def _already(what: str, actor: str | None) -> AlreadyDecided:
    if actor == CLOCK:
        return AlreadyDecided(what, "confirmed by rule", None)
    return AlreadyDecided(what, "confirmed", actor)
