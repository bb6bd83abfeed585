"""Partners for the demo: money that does not move, marketplaces and labels that nobody uses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.money import Money
from domain.refunds.payment import Instruction, Outcome, Report, Result
from domain.shipping.labels import Address, Label, Package, Quote, Rate
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


class PracticeLabels:
    """Sells labels that nobody can use, `labels` by quote, at the same two rates for everything."""

    name = "practice labels"

    def __init__(self) -> None:
        self.labels: dict[str, Label] = {}

    async def quote(self, reference: str, sender: Address, to: Address, package: Package) -> Quote:
        """Return the two rates."""
        del sender, to, package
        return Quote(reference, self._rates)

    async def buy(self, quote: str, rate: str) -> Label:
        """Enter the label under its quote, once."""
        chosen = next(one for one in self._rates if one.reference == rate)
        number = f"PRACTICE{len(self.labels) + 1:06d}"
        url = f"https://labels.example/{number}.png"
        made = Label(chosen.carrier, number, url, chosen.cost)
        return self.labels.setdefault(quote, made)

    async def find(self, quote: str) -> Label | None:
        """Return the label of a quote."""
        return self.labels.get(quote)

    async def void(self, quote: str) -> None:
        """Forget the label."""
        self.labels.pop(quote, None)

    _rates = (
        Rate("ground", "UPS", "Ground", Money(610, "USD"), None),
        Rate("priority", "USPS", "Priority", Money(758, "USD"), 2),
    )
