"""Looking up orders: the card, the search, sharing, confirming."""

from __future__ import annotations

import json
import re

from slack_bolt.async_app import AsyncApp

from domain.orders import queries, service
from domain.people import Can
from handlers import desk
from handlers.turn import Turn


def register(app: AsyncApp) -> None:
    """Listen to `/order` and the buttons of order cards."""
    app.command("/order")(look_up)
    app.action(re.compile(r"^order\."))(click)


async def look_up(turn: Turn) -> None:
    """`/order NUMBER`, `/order find TEXT`, `/order help`."""
    turn.member.must(Can.LOOK)
    match turn.words:
        case [] | ["help"]:
            await desk.help_with(turn, "/order")
        case ["find"]:
            raise desk.Incomplete("Say what to find: `/order find garcia`.")
        case ["find", *words]:
            await _page(turn, " ".join(words), 0)
        case [number]:
            await show(turn, number)
        case words:
            text = " ".join(words)
            raise desk.Incomplete(
                f"An order's number is one word. To search for it: `/order find {text[:60]}`."
            )


async def show(turn: Turn, number: str) -> None:
    """Answer with the order's card."""
    async with turn.read() as session:
        order = await queries.card(session, number)
    await _answer(turn, order)


async def click(turn: Turn) -> None:
    """Follow one of the buttons on an order's card or a page of orders."""
    turn.member.must(Can.LOOK)
    match turn.action["action_id"].split(".")[1]:
        case "page":
            where = json.loads(turn.value)
            await _page(turn, str(where["text"]), int(where["start"]))
        case "share":
            await _share(turn)
        case "confirm":
            async with turn.write() as work:
                await service.confirm(work, turn.member, int(turn.value))
            await show_by_id(turn, int(turn.value))
        case "show":
            await show_by_id(turn, int(turn.value))


async def show_by_id(turn: Turn, order_id: int) -> None:
    """Show the order's card to this person alone."""
    async with turn.read() as session:
        order = await queries.card_by_id(session, order_id)
    await _answer(turn, order)


async def _answer(turn: Turn, order: queries.OrderView) -> None:
    await turn.answer(
        "orders/card",
        order=order,
        personal=True,
        may={can for can in Can if turn.member.may(can)},
        share=True,
        shared_by=None,
        now=turn.now,
    )


async def _share(turn: Turn) -> None:
    """Put a copy without anything about the buyer into the channel."""
    async with turn.read() as session:
        order = await queries.card_by_id(session, int(turn.value))
    await turn.share(
        turn.render(
            "orders/card",
            order=order,
            personal=False,
            may=set(),
            share=False,
            shared_by=turn.member.member_id,
            now=turn.now,
        )
    )


async def _page(turn: Turn, text: str, start: int) -> None:
    async with turn.read() as session:
        page = await queries.find(session, text, max(start, 0))
    message = turn.render("orders/page", page=page)
    await turn.send(message, replace="actions" in turn.body)
