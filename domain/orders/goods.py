"""What a merchant's stock says of an order's goods; where none is kept, nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from domain.inventory import queries, service
from domain.inventory.model import Item, as_key
from domain.orders.policy import Goods, Stock
from domain.store import Work


async def of(session: AsyncSession, skus: Iterable[str]) -> Stock:
    """Return the goods of these SKUs, None where the merchant keeps no stock here."""
    if not await queries.is_kept(session):
        return None
    return _goods(await queries.by_sku(session, skus))


async def locked(work: Work, skus: Iterable[str]) -> Stock:
    """Return the goods of these SKUs as they stand, locked until the work ends."""
    if not await queries.is_kept(work.session):
        return None
    return _goods(await service.locked(work, skus))


def key(sku: str) -> str:
    """Return what goods are known by."""
    return as_key(sku) or ""


def _goods(items: Mapping[str, Item]) -> Stock:
    return {key: Goods(item.available, item.price) for key, item in items.items()}
