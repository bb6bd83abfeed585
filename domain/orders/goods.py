"""What a merchant's stock says of an order's goods; where none is kept, nothing."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from domain.orders.model import Order
from domain.orders.policy import Stock
from domain.store import Work


def as_kept(sku: str | None) -> str | None:
    """Return a SKU as stock items have it."""
    return sku


async def of(session: AsyncSession, skus: Iterable[str]) -> Stock:
    """Return the goods of these SKUs, None where the merchant keeps no stock here."""
    del session, skus
    return None


async def locked(work: Work, skus: Iterable[str]) -> Stock:
    """Return the goods of these SKUs as they stand, locked until the work ends."""
    return await of(work.session, skus)


async def reserve(work: Work, order: Order) -> None:
    """Reserve what is available for a locked order; what is missing is a back-order."""
    del work, order
