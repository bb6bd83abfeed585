"""Partners for the demo: a payment provider that moves no money, marketplaces nobody buys at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.refunds.payment import Instruction, Outcome, Report, Result
from domain.shipping.marketplace import Shipment


@dataclass(frozen=True, slots=True)
class Entry:
    """A refund in the ledger."""

    instruction: Instruction
    outcome: Outcome
    made_at: datetime


class PracticeLedger:
    """Pays back in a ledger of its own, `entries` by key, which lasts as long as the process."""

    name = "practice ledger"

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.entries: dict[str, Entry] = {}
        self._now = now

    async def refund(self, instruction: Instruction) -> Outcome:
        """Enter the refund under its key, once."""
        reference = f"PRACTICE-{len(self.entries) + 1:06d}"
        made = Entry(instruction, Outcome(Result.SUCCEEDED, reference), self._now())
        return self.entries.setdefault(instruction.key, made).outcome

    async def find(self, instruction: Instruction) -> Outcome | None:
        """Return the entry of its key."""
        entry = self.entries.get(instruction.key)
        return entry.outcome if entry else None

    async def refunds_since(self, since: datetime) -> AsyncIterator[Report]:
        """Yield the entries since then, oldest first."""
        for entry in list(self.entries.values()):
            if entry.made_at >= since:
                instruction, outcome = entry.instruction, entry.outcome
                yield Report(
                    provider=self.name,
                    reference=outcome.reference or "",
                    payments=[instruction.payment_reference or ""],
                    money=instruction.money,
                    outcome=outcome,
                    key=instruction.key,
                )


class PracticeMarketplace:
    """Takes every shipment, `shipments` by reference."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.shipments: dict[str, Shipment] = {}

    async def confirm(self, shipment: Shipment) -> None:
        """Enter the shipment under its reference, once."""
        self.shipments.setdefault(shipment.reference, shipment)
