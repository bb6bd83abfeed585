"""Complaints: opening a case, and what can be done with it by its buttons, menu and forms."""

from __future__ import annotations

import re
from datetime import date

from slack_bolt.async_app import AsyncApp

from domain import merchants, people
from domain.complaints import merging, queries, service, snoozing
from domain.complaints.model import Category, Outcome, Severity
from domain.complaints.policy import Snooze, wake_at
from domain.links import Linked
from domain.orders import queries as orders
from domain.people import Can
from domain.shipping import queries as shipping
from domain.store import Work
from handlers import about, desk, refunds, returns
from handlers.orders import show_by_id
from handlers.turn import Turn


def register(app: AsyncApp) -> None:
    """Listen to `/complaint`, the message shortcut, the case's buttons and forms."""
    app.command("/complaint")(open_case)
    app.shortcut("complaint.message")(from_message)
    app.action(re.compile(r"^complaint\."))(click)
    app.view(re.compile(r"^complaint\."))(submit)


async def open_case(turn: Turn) -> None:
    """`/complaint ORDER [TEXT]`: opens the case, or the form where the text is missing."""
    turn.member.must(Can.COMPLAIN)
    match turn.words:
        case [] | ["help"]:
            await desk.help_with(turn, "/complaint")
        case [number]:
            async with turn.read() as session:
                order_id = await orders.identify(session, number)
            await opening_form(turn, order_id, "order")
        case [number, *_]:
            async with turn.read() as session:
                order_id = await orders.identify(session, number)
            text = str(turn.body["text"]).strip().split(maxsplit=1)[1]
            await _open(turn, order_id, text)


async def from_message(turn: Turn) -> None:
    """Open the form with a message's text."""
    turn.member.must(Can.COMPLAIN)
    await turn.form("complaints/pick", keep={}, text=turn.body["message"].get("text") or "")


async def click(turn: Turn) -> None:
    """Follow one of the buttons about a complaint, or a choice from its menu."""
    turn.member.must(Can.COMPLAIN)
    verb, _, source = turn.action["action_id"].removeprefix("complaint.").partition(".")
    record = turn.value
    if verb == "more":
        verb, _, record = record.partition(":")
    match verb:
        case "open":
            await opening_form(turn, int(record), source)
        case "acknowledge":
            async with turn.write() as work:
                await service.acknowledge(work, turn.member, int(record))
            await turn.ack()
        case "wake":
            async with turn.write() as work:
                await snoozing.wake(work, turn.member, int(record))
            await turn.ack()
        case "reopen":
            async with turn.write() as work:
                await service.reopen(work, turn.member, int(record))
            await turn.ack()
        case "refund" | "return" | "order" as where:
            await _go_to(turn, where, int(record))
        case "escalate" | "hand_over" | "resolve" | "snooze" | "merge":
            await _form(turn, verb, int(record))


async def submit(turn: Turn) -> None:
    """Take in one of the forms about a complaint."""
    match turn.body["view"]["callback_id"].split(".")[1]:
        case "open":
            await _open_as_filled_in(turn, turn.kept["order_id"])
        case "pick":
            async with turn.read() as session:
                order_id = await orders.identify(session, turn.field("order") or "")
            await _open_as_filled_in(turn, order_id)
        case verb:
            async with turn.write() as work:
                await _FORMS[verb](turn, work, turn.kept["complaint_id"])
            await turn.ack()


async def _escalate(turn: Turn, work: Work, complaint_id: int) -> None:
    await service.escalate(work, turn.member, complaint_id, turn.field("reason") or "")


async def _hand_over(turn: Turn, work: Work, complaint_id: int) -> None:
    owner = await people.at_desk(work.session, turn.field("owner") or "", admins=turn.desk.admins)
    await service.hand_over(work, turn.member, complaint_id, owner)


async def _resolve(turn: Turn, work: Work, complaint_id: int) -> None:
    outcome = Outcome(turn.field("outcome"))
    await service.resolve(work, turn.member, complaint_id, outcome, turn.field("note") or "")


async def _snooze(turn: Turn, work: Work, complaint_id: int) -> None:
    day = turn.field("day")
    wanted = date.fromisoformat(day) if day else Snooze(turn.field("until"))
    until = wake_at(wanted, work.now, turn.member.tz)
    await snoozing.snooze(work, turn.member, complaint_id, until, turn.field("reason") or "")


async def _merge(turn: Turn, work: Work, complaint_id: int) -> None:
    name = turn.field("name") or turn.field("into") or ""
    into_id = await queries.identify(work.session, name)
    await merging.merge(work, turn.member, complaint_id, into_id)


#: What each form does once it is submitted.
_FORMS = {
    "escalate": _escalate,
    "hand_over": _hand_over,
    "resolve": _resolve,
    "snooze": _snooze,
    "merge": _merge,
}


async def _form(turn: Turn, verb: str, complaint_id: int) -> None:
    async with turn.read() as session:
        card = await queries.card(session, complaint_id)
        replies = await queries.latest_replies(session, complaint_id)
        more = {"others": await queries.alike(session, card)} if verb == "merge" else {}
    await turn.form(
        f"complaints/{verb}_form",
        keep={"complaint_id": complaint_id},
        card=card,
        replies=replies,
        **more,
    )


async def opening_form(turn: Turn, record: int, source: str) -> None:
    """Open the form for an order, or for the order of the parcel that it is about."""
    async with turn.read() as session:
        parcel = await shipping.card(session, record) if source == "parcel" else None
        order = await orders.card_by_id(session, parcel.order.id if parcel else record)
    regarding = Linked("parcel", parcel.parcel.id) if parcel else None
    keep = {"order_id": order.id, **about.keep(regarding)}
    await turn.form("complaints/form", keep=keep, order=order, text=None)


async def _go_to(turn: Turn, where: str, complaint_id: int) -> None:
    """Ask for a refund or a return that belongs to the case, or look at its order."""
    async with turn.read() as session:
        card = await queries.card(session, complaint_id)
    case = Linked("complaint", complaint_id)
    if where == "refund":
        await refunds.open_form(turn, card.order.id, case)
    elif where == "return":
        await returns.open_form(turn, card.order.id, case)
    else:
        await show_by_id(turn, card.order.id)


async def _open_as_filled_in(turn: Turn, order_id: int) -> None:
    await _open(
        turn,
        order_id,
        turn.field("text") or "",
        category=Category(turn.field("category") or Category.OTHER),
        severity=Severity(turn.field("severity") or Severity.NORMAL),
    )


async def _open(
    turn: Turn,
    order_id: int,
    text: str,
    *,
    category: Category = Category.OTHER,
    severity: Severity = Severity.NORMAL,
) -> None:
    async with turn.write() as work:
        complaint = await service.open_case(
            work,
            turn.member,
            order_id,
            text,
            category=category,
            severity=severity,
            about=await about.kept(turn, work.session),
        )
    async with turn.read() as session:
        card = await queries.card(session, complaint.id)
        channel = (await merchants.settings(session))["channel.complaints"]
    await turn.answer("complaints/opened", card=card, channel=channel)
