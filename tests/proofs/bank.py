"""A bank in memory that behaves as Stripe does, faults by plan included."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from bot.connectors.stripe.objects import OUR_KEY, outcome
from domain.refunds.payment import Instruction, Outcome, OutcomeUnknown, Result

#: What may go wrong with a request to pay; "" is nothing.
MISHAPS = (
    "",
    "500 before",
    "500 after",
    "dropped before",
    "dropped after",
    "refused",
    "timed out",
    "stalled",
    "pending",
)

_REFUSED = Outcome(Result.FAILED, failure="The card was closed.")
#: A refund's id is unique at Stripe, whoever's it is.
_NUMBERS = itertools.count(1)


@dataclass
class Bank:
    """Payments of `captured` each, and what went back of them.

    What timed out is executed here all the same, with `catch_up`; what stalls does until
    `release`.
    """

    captured: int
    name: str = "stripe"
    refunds: list[dict[str, Any]] = field(default_factory=list)
    mishaps: deque[str] = field(default_factory=deque)
    #: How often it will not say what became of a key.
    silent: int = 0
    #: Event ids and raw bodies, in the order in which they happened.
    events: list[tuple[str, str]] = field(default_factory=list)
    #: Payments that the desk would have overdrawn, though nobody took from them elsewhere.
    overdrawn: list[str] = field(default_factory=list)
    stalled: asyncio.Event = field(default_factory=asyncio.Event)
    _released: asyncio.Event = field(default_factory=asyncio.Event)
    _in_flight: dict[str, Instruction] = field(default_factory=dict)
    _answers: dict[str, Outcome] = field(default_factory=dict)

    async def refund(self, instruction: Instruction) -> Outcome:
        """Pay back once for a key."""
        mishap = self.mishaps.popleft() if self.mishaps else ""
        key = instruction.key
        if mishap == "dropped before":
            raise OutcomeUnknown("The line died.")
        if key in self._in_flight:
            raise OutcomeUnknown("Another request has this key.")
        if key in self._answers:
            return self._answers[key]
        if mishap == "500 before":
            raise OutcomeUnknown("It was the bank's fault.")
        if mishap in ("timed out", "stalled"):
            self._in_flight[key] = instruction
        if mishap == "timed out":
            raise TimeoutError
        if mishap == "stalled":
            self.stalled.set()
            await self._released.wait()
            if self._in_flight.pop(key, None):
                return self._execute(instruction, "")
            return self._answers.get(key) or self._found(instruction) or _REFUSED
        answer = self._execute(instruction, mishap)
        if mishap in ("500 after", "dropped after"):
            raise OutcomeUnknown("The line died too late.")
        return answer

    async def find(self, instruction: Instruction) -> Outcome | None:
        """Look for the key among a payment's refunds."""
        if self.silent:
            self.silent -= 1
            raise OutcomeUnknown("It was the bank's fault.")
        await asyncio.sleep(0)
        return self._found(instruction)

    def catch_up(self) -> None:
        """Execute what timed out."""
        for key in list(self._in_flight):
            self._execute(self._in_flight.pop(key), "")

    def forget(self) -> None:
        """Forget the keys, as after a day; what was paid under them is still to be found."""
        self._answers.clear()

    def release(self) -> None:
        """Let what stalled go on, now and from now on."""
        self._released.set()
        self._released, self.stalled = asyncio.Event(), asyncio.Event()

    def by_console(self, payment: str, amount: int) -> None:
        """Somebody takes as much as there is, up to an amount, past the desk."""
        amount = min(amount, self.left(payment))
        if amount:
            self._move(payment, amount, {}, "succeeded")

    def decide(self, number: int, status: str) -> None:
        """Decide on a pending refund, or let one that succeeded come back from the buyer's bank."""
        follows = {"pending": ("succeeded", "failed"), "succeeded": ("failed",)}
        open_ones = [one for one in self.refunds if status in follows.get(one["status"], ())]
        if open_ones:
            self._tell("refund.updated", open_ones[number % len(open_ones)], status)

    def left(self, payment: str) -> int:
        """Return what can still be taken from a payment."""
        return self.captured - sum(
            one["amount"]
            for one in self.refunds
            if one["payment_intent"] == payment and one["status"] != "failed"
        )

    def paid(self) -> Counter[str]:
        """Count what was paid and not sent back, by our keys of it."""
        return Counter(
            one["metadata"][OUR_KEY]
            for one in self.refunds
            if one["metadata"] and one["status"] != "failed"
        )

    def _found(self, instruction: Instruction) -> Outcome | None:
        for one in self.refunds:
            if one["metadata"].get(OUR_KEY) == instruction.key:
                return (
                    outcome(one) if one["payment_intent"] == instruction.payment_reference else None
                )
        return None

    def _execute(self, instruction: Instruction, mishap: str) -> Outcome:
        payment, amount = instruction.payment_reference or "", instruction.money.minor
        if amount > self.left(payment):
            if all(one["metadata"] for one in self.refunds if one["payment_intent"] == payment):
                self.overdrawn.append(payment)
            answer = Outcome(Result.FAILED, failure="More than is left of the payment.")
        elif mishap == "refused":
            answer = _REFUSED
        else:
            status = "pending" if mishap == "pending" else "succeeded"
            answer = outcome(self._move(payment, amount, {OUR_KEY: instruction.key}, status))
        self._answers[instruction.key] = answer
        return answer

    def _move(
        self, payment: str, amount: int, metadata: dict[str, str], status: str
    ) -> dict[str, Any]:
        refund = {
            "id": f"re_{next(_NUMBERS)}",
            "object": "refund",
            "amount": amount,
            "currency": "usd",
            "payment_intent": payment,
            "charge": None,
            "metadata": metadata,
            "failure_reason": None,
        }
        self.refunds.append(refund)
        self._tell("refund.created", refund, status)
        return refund

    def _tell(self, kind: str, refund: dict[str, Any], status: str) -> None:
        refund["status"] = status
        event = {"id": f"evt_{len(self.events) + 1}", "type": kind, "data": {"object": refund}}
        self.events.append((event["id"], json.dumps(event)))
