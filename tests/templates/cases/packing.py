"""Reports on packing."""

from __future__ import annotations

from typing import Any

from domain.fulfilment.model import Problem
from domain.fulfilment.report import PackingReport, Trouble
from domain.reports import Spread
from tests.samples import APPROVER, NOW, ago


def report(**changes: Any) -> PackingReport:
    """A month in which most of the time went by before orders were picked."""
    values: dict[str, Any] = {
        "days": 30,
        "since": ago(days=30),
        "total": 9,
        "problems": {Problem.MISSING: 6, Problem.DAMAGED: 2, Problem.OTHER: 1},
        "skus": (
            Trouble("AM-1", 6, {Problem.MISSING: 5, Problem.DAMAGED: 1}),
            Trouble("POT-1", 2, {Problem.MISSING: 1, Problem.DAMAGED: 1}),
            Trouble(None, 1, {Problem.OTHER: 1}),
        ),
        "skus_total": 12,
        "orders": 214,
        "waits": {
            "picked": Spread(210, 15_000, 80_000),
            "packed": Spread(208, 1_500, 9_000),
            "shipped": Spread(208, 3_900, 30_000),
            "whole": Spread(212, 24_000, 120_000),
        },
    }
    return PackingReport(**values | changes)


def cases() -> dict[str, dict[str, Any]]:
    """Full, shared, without lists, and empty."""
    own = {"shared_by": None, "now": NOW}
    bare = {"total": 0, "problems": {}, "skus": (), "skus_total": 0}
    return {
        "reports/packing": {"report": report(), **own},
        "reports/packing@shared": {"report": report(), "shared_by": APPROVER, "now": NOW},
        "reports/packing@no_lists": {
            "report": report(**bare, waits={"whole": Spread(1, 7_200, 7_200)}, orders=1),
            **own,
        },
        "reports/packing@nothing": {"report": report(**bare, waits={}, orders=0), **own},
    }
