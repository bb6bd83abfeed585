"""What can be asked of an order: its id, and all that its card shows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.complaints.model import State as ComplaintState
from domain.errors import OrderNotFound
from domain.fulfilment import progress
from domain.money import Money
from domain.orders.model import Order
from domain.orders.search import clean, is_numbered, nearest
from domain.orders.surroundings import surroundings
from domain.orders.views import (
    ComplaintView,
    HistoryView,
    LineView,
    OrderView,
    ParcelView,
    RefundView,
    ReturnView,
    ScanView,
)
from domain.refunds.model import HOLDING
from domain.refunds.model import State as RefundState
from domain.returns.model import State as ReturnState
from domain.rows import Row, at, moment
from domain.shipping.model import ParcelState, Trouble

#: What a card takes from its order's row as it is.
_OWN = (
    "id",
    "number",
    "channel",
    "source",
    "state",
    "marketplace_status",
    "currency",
    "placed_at",
    "ship_by",
    "deliver_by",
    "shipped_at",
    "delivered_at",
    "buyer_name",
    "buyer_email",
    "ship_to_name",
    "ship_to_street",
    "ship_to_region",
    "ship_to_city",
    "ship_to_postcode",
    "ship_to_country",
    "payment_provider",
    "received_at",
    "complete_due_at",
)


async def card(session: AsyncSession, number: str) -> OrderView:
    """Read an order and all that surrounds it, in one query.

    Where two sales channels share a number, the latest order is meant.

    Raises:
        OrderNotFound: no such order; carries the nearest numbers.
    """
    return await _card(session, is_numbered(number), number)


async def card_by_id(session: AsyncSession, order_id: int) -> OrderView:
    """Read an order in full by its id; raises `OrderNotFound`."""
    return await _card(session, Order.id == order_id, str(order_id))


async def identify(session: AsyncSession, number: str) -> int:
    """Return the id of the order with this number; raises `OrderNotFound`."""
    order_id = await session.scalar(
        select(Order.id).where(is_numbered(number)).order_by(Order.id.desc()).limit(1)
    )
    if order_id is None:
        raise OrderNotFound(number, await nearest(session, clean(number)))
    return order_id


async def _card(session: AsyncSession, which: ColumnElement[bool], asked: str) -> OrderView:
    row = (
        await session.execute(
            select(Order, *surroundings()).where(which).order_by(Order.id.desc()).limit(1)
        )
    ).first()
    if row is None:
        raise OrderNotFound(asked, await nearest(session, clean(asked)))
    return _view(*tuple(row))


def _view(
    order: Order,
    lines: list[Row],
    parcels: list[Row],
    refunds: list[Row],
    complaints: list[Row],
    returns: list[Row],
    history: list[Row],
) -> OrderView:
    currency = order.currency
    seen = tuple(_refund(row, currency) for row in refunds)
    return OrderView(
        **{name: getattr(order, name) for name in _OWN},
        total=order.total_money,
        captured=order.captured_money,
        held=_sum(seen, HOLDING, currency),
        refunded=_sum(seen, (RefundState.SUCCEEDED,), currency),
        lines=tuple(_line(row, currency) for row in lines),
        parcels=tuple(_parcel(row) for row in parcels),
        refunds=seen,
        complaints=tuple(_complaint(row) for row in complaints),
        returns=tuple(_return(row) for row in returns),
        history=tuple(_event(row) for row in history),
    )


def _line(row: Row, currency: str) -> LineView:
    return LineView(
        id=row["id"],
        sku=row["sku"],
        title=row["title"],
        quantity=row["quantity"],
        unit_price=_money(row["unit_price"], currency),
        shipping_price=_money(row["shipping_price"], currency),
        refunded_quantity=row["refunded_quantity"],
        returned_quantity=row["returned_quantity"],
        progress=progress.read(
            row["id"],
            row["sku"],
            row["title"],
            row["quantity"],
            *(row[name] for name in progress.COUNTED),
        ),
    )


def _parcel(row: Row) -> ParcelView:
    return ParcelView(
        id=row["id"],
        return_id=row["return_id"],
        carrier=row["carrier"],
        tracking_number=row["tracking_number"],
        state=ParcelState(row["state"]),
        trouble=Trouble(row["trouble"]) if row["trouble"] else None,
        shipped_at=moment(row["shipped_at"]),
        delivered_at=moment(row["delivered_at"]),
        last_event_at=moment(row["last_event_at"]),
        scans=tuple(
            ScanView(at(scan["at"]), ParcelState(scan["state"]), scan["description"], scan["place"])
            for scan in row["scans"] or ()
        ),
        again=row["again"] or 0,
    )


def _refund(row: Row, currency: str) -> RefundView:
    return RefundView(
        row["id"],
        RefundState(row["state"]),
        Money(row["amount"], currency),
        row["requested_by"],
        at(row["requested_at"]),
        row["complaint_id"],
    )


def _complaint(row: Row) -> ComplaintView:
    return ComplaintView(
        row["id"],
        ComplaintState(row["state"]),
        row["level"],
        row["text"],
        at(row["opened_at"]),
        row["merged_into"],
    )


def _return(row: Row) -> ReturnView:
    return ReturnView(row["id"], ReturnState(row["state"]), at(row["requested_at"]))


def _event(row: Row) -> HistoryView:
    return HistoryView(row["kind"], at(row["at"]), row["actor"], row["why"])


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)


def _sum(refunds: Sequence[RefundView], states: Sequence[RefundState], currency: str) -> Money:
    return Money(sum(one.money.minor for one in refunds if one.state in states), currency)
