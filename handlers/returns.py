"""Returns: asking, answering, tracking, receiving, inspecting, refunding, restocking, closing."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncApp

from domain import merchants
from domain.links import Linked
from domain.money import parse_amount
from domain.orders import queries as orders
from domain.people import Can, Member
from domain.returns import inspection, policy, queries, service
from domain.returns.inspection import Finding
from domain.returns.model import Disposal, Reason, Verdict
from domain.returns.queries import ReturnCard
from domain.returns.service import Ask
from domain.store import Work
from handlers import about, desk
from handlers.turn import Turn

#: Forms by the button that opens them, and the work that they are part of.
_FORMS = {
    "decline": ("returns/decline_form", Can.RETURN),
    "withdraw": ("returns/withdraw_form", Can.RETURN),
    "close": ("returns/close_form", Can.RETURN),
    "track": ("returns/track_form", Can.RECEIVE),
    "inspect": ("returns/inspect_form", Can.RECEIVE),
    "restock": ("returns/restock_form", Can.RECEIVE),
    "refund": ("returns/refund_form", Can.REQUEST_REFUND),
}
#: What a form that asks for nothing but the reason does with it.
_WITH_REASON: dict[str, Callable[[Work, Member, int, str], Awaitable[object]]] = {
    "decline": service.decline,
    "withdraw": service.withdraw,
    "close": inspection.close,
}
_NAME = re.compile(r"RMA-?(\d{1,18})", re.IGNORECASE)


def register(app: AsyncApp) -> None:
    """Listen to `/return`, the buttons of returns' cards, and their forms."""
    app.command("/return")(ask)
    app.action(re.compile(r"^return\."))(click)
    app.view(re.compile(r"^return\."))(submit)


async def ask(turn: Turn) -> None:
    """`/return ORDER [NOTE]` opens the form, `/return RMA-NUMBER` shows a return."""
    match turn.words:
        case [] | ["help"]:
            turn.member.must(Can.LOOK)
            await desk.help_with(turn, "/return")
        case [name] if found := _NAME.fullmatch(name):
            turn.member.must(Can.LOOK)
            async with turn.read() as session:
                card = await queries.card(session, int(found[1]))
            await turn.answer("returns/card", card=card, now=turn.now)
        case [number, *note]:
            async with turn.read() as session:
                order_id = await orders.identify(session, number)
            await open_form(turn, order_id, note=" ".join(note) or None)


async def open_form(
    turn: Turn, order_id: int, regarding: Linked | None = None, *, note: str | None = None
) -> None:
    """Open the form for an order; the return will belong to what it is about, if anything."""
    turn.member.must(Can.RETURN)
    async with turn.read() as session:
        order = await orders.card_by_id(session, order_id)
    policy.check_returnable(order.number, order.state)
    policy.check_left(order.number, sum(line.returnable_quantity for line in order.lines))
    keep = {"order_id": order.id, **about.keep(regarding)}
    await turn.form("returns/form", keep=keep, order=order, about=regarding, note=note)


async def click(turn: Turn) -> None:
    """Follow one of the buttons about a return."""
    record = int(turn.value)
    match turn.action["action_id"].split(".")[1]:
        case "open":
            await open_form(turn, record)
        case "authorise":
            async with turn.write() as work:
                await service.authorise(work, turn.member, record)
            await turn.ack()
        case "receive":
            async with turn.write() as work:
                await service.receive(work, turn.member, record)
            await turn.ack()
        case verb if verb in _FORMS:
            template, can = _FORMS[verb]
            turn.member.must(can)
            async with turn.read() as session:
                card = await queries.card(session, record)
            await turn.form(template, keep={"return_id": record}, card=card)


async def submit(turn: Turn) -> None:
    """Take in one of the forms about a return."""
    match turn.body["view"]["callback_id"].split(".")[1]:
        case "open":
            await _request(turn)
        case "track":
            number, carrier = turn.field("number") or "", turn.field("carrier")
            async with turn.write() as work:
                await service.track(work, turn.member, turn.kept["return_id"], number, carrier)
            await turn.ack()
        case "inspect":
            await _inspect(turn)
        case "restock":
            await _restock(turn)
        case "refund":
            await _refund(turn)
        case verb if verb in _WITH_REASON:
            why = turn.field("reason") or ""
            async with turn.write() as work:
                await _WITH_REASON[verb](work, turn.member, turn.kept["return_id"], why)
            await turn.ack()


async def _request(turn: Turn) -> None:
    order_id = int(turn.kept["order_id"])
    async with turn.read() as session:
        order = await orders.card_by_id(session, order_id)
    quantities = {line.id: turn.field(f"line:{line.id}") for line in order.lines}
    wanted = Ask(
        reason=Reason(turn.field("reason")),
        note=turn.field("note"),
        lines={line_id: int(said) for line_id, said in quantities.items() if said},
    )
    async with turn.write() as work:
        regarding = await about.kept(turn, work.session)
        rma = await service.request(work, turn.member, order_id, wanted, about=regarding)
    async with turn.read() as session:
        card = await queries.card(session, rma.id)
        channel = (await merchants.settings(session)).channel("returns")
    await turn.answer("returns/asked", card=card, channel=channel)


async def _inspect(turn: Turn) -> None:
    card = await _card(turn)
    findings = {}
    for view in card.lines:
        verdict = turn.field(f"verdict:{view.id}")
        findings[view.id] = Finding(
            received=int(turn.field(f"received:{view.id}") or 0),
            verdict=Verdict(verdict) if verdict else None,
            note=turn.field(f"note:{view.id}") or "",
        )
    async with turn.write() as work:
        await inspection.inspect(work, turn.member, card.rma.id, findings)
    await turn.ack()


async def _restock(turn: Turn) -> None:
    card = await _card(turn)
    said = {view.id: turn.field(f"disposal:{view.id}") for view in card.lines}
    disposals = {line_id: Disposal(what) for line_id, what in said.items() if what}
    async with turn.write() as work:
        await inspection.dispose(work, turn.member, card.rma.id, disposals)
    await turn.ack()


async def _refund(turn: Turn) -> None:
    card = await _card(turn)
    sums = {}
    for name in ("shipping", "amount"):
        if said := turn.field(name):
            with desk.at_field(name):
                sums[name] = parse_amount(said, card.order.currency)
    async with turn.write() as work:
        await inspection.refund(work, turn.member, card.rma.id, note=turn.field("note"), **sums)
    await turn.ack()


async def _card(turn: Turn) -> ReturnCard:
    async with turn.read() as session:
        return await queries.card(session, turn.kept["return_id"])
