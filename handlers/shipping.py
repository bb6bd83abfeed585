"""Shipping: where parcels are, which are late, and who takes a troubled one in hand."""

from __future__ import annotations

import re

from slack_bolt.async_app import AsyncApp

from domain.orders import queries as orders
from domain.people import Can
from domain.shipping import queries, service
from handlers import desk, fulfilment
from handlers.turn import Turn


def register(app: AsyncApp) -> None:
    """Listen to `/shipping` and the buttons about parcels."""
    app.command("/shipping")(look_up)
    app.action(re.compile(r"^parcel\."))(click)


async def look_up(turn: Turn) -> None:
    """`/shipping ORDER`, `/shipping late`, `/shipping pick`, `/shipping pick ORDER`."""
    turn.member.must(Can.LOOK)
    match turn.words:
        case [] | ["help"]:
            await desk.help_with(turn, "/shipping")
        case ["late"]:
            await _late(turn, 0)
        case ["pick"]:
            await fulfilment.ask(turn)
        case ["pick", number]:
            async with turn.read() as session:
                order_id = await orders.identify(session, number)
            await fulfilment.ask_for(turn, order_id)
        case [number]:
            async with turn.read() as session:
                order = await orders.card(session, number)
            await turn.answer("shipping/parcels", order=order, now=turn.now)
        case _:
            raise desk.Incomplete(
                "Give one order's number, as in `/shipping 1042`, or `/shipping late`, or "
                "`/shipping pick`."
            )


async def click(turn: Turn) -> None:
    """Follow one of the buttons about parcels."""
    record = int(turn.value)
    match turn.action["action_id"].split(".")[1]:
        case "acknowledge":
            async with turn.write() as work:
                await service.acknowledge(work, turn.member, record)
            await turn.ack()
        case "late":
            turn.member.must(Can.LOOK)
            await _late(turn, 0)
        case "page":
            turn.member.must(Can.LOOK)
            await _late(turn, record, replace=True)
        case "show":
            turn.member.must(Can.LOOK)
            async with turn.read() as session:
                order = await orders.card_by_id(session, record)
            await turn.answer("shipping/parcels", order=order, now=turn.now)


async def _late(turn: Turn, start: int, *, replace: bool = False) -> None:
    async with turn.read() as session:
        late, total = await queries.late(session, turn.now, start=max(start, 0))
    message = turn.render("shipping/late", late=late, total=total, start=start, now=turn.now)
    await turn.send(message, replace=replace)
