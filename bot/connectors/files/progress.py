"""How far a reading has come, in bytes of its files."""

from __future__ import annotations

from dataclasses import dataclass

#: Putting the file away is about a tenth of the work, handing out orders the rest.
_READING = 0.1


@dataclass(slots=True)
class Progress:
    """`position` of `total` bytes; it only grows, and ends at the total."""

    total: int
    position: int = 0

    def read(self, done: int) -> None:
        """Say how many bytes have been read, of the first pass over the file."""
        self._advance(done * _READING)

    def handed_out(self, share: float) -> None:
        """Say which share (0 to 1) of the orders has been handed out."""
        self._advance(self.total * (_READING + (1 - _READING) * share))

    def _advance(self, to: float) -> None:
        self.position = max(self.position, min(self.total, round(to)))
