"""What can be asked of stock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import RecordNotFound
from domain.inventory.model import Item, ItemNotFound, Reservation, Shortage, Watch, as_key
from domain.orders.model import Order
from domain.tables import among

PAGE = 10
_WAITING = 8
_WORST = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order that waits for an item, and for how many pieces of it."""

    order_id: int
    number: str
    missing: int


@dataclass(frozen=True, slots=True)
class ItemCard:
    """An item, the orders that wait for it (the oldest few), and how many wait in all."""

    item: Item
    waiting: tuple[Waiting, ...]
    waiting_total: int
    missing: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """A page of items with what there is in all; `missing` are pieces on back-order."""

    items: tuple[Item, ...]
    start: int
    total: int
    low: int
    oversold: int
    missing: int
    kept: int


@dataclass(frozen=True, slots=True)
class WatchCard:
    """A message about items that need somebody now: the worst of them, and how many."""

    watch: Watch
    items: tuple[Item, ...]
    low: int
    oversold: int
    orders: tuple[Waiting, ...]


async def is_kept(session: AsyncSession) -> bool:
    """Tell whether the merchant keeps stock here at all."""
    return await session.scalar(select(Item.id).limit(1)) is not None


async def by_sku(session: AsyncSession, skus: Iterable[str | None]) -> dict[str, Item]:
    """Return the items of these SKUs by their keys (`as_key`)."""
    keys = {key for sku in skus if (key := as_key(sku))}
    if not keys:
        return {}
    found = await session.scalars(select(Item).where(among(session, Item.key, keys)))
    return {item.key: item for item in found}


async def card(session: AsyncSession, sku: str) -> ItemCard:
    """Read an item by its SKU; raises `ItemNotFound`."""
    item = await session.scalar(select(Item).where(Item.key == as_key(sku)))
    if item is None:
        raise ItemNotFound(sku)
    return await _card(session, item)


async def card_by_id(session: AsyncSession, item_id: int) -> ItemCard:
    """Read an item by its id; raises `RecordNotFound`."""
    item = await session.get(Item, item_id)
    if item is None:
        raise RecordNotFound("item", item_id)
    return await _card(session, item)


async def shelf(session: AsyncSession, *, low: bool = False, start: int = 0) -> Shelf:
    """Return a page of items that need somebody: those oversold first, then the scarcest.

    With `low` these are all that are at their re-order point or below; else those on
    back-order as well.
    """
    wanted: ColumnElement[bool] = Item.shortage.is_not(None)
    if not low:
        wanted = wanted | Item.id.in_(
            select(Reservation.item_id).where(Reservation.quantity < Reservation.wanted)
        )
    total = await session.scalar(select(func.count()).select_from(Item).where(wanted)) or 0
    items = await session.scalars(
        select(Item)
        .where(wanted)
        .order_by(Item.on_hand - Item.reserved, Item.key)
        .offset(start)
        .limit(PAGE)
    )
    counts = dict(
        (await session.execute(select(Item.shortage, func.count()).group_by(Item.shortage))).all()
    )
    missing = await session.scalar(
        select(func.sum(Reservation.wanted - Reservation.quantity)).where(
            Reservation.quantity < Reservation.wanted
        )
    )
    return Shelf(
        tuple(items),
        start,
        total,
        counts.get(Shortage.LOW, 0),
        counts.get(Shortage.OVERSOLD, 0),
        int(missing or 0),
        sum(counts.values()),
    )


async def watch_card(session: AsyncSession, watch_id: int) -> WatchCard:
    """Read what a message about stock says now; raises `RecordNotFound`."""
    watch = await session.get(Watch, watch_id)
    if watch is None:
        raise RecordNotFound("watch", watch_id)
    if watch.ended_at is not None:
        return WatchCard(watch, (), 0, 0, ())
    seen = await shelf(session, low=True)
    oversold = [item.id for item in seen.items if item.shortage is Shortage.OVERSOLD]
    return WatchCard(
        watch,
        seen.items[:_WORST],
        seen.low,
        seen.oversold,
        await _promised_last(session, oversold),
    )


async def _card(session: AsyncSession, item: Item) -> ItemCard:
    short = (Reservation.item_id == item.id) & (Reservation.quantity < Reservation.wanted)
    total, missing = (
        await session.execute(
            select(func.count(), func.sum(Reservation.wanted - Reservation.quantity)).where(short)
        )
    ).one()
    found = await session.execute(
        select(Order.id, Order.number, Reservation.wanted - Reservation.quantity)
        .join(Order, Order.id == Reservation.order_id)
        .where(short)
        .order_by(Reservation.id)
        .limit(_WAITING)
    )
    return ItemCard(item, tuple(Waiting(*row) for row in found), total, int(missing or 0))


async def _promised_last(session: AsyncSession, item_ids: list[int]) -> tuple[Waiting, ...]:
    """Return the orders that can't be served of what is oversold: those promised last."""
    if not item_ids:
        return ()
    found = await session.execute(
        select(Order.id, Order.number, Reservation.quantity)
        .join(Order, Order.id == Reservation.order_id)
        .where(Reservation.item_id.in_(item_ids), Reservation.quantity > 0)
        .order_by(Reservation.id.desc())
        .limit(_WAITING)
    )
    return tuple(Waiting(*row) for row in found)
