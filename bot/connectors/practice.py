"""A payment provider for the demo: it keeps books, and moves no money."""

from __future__ import annotations

from domain.refunds.payment import Instruction, Outcome, Result


class PracticeLedger:
    """Pays back in a ledger of its own, `entries` by key, which lasts as long as the process."""

    name = "practice ledger"

    def __init__(self) -> None:
        self.entries: dict[str, Outcome] = {}

    async def refund(self, instruction: Instruction) -> Outcome:
        """Enter the refund under its key, once."""
        reference = f"PRACTICE-{len(self.entries) + 1:06d}"
        return self.entries.setdefault(instruction.key, Outcome(Result.SUCCEEDED, reference))

    async def find(self, instruction: Instruction) -> Outcome | None:
        """Return the entry of its key."""
        return self.entries.get(instruction.key)
