"""What can be asked of returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import links
from domain.errors import RecordNotFound
from domain.links import Linked
from domain.money import Money
from domain.orders.model import Line, Order
from domain.refunds.model import HOLDING, Part, Refund
from domain.refunds.model import State as RefundState
from domain.returns.model import Disposal, Return, ReturnLine, State, Verdict
from domain.shipping.model import Parcel

_WAITING = (State.REQUESTED, State.RECEIVED, State.NEEDS_A_LOOK, State.ACCEPTED, State.REJECTED)


@dataclass(frozen=True, slots=True)
class ReturnLineView:
    """A line of a return with what the order knows of it.

    `accepted` is how many were, `refunded` how many of them refunds took already, whatever
    for; `unit_price` None is unknown.
    """

    id: int
    line_id: int
    title: str | None
    sku: str | None
    unit_price: Money | None
    quantity: int
    received: int | None
    verdict: Verdict | None
    note: str | None
    disposal: Disposal | None
    accepted: int
    refunded: int

    @property
    def to_refund(self) -> int:
        """How many of it were accepted, and no refund took already."""
        return self.accepted - self.refunded


@dataclass(frozen=True, slots=True)
class ReturnCard:
    """A return as its card shows it, without anything about the buyer."""

    rma: Return
    order: Order
    lines: tuple[ReturnLineView, ...]
    parcels: Sequence[Parcel] = ()
    refunds: Sequence[Refund] = ()
    links: Sequence[Linked] = ()

    @property
    def refund(self) -> Refund | None:
        """The latest refund that was asked for it."""
        return max(self.refunds, key=lambda one: one.id, default=None)

    @property
    def is_refunded(self) -> bool:
        """Whether a refund of it is paid, or may yet be."""
        return any(one.state in HOLDING for one in self.refunds)

    @property
    def is_paid(self) -> bool:
        """Whether the money is with the buyer."""
        return any(one.state is RefundState.SUCCEEDED for one in self.refunds)

    @property
    def may_be_refunded(self) -> bool:
        """Whether a refund can be asked for: of what was accepted, and not refunded before."""
        decided = self.rma.state is State.ACCEPTED or (
            # A refund that came to nothing may be asked for anew, whatever was done since.
            self.rma.state is State.CLOSED and bool(self.refunds)
        )
        return decided and not self.is_refunded and any(view.to_refund for view in self.lines)

    @property
    def total(self) -> Money | None:
        """What the accepted lines cost that are not refunded yet, None where a price is unknown."""
        minor = 0
        for view in self.lines:
            if view.to_refund and view.unit_price is None:
                return None
            minor += view.to_refund * (view.unit_price.minor if view.unit_price else 0)
        return Money(minor, self.order.currency)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many returns wait for somebody: for an answer, an inspection, or to be brought to an end."""

    answer: int = 0
    inspection: int = 0
    ending: int = 0

    @property
    def total(self) -> int:
        """All that wait."""
        return self.answer + self.inspection + self.ending


async def card(session: AsyncSession, return_id: int) -> ReturnCard:
    """Read a return with its order, lines, parcels and refunds; raises `RecordNotFound`."""
    row = (
        await session.execute(
            select(Return, Order)
            .join(Order, Order.id == Return.order_id)
            .where(Return.id == return_id)
        )
    ).first()
    if row is None:
        raise RecordNotFound("return", return_id)
    rma, order = row
    together = await links.of(session, "return", return_id)
    parcels = await session.scalars(
        select(Parcel)
        .where(Parcel.order_id == order.id, Parcel.return_id == return_id)
        .order_by(Parcel.id)
    )
    refunds = await session.scalars(
        select(Refund)
        .where(Refund.id.in_([one.id for one in together if one.subject == "refund"]))
        .order_by(Refund.id)
    )
    return ReturnCard(
        rma, order, await _lines(session, rma, order), parcels.all(), refunds.all(), together
    )


async def waiting(session: AsyncSession) -> Waiting:
    """Count the returns that wait for somebody at the desk."""
    found = await session.execute(
        select(Return.state, func.count()).where(Return.state.in_(_WAITING)).group_by(Return.state)
    )
    many = dict(found.all())
    return Waiting(
        answer=many.get(State.REQUESTED, 0),
        inspection=many.get(State.RECEIVED, 0) + many.get(State.NEEDS_A_LOOK, 0),
        ending=many.get(State.ACCEPTED, 0) + many.get(State.REJECTED, 0),
    )


async def _lines(session: AsyncSession, rma: Return, order: Order) -> tuple[ReturnLineView, ...]:
    refunded = (
        select(func.coalesce(func.sum(Part.quantity), 0))
        .join(Refund, Refund.id == Part.refund_id)
        .where(Part.line_id == Line.id, Refund.state.in_(HOLDING))
        .correlate(Line)
        .scalar_subquery()
    )
    found = await session.execute(
        select(Line, refunded).where(Line.id.in_([line.line_id for line in rma.lines]))
    )
    bought = {item.id: (item, int(taken)) for item, taken in found}
    return tuple(_line(line, *bought[line.line_id], order.currency) for line in rma.lines)


def _line(line: ReturnLine, item: Line, taken: int, currency: str) -> ReturnLineView:
    accepted = (line.received or 0) if line.is_accepted else 0
    left = max(item.quantity - taken, 0)
    return ReturnLineView(
        id=line.id,
        line_id=item.id,
        title=item.title,
        sku=item.sku,
        unit_price=None if item.unit_price is None else Money(item.unit_price, currency),
        quantity=line.quantity,
        received=line.received,
        verdict=line.verdict,
        note=line.note,
        disposal=line.disposal,
        accepted=accepted,
        refunded=max(accepted - left, 0),
    )
