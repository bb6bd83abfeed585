"""Stock: what needs somebody, one item, and counting, adjusting and describing it."""

from __future__ import annotations

import itertools
import re

from slack_bolt.async_app import AsyncApp

from domain.inventory import queries, service
from domain.inventory.model import Item
from domain.inventory.queries import ItemCard
from domain.money import Money, parse_amount
from domain.people import Can
from handlers import desk
from handlers.turn import Turn

_FORMS = {
    "count": "inventory/count_form",
    "adjust": "inventory/adjust_form",
    "edit": "inventory/edit_form",
}
_CHANGE = re.compile(r"[+-]\d{1,7}")
_WHOLE = re.compile(r"-?\d{1,9}")
_PRICED = re.compile(r"(?P<amount>\S+)\s+(?P<currency>[A-Za-z]{3})")


def register(app: AsyncApp) -> None:
    """Listen to `/stock`, the buttons of items, and their forms."""
    app.command("/stock")(look_up)
    app.action(re.compile(r"^stock\."))(click)
    app.view(re.compile(r"^stock\."))(submit)


async def look_up(turn: Turn) -> None:
    """`/stock`, `/stock low`, `/stock SKU`, `/stock SKU count N WHY`, `/stock SKU +N WHY`."""
    turn.member.must(Can.LOOK)
    match turn.words:
        case ["help"]:
            await desk.help_with(turn, "/stock")
        case []:
            await _shelf(turn, "all", 0)
        case ["low"]:
            await _shelf(turn, "low", 0)
        case words if (at := _count_at(words)) is not None:
            await _count(turn, " ".join(words[:at]), int(words[at + 1]), " ".join(words[at + 2 :]))
        case words if (at := _change_at(words)) is not None:
            await _adjust(turn, " ".join(words[:at]), int(words[at]), " ".join(words[at + 1 :]))
        case words:
            await _show(turn, " ".join(words))


async def click(turn: Turn) -> None:
    """Follow one of the buttons about stock."""
    match turn.action["action_id"].split(".")[1]:
        case "page":
            which, start = turn.value.split()
            await _shelf(turn, which, int(start), replace=True)
        case "low":
            await _shelf(turn, "low", 0)
        case "show":
            turn.member.must(Can.LOOK)
            async with turn.read() as session:
                card = await queries.card_by_id(session, int(turn.value))
            await _answer(turn, card)
        case verb if verb in _FORMS:
            turn.member.must(Can.STOCK)
            async with turn.read() as session:
                card = await queries.card_by_id(session, int(turn.value))
            price = str(card.item.price) if card.item.price else None
            await turn.form(_FORMS[verb], keep={"sku": card.item.sku}, card=card, price=price)


async def submit(turn: Turn) -> None:
    """Take in one of the forms about an item."""
    sku, why = str(turn.kept["sku"]), turn.field("reason") or ""
    match turn.body["view"]["callback_id"].split(".")[1]:
        case "count":
            await _count(turn, sku, _whole(turn), why)
        case "adjust":
            await _adjust(turn, sku, _whole(turn), why)
        case "edit":
            low_at = _whole(turn) if turn.field("quantity") else None
            with desk.at_field("amount"):
                price = _price(turn.field("amount"))
            async with turn.write() as work:
                item = await service.describe(
                    work,
                    turn.member,
                    sku,
                    location=turn.field("location"),
                    low_at=low_at,
                    price=price,
                )
            await _changed(turn, item, "Saved.")


async def _count(turn: Turn, sku: str, counted: int, why: str) -> None:
    async with turn.write() as work:
        item = await service.count(work, turn.member, sku, counted, why)
    await _changed(turn, item, f"Counted: {item.on_hand}.")


async def _adjust(turn: Turn, sku: str, by: int, why: str) -> None:
    async with turn.write() as work:
        item = await service.adjust(work, turn.member, sku, by, why)
    await _changed(turn, item, f"{by:+d}: {item.on_hand} on hand.")


async def _changed(turn: Turn, item: Item, said: str) -> None:
    async with turn.read() as session:
        card = await queries.card_by_id(session, item.id)
    await _answer(turn, card, said)


async def _show(turn: Turn, sku: str) -> None:
    async with turn.read() as session:
        card = await queries.card(session, sku)
    await _answer(turn, card)


async def _answer(turn: Turn, card: ItemCard, said: str | None = None) -> None:
    await turn.answer("inventory/item", card=card, may=turn.member.may(Can.STOCK), said=said)


async def _shelf(turn: Turn, which: str, start: int, *, replace: bool = False) -> None:
    turn.member.must(Can.LOOK)
    async with turn.read() as session:
        shelf = await queries.shelf(session, low=which == "low", start=max(start, 0))
    message = turn.render("inventory/shelf", shelf=shelf, low=which == "low")
    await turn.send(message, replace=replace)


def _count_at(words: list[str]) -> int | None:
    """Return where `count 12` begins; a SKU comes before it."""
    pairs = enumerate(itertools.pairwise(words))
    found = (at for at, (word, next_) in pairs if at and word == "count" and _is_whole(next_))
    return next(found, None)


def _change_at(words: list[str]) -> int | None:
    """Return where the first `+5` or `-2` stands; a SKU comes before it."""
    return next((at for at, word in enumerate(words) if at and _CHANGE.fullmatch(word)), None)


def _is_whole(said: str) -> bool:
    return _WHOLE.fullmatch(said) is not None


def _whole(turn: Turn) -> int:
    said = str(turn.field("quantity") or "").strip()
    if not _is_whole(said):
        with desk.at_field("quantity"):
            raise desk.Incomplete(f"“{said[:40]}” is not a whole number.")
    return int(said)


def _price(said: str | None) -> Money | None:
    if not said or not said.strip():
        return None
    found = _PRICED.fullmatch(said.strip())
    if found is None:
        raise desk.Incomplete(f"“{said[:40]}” is not a price like 12.00 USD.")
    return parse_amount(found["amount"], found["currency"].upper())
