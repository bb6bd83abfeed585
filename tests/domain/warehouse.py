"""A warehouse to tell stories about: what is fetched, packed and handed to a carrier."""

from __future__ import annotations

from sqlalchemy import select

from domain.fulfilment import picking, queries
from domain.fulfilment.model import Pick, PickList, Problem
from domain.fulfilment.packing import Box, pack
from domain.fulfilment.progress import Progress
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


async def listed(desk: Desk, by: Member = WAREHOUSE) -> PickList:
    """Ask for a pick list."""
    async with desk.work(by.member_id) as work:
        return await picking.ask(work, by)


async def found(desk: Desk, pick_list: PickList, *quantities: int) -> PickList:
    """Say how many of each pick were found; all, where nothing is said."""
    picks = await desk.all(select(Pick).where(Pick.pick_list_id == pick_list.id).order_by(Pick.id))
    said = {pick.id: quantity for pick, quantity in zip(picks, quantities, strict=False)}
    async with desk.work(WAREHOUSE.member_id) as work:
        return await picking.find(work, WAREHOUSE, pick_list.id, said)


async def packed(
    desk: Desk, order_id: int, *quantities: int, problem: Problem | None = None, note: str = ""
) -> None:
    """Put so many of each line into a box."""
    contents = await by_line(desk, order_id, quantities)
    async with desk.work(WAREHOUSE.member_id) as work:
        await pack(work, WAREHOUSE, order_id, Box(contents, problem, note))


async def lines(desk: Desk, order_id: int) -> tuple[Progress, ...]:
    """Return how far each line of an order is."""
    async with desk.look() as session:
        return (await queries.order_card(session, order_id)).lines
