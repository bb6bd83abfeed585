"""Carriers to choose from."""

from __future__ import annotations

from typing import Any

from domain.shipping.scores import Score, ScoreCard
from tests.samples import ago


def score(carrier: str | None = "UPS", **changes: Any) -> Score:
    """A carrier that is mostly on time."""
    values: dict[str, Any] = {
        "shipped": 240,
        "delivered": 231,
        "judged": 220,
        "on_time": 0.964,
        "lost": 2,
        "damaged": 1,
        "days": 2.5,
    }
    return Score(carrier, **values | changes)


def score_card(**changes: Any) -> ScoreCard:
    """Three carriers, one of which nobody named."""
    values: dict[str, Any] = {
        "days": 90,
        "since": ago(days=90),
        "scores": (
            score(),
            score("DHL", shipped=170, delivered=160, judged=150, on_time=0.853, days=3.0),
            score(None, shipped=2, delivered=0, judged=0, on_time=None, lost=0, days=None),
        ),
    }
    return ScoreCard(**values | changes)
