"""A warehouse to tell stories about: what is fetched, packed and handed to a carrier."""

from __future__ import annotations

from sqlalchemy import select

from domain.fulfilment.shipping import Consignment, ship
from domain.orders.model import Line
from domain.people import Member
from domain.shipping.model import Parcel
from tests.domain.desk import WAREHOUSE, Desk


async def by_line(desk: Desk, order_id: int, quantities: tuple[int, ...]) -> dict[int, int]:
    """Return quantities by the lines' ids, given in the order of the lines."""
    lines = await desk.all(select(Line).where(Line.order_id == order_id).order_by(Line.position))
    return {line.id: quantity for line, quantity in zip(lines, quantities, strict=False)}


async def shipped(
    desk: Desk,
    order_id: int,
    *quantities: int,
    number: str = "1Z 999",
    carrier: str = "UPS",
    by: Member = WAREHOUSE,
) -> Parcel:
    """Ship so many of each line."""
    chosen = await by_line(desk, order_id, quantities)
    async with desk.work(by.member_id) as work:
        return await ship(work, by, order_id, Consignment(chosen, carrier, number))
