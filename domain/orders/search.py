"""Finding orders: by their number as people write it, the nearest ones, and by what is known."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.money import Money
from domain.orders.model import Line, Order, State, fold
from domain.shipping.model import Parcel, as_tracked

PAGE = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """An order that a search found."""

    id: int
    number: str
    channel: str
    state: State
    total: Money | None
    placed_at: datetime | None
    buyer_name: str | None
    ship_to_city: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a search: hits, where it starts, and whether more follow."""

    text: str
    start: int
    hits: tuple[Hit, ...]
    more: bool


async def find(session: AsyncSession, text: str, start: int = 0) -> Page:
    """Search by number, buyer, e-mail, SKU, tracking number or city; latest orders first.

    Names, places and numbers match from their beginning, names also by their later words.
    """
    wanted = text.strip()
    if not wanted:
        return Page(wanted, start, (), more=False)
    found = await session.scalars(
        select(Order)
        .where(_matches(wanted))
        .order_by(Order.placed_at.desc().nulls_last(), Order.id.desc())
        .offset(start)
        .limit(PAGE + 1)
    )
    hits = tuple(_hit(order) for order in found)
    return Page(wanted, start, hits[:PAGE], len(hits) > PAGE)


async def nearest(session: AsyncSession, number: str, *, most: int = 3) -> list[str]:
    """Return the numbers most like this one, else its neighbours; an empty desk has none."""
    bare = number.lstrip("#")
    half = max(len(bare) // 2, 2)
    alike = await session.scalars(
        select(Order.number)
        .where(
            or_(
                Order.number.startswith(bare[:half], autoescape=True),
                Order.number.startswith(f"#{bare[:half]}", autoescape=True),
                Order.number.endswith(bare[-half:], autoescape=True),
            )
        )
        .order_by(Order.id.desc())
        .limit(500)
    )
    close = difflib.get_close_matches(number, dict.fromkeys(alike), n=most, cutoff=0.5)
    if close:
        return close
    before = select(Order.number).where(Order.number < number).order_by(Order.number.desc())
    after = select(Order.number).where(Order.number > number).order_by(Order.number)
    return [
        neighbour
        for query in (before, after)
        for neighbour in await session.scalars(query.limit(1))
    ]


def clean(number: str) -> str:
    """Take off what people paste around a number: spaces, quotes, backticks."""
    return number.strip().strip("`'\"*").strip()


def is_numbered(number: str) -> ColumnElement[bool]:
    """Match a number as people write it: with or without the hash, in either case."""
    return Order.number.in_(_spellings(number))


def _spellings(number: str) -> list[str]:
    bare = clean(number).lstrip("#")
    cases = sorted({bare, bare.upper(), bare.lower()} - {""})
    return [*cases, *(f"#{one}" for one in cases)]


def _matches(wanted: str) -> ColumnElement[bool]:
    folded = fold(wanted) or ""
    by_line = select(Line.order_id).where(func.lower(Line.sku) == wanted.lower())
    by_parcel = select(Parcel.order_id).where(Parcel.tracking_number == as_tracked(wanted))
    return or_(
        *(Order.number.startswith(number, autoescape=True) for number in _spellings(wanted)),
        Order.buyer_email == folded,
        Order.buyer_name_folded.startswith(folded, autoescape=True),
        Order.buyer_name_folded.contains(f" {folded}", autoescape=True),
        Order.ship_to_city_folded.startswith(folded, autoescape=True),
        Order.id.in_(by_line),
        Order.id.in_(by_parcel),
    )


def _hit(order: Order) -> Hit:
    return Hit(
        order.id,
        order.number,
        order.channel,
        order.state,
        order.total_money,
        order.placed_at,
        order.buyer_name,
        order.ship_to_city,
    )
