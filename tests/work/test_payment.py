"""Paying a refund: once, whatever happens between us and the provider."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.connectors.practice import PracticeLedger
from bot.work import payment
from bot.work.payment import Payments
from bot.work.worker import Worker
from domain import jobs
from domain.events import Event, Kind
from domain.jobs import NewJob
from domain.money import Money
from domain.people import Member
from domain.refunds import by_hand
from domain.refunds.model import State
from domain.refunds.payment import Instruction, Outcome, OutcomeUnknown, Report, Result
from domain.store import Store
from tests.work.desk import Small

FINANCE = Member("U0FAY", "finance")


class Bank:
    """A provider as they are: it may pay and not say so, or go away."""

    name = "bank"

    def __init__(self) -> None:
        self.paid: dict[str, Instruction] = {}
        self.calls: list[str] = []
        self.refuses: str | None = None
        self.before_refund: Callable[[], None] = lambda: None
        self.after_refund: Callable[[], None] = lambda: None
        self.on_find: Callable[[], None] = lambda: None

    async def refund(self, instruction: Instruction) -> Outcome:
        self.calls.append("refund")
        self.before_refund()
        if self.refuses:
            return Outcome(Result.FAILED, failure=self.refuses)
        self.paid[instruction.key] = instruction
        self.after_refund()
        return Outcome(Result.SUCCEEDED, f"bank-{instruction.key}")

    async def find(self, instruction: Instruction) -> Outcome | None:
        key = instruction.key
        self.calls.append("find")
        self.on_find()
        return Outcome(Result.SUCCEEDED, f"bank-{key}") if key in self.paid else None

    async def refunds_since(self, since: datetime) -> AsyncIterator[Report]:
        del since
        for key, instruction in self.paid.items():
            outcome = Outcome(Result.SUCCEEDED, f"bank-{key}")
            yield Report(self.name, f"bank-{key}", ["ch_1"], instruction.money, outcome, key)


class Crash(BaseException):
    """The process goes down."""


def goes_down() -> None:
    raise Crash


def says_nothing() -> None:
    raise OutcomeUnknown("The bank did not answer.")


@pytest.fixture
def bank() -> Bank:
    return Bank()


class Till:
    """A worker that pays, and a clock that the test moves."""

    def __init__(self, desk: Small, providers: dict[str, object]) -> None:
        self.desk = desk
        self.now = desk.now
        payments = Payments(desk.store, providers, lambda: self.now)  # type: ignore[arg-type]
        self.worker = Worker(desk.store, payments.handlers(), lambda: self.now)

    async def refund(self) -> int:
        """Approve a refund of an order paid through the bank, and ask for its payment."""
        order_id = await self.desk.order(payment_provider="bank", payment_reference="ch_1")
        refund_id = await self.desk.approved_refund(order_id)
        async with self.desk.write() as work:
            work.enqueue(NewJob("pay:1", "refund.pay", {"refund_id": refund_id}))
        return refund_id

    async def state(self, refund_id: int) -> State:
        return (await self.desk.refund(refund_id)).state


@pytest.fixture
def till(desk: Small, bank: Bank) -> Till:
    return Till(desk, {"bank": bank})


async def test_an_approved_refund_is_paid_by_who_took_the_money(till: Till, bank: Bank) -> None:
    refund_id = await till.refund()
    assert await till.worker.work_off() == 1

    refund = await till.desk.refund(refund_id)
    assert refund.state is State.SUCCEEDED
    assert refund.provider == "bank"
    assert refund.provider_reference == f"bank-{refund.key}"
    [instruction] = bank.paid.values()
    assert instruction.money == refund.money
    assert instruction.order_number == "1042"
    assert instruction.payment_reference == "ch_1"


async def test_the_intent_is_committed_before_the_provider_is_called(
    till: Till, bank: Bank
) -> None:
    refund_id = await till.refund()
    seen = []
    original = bank.refund

    async def look_first(instruction: Instruction) -> Outcome:
        seen.append(await till.state(refund_id))
        return await original(instruction)

    bank.refund = look_first  # type: ignore[method-assign]
    await till.worker.work_off()

    assert seen == [State.SUBMITTED]


async def test_after_a_crash_the_provider_is_asked_before_anything_is_paid_again(
    till: Till, bank: Bank
) -> None:
    refund_id = await till.refund()
    bank.after_refund = goes_down
    with pytest.raises(Crash):
        await till.worker.work_off()
    assert await till.state(refund_id) is State.SUBMITTED

    till.now += jobs.LEASE + timedelta(seconds=1)
    await till.worker.work_off()

    assert bank.calls == ["refund", "find"]
    assert await till.state(refund_id) is State.SUCCEEDED


async def test_after_a_crash_before_the_call_it_is_paid_with_the_same_key(
    till: Till, bank: Bank
) -> None:
    refund_id = await till.refund()
    bank.before_refund = goes_down
    with pytest.raises(Crash):
        await till.worker.work_off()
    bank.before_refund = lambda: None

    till.now += jobs.LEASE + timedelta(seconds=1)
    await till.worker.work_off()

    assert bank.calls == ["refund", "find", "refund"]
    assert list(bank.paid) == [(await till.desk.refund(refund_id)).key]
    assert await till.state(refund_id) is State.SUCCEEDED


async def test_without_an_answer_the_refund_is_unknown_and_asked_after_never_guessed(
    till: Till, bank: Bank
) -> None:
    refund_id = await till.refund()
    bank.after_refund = says_nothing
    bank.on_find = says_nothing
    await till.worker.work_off()
    assert await till.state(refund_id) is State.UNKNOWN

    for _ in range(jobs.MAX_ATTEMPTS + 3):
        till.now += payment.ASK_AGAIN_AFTER
        await till.worker.work_off()
    assert await till.state(refund_id) is State.UNKNOWN

    bank.on_find = lambda: None
    till.now += payment.ASK_AGAIN_AFTER
    await till.worker.work_off()

    assert await till.state(refund_id) is State.SUCCEEDED
    assert bank.calls.count("refund") == 1


async def test_an_unknown_refund_that_the_provider_never_heard_of_is_paid_once(
    till: Till, bank: Bank
) -> None:
    refund_id = await till.refund()
    bank.before_refund = says_nothing
    await till.worker.work_off()
    assert await till.state(refund_id) is State.UNKNOWN

    bank.before_refund = lambda: None
    till.now += payment.ASK_AGAIN_AFTER
    await till.worker.work_off()

    assert bank.calls == ["refund", "find", "refund"]
    assert len(bank.paid) == 1
    assert await till.state(refund_id) is State.SUCCEEDED


async def _mark_paid(till: Till, refund_id: int) -> None:
    async with till.desk.write(FINANCE.member_id) as work:
        await by_hand.mark_paid(work, FINANCE, refund_id, "WIRE-7")


async def test_what_finance_paid_while_the_provider_was_asked_is_not_paid_again(
    till: Till, bank: Bank
) -> None:
    refund_id = await till.refund()
    bank.before_refund = says_nothing
    await till.worker.work_off()
    original = bank.find

    async def paid_meanwhile(instruction: Instruction) -> Outcome | None:
        await _mark_paid(till, refund_id)
        return await original(instruction)

    bank.find = paid_meanwhile  # type: ignore[method-assign]
    till.now += payment.ASK_AGAIN_AFTER
    await till.worker.work_off()

    assert bank.calls == ["refund", "find"]
    assert (await till.desk.refund(refund_id)).provider_reference == "WIRE-7"


async def test_while_it_is_paid_again_finance_can_not_pay_it_too(till: Till, bank: Bank) -> None:
    refund_id = await till.refund()
    bank.before_refund = says_nothing
    await till.worker.work_off()
    bank.before_refund = lambda: None
    original = bank.refund

    async def look_first(instruction: Instruction) -> Outcome:
        with pytest.raises(by_hand.PaidElsewhere):
            await _mark_paid(till, refund_id)
        return await original(instruction)

    bank.refund = look_first  # type: ignore[method-assign]
    till.now += payment.ASK_AGAIN_AFTER
    await till.worker.work_off()

    assert await till.state(refund_id) is State.SUCCEEDED
    assert len(bank.paid) == 1


async def test_a_provider_that_takes_too_long_leaves_the_refund_unknown(
    till: Till, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payment, "ANSWER_WITHIN", timedelta(milliseconds=10))
    refund_id = await till.refund()

    async def never(instruction: Instruction) -> Outcome:
        del instruction
        await asyncio.Event().wait()
        raise AssertionError

    bank.refund = never  # type: ignore[method-assign]
    await till.worker.work_off()

    assert await till.state(refund_id) is State.UNKNOWN


async def test_a_refusal_fails_the_refund_with_the_provider_s_words(till: Till, bank: Bank) -> None:
    refund_id = await till.refund()
    bank.refuses = "The card was closed."
    await till.worker.work_off()

    refund = await till.desk.refund(refund_id)
    assert refund.state is State.FAILED
    assert refund.failure == "The card was closed."


async def test_an_unconnected_provider_s_refund_waits_for_finance(desk: Small) -> None:
    till = Till(desk, {})
    refund_id = await till.refund()
    await till.worker.work_off()

    refund = await desk.refund(refund_id)
    assert refund.state is State.SUBMITTED
    assert refund.provider == "manual"
    async with desk.store.across() as session:
        assert await jobs.counts(session) == {}


async def test_a_refund_is_never_moved_to_another_provider_half_way(till: Till, bank: Bank) -> None:
    refund_id = await till.refund()
    bank.after_refund = goes_down
    with pytest.raises(Crash):
        await till.worker.work_off()

    later = Till(till.desk, {})
    later.now += jobs.LEASE + timedelta(seconds=1)
    await later.worker.work_off()

    assert await till.state(refund_id) is State.SUBMITTED
    async with till.desk.store.read(till.desk.merchant) as session:
        [parked] = await jobs.dead(session)
    assert "submitted through bank, which is not connected" in (parked.last_error or "")
    # Marking it as paid by hand is refused while it is submitted, so nobody is told to.
    assert "mark" not in (parked.last_error or "")


async def test_a_settled_refund_is_not_paid_again(till: Till, bank: Bank) -> None:
    refund_id = await till.refund()
    await till.worker.work_off()
    async with till.desk.write() as work:
        work.enqueue(NewJob("pay:again", "refund.pay", {"refund_id": refund_id}))
    await till.worker.work_off()

    assert bank.calls == ["refund"]


async def test_two_jobs_for_one_refund_at_once_pay_it_once(
    desk: Small, bank: Bank, store: Store
) -> None:
    till = Till(desk, {"bank": bank})
    refund_id = await till.refund()
    async with desk.write() as work:
        work.enqueue(NewJob("pay:twin", "refund.pay", {"refund_id": refund_id}))
    await till.worker.work_off()

    assert len(bank.paid) == 1
    assert await till.state(refund_id) is State.SUCCEEDED
    async with store.read(desk.merchant) as session:
        kinds = (await session.scalars(select(Event.kind))).all()
    assert kinds.count(Kind.REFUND_SUCCEEDED) == 1


async def test_the_practice_ledger_pays_once_for_a_key() -> None:
    made_at = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    ledger = PracticeLedger(lambda: made_at)
    one = Instruction("k1", Money(100, "USD"), "1042", None)
    two = Instruction("k2", Money(100, "USD"), "1042", None)

    assert ledger.name == "practice ledger"
    assert await ledger.find(one) is None
    assert await ledger.refund(one) == Outcome(Result.SUCCEEDED, "PRACTICE-000001")
    assert await ledger.refund(two) == Outcome(Result.SUCCEEDED, "PRACTICE-000002")
    assert await ledger.refund(one) == Outcome(Result.SUCCEEDED, "PRACTICE-000001")
    assert await ledger.find(one) == Outcome(Result.SUCCEEDED, "PRACTICE-000001")
    assert [told.key async for told in ledger.refunds_since(made_at)] == ["k1", "k2"]
    later = made_at + timedelta(seconds=1)
    assert [told async for told in ledger.refunds_since(later)] == []
