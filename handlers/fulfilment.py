"""The warehouse: pick lists, and the steps of an order until its parcel leaves."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncApp
from sqlalchemy.ext.asyncio import AsyncSession

from domain import merchants
from domain.fulfilment import labels, packing, picking, policy, queries, shipping, voiding
from domain.fulfilment.labels import Wish
from domain.fulfilment.model import Problem
from domain.fulfilment.packing import Box
from domain.fulfilment.queries import OrderCard
from domain.fulfilment.shipping import Consignment
from domain.people import Can
from domain.shipping import scores
from handlers.turn import Turn

#: The choice that leaves the carrier to the price.
_CHEAPEST = "-"


def register(app: AsyncApp) -> None:
    """Listen to the buttons of pick lists, an order's steps in the warehouse, and their forms."""
    app.action(re.compile(r"^pick\."))(click)
    app.action(re.compile(r"^order\.(pick|find|pack|ship|label)$"))(step)
    app.action(re.compile(r"^label\.print$"))(follow_link)
    app.action("label.void")(void)
    app.view(re.compile(r"^pick\.missing$"))(submit_missing)
    app.view(re.compile(r"^order\.pack$"))(submit_box)
    app.view(re.compile(r"^order\.ship$"))(submit_parcel)
    app.view(re.compile(r"^order\.label$"))(submit_label)


async def ask(turn: Turn) -> None:
    """Give this person the most urgent orders to fetch."""
    async with turn.write() as work:
        pick_list = await picking.ask(work, turn.member)
    await _show(turn, pick_list.id)


async def ask_for(turn: Turn, order_id: int) -> None:
    """Give this person one order to fetch."""
    async with turn.write() as work:
        pick_list = await picking.ask_for(work, turn.member, order_id)
    await _show(turn, pick_list.id)


async def click(turn: Turn) -> None:
    """Follow one of the buttons about pick lists."""
    turn.member.must(Can.SHIP)
    record = int(turn.value)
    match turn.action["action_id"].split(".")[1]:
        case "ask":
            await ask(turn)
        case "show" | "print":
            await _show(turn, record)
        case "page":
            await turn.ack()
        case "pack":
            await _go_on(turn, record)
        case "missing":
            async with turn.read() as session:
                card = await queries.card(session, record)
            await turn.form("fulfilment/missing_form", keep={"pick_list_id": record}, card=card)
        case "all":
            async with turn.write() as work:
                await picking.find(work, turn.member, record)
            await _go_on(turn, record, replace=turn.is_private)


async def step(turn: Turn) -> None:
    """Take an order's next step: fetch it, or open the form of its box or its parcel."""
    turn.member.must(Can.SHIP)
    order_id = int(turn.value)
    match turn.action["action_id"].split(".")[1]:
        case "pick":
            await ask_for(turn, order_id)
        case "find":
            async with turn.read() as session:
                pick_list_id = await queries.open_list(session, order_id)
            if pick_list_id is None:
                raise policy.NothingToDo(
                    "Its pick list was walked meanwhile. Look at the order again."
                )
            await _show(turn, pick_list_id)
        case "pack":
            card = await _card(turn, order_id)
            policy.check_packable(card, card.lines)
            await turn.form("fulfilment/pack_form", keep={"order_id": order_id}, order=card)
        case "ship":
            await _parcel_form(turn, "fulfilment/ship_form", order_id)
        case "label":
            async with turn.read() as session:
                settings = await merchants.settings(session)
            weight = settings["shipping.parcel_weight_grams"]
            await _parcel_form(
                turn,
                "fulfilment/label_form",
                order_id,
                weight=weight,
                heaviest=labels.HEAVIEST,
            )


async def follow_link(turn: Turn) -> None:
    """The button's address opens the label; there is nothing to do here."""
    await turn.ack()


async def void(turn: Turn) -> None:
    """Have a label given back that is not needed."""
    async with turn.write() as work:
        label = await voiding.ask(work, turn.member, int(turn.value))
    said = "its label is being given back. You hear from me once the partner has taken it."
    await _done(turn, label.order_id, said, go_on=False)


async def are_sold(turn: Turn, session: AsyncSession) -> bool:
    """Tell whether a label can be bought: where, and as whose parcel, is known."""
    if not turn.desk.labels:
        return False
    return labels.sender(await merchants.settings(session)) is not None


