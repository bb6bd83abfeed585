"""A parcel leaves: what is in it, who carries it, and what is left of its order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select, text

from domain import merchants
from domain.errors import Invalid
from domain.events import Kind
from domain.fulfilment import policy, progress, steps
from domain.inventory import service as inventory
from domain.orders.clocks import Clocks
from domain.orders.model import Order
from domain.people import Can, Member
from domain.shipping import reshipping
from domain.shipping.model import ENDED, Content, Parcel, ParcelState, as_tracked
from domain.store import Work

_LONGEST = 60


class CantBeTracked(Invalid):
    """A tracking number that names no parcel, or another one."""

    field = "number"


class CarrierNeeded(Invalid):
    """Nobody said who carries the parcel."""

    field = "carrier"

    def __init__(self) -> None:
        super().__init__("Say who carries the parcel, such as DHL.")


@dataclass(frozen=True, slots=True)
class Consignment:
    """What goes into a parcel, by the lines' ids, who carries it, and its number there."""

    quantities: Mapping[int, int]
    carrier: str
    tracking_number: str


async def ship(work: Work, member: Member, order_id: int, consignment: Consignment) -> Parcel:
    """Let a parcel of an order leave; the order is shipped once nothing of it is left.

    Until then its ship-by stands, for what is left.

    Raises:
        WrongState: the order is pending, cancelled, or gone already.
        NothingToDo, NotThere, NothingChosen: it can't hold this; says what it can.
        CarrierNeeded, CantBeTracked: nobody could follow it.
    """
    member.must(Can.SHIP)
    return await leave(work, order_id, consignment)


async def leave(work: Work, order_id: int, consignment: Consignment) -> Parcel:
    """Let a parcel leave that somebody asked for who may; raises what `ship` raises besides."""
    carrier = consignment.carrier.strip()
    if not carrier:
        raise CarrierNeeded
    order = await steps.lock(work, order_id, "shipped")
    await steps.promise(work, [order])
    lines = await progress.of(work.session, order.id)
    chosen = policy.check_parcel(order, lines, consignment.quantities)
    number = await _number(work, consignment.tracking_number)
    held = await steps.written(work, order, lines)
    for line_id, quantity in chosen.items():
        one = held[line_id]
        # What was shipped without being picked was fetched and packed all the same.
        gone = next(line.shipped for line in lines if line.id == line_id) + quantity
        one.picked, one.packed = max(one.picked, gone), max(one.packed, gone)
    again = {line.id: max(chosen.get(line.id, 0) - line.owed, 0) for line in lines}
    parcel = await _parcel(work, order, chosen, again)
    parcel.carrier, parcel.tracking_number = carrier[:_LONGEST], number
    work.session.add(parcel)
    await inventory.ship(work, order.id, chosen)
    answered = await reshipping.carry(work, parcel, again)
    after = await steps.follow(work, order)
    work.record(
        Kind.PARCEL_SHIPPED,
        parcel,
        order_id=order.id,
        channel=order.channel,
        carrier=parcel.carrier,
        number=number,
        quantity=sum(chosen.values()),
        left=sum(line.left for line in after),
        state=order.state,
        again=sum(again.values()),
        answers=answered,
    )
    return parcel


async def _parcel(
    work: Work, order: Order, chosen: Mapping[int, int], again: Mapping[int, int]
) -> Parcel:
    """Return a parcel that leaves now with so many of the lines, so many of them `again`."""
    clocks = Clocks.of(work.now, await merchants.settings(work.session))
    # What was promised was promised of what is sent first.
    is_first = not any(again.values()) or sum(again.values()) < sum(chosen.values())
    promised = order.deliver_by if is_first else None
    return Parcel(
        order_id=order.id,
        state=ParcelState.PENDING,
        shipped_at=work.now,
        late_due_at=clocks.promised(promised, work.now) if promised else None,
        silent_due_at=clocks.unheard(work.now),
        track_due_at=work.now,
        contents=[
            Content(
                merchant_id=work.merchant_id,
                line_id=line_id,
                quantity=quantity,
                again=again[line_id],
            )
            for line_id, quantity in chosen.items()
        ],
    )


async def _number(work: Work, said: str) -> str:
    """Return the number as carriers write it; raises `CantBeTracked` if it is another parcel's."""
    number = as_tracked(said)
    if number is None or len(number) > _LONGEST:
        raise CantBeTracked("Give the number that the carrier tracks the parcel by.")
    if work.session.get_bind().dialect.name == "postgresql":
        # Two who type the same number at once: the second sees the first one's parcel.
        await work.session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
            {"name": f"parcel:{work.merchant_id}:{number}"},
        )
    # Carriers give old numbers out again, but not while a parcel is on its way.
    taken = await work.session.scalar(
        select(Parcel.id)
        .where(Parcel.tracking_number == number, Parcel.state.not_in(ENDED))
        .limit(1)
    )
    if taken is not None:
        raise CantBeTracked(
            f"{number} is the number of another parcel that is on its way. Give this one's own."
        )
    return number
