"""Cards and forms of stock."""

from __future__ import annotations

from typing import Any

from domain.inventory.model import Watch
from tests.samples import NOW, ago
from tests.samples import inventory as samples


def cases() -> dict[str, dict[str, Any]]:
    """Return the values of each template, by its name and what it shows."""
    all_well = samples.item_card(samples.plenty(), waiting=(), waiting_total=0, missing=0)
    over = Watch(id=3, merchant_id=1, since=ago(hours=5), ended_at=NOW)
    form = {"card": samples.item_card()}
    return {
        "inventory/item": {"card": samples.item_card(), "may": True, "said": None},
        "inventory/item@plenty": {"card": all_well, "may": False, "said": None},
        "inventory/item@changed": {"card": all_well, "may": True, "said": "Counted: 60."},
        "inventory/item@oversold": {
            "card": samples.item_card(samples.oversold()),
            "may": True,
            "said": None,
        },
        "inventory/shelf": {"shelf": samples.shelf(), "low": False},
        "inventory/shelf@well": {
            "shelf": samples.shelf(items=(), start=0, total=0, low=0, oversold=0, missing=0),
            "low": True,
        },
        "inventory/shelf@none": {
            "shelf": samples.shelf(
                items=(), start=0, total=0, low=0, oversold=0, missing=0, kept=0
            ),
            "low": False,
        },
        "inventory/watch": {"card": samples.watch_card(), "now": NOW},
        "inventory/watch@low": {
            "card": samples.watch_card(items=(samples.item(),), low=1, oversold=0, orders=()),
            "now": NOW,
        },
        "inventory/watch@over": {
            "card": samples.watch_card(watch=over, items=(), low=0, oversold=0, orders=()),
            "now": NOW,
        },
        "inventory/count_form": form,
        "inventory/adjust_form": form,
        "inventory/edit_form": form | {"price": "12.00 USD"},
        "inventory/edit_form@bare": {
            "card": samples.item_card(
                samples.item(location=None, low_at=None, list_price=None, currency=None)
            ),
            "price": None,
        },
    }
