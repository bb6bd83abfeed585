"""Shipping: where parcels are, which are late, and what is done about the ones in trouble."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime

from slack_bolt.async_app import AsyncApp

from domain import people
from domain.complaints.policy import Snooze, wake_at
from domain.fulfilment import voiding
from domain.orders import queries as orders
from domain.orders.views import OrderView
from domain.people import Can
from domain.shipping import alerts, queries, reshipping, storms, taking
from domain.shipping.alert import Outcome
from domain.store import Work
from handlers import complaints, desk, fulfilment, refunds
from handlers.orders import show_by_id
from handlers.turn import Turn


def register(app: AsyncApp) -> None:
    """Listen to `/shipping`, and the buttons, menus and forms about parcels and their alerts."""
    app.command("/shipping")(look_up)
    app.action(re.compile(r"^parcel\."))(click)
    app.action(re.compile(r"^alert\."))(work_on)
    app.action("storm.take")(take)
    app.view(re.compile(r"^alert\."))(submit)


async def look_up(turn: Turn) -> None:
    """`/shipping ORDER`, `/shipping late`, `/shipping pick`, `/shipping pick ORDER`."""
    turn.member.must(Can.LOOK)
    match turn.words:
        case [] | ["help"]:
            await desk.help_with(turn, "/shipping")
        case ["late"]:
            await _late(turn)
        case ["pick"]:
            await fulfilment.ask(turn)
        case ["pick", number]:
            async with turn.read() as session:
                order_id = await orders.identify(session, number)
            await fulfilment.ask_for(turn, order_id)
        case [number]:
            async with turn.read() as session:
                order = await orders.card(session, number)
            await _parcels(turn, order)
        case _:
            raise desk.Incomplete(
                "Give one order's number, as in `/shipping 1042`, or `/shipping late`, or "
                "`/shipping pick`."
            )


async def click(turn: Turn) -> None:
    """Follow one of the buttons about parcels."""
    verb, *which = turn.action["action_id"].removeprefix("parcel.").split(".")
    if verb == "page":
        turn.member.must(Can.LOOK)
        # A storm's message stays where it is; only a list is turned over in place.
        await _late(turn, turn.value, replace=which != ["storm"])
        return
    record = int(turn.value)
    match verb:
        case "acknowledge":
            async with turn.write() as work:
                alert_id = await alerts.newest(work.session, record)
                await alerts.acknowledge(work, turn.member, alert_id)
            await turn.ack()
        case "late":
            turn.member.must(Can.LOOK)
            await _late(turn)
        case "show":
            turn.member.must(Can.LOOK)
            async with turn.read() as session:
                order = await orders.card_by_id(session, record)
            await _parcels(turn, order)


async def _parcels(turn: Turn, order: OrderView) -> None:
    """Show every parcel of an order, with the labels that this person can give back."""
    labels: Mapping[int, int] = {}
    if turn.desk.labels and turn.member.may(Can.SHIP):
        async with turn.read() as session:
            labels = await voiding.of_order(session, order.id)
    await turn.answer("shipping/parcels", order=order, labels=labels, now=turn.now)


async def work_on(turn: Turn) -> None:
    """Follow one of the buttons about an alert, or a choice from its menu."""
    verb, record = turn.action["action_id"].removeprefix("alert."), turn.value
    if verb == "more":
        verb, _, record = record.partition(":")
    match verb:
        case "acknowledge":
            async with turn.write() as work:
                await alerts.acknowledge(work, turn.member, int(record))
            await turn.ack()
        case "take":
            alert_id, _, place = record.partition(":")
            async with turn.write() as work:
                await alerts.acknowledge(work, turn.member, int(alert_id))
            await _late(turn, place, replace=True)
        case "page":
            # The button's address opens its carrier's page; there is nothing to do here.
            await turn.ack()
        case "refund" | "complaint" | "order":
            await _go_to(turn, verb, int(record))
        case "reship":
            await _reship_form(turn, int(record))
        case "contact" | "snooze" | "wait" | "assign" | "resolve" | "call_off":
            await _form(turn, verb, int(record))


async def take(turn: Turn) -> None:
    """Take a storm, or take it over from who had it when the button was drawn."""
    storm_id, _, instead_of = turn.value.partition(":")
    async with turn.write() as work:
        await taking.take(work, turn.member, int(storm_id), instead_of or None)
    await turn.ack()


async def submit(turn: Turn) -> None:
    """Take in one of the forms about an alert."""
    verb = turn.body["view"]["callback_id"].removeprefix("alert.")
    async with turn.write() as work:
        await _FORMS[verb](turn, work, turn.kept["alert_id"])
    await turn.ack()


async def _assign(turn: Turn, work: Work, alert_id: int) -> None:
    owner = await people.at_desk(work.session, turn.field("owner") or "", admins=turn.desk.admins)
    await alerts.assign(work, turn.member, alert_id, owner)


async def _snooze(turn: Turn, work: Work, alert_id: int) -> None:
    await alerts.snooze(work, turn.member, alert_id, _until(turn, work), turn.field("reason") or "")


async def _contact(turn: Turn, work: Work, alert_id: int) -> None:
    await alerts.snooze(work, turn.member, alert_id, _until(turn, work), "the carrier is asked")


async def _resolve(turn: Turn, work: Work, alert_id: int) -> None:
    outcome = Outcome(turn.field("outcome"))
    await alerts.resolve(work, turn.member, alert_id, outcome, turn.field("reason") or "")


async def _reship(turn: Turn, work: Work, alert_id: int) -> None:
    said = {line_id: turn.field(f"line:{line_id}") for line_id in turn.kept["lines"]}
    quantities = {line_id: int(quantity or 0) for line_id, quantity in said.items()}
    why = turn.field("reason") or ""
    await reshipping.reship(work, turn.member, alert_id, quantities, why)


async def _call_off(turn: Turn, work: Work, alert_id: int) -> None:
    await reshipping.call_off(work, turn.member, alert_id, turn.field("reason") or "")


#: What each form does once it is submitted.
_FORMS = {
    "assign": _assign,
    "snooze": _snooze,
    "contact": _contact,
    "reship": _reship,
    "resolve": _resolve,
    "call_off": _call_off,
}


def _until(turn: Turn, work: Work) -> datetime:
    day = turn.field("day")
    wanted = date.fromisoformat(day) if day else Snooze(turn.field("until"))
    return wake_at(wanted, work.now, turn.member.tz)


async def _reship_form(turn: Turn, alert_id: int) -> None:
    turn.member.must(Can.SHIP)
    async with turn.read() as session:
        card = await queries.alert(session, alert_id)
        order = await orders.card_by_id(session, card.order.id)
        held = await queries.contents(session, card.parcel.id) if card.parcel else {}
    await turn.form(
        "shipping/reship_form",
        keep={"alert_id": alert_id, "lines": [line.id for line in order.lines]},
        card=card,
        order=order,
        quantities=held or {line.id: line.quantity for line in order.lines},
    )


async def _form(turn: Turn, verb: str, alert_id: int) -> None:
    turn.member.must(Can.SHIP)
    async with turn.read() as session:
        card = await queries.alert(session, alert_id)
        parcel = await queries.card(session, card.parcel.id) if card.parcel else None
    name = "snooze" if verb == "wait" else verb
    await turn.form(
        f"shipping/{name}_form", keep={"alert_id": alert_id}, card=card, parcel=parcel, now=turn.now
    )


async def _go_to(turn: Turn, where: str, alert_id: int) -> None:
    """Ask for a refund, or open a complaint, that belongs to the parcel; or look at its order."""
    async with turn.read() as session:
        card = await queries.alert(session, alert_id)
    if where == "order":
        turn.member.must(Can.LOOK)
        await show_by_id(turn, card.order.id)
    elif where == "refund" and card.parcel:
        await refunds.open_for_parcel(turn, card.parcel.id)
    elif where == "refund":
        await refunds.open_form(turn, card.order.id)
    else:
        turn.member.must(Can.COMPLAIN)
        about = ("parcel", card.parcel.id) if card.parcel else ("order", card.order.id)
        await complaints.opening_form(turn, about[1], about[0])


async def _late(turn: Turn, place: str = "0", *, replace: bool = False) -> None:
    """Show a page of what is late: from `place` on, of a storm alone if it names one behind it."""
    first, _, storm_id = place.partition(":")
    start, storm = max(int(first), 0), None
    async with turn.read() as session:
        if storm_id:
            storm, late, total = await storms.page(session, int(storm_id), start=start)
        else:
            late, total = await queries.late(session, turn.now, start=start)
    message = turn.render(
        "shipping/late",
        late=late,
        total=total,
        start=start,
        storm=storm,
        may_take=turn.member.may(Can.SHIP),
        now=turn.now,
    )
    await turn.send(message, replace=replace)
