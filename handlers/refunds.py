"""Refunds: asking, approving, declining, withdrawing, marking as paid or failed."""

from __future__ import annotations

import re

from slack_bolt.async_app import AsyncApp

from domain import merchants
from domain.money import Money, is_amount, is_currency, parse_amount
from domain.orders import queries as orders
from domain.people import Can
from domain.refunds import by_hand, queries, service
from domain.refunds.model import Reason
from domain.refunds.service import Ask
from handlers import desk
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
    number, amount, reason = _read(turn.words)
    async with turn.read() as session:
        order = await orders.card(session, number)
    money = parse_amount(amount, order.currency) if amount else None
    if money is None or not reason:
        await _form(turn, order, amount, reason)
        return
    await _request(turn, order.id, Ask(reason=_reason(reason), note=reason, amount=money))


async def click(turn: Turn) -> None:
    """Follow one of the buttons about a refund."""
    record = int(turn.value)
    match turn.action["action_id"].split(".")[1]:
        case "open":
            turn.member.must(Can.REQUEST_REFUND)
            async with turn.read() as session:
                order = await orders.card_by_id(session, record)
            await _form(turn, order, None, "")
        case "approve":
            async with turn.write() as work:
                await service.approve(work, turn.member, record)
            await turn.ack()
        case "decline":
            turn.member.must(Can.DECIDE_REFUND)
            await _decision_form(turn, "refunds/decline_form", record)
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
        refund = await service.request(work, turn.member, order_id, wanted)
    async with turn.read() as session:
        card = await queries.card(session, refund.id)
        channel = (await merchants.settings(session))["channel.refunds"]
    await turn.answer("refunds/asked", card=card, channel=channel)


async def _replace_asked(turn: Turn, refund_id: int) -> None:
    async with turn.read() as session:
        card = await queries.card(session, refund_id)
    await turn.send(turn.render("refunds/asked", card=card, channel=None), replace=True)


async def _form(turn: Turn, order: orders.OrderView, amount: str | None, reason: str) -> None:
    await turn.form(
        "refunds/form",
        keep={"order_id": order.id},
        order=order,
        amount=amount,
        reason=_reason(reason) if reason else None,
        note=reason or None,
    )


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


def _reason(text: str) -> Reason:
    """Return the listed reason that the text begins with, OTHER where it is free."""
    said = text.casefold().replace("_", " ")
    listed = (one for one in Reason if said.startswith(one.value.replace("_", " ")))
    return next(listed, Reason.OTHER)
