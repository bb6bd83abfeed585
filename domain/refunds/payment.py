"""The port to whoever moves the money."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from domain.errors import DeskhandError
from domain.money import Money


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
class Instruction:
    """What to pay back; `key` is the idempotency key, the same at every attempt."""

    key: str
    money: Money
    order_number: str
    payment_reference: str | None


class OutcomeUnknown(DeskhandError):
    """The provider may or may not have moved the money: ask it, never guess."""


class PaymentProvider(Protocol):
    """Moves money back. Both calls may raise `OutcomeUnknown`."""

    name: str

    async def refund(self, instruction: Instruction) -> Outcome:
        """Pay back once for this key, however often it is called."""

    async def find(self, instruction: Instruction) -> Outcome | None:
        """Return what became of the instruction, None if the provider never heard of its key."""


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
