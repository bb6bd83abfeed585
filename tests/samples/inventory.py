"""Stock as cards show it."""

from __future__ import annotations

from typing import Any

from domain.inventory.model import Item, Shortage, Watch
from domain.inventory.queries import ItemCard, Shelf, Waiting, WatchCard
from tests.samples import ago


def item(**changes: Any) -> Item:
    values: dict[str, Any] = {
        "id": 7,
        "merchant_id": 1,
        "key": "am-1",
        "sku": "AM-1",
        "title": "Alpine mug, enamel, 300 ml",
        "location": "A-03-2",
        "on_hand": 6,
        "reserved": 4,
        "low_at": 5,
        "list_price": 1_200,
        "currency": "USD",
        "shortage": Shortage.LOW,
        "short_since": ago(hours=2),
    }
    return Item(**values | changes)


def plenty(**changes: Any) -> Item:
    return item(on_hand=60, shortage=None, short_since=None, **changes)


def oversold(**changes: Any) -> Item:
    return item(on_hand=1, shortage=Shortage.OVERSOLD, **changes)


def waiting(number: str = "1042", missing: int = 2) -> Waiting:
    return Waiting(1, number, missing)


def item_card(what: Item | None = None, **changes: Any) -> ItemCard:
    values: dict[str, Any] = {
        "item": what or item(),
        "waiting": (waiting(), waiting("1047", 1)),
        "waiting_total": 12,
        "missing": 21,
    }
    return ItemCard(**values | changes)


def shelf(**changes: Any) -> Shelf:
    values: dict[str, Any] = {
        "items": (oversold(), item(sku="TP-9", title=None, location=None, low_at=None)),
        "start": 10,
        "total": 31,
        "low": 29,
        "oversold": 2,
        "missing": 21,
        "kept": 412,
    }
    return Shelf(**values | changes)


def watch_card(**changes: Any) -> WatchCard:
    values: dict[str, Any] = {
        "watch": Watch(id=3, merchant_id=1, since=ago(hours=2), ended_at=None),
        "items": (oversold(), item(sku="TP-9")),
        "low": 11,
        "oversold": 1,
        "orders": (waiting(), waiting("1047")),
    }
    return WatchCard(**values | changes)
