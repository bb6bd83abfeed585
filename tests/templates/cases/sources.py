"""What is said of sources."""

from __future__ import annotations

from typing import Any

from tests.samples import NOW
from tests.samples import sources as samples


def cases(desk: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Stale, of payouts, without news, and read again; and what the desk's own screens say."""
    ill = [samples.stale(), samples.stale("stripe-payouts", failing_since=None, last_error=None)]
    fresh = [
        samples.source(),
        samples.source("shopify-payouts", cursor={"words": "It may not be read."}, heard_at=None),
        samples.source("amazon-finances", checked_at=None, heard_at=None),
    ]
    shown = desk | {"sources": [*ill, *fresh], "ill": ill}
    return {
        "sources/source": {"source": samples.stale(), "now": NOW},
        "sources/source@payouts": {"source": ill[1], "now": NOW},
        "sources/source@never": {"source": samples.stale(checked_at=None), "now": NOW},
        "sources/source@again": {"source": samples.source(), "now": NOW},
        "sources/source_past": {"source": samples.stale(), "now": NOW},
        "desk/home@stale": shown,
        "desk/status@stale": shown,
        "desk/status@fresh": desk | {"sources": fresh},
    }
