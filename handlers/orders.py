"""Orders: the card, the search, sharing, and confirming what has come in."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from slack_bolt.async_app import AsyncApp

from domain.orders import checks, confirming, queries, search
from domain.orders.model import State
from domain.orders.policy import Finding
from domain.orders.views import OrderView
from domain.people import Can
from handlers import desk, fulfilment
from handlers.turn import Turn


def register(app: AsyncApp) -> None:
    """Listen to `/order`, the buttons of orders and of new ones, and the form to confirm."""
    app.command("/order")(look_up)
    app.action(re.compile(r"^(order|arrival)\."))(click)
    app.view("order.confirm")(confirm_anyway)


async def look_up(turn: Turn) -> None:
    """`/order NUMBER`, `/order find TEXT`, `/order pending`, `/order help`."""
    turn.member.must(Can.LOOK)
    match turn.words:
        case [] | ["help"]:
            await desk.help_with(turn, "/order")
        case ["find"]:
            raise desk.Incomplete("Say what to find: `/order find garcia`.")
        case ["pending"]:
            await _pending(turn, 0)
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
    """Follow one of the buttons on an order's card, on a page of orders, or of new ones."""
    turn.member.must(Can.LOOK)
    concept, verb, *_ = turn.action["action_id"].split(".")
    if concept == "arrival":
        await _confirm_fine(turn)
        return
    match verb:
        case "page":
            where = json.loads(turn.value)
            await _page(turn, str(where["text"]), int(where["start"]))
        case "share":
            await _share(turn)
        case "confirm":
            await _confirm(turn)
        case "pending":
            await _pending(turn, 0)
        case "waiting":
            await _pending(turn, int(turn.value), replace=True)
        case "show":
            await show_by_id(turn, int(turn.value))


async def show_by_id(turn: Turn, order_id: int) -> None:
    """Show the order's card to this person alone."""
    async with turn.read() as session:
        order = await queries.card_by_id(session, order_id)
    await _answer(turn, order)


async def confirm_anyway(turn: Turn) -> None:
    """Take in the form that asks why an order is confirmed although something was found."""
    order_id = int(turn.kept["order_id"])
    async with turn.write() as work:
        await confirming.confirm(work, turn.member, order_id, turn.field("reason") or "")
    await _confirmed(turn, order_id, anew=turn.kept["anew"])


async def _confirm(turn: Turn) -> None:
    order_id = int(turn.value)
    # A card that only this person sees is nobody else's to bring up to date.
    anew = bool(turn.body.get("container", {}).get("is_ephemeral"))
    try:
        async with turn.write() as work:
            await confirming.confirm(work, turn.member, order_id)
    except confirming.LookFirst as found:
        async with turn.read() as session:
            order = await queries.card_by_id(session, order_id)
        await turn.form(
            "orders/confirm_form",
            keep={"order_id": order_id, "anew": anew},
            order=order,
            findings=found.findings,
        )
    else:
        await _confirmed(turn, order_id, anew=anew)


async def _confirmed(turn: Turn, order_id: int, *, anew: bool) -> None:
    if anew:
        await show_by_id(turn, order_id)
    else:
        await turn.ack()


async def _confirm_fine(turn: Turn) -> None:
    """Confirm those of the new orders that nothing was found of."""
    async with turn.write() as work:
        confirmed = await confirming.confirm_fine(work, turn.member, int(turn.value))
    if confirmed is not None:
        await turn.ack()
        return
    sentence = "They are being confirmed, a hundred at a time. The message counts along."
    await turn.answer("desk/done", sentence=sentence)


async def _pending(turn: Turn, start: int, *, replace: bool = False) -> None:
    """Show a page of the orders that wait for confirmation."""
    async with turn.read() as session:
        waiting = await checks.waiting(session, turn.now, max(start, 0))
    await turn.send(turn.render("orders/pending", waiting=waiting), replace=replace)


async def _answer(turn: Turn, order: OrderView) -> None:
    findings: Sequence[Finding] = ()
    async with turn.read() as session:
        if order.state is State.PENDING:
            findings = await checks.one(session, order.id, turn.now)
        labels = await fulfilment.are_sold(turn, session)
    await turn.answer(
        "orders/card",
        order=order,
        findings=findings,
        labels=labels,
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
            findings=(),
            labels=False,
            personal=False,
            may=set(),
            share=False,
            shared_by=turn.member.member_id,
            now=turn.now,
        )
    )


async def _page(turn: Turn, text: str, start: int) -> None:
    async with turn.read() as session:
        page = await search.find(session, text, max(start, 0))
    message = turn.render("orders/page", page=page)
    await turn.send(message, replace="actions" in turn.body)
