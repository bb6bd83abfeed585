"""The port to whoever moves the money."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from domain.errors import DeskhandError
from domain.money import Money
from domain.refunds.model import PartKind, Reason


class Result(StrEnum):
    """What a provider says of a refund; `waiting` when a person or a batch is still to act."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A provider's answer: its own reference, or why it refused, in words.

    One that waits and names a failure has paid a part and never will the rest: a person has
    to see to it.
    """

    result: Result
    reference: str | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Portion:
    """What some of the money is for; `item` is the sales channel's own id of an order's line.

    `item` and `quantity` are None for what is not about a line.
    """

    kind: PartKind
    money: Money
    item: str | None = None
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Instruction:
    """What to pay back; `key` is the idempotency key, the same at every attempt.

    `portions` say what the money is for, and add up to it.
    """

    key: str
    money: Money
    order_number: str
    payment_reference: str | None
    portions: tuple[Portion, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A provider's word on one refund of its own.

    `reference` is the provider's id of the refund, `key` ours where the refund carries it,
    and `payments` are the names that the payment it was taken from goes by. `at` is when it
    was made. `also` are other amounts that it may have been asked for as: without the tax
    that the provider adds by itself, for one.
    """

    provider: str
    reference: str
    payments: Sequence[str]
    money: Money
    outcome: Outcome
    key: str | None = None
    at: datetime | None = None
    also: tuple[Money, ...] = ()

    @property
    def own_key(self) -> str:
        """The key under which it is kept here, if it was not made from here."""
        return f"{self.provider}:{self.reference}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a batch: what one item of an order gets back, of its price and its shipping.

    `payment` and `item` are the provider's own names of the order and the item.
    """

    payment: str
    item: str
    reason: Reason
    price: Money
    shipping: Money


class Ending(StrEnum):
    """How a batch ended: worked through, never begun, or broken off at any point."""

    PROCESSED = "processed"
    CANCELLED = "cancelled"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is; `ending` is None while it waits or runs, `report` names its report."""

    ending: Ending | None = None
    report: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the report says of one entry; `accepted` is None where it does not say."""

    accepted: bool | None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """A batch that the provider has, by its own reference, and when it came."""

    reference: str
    at: datetime


class OutcomeUnknown(DeskhandError):
    """The provider may or may not have moved the money: ask it, never guess."""


class ProviderBusy(DeskhandError):
    """The provider asks to wait for `after`; it did nothing."""

    def __init__(self, message: str, after: timedelta) -> None:
        self.after = after
        super().__init__(message)


class BatchRefused(DeskhandError):
    """The provider will not have this batch, in its own words; it did nothing."""


class PaymentProvider(Protocol):
    """Moves money back. Paying and asking may raise `OutcomeUnknown`."""

    name: str

    async def refund(self, instruction: Instruction) -> Outcome:
        """Pay back once for this key, however often it is called."""

    async def find(self, instruction: Instruction) -> Outcome | None:
        """Return what became of the instruction, None if the provider never heard of its key."""

    def refunds_since(self, since: datetime) -> AsyncIterator[Report]:
        """Yield every refund that exists there and was made since then, whoever made it."""


@runtime_checkable
class BatchProvider(PaymentProvider, Protocol):
    """A payment provider that takes refunds by the batch, and carries no key of ours.

    Its `refund` waits, after a look at what it could never pay. Each call of its own may
    raise `OutcomeUnknown` and `ProviderBusy`; only after `send` does the first of them mean
    that something may have happened.
    """

    async def upload(self, entries: Sequence[Entry]) -> str:
        """Put the entries where the provider reads them; returns the document's name."""

    async def send(self, document: str) -> str:
        """Have the document worked through; returns the batch's reference.

        Raises:
            BatchRefused: it will not be, and nothing was done.
        """

    async def sent_since(self, since: datetime) -> Sequence[Sending]:
        """Return the batches of this kind that the provider has got since, whoever sent them."""

    async def progress(self, reference: str) -> Progress:
        """Ask how far a batch is."""

    async def verdicts(self, report: str, entries: Sequence[Entry]) -> Sequence[Verdict]:
        """Read what the report says of each entry, in their order."""

    def refunds_since(self, since: datetime, payment: str | None = None) -> AsyncIterator[Report]:
        """Tell of every refund made since, whoever made it; of one payment, where it is named."""


class ByHand:
    """Finance pays it in the provider's own console and marks it as paid here."""

    name = "manual"

    async def refund(self, instruction: Instruction) -> Outcome:
        """Wait for a person."""
        del instruction
        return Outcome(Result.WAITING)

    async def find(self, instruction: Instruction) -> Outcome | None:
        """Know nothing: only the person who paid does."""
        del instruction
        return None

    async def refunds_since(self, since: datetime) -> AsyncIterator[Report]:
        """Yield nothing: there are no books to compare with."""
        del since
        nothing: tuple[Report, ...] = ()
        for report in nothing:
            yield report
