"""Noticing what runs out or was promised twice; one message speaks for all that needs somebody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select, text

from domain.events import Kind
from domain.inventory.model import Item, Shortage, Watch
from domain.store import Work

#: A message that is older than this is not looked at any more: what is new gets another.
_READ_FOR = timedelta(hours=12)


async def look(work: Work, items: Iterable[Item]) -> None:
    """Notice what the quantities of locked items call for now, and what they no longer do."""
    news, over = [], False
    for item in items:
        due = item.due_shortage
        if due is item.shortage:
            continue
        worse = due is Shortage.OVERSOLD or item.shortage is None
        item.shortage, item.short_since = due, work.now if due else None
        if due is None:
            over = True
        elif worse:
            news.append(item)
            kind = Kind.STOCK_OVERSOLD if due is Shortage.OVERSOLD else Kind.STOCK_LOW
            work.record(kind, item, order_id=None, on_hand=item.on_hand, reserved=item.reserved)
    if news or over:
        await _tell(work, news=bool(news))


async def _tell(work: Work, *, news: bool) -> None:
    if work.session.get_bind().dialect.name == "postgresql":
        # Two who notice something at once share one message.
        await work.session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
            {"name": f"watch:{work.merchant_id}"},
        )
    watch = await work.session.scalar(
        select(Watch).where(Watch.ended_at.is_(None)).order_by(Watch.id.desc()).limit(1)
    )
    await work.session.flush()
    short = await work.session.scalar(select(Item.id).where(Item.shortage.is_not(None)).limit(1))
    if watch is not None and short is None:
        watch.ended_at = work.now
    elif news and (watch is None or watch.since < work.now - _READ_FOR):
        if watch is not None:
            watch.ended_at = work.now
        watch = Watch(since=work.now)
        work.session.add(watch)
        await work.session.flush()
    if watch is not None:
        work.record(Kind.STOCK_WATCHED, watch, order_id=None)
