"""What a bench prints, and how it takes the time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

#: Something to be timed.
Call = Callable[[], Awaitable[object]]


@dataclass(slots=True)
class Table:
    """Rows of text under a header, with a note below where one is needed."""

    header: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    note: str = ""

    def add(self, *cells: str) -> None:
        """Add a row, one cell a column."""
        self.rows.append(cells)

    def __str__(self) -> str:
        lines = [self.header, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.header))]
        shown = [
            "  "
            + line[0].ljust(widths[0])
            + "".join(
                f"  {cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True)
            )
            for line in lines
        ]
        return "\n".join([*shown, *([f"  {self.note}"] if self.note else [])])


async def medians(calls: Mapping[str, Call], *, rounds: int) -> dict[str, float]:
    """Return the median seconds of each call; they take turns, so that noise meets all alike."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        await call()
    for _ in range(rounds):
        for name, call in calls.items():
            started = time.perf_counter()
            await call()
            taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(times) for name, times in taken.items()}


async def seconds(call: Call) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    await call()
    return time.perf_counter() - started


def ms(value: float) -> str:
    """Write seconds as milliseconds."""
    return f"{value * 1000:.2f} ms"


def rate(count: int, taken: float) -> str:
    """Write how many a second."""
    return f"{count / taken:,.0f}/s"


def times(value: float, base: float) -> str:
    """Write how many times the base a value is."""
    return f"×{value / base:.2f}"
