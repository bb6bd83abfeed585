"""Sources of orders and payouts."""

from __future__ import annotations

from typing import Any

from domain.sources import Source
from tests.samples import ago


def source(name: str = "shopify", **changes: Any) -> Source:
    """A source that was read a few minutes ago."""
    values: dict[str, Any] = {
        "id": 3,
        "cursor": {"at": "x"},
        "heard_at": ago(minutes=2),
        "checked_at": ago(minutes=12),
    }
    return Source(name=name, **values | changes)


def stale(name: str = "amazon", **changes: Any) -> Source:
    """A source that can't be read for hours, which was told of."""
    values: dict[str, Any] = {
        "checked_at": ago(hours=3),
        "failing_since": ago(hours=2, minutes=50),
        "last_error": "Amazon gives no answer.",
        "stale_at": ago(hours=1),
    }
    return source(name, **values | changes)
