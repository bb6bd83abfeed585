"""The port to whoever moves the money."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.errors import DeskhandError
from domain.money import Money
from domain.refunds.model import PartKind


class Result(StrEnum):
    """What a provider says of a refund; `waiting` when a person or a batch is still to act."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A provider's answer: its own reference, or why it refused, in words."""

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
    and `payments` are the names that the payment it was taken from goes by.
    """

    provider: str
    reference: str
    payments: Sequence[str]
    money: Money
    outcome: Outcome
    key: str | None = None

    @property
    def own_key(self) -> str:
        """The key under which it is kept here, if it was not made from here."""
        return f"{self.provider}:{self.reference}"


class OutcomeUnknown(DeskhandError):
    """The provider may or may not have moved the money: ask it, never guess."""


class PaymentProvider(Protocol):
    """Moves money back. Paying and asking may raise `OutcomeUnknown`."""

    name: str

    async def refund(self, instruction: Instruction) -> Outcome:
        """Pay back once for this key, however often it is called."""

    async def find(self, instruction: Instruction) -> Outcome | None:
        """Return what became of the instruction, None if the provider never heard of its key."""

    def refunds_since(self, since: datetime) -> AsyncIterator[Report]:
        """Yield every refund that exists there and was made since then, whoever made it."""


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
