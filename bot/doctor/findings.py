"""What one check of the doctor's found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How a check went."""

    GOOD = "✓"
    BAD = "✗"
    OPEN = "–"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; a sentence says what to do unless it is good."""

    mark: Mark
    sentence: str

    def __str__(self) -> str:
        return f"{self.mark} {self.sentence}"


Findings = AsyncIterator[Finding]
