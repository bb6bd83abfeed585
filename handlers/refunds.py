"""Refunds: asking, approving, declining, withdrawing, marking as paid or failed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from slack_bolt.async_app import AsyncApp

from domain import merchants
from domain.links import Linked
from domain.money import Money, is_amount, is_currency, parse_amount
from domain.orders import queries as orders
from domain.orders.views import OrderView
from domain.people import Can
from domain.refunds import by_hand, queries, service
from domain.refunds.model import Reason
from domain.refunds.service import Ask
from domain.shipping import queries as shipping
from handlers import about, desk
from handlers.turn import Turn


def register(app: AsyncApp) -> None:
    """Listen to `/refund`, the buttons of approval cards, and their forms."""
    app.command("/refund")(ask)
    app.action(re.compile(r"^refund\."))(click)
    app.view(re.compile(r"^refund\."))(submit)


async def ask(turn: Turn) -> None:
    """`/refund ORDER [AMOUNT] [REASON]`: acts when complete, else opens the form."""
    turn.member.must(Can.REQUEST_REFUND)
    if turn.words in ([], ["help"]):
        await desk.help_with(turn, "/refund")
        return
    number, amount, said = _read(turn.words)
    reason, note = _reason(said)
    async with turn.read() as session:
        order = await orders.card(session, number)
    money = parse_amount(amount, order.currency) if amount else None
    if money is None or reason is None or (reason is Reason.OTHER and note is None):
        await _form(turn, order, amount, reason, note)
        return
    await _request(turn, order.id, Ask(reason=reason, note=note, amount=money))


async def open_form(turn: Turn, order_id: int, regarding: Linked | None = None) -> None:
    """Open the form for an order; the refund will belong to what it is about, if anything."""
    turn.member.must(Can.REQUEST_REFUND)
    async with turn.read() as session:
        order = await orders.card_by_id(session, order_id)
    await _form(turn, order, regarding=regarding)


async def open_for_parcel(turn: Turn, parcel_id: int) -> None:
    """Open the form for what a parcel holds, which did not arrive as it should."""
    turn.member.must(Can.REQUEST_REFUND)
    async with turn.read() as session:
        card = await shipping.card(session, parcel_id)
        order = await orders.card_by_id(session, card.order.id)
        held = await shipping.contents(session, parcel_id)
    regarding = Linked("parcel", parcel_id)
    await _form(turn, order, reason=Reason.NOT_RECEIVED, regarding=regarding, quantities=held)


async def click(turn: Turn) -> None:
    """Follow one of the buttons about a refund."""
    record = int(turn.value)
    match turn.action["action_id"].split(".")[1]:
        case "open" if turn.action["action_id"] == "refund.open.parcel":
            await open_for_parcel(turn, record)
        case "open":
            await open_form(turn, record)
        case "approve":
            async with turn.write() as work:
                await service.approve(work, turn.member, record)
            await turn.ack()
        case "decline":
            await _decline_form(turn, record)
        case "paid":
            turn.member.must(Can.PAY_REFUND)
            await _decision_form(turn, "refunds/paid_form", record)
        case "failed":
            turn.member.must(Can.PAY_REFUND)
            await _decision_form(turn, "refunds/failed_form", record)
        case "withdraw":
            async with turn.write() as work:
                await service.withdraw(work, turn.member, record)
            await _replace_asked(turn, record)


async def submit(turn: Turn) -> None:
    """Take in one of the forms about a refund."""
    match turn.body["view"]["callback_id"].split(".")[1]:
        case "request":
            await _submit_request(turn)
        case "decline":
            async with turn.write() as work:
                why = turn.field("reason") or ""
                await service.decline(work, turn.member, turn.kept["refund_id"], why)
            await turn.ack()
        case "paid":
            async with turn.write() as work:
                reference = turn.field("reference") or ""
                await by_hand.mark_paid(work, turn.member, turn.kept["refund_id"], reference)
            await turn.ack()
        case "failed":
            async with turn.write() as work:
                why = turn.field("reason") or ""
                await by_hand.mark_failed(work, turn.member, turn.kept["refund_id"], why)
            await turn.ack()


async def _submit_request(turn: Turn) -> None:
    order_id = int(turn.kept["order_id"])
    async with turn.read() as session:
        order = await orders.card_by_id(session, order_id)
    quantities = {line.id: turn.field(f"line:{line.id}") for line in order.lines}
    sums = {name: _sum(turn, name, order.currency) for name in ("shipping", "goodwill", "amount")}
    await _request(
        turn,
        order_id,
        Ask(
            reason=Reason(turn.field("reason")),
            note=turn.field("note"),
            lines={line_id: int(said) for line_id, said in quantities.items() if said},
            **sums,
        ),
    )


def _sum(turn: Turn, name: str, currency: str) -> Money | None:
    said = turn.field(name)
    if not said:
        return None
    with desk.at_field(name):
        return parse_amount(said, currency)


async def _request(turn: Turn, order_id: int, wanted: Ask) -> None:
    async with turn.write() as work:
        told = await about.kept(turn, work.session)
        refund = await service.request(work, turn.member, order_id, wanted, about=told)
    async with turn.read() as session:
        card = await queries.card(session, refund.id)
        channel = (await merchants.settings(session))["channel.refunds"]
    await turn.answer("refunds/asked", card=card, channel=channel)


async def _replace_asked(turn: Turn, refund_id: int) -> None:
    async with turn.read() as session:
        card = await queries.card(session, refund_id)
    await turn.send(turn.render("refunds/asked", card=card, channel=None), replace=True)


async def _form(
    turn: Turn,
    order: OrderView,
    amount: str | None = None,
    reason: Reason | None = None,
    note: str | None = None,
    regarding: Linked | None = None,
    quantities: Mapping[int, int] | None = None,
) -> None:
    await turn.form(
        "refunds/form",
        keep={"order_id": order.id, **about.keep(regarding)},
        order=order,
        about=regarding,
        amount=amount,
        reason=reason,
        note=note,
        quantities=quantities or {},
    )


async def _decline_form(turn: Turn, refund_id: int) -> None:
    async with turn.read() as session:
        card = await queries.card(session, refund_id)
    service.check_decline(card.refund, turn.member)
    await turn.form("refunds/decline_form", keep={"refund_id": refund_id}, card=card)


async def _decision_form(turn: Turn, template: str, refund_id: int) -> None:
    async with turn.read() as session:
        card = await queries.card(session, refund_id)
    await turn.form(template, keep={"refund_id": refund_id}, card=card)


def _read(words: list[str]) -> tuple[str, str | None, str]:
    """Take `ORDER [AMOUNT [CURRENCY]] [REASON…]` apart."""
    number, *rest = words
    amount: list[str] = []
    if len(rest) > 1 and is_currency(rest[0].upper()) and is_amount(rest[1]):
        amount, rest = rest[:2], rest[2:]
    elif rest and is_amount(rest[0]):
        amount, rest = rest[:1], rest[1:]
        if rest and is_currency(rest[0]):
            amount, rest = [*amount, rest[0]], rest[1:]
    return number, " ".join(amount) or None, " ".join(rest)


def _reason(text: str) -> tuple[Reason | None, str | None]:
    """Return the listed reason that the text begins with, OTHER where it is free, and a note.

    The note is the text, unless that only names the reason.
    """
    if not text:
        return None, None
    said = text.casefold().replace("_", " ")
    words = ((one, one.value.replace("_", " ")) for one in Reason)
    listed = next(((one, name) for one, name in words if re.match(rf"{name}\b", said)), None)
    if listed is None:
        return Reason.OTHER, text
    reason, name = listed
    rest = text[len(name) :].strip(" .,:;-–—")
    return reason, (rest if reason is Reason.OTHER else text) if rest else None
