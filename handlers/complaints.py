"""Complaints: opening a case, and acknowledging, handing over, escalating, resolving it."""

from __future__ import annotations

import re

from slack_bolt.async_app import AsyncApp

from domain import merchants, people
from domain.complaints import queries, service
from domain.complaints.model import Category, Outcome, Severity
from domain.orders import queries as orders
from domain.people import Can
from handlers import desk
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
                order = await orders.card(session, number)
            await turn.form("complaints/form", keep={"order_id": order.id}, order=order, text=None)
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
    """Follow one of the buttons about a complaint."""
    turn.member.must(Can.COMPLAIN)
    record = int(turn.value)
    match turn.action["action_id"].split(".")[1]:
        case "open":
            async with turn.read() as session:
                order = await orders.card_by_id(session, record)
            await turn.form("complaints/form", keep={"order_id": order.id}, order=order, text=None)
        case "acknowledge":
            async with turn.write() as work:
                await service.acknowledge(work, turn.member, record)
            await turn.ack()
        case "reopen":
            async with turn.write() as work:
                await service.reopen(work, turn.member, record)
            await turn.ack()
        case "escalate" | "hand_over" | "resolve" as verb:
            async with turn.read() as session:
                card = await queries.card(session, record)
                replies = await queries.latest_replies(session, record)
            await turn.form(
                f"complaints/{verb}_form",
                keep={"complaint_id": record},
                card=card,
                replies=replies,
            )


async def submit(turn: Turn) -> None:
    """Take in one of the forms about a complaint."""
    match turn.body["view"]["callback_id"].split(".")[1]:
        case "open":
            await _open_as_filled_in(turn, turn.kept["order_id"])
        case "pick":
            async with turn.read() as session:
                order_id = await orders.identify(session, turn.field("order") or "")
            await _open_as_filled_in(turn, order_id)
        case "escalate":
            why = turn.field("reason") or ""
            async with turn.write() as work:
                await service.escalate(work, turn.member, turn.kept["complaint_id"], why)
            await turn.ack()
        case "hand_over":
            async with turn.write() as work:
                owner = await people.at_desk(
                    work.session, turn.field("owner") or "", admins=turn.desk.admins
                )
                await service.hand_over(work, turn.member, turn.kept["complaint_id"], owner)
            await turn.ack()
        case "resolve":
            outcome = Outcome(turn.field("outcome"))
            note = turn.field("note") or ""
            async with turn.write() as work:
                await service.resolve(work, turn.member, turn.kept["complaint_id"], outcome, note)
            await turn.ack()


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
            work, turn.member, order_id, text, category=category, severity=severity
        )
    async with turn.read() as session:
        card = await queries.card(session, complaint.id)
        channel = (await merchants.settings(session))["channel.complaints"]
    await turn.answer("complaints/opened", card=card, channel=channel)