async def submit_missing(turn: Turn) -> None:
    """Take in how many of a list were found."""
    pick_list_id = int(turn.kept["pick_list_id"])
    async with turn.read() as session:
        card = await queries.card(session, pick_list_id)
    picks = (share.id for stop in card.stops for share in stop.shares)
    said = {pick_id: turn.field(f"found:{pick_id}") for pick_id in picks}
    found = {pick_id: int(count) for pick_id, count in said.items() if count is not None}
    async with turn.write() as work:
        await picking.find(work, turn.member, pick_list_id, found)
    await _go_on(turn, pick_list_id)


async def submit_box(turn: Turn) -> None:
    """Take in what is in an order's box."""
    card = await _card(turn, int(turn.kept["order_id"]))
    problem = turn.field("problem")
    picked = {line.id: line.to_pack for line in card.lines if line.to_pack}
    box = Box(
        _quantities(turn, picked), Problem(problem) if problem else None, turn.field("note") or ""
    )
    async with turn.write() as work:
        await packing.pack(work, turn.member, card.id, box)
    await _done(turn, card.id, "packed")


async def submit_parcel(turn: Turn) -> None:
    """Take in what is in an order's parcel, and let it leave."""
    card = await _card(turn, int(turn.kept["order_id"]))
    ready = {line.id: most for line, most in card.shippable}
    carrier = turn.field("carrier") or turn.field("known") or ""
    consignment = Consignment(_quantities(turn, ready), carrier, turn.field("number") or "")
    async with turn.write() as work:
        parcel = await shipping.ship(work, turn.member, card.id, consignment)
    await _done(turn, card.id, f"{parcel.carrier} {parcel.tracking_number} has left")


async def submit_label(turn: Turn) -> None:
    """Ask for a label of what is in an order's parcel."""
    card = await _card(turn, int(turn.kept["order_id"]))
    ready = {line.id: most for line, most in card.shippable}
    carrier = turn.field("known")
    wish = Wish(
        _quantities(turn, ready),
        int(turn.field("weight") or 0),
        None if carrier in (None, _CHEAPEST) else carrier,
    )
    async with turn.write() as work:
        await labels.ask(work, turn.member, card.id, wish)
    said = "its label is being bought. You hear from me once it is there."
    await _done(turn, card.id, said, go_on=False)


async def _parcel_form(turn: Turn, template: str, order_id: int, **values: Any) -> None:
    """Open the form of a parcel, with how its carriers did lately."""
    card = await _card(turn, order_id)
    policy.check_shippable(card, card.lines)
    async with turn.read() as session:
        lately = await scores.scores(session, turn.now)
    await turn.form(template, keep={"order_id": order_id}, order=card, scores=lately, **values)


def _quantities(turn: Turn, usual: dict[int, int]) -> dict[int, int]:
    """Return what the form says of each line; one that it had no room for is as usual."""
    shown = turn.body["view"]["state"]["values"]
    return {
        line_id: int(turn.field(f"line:{line_id}") or 0) if f"line:{line_id}" in shown else most
        for line_id, most in usual.items()
    }


async def _card(turn: Turn, order_id: int) -> OrderCard:
    async with turn.read() as session:
        return await queries.order_card(session, order_id)


async def _show(turn: Turn, pick_list_id: int) -> None:
    """Show a list to this person alone, with the pages that they may print for a while."""
    async with turn.read() as session:
        card = await queries.card(session, pick_list_id)
    path = f"/picklists/{pick_list_id}"
    printed = turn.page(path)
    pages = {"list": printed, "slips": turn.page(f"{path}/slips")} if printed else None
    await turn.answer("fulfilment/pick_list", card=card, pages=pages, now=turn.now)


async def _go_on(turn: Turn, pick_list_id: int, *, replace: bool = False) -> None:
    """Show what is to be packed of a list that was walked."""
    async with turn.read() as session:
        card = await queries.card(session, pick_list_id)
        orders = await queries.order_cards(session, pick_list_id)
    message = turn.render("fulfilment/packing", name=card.pick_list.name, orders=orders)
    await turn.send(message, replace=replace)


async def _done(turn: Turn, order_id: int, said: str, *, go_on: bool = True) -> None:
    """Say what was done with an order, and offer what is next with it."""
    async with turn.read() as session:
        sold = await are_sold(turn, session)
    card = await _card(turn, order_id)
    step = card.step if go_on else None
    await turn.answer("fulfilment/order", order=card, said=said, step=step, labels=sold)
