"""Buying a label: asked for, quoted, bought once, and the parcel leaves with it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import merchants
from domain.errors import Conflict, Invalid, RecordNotFound, either
from domain.events import Kind
from domain.fulfilment import policy, progress, shipping, steps
from domain.fulfilment.label import UNDER_WAY, Label, LabelState
from domain.fulfilment.shipping import Consignment
from domain.merchants import Settings
from domain.orders.model import Order
from domain.people import Can, Member
from domain.shipping import labels as port
from domain.shipping.labels import Address, LabelRefused, Package, Quote, Rate
from domain.shipping.scores import carrier_name
from domain.store import Work

#: Grams: the heaviest that a parcel service takes, UPS's 70 kg,
#: https://www.ups.com/us/en/support/shipping-support/shipping-dimensions-weight
HEAVIEST = 70_000
#: The settings that a parcel can't be sent without.
_SENDER = ("name", "street", "city", "postcode", "country", "phone")


class SenderIncomplete(Conflict):
    """The settings do not say where parcels come from."""

    def __init__(self) -> None:
        super().__init__(
            "No label can be bought until the settings say where parcels come from. An admin can "
            "fill in the sender with `/deskhand settings`."
        )


class NoAddress(Conflict):
    """The order does not say where it goes."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"Order {number} has no whole address: a label needs name, street, city and country. "
            "Ship it with a label from elsewhere."
        )


class LabelUnderWay(Conflict):
    """A label for the order is being bought already."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"A label for order {number} is being bought already. Who asked for it hears once it "
            "is there; ask for the next one then."
        )


class OddWeight(Invalid):
    """A weight that no parcel has."""

    field = "weight"

    def __init__(self) -> None:
        super().__init__(f"Give the parcel's weight in grams, from 1 to {HEAVIEST}.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What goes into a parcel, by the lines' ids, its grams, and the carrier, None for cheapest."""

    quantities: Mapping[int, int]
    weight: int
    carrier: str | None = None


@dataclass(frozen=True, slots=True)
class Errand:
    """What to ask the partner for a quote of."""

    reference: str
    sender: Address
    to: Address
    package: Package


@dataclass(frozen=True, slots=True)
class Settled:
    """What is bought and nothing else, by the partner's ids; it may have been bought already."""

    quote: str
    rate: str


@dataclass(frozen=True, slots=True)
class LabelCard:
    """A label as who asked for it hears of it."""

    label: Label
    number: str


def sender(settings: Settings) -> Address | None:
    """Return where parcels come from, None until the settings say all of it."""
    said = {name: settings[f"shipping.sender_{name}"] for name in _SENDER}
    if not all(said.values()):
        return None
    return Address(**said, region=settings["shipping.sender_region"])


async def ask(work: Work, member: Member, order_id: int, wish: Wish) -> Label:
    """Ask for a label, with which the parcel leaves once it is bought.

    Raises:
        WrongState, NothingToDo, NotThere, NothingChosen: the parcel can't leave like this.
        OddWeight, SenderIncomplete, NoAddress, LabelUnderWay: see each.
    """
    member.must(Can.SHIP)
    if not 0 < wish.weight <= HEAVIEST:
        raise OddWeight
    if sender(await merchants.settings(work.session)) is None:
        raise SenderIncomplete
    order = await steps.lock(work, order_id, "shipped")
    _address(order)
    if await _under_way(work.session, order.id):
        raise LabelUnderWay(order.number)
    await steps.promise(work, [order])
    lines = await progress.of(work.session, order.id)
    chosen = policy.check_parcel(order, lines, wish.quantities)
    label = Label(
        order_id=order.id,
        reference=f"label-{uuid.uuid4().hex}",
        state=LabelState.ASKED,
        quantities={str(line_id): quantity for line_id, quantity in chosen.items()},
        weight=wish.weight,
        wanted=wish.carrier,
        asked_by=member.member_id,
        asked_at=work.now,
    )
    work.session.add(label)
    await work.session.flush()
    _record(work, Kind.LABEL_ASKED, label, quantity=sum(chosen.values()), weight=label.weight)
    return label


async def errand(work: Work, label_id: int) -> Errand | Settled | None:
    """Return what is still to be asked of the partner; None once the label's story is over.

    Raises:
        SenderIncomplete, NoAddress: they were there when the label was asked for.
    """
    order, label = await locked(work, label_id)
    if label.state not in UNDER_WAY:
        return None
    # Nothing may come between: for all that is known it is paid for.
    if label.quote is not None and label.rate is not None:
        return Settled(label.quote, label.rate)
    source = sender(await merchants.settings(work.session))
    if source is None:
        raise SenderIncomplete
    return Errand(label.reference, source, _address(order), Package(label.weight))


