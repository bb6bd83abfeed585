"""Reports on carriers."""

from __future__ import annotations

from typing import Any

from tests.samples import APPROVER, NOW
from tests.samples import carriers as samples


def cases() -> dict[str, dict[str, Any]]:
    """Full, shared, of one carrier, and empty."""
    own = {"shared_by": None, "now": NOW}
    return {
        "reports/carriers": {"report": samples.score_card(), **own},
        "reports/carriers@shared": {
            "report": samples.score_card(),
            "shared_by": APPROVER,
            "now": NOW,
        },
        "reports/carriers@one": {"report": samples.score_card(scores=(samples.score(),)), **own},
        "reports/carriers@nothing": {"report": samples.score_card(scores=()), **own},
    }
