"""Filling a batch: what its refunds give back item by item, and which of them go together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Select, func, select

from domain.events import Kind
from domain.orders.model import Line, Order
from domain.refunds import paying
from domain.refunds.allotment import Room, Unallottable, allot
from domain.refunds.batches import Batch, BatchState, Share
from domain.refunds.model import HOLDING, Part, PartKind, Refund, State
from domain.refunds.payment import Outcome, Result
from domain.store import Work

#: How long a batch stays open: no provider is sent more than one in this time.
GATHER_FOR = timedelta(minutes=2)
#: How many refunds go in one batch.
MOST = 500


async def take_in(work: Work, refund_id: int, provider: str) -> None:
    """Have a submitted refund go with the next batch, item by item; safe to repeat.

    One that can't be said item by item fails, before anything is sent.
    """
    refund = await work.session.get_one(Refund, refund_id)
    order = await work.lock(Order, refund.order_id)
    refund = await work.lock(Refund, refund_id)
    if refund.state is not State.SUBMITTED or refund.batch_id is not None:
        return
    if await work.session.scalar(select(Share.id).where(Share.refund_id == refund_id)) is None:
        try:
            portions = await paying.portions(work.session, refund)
            shares = allot(portions, await _rooms(work, order, refund), refund.currency)
        except Unallottable as error:
            await paying.settle(work, refund_id, Outcome(Result.FAILED, failure=str(error)))
            return
        work.session.add_all(
            Share(refund_id=refund_id, item=one.item, price=one.price, shipping=one.shipping)
            for one in shares
        )
    await _open(work, provider)


async def gather(work: Work, batch: Batch) -> None:
    """Close an open batch over all refunds that wait for one, at most one of each order.

    Two refunds of one item could not be told apart in the provider's report.
    """
    # Whoever holds one of them is left to it.
    found = await work.session.scalars(
        _waiting(batch.provider).limit(MOST).with_for_update(skip_locked=True)
    )
    taken: dict[int, Refund] = {}
    for refund in found:
        taken.setdefault(refund.order_id, refund)
    for refund in taken.values():
        refund.batch_id = batch.id
    await work.session.flush()
    for position, share in enumerate(await shares_of(work, batch), 1):
        share.position = position
    batch.move(BatchState.GATHERED if taken else BatchState.DONE)
    batch.due_at = work.now
    if (await work.session.scalars(_waiting(batch.provider).limit(1))).first() is not None:
        await _open(work, batch.provider)


async def shares_of(work: Work, batch: Batch) -> Sequence[Share]:
    """Return what the items in a batch get back, in its order."""
    found = await work.session.scalars(
        select(Share)
        .join(Refund, Refund.id == Share.refund_id)
        .where(Refund.batch_id == batch.id)
        .order_by(Share.position, Share.refund_id, Share.id)
    )
    return found.all()


def record(work: Work, batch: Batch, kind: Kind, why: str | None) -> None:
    """Record what happened to a batch."""
    work.record(
        kind,
        batch,
        order_id=None,
        why=why,
        state=batch.state,
        provider=batch.provider,
        reference=batch.reference,
        document=batch.document,
    )


def _waiting(provider: str) -> Select[Refund]:
    """Select the refunds that are in no batch yet, oldest first."""
    return (
        select(Refund)
        .where(Refund.provider == provider, Refund.batch_id.is_(None))
        .where(Refund.state == State.SUBMITTED)
        .where(select(Share.id).where(Share.refund_id == Refund.id).exists())
        .order_by(Refund.id)
    )


async def _open(work: Work, provider: str) -> None:
    """See that there is a batch to come."""
    # Locked, so that one that is being closed is not taken for open.
    there = await work.session.scalar(
        select(Batch.id)
        .where(Batch.provider == provider, Batch.state == BatchState.OPEN)
        .limit(1)
        .with_for_update()
    )
    if there is None:
        batch = Batch(
            provider=provider,
            state=BatchState.OPEN,
            opened_at=work.now,
            due_at=work.now + GATHER_FOR,
            attempts=0,
            looks=0,
        )
        work.session.add(batch)
        await work.session.flush()
        record(work, batch, Kind.BATCH_OPENED, None)


async def _rooms(work: Work, order: Order, refund: Refund) -> list[Room]:
    """Return what each line cost, less what other refunds give back of it."""
    lines = await work.session.scalars(
        select(Line).where(Line.order_id == order.id).order_by(Line.position)
    )
    others = (
        Refund.order_id == order.id,
        Refund.id != refund.id,
        Refund.state.in_(HOLDING),
    )
    told = await work.session.execute(
        select(Share.item, func.sum(Share.price), func.sum(Share.shipping))
        .join(Refund, Refund.id == Share.refund_id)
        .where(*others, func.coalesce(Share.accepted, True))
        .group_by(Share.item)
    )
    taken = {item: (int(price), int(shipping)) for item, price, shipping in told}
    meant = await work.session.execute(
        select(Part.line_id, func.sum(Part.amount))
        .join(Refund, Refund.id == Part.refund_id)
        .where(*others, Part.kind == PartKind.ITEM)
        .where(~select(Share.id).where(Share.refund_id == Refund.id).exists())
        .group_by(Part.line_id)
    )
    asked = {line_id: int(amount) for line_id, amount in meant}
    rooms = []
    for line in lines:
        price, shipping = taken.get(line.external_id or "", (0, 0))
        cost = line.quantity * (line.unit_price or 0)
        rooms.append(
            Room(
                line.external_id,
                max(0, cost - price - asked.get(line.id, 0)),
                max(0, (line.shipping_price or 0) - shipping),
            )
        )
    return rooms