async def quoted(work: Work, label_id: int, quote: Quote) -> Settled:
    """Settle on a rate of a quote, to be bought and no other.

    Raises:
        LabelRefused: the carrier that was chosen is not among them.
        WrongState, NothingToDo, NotThere: the parcel can't leave any more, so it needs no label.
    """
    order, label = await locked(work, label_id)
    if label.quote is not None and label.rate is not None:
        return Settled(label.quote, label.rate)
    lines = await progress.of(work.session, order.id)
    policy.check_parcel(order, lines, label.contents)
    rate = _choice(quote, label.wanted)
    label.move(LabelState.QUOTED)
    label.quote, label.rate = quote.reference, rate.reference
    return Settled(quote.reference, rate.reference)


async def bought(work: Work, label_id: int, made: port.Label) -> None:
    """Take in a label that was bought, and let its parcel leave.

    Raises:
        DeskhandError: what `fulfilment.shipping.leave` raises; `left_over` keeps the label then.
    """
    _, label = await locked(work, label_id)
    if label.state is LabelState.BOUGHT:
        return
    _take_in(work, label, made)
    consignment = Consignment(label.contents, made.carrier, made.tracking_number)
    parcel = await shipping.leave(work, label.order_id, consignment)
    label.parcel_id = parcel.id
    _record_bought(work, label)


async def left_over(work: Work, label_id: int, made: port.Label, problem: str) -> None:
    """Take in a label that was bought for a parcel that can't leave any more, and why."""
    _, label = await locked(work, label_id)
    if label.state is LabelState.BOUGHT:
        return
    _take_in(work, label, made)
    label.problem = problem
    _record_bought(work, label)


async def unheard(work: Work, label_id: int) -> None:
    """Say once that the partner does not answer, to who waits for it."""
    _, label = await locked(work, label_id)
    if label.unheard_at is not None or label.state not in (*UNDER_WAY, LabelState.VOIDING):
        return
    label.unheard_at = work.now
    asked_by = label.voided_by if label.state is LabelState.VOIDING else label.asked_by
    work.record(Kind.LABEL_UNHEARD, label, order_id=label.order_id, asked_by=asked_by)


async def failed(work: Work, label_id: int, problem: str) -> None:
    """Take in that no label is bought, and the words to that, which events do not keep."""
    _, label = await locked(work, label_id)
    if label.state not in UNDER_WAY:
        return
    label.move(LabelState.FAILED)
    label.problem, label.ended_at = problem, work.now
    _record(work, Kind.LABEL_FAILED, label)


async def card(session: AsyncSession, label_id: int) -> LabelCard:
    """Read a label; raises `RecordNotFound`."""
    found = (
        await session.execute(
            select(Label, Order.number)
            .join(Order, Order.id == Label.order_id)
            .where(Label.id == label_id)
        )
    ).first()
    if found is None:
        raise RecordNotFound("label", label_id)
    return LabelCard(*found)


async def locked(work: Work, label_id: int) -> tuple[Order, Label]:
    """Return a label and its order, both locked; raises `RecordNotFound`."""
    known = await work.session.get(Label, label_id)
    if known is None:
        raise RecordNotFound("label", label_id)
    order = await work.lock(Order, known.order_id)
    return order, await work.lock(Label, label_id)


async def _under_way(session: AsyncSession, order_id: int) -> bool:
    query = select(Label.id).where(Label.order_id == order_id, Label.state.in_(UNDER_WAY))
    return await session.scalar(query.limit(1)) is not None


def _address(order: Order) -> Address:
    """Return where an order goes; raises `NoAddress`."""
    name = order.ship_to_name or order.buyer_name
    street, city, country = order.ship_to_street, order.ship_to_city, order.ship_to_country
    if not (name and street and city and country):
        raise NoAddress(order.number)
    # Some countries have no postcodes.
    postcode = order.ship_to_postcode or ""
    return Address(name, street, city, postcode, country, order.ship_to_region)


def _choice(quote: Quote, wanted: str | None) -> Rate:
    """Return the cheapest rate of the carrier that is wanted; raises `LabelRefused`."""
    name = carrier_name(wanted)
    for rate in quote.rates:
        if name is None or carrier_name(rate.carrier) == name:
            return rate
    others = sorted({carrier_name(rate.carrier) or rate.carrier for rate in quote.rates})
    raise LabelRefused(f"{wanted} has no rate for this parcel. Choose {either(others)} instead.")


def _take_in(work: Work, label: Label, made: port.Label) -> None:
    label.move(LabelState.BOUGHT)
    label.carrier, label.tracking_number, label.url = made.carrier, made.tracking_number, made.url
    label.cost, label.currency = made.cost.minor, made.cost.currency
    label.ended_at = work.now


def _record_bought(work: Work, label: Label) -> None:
    told = {"carrier": label.carrier, "cost": label.cost, "currency": label.currency}
    _record(work, Kind.LABEL_BOUGHT, label, parcel_id=label.parcel_id, **told)


def _record(work: Work, kind: Kind, label: Label, **data: Any) -> None:
    work.record(kind, label, order_id=label.order_id, asked_by=label.asked_by, **data)
