"""Comparing both sides: what is settled by it, what differs, and who hears of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.work.clock import Clock
from bot.work.reconciling import Reconciling
from bot.work.worker import Worker
from domain import jobs
from domain.cards import Card
from domain.events import Event, Kind
from domain.jobs import Job
from domain.money import Money
from domain.orders import queries as orders
from domain.people import Member
from domain.refunds import by_hand, paying, reconciliation
from domain.refunds.differences import Mismatch
from domain.refunds.model import Refund, State
from domain.refunds.payment import Instruction, Outcome, OutcomeUnknown, Report, Result
from domain.refunds.reconciliation import Reconciliation, ReconciliationCard
from handlers.alerts import route
from tests.work.desk import Small

FINANCE = Member("U0FAY", "finance")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Books:
    """A provider's books, as the test writes them."""

    name = "bank"

    def __init__(self) -> None:
        self.reports: dict[str, Report] = {}
        self.asked: list[datetime | str] = []
        self.away = False

    def enter(self, reference: str, minor: int = 1_250, **facts: Any) -> None:
        """Write a refund down, or anew."""
        result = facts.pop("result", Result.SUCCEEDED)
        self.reports[reference] = Report(
            **{
                "provider": self.name,
                "reference": reference,
                "payments": ["ch_1"],
                "money": Money(minor, "USD"),
                "outcome": Outcome(result, reference),
                **facts,
            }
        )

    async def refund(self, instruction: Instruction) -> Outcome:
        raise AssertionError(f"{instruction.key} was paid by who only asks")

    async def find(self, instruction: Instruction) -> Outcome | None:
        self.asked.append(instruction.key)
        if self.away:
            raise OutcomeUnknown("The bank is closed.")
        found = (one for one in self.reports.values() if one.key == instruction.key)
        return next((one.outcome for one in found), None)

    async def refunds_since(self, since: datetime) -> AsyncIterator[Report]:
        self.asked.append(since)
        for report in self.reports.values():
            yield report
        if self.away:
            raise OutcomeUnknown("The bank closed in the middle of it.")


class Office:
    """A desk, its clock and worker, and a provider whose books it compares."""

    def __init__(self, desk: Small) -> None:
        desk.store.alerts = route
        self.desk = desk
        self.now = desk.now
        self.books = Books()
        self.clock = Clock(desk.store, lambda: self.now)
        self.worker = self.worker_with({"bank": self.books})

    def worker_with(self, providers: dict[str, Any]) -> Worker:
        reconciling = Reconciling(self.desk.store, providers, lambda: self.now)
        return Worker(self.desk.store, reconciling.handlers(), lambda: self.now)

    async def submitted(self, amount: int = 1_250, **facts: Any) -> Refund:
        """Bring a refund to where the bank has it in hand."""
        paid = {"payment_provider": "bank", "payment_reference": "ch_1", **facts}
        refund_id = await self.desk.approved_refund(await self.desk.order(**paid), amount)
        async with self.desk.write("worker", self.now) as work:
            await paying.submit(work, refund_id, "bank")
        return await self.desk.refund(refund_id)

    async def later(self, **span: float) -> None:
        """Let time pass, the clock look, and the jobs be done."""
        self.now += timedelta(**span)
        await self.clock.tick(self.now)
        await self.worker.work_off()

    async def last(self) -> ReconciliationCard:
        """Return how the last comparison went."""
        async with self.desk.store.read(self.desk.merchant) as session:
            [one] = await reconciliation.latest(session)
        return one

    async def kinds(self) -> list[Mismatch]:
        """Return in which ways the two sides differ."""
        return [one.kind for one in (await self.last()).differences]

    async def all(self, table: Any, *where: Any) -> Sequence[Any]:
        async with self.desk.store.read(self.desk.merchant) as session:
            found = await session.scalars(select(table).where(*where).order_by(table.id))
            return found.unique().all()

    async def posts(self) -> int:
        """Return how many messages differences were worth."""
        posts = await self.all(Job, Job.kind == "post")
        return len([job for job in posts if job.payload["subject"] == "reconciliation"])


@pytest.fixture
def office(desk: Small) -> Office:
    return Office(desk)


async def test_what_no_webhook_told_of_is_settled_within_hours(office: Office) -> None:
    refund = await office.submitted()
    office.books.enter("b1", key=refund.key, result=Result.WAITING)
    await office.later(hours=2)
    assert office.books.asked == []
    await office.later(hours=1)
    assert office.books.asked == [refund.key]
    office.books.enter("b1", key=refund.key)
    await office.later(hours=3)
    settled = await office.desk.refund(refund.id)
    assert (settled.state, settled.provider_reference) == (State.SUCCEEDED, "b1")
    await office.later(hours=3)
    assert office.books.asked == [refund.key] * 2


async def test_asking_never_pays_and_waits_for_a_provider_that_is_away(office: Office) -> None:
    refund = await office.submitted()
    await office.later(hours=3)
    office.books.away = True
    await office.later(hours=3)
    assert (await office.desk.refund(refund.id)).state is State.SUBMITTED
    async with office.desk.store.across() as session:
        assert "running" not in await jobs.counts(session)
        assert await jobs.dead(session) == []


async def test_a_refund_that_is_paid_by_hand_is_asked_after_nowhere(office: Office) -> None:
    refund_id = await office.desk.approved_refund(await office.desk.order())
    async with office.desk.write("worker") as work:
        await paying.submit(work, refund_id, "manual")
    await office.later(days=3)
    assert office.books.asked == []
    assert await office.all(Reconciliation) == []


async def test_both_sides_are_compared_each_day_far_enough_back(office: Office) -> None:
    refund = await office.submitted()
    office.books.enter("b1", key=refund.key)
    await office.later(hours=25)
    first = office.now
    await office.later(days=1)
    since = [one for one in office.books.asked if isinstance(one, datetime)]
    assert since == [office.desk.now - 7 * DAY, first - 7 * DAY]
    last = await office.last()
    assert (last.counted, last.differing, last.compared_at) == (1, 0, office.now)
    assert await office.posts() == 0
    assert len(await office.all(Event, Event.kind == Kind.REFUNDS_COMPARED)) == 2


async def test_what_was_made_elsewhere_is_entered_once(office: Office) -> None:
    refund = await office.submitted()
    office.books.enter("b1", key=refund.key)
    office.books.enter("b2", 700)
    office.books.enter("b3", 300, result=Result.WAITING)
    for _ in range(3):
        await office.later(days=1, seconds=1)
    assert len(await office.all(Refund)) == 3
    async with office.desk.store.read(office.desk.merchant) as session:
        card = await orders.card(session, "1042")
    assert (card.refunded.minor, card.held.minor) == (1_950, 2_250)
    assert len(await office.all(Event, Event.kind == Kind.REFUND_FOUND)) == 2
    tells = await office.all(Job, Job.kind == "tell")
    assert [job.payload["id"] for job in tells] == [refund.id]


async def test_a_refund_that_is_not_there_is_a_difference(office: Office) -> None:
    refund = await office.submitted()
    async with office.desk.write("worker") as work:
        await paying.settle(work, refund.id, Outcome(Result.SUCCEEDED, "b1"))
    await office.later(hours=25)
    [one] = (await office.last()).differences
    assert (one.kind, one.refund_id, one.order_number) == (Mismatch.MISSING, refund.id, "1042")
    assert (one.here, one.there) == (Money(1_250, "USD"), None)


async def test_what_was_submitted_a_moment_ago_may_not_be_listed_yet(office: Office) -> None:
    first = await office.submitted()
    office.books.enter("b1", key=first.key)
    office.now += DAY
    await office.submitted(number="1043", payment_reference="ch_2")
    await office.later(seconds=1)
    assert await office.kinds() == []


async def test_what_finance_paid_in_another_way_is_not_missed(office: Office) -> None:
    refund = await office.submitted()
    async with office.desk.write("worker") as work:
        await paying.lose_sight(work, refund.id, "no answer")
    async with office.desk.write(FINANCE.member_id) as work:
        await by_hand.mark_paid(work, FINANCE, refund.id, "WIRE-7")
    await office.later(hours=25)
    assert await office.kinds() == []


async def test_a_reference_that_somebody_typed_is_recognised(office: Office) -> None:
    refund = await office.submitted()
    async with office.desk.write("worker") as work:
        await paying.lose_sight(work, refund.id, "no answer")
    async with office.desk.write(FINANCE.member_id) as work:
        await by_hand.mark_paid(work, FINANCE, refund.id, "b1")
    office.books.enter("b1")
    await office.later(hours=25)
    assert await office.kinds() == []
    assert len(await office.all(Refund)) == 1


@pytest.mark.parametrize("money", [Money(1_000, "USD"), Money(1_250, "EUR")])
async def test_another_amount_or_currency_is_a_difference(office: Office, money: Money) -> None:
    refund = await office.submitted()
    office.books.enter("b1", key=refund.key, money=money)
    await office.later(hours=25)
    [one] = (await office.last()).differences
    assert (one.kind, one.here, one.there) == (Mismatch.AMOUNT, Money(1_250, "USD"), money)


async def test_a_refund_in_a_currency_that_its_order_can_not_count(office: Office) -> None:
    refund = await office.submitted()
    office.books.enter("b1", key=refund.key)
    office.books.enter("b2", money=Money(900, "EUR"))
    await office.later(hours=25)
    [one] = (await office.last()).differences
    assert (one.kind, one.references, one.there) == (
        Mismatch.UNCOUNTED,
        ("b2",),
        Money(900, "EUR"),
    )


async def test_what_failed_here_and_is_paid_there(office: Office) -> None:
    refund = await office.submitted()
    async with office.desk.write("worker") as work:
        await paying.settle(work, refund.id, Outcome(Result.FAILED, "b1", "account closed"))
    office.books.enter("b1", key=refund.key)
    await office.later(hours=25)
    assert await office.kinds() == [Mismatch.PAID_THERE]


async def test_what_was_marked_as_failed_and_is_paid_there_is_paid(office: Office) -> None:
    refund = await office.submitted()
    async with office.desk.write("worker") as work:
        await paying.lose_sight(work, refund.id, "no answer")
    async with office.desk.write(FINANCE.member_id) as work:
        await by_hand.mark_failed(work, FINANCE, refund.id, "Not in the list")
    office.books.enter("b1", key=refund.key)
    await office.later(hours=25)
    assert (await office.desk.refund(refund.id)).state is State.SUCCEEDED
    assert await office.kinds() == []


async def test_what_hangs_for_more_than_a_day_is_put_before_a_person(office: Office) -> None:
    refund = await office.submitted()
    office.books.enter("b1", key=refund.key, result=Result.WAITING)
    await office.later(hours=24)
    assert await office.kinds() == []
    await office.later(hours=25)
    [one] = (await office.last()).differences
    assert (one.kind, one.since) == (Mismatch.HANGING, office.desk.now)


async def test_more_back_than_was_paid_is_a_difference(office: Office) -> None:
    refund = await office.submitted(4_000)
    office.books.enter("b1", 4_000, key=refund.key)
    office.books.enter("b2", 1_001)
    await office.later(hours=25)
    [one] = (await office.last()).differences
    assert (one.kind, one.there, one.here) == (
        Mismatch.OVER,
        Money(5_001, "USD"),
        Money(5_000, "USD"),
    )


@pytest.mark.parametrize(("strangers", "named"), [(2, ("s0", "s1")), (700, ())])
async def test_refunds_of_payments_that_nobody_knows_are_counted(
    office: Office, strangers: int, named: tuple[str, ...]
) -> None:
    refund = await office.submitted()
    office.books.enter("b1", key=refund.key)
    for number in range(strangers):
        office.books.enter(f"s{number}", payments=[f"ch_s{number}"])
    await office.later(hours=25)
    [one] = (await office.last()).differences
    assert (one.kind, one.count, one.references) == (Mismatch.UNNAMED, strangers, named)
    assert len(await office.all(Refund)) == 1


async def test_a_difference_is_told_once_and_again_when_another_joins_it(office: Office) -> None:
    one = await office.submitted()
    await office.later(hours=25)
    assert await office.posts() == 1
    await _posted(office, "1.1")
    await office.later(days=1)
    assert await office.posts() == 1
    assert len(await office.all(Card)) == 1

    await office.submitted(number="1043", payment_reference="ch_2")
    await office.later(days=1)
    assert await office.posts() == 2
    # The message of before stays what it was.
    assert await office.all(Card) == []
    kinds = [event.kind for event in await office.all(Event) if event.subject == "reconciliation"]
    assert kinds == [Kind.REFUNDS_DIFFER, Kind.REFUNDS_COMPARED, Kind.REFUNDS_DIFFER]

    for number, refund in enumerate(await office.all(Refund)):
        office.books.enter(f"b{number}", key=refund.key, payments=[])
    await office.later(days=1)
    assert (await office.last()).differing == 0
    assert await office.posts() == 2
    refreshed = [job.payload for job in await office.all(Job, Job.kind == "refresh")]
    assert {"subject": "reconciliation", "id": (await office.last()).id} in refreshed
    assert one.provider == "bank"


async def test_a_comparison_is_recorded_with_what_was_compared(office: Office) -> None:
    refund = await office.submitted()
    await office.later(hours=25)
    [event] = await office.all(Event, Event.kind == Kind.REFUNDS_DIFFER)
    assert event.actor == "worker"
    assert event.data["provider"] == "bank"
    assert event.data["until"] == office.now.isoformat()
    assert (event.data["counted"], event.data["differing"]) == (0, 1)
    [stored] = event.data["differences"]
    assert (stored["kind"], stored["refund_id"]) == ("missing", refund.id)
    assert stored["here"] == [1_250, "USD"]


async def test_a_provider_that_is_away_is_asked_again_and_the_gap_is_covered(
    office: Office,
) -> None:
    refund = await office.submitted()
    office.books.enter("b1", key=refund.key)
    office.books.away = True
    await office.later(hours=25)
    assert (await office.last()).compared_at is None
    [waiting] = [job for job in await office.all(Job) if job.kind == "refund.reconcile"]
    assert waiting.last_error == "The bank closed in the middle of it."

    office.books.away = False
    await office.later(minutes=1)
    last = await office.last()
    assert (last.compared_at, last.counted) == (office.now, 1)


async def test_a_provider_that_is_not_connected_any_more_is_left(office: Office) -> None:
    await office.submitted()
    office.worker = office.worker_with({})
    await office.later(hours=25)
    assert (await office.last()).compared_at is None
    async with office.desk.store.across() as session:
        assert await jobs.dead(session) == []


async def _posted(office: Office, reference: str) -> None:
    """Do what the job of posting does."""
    async with office.desk.write("worker") as work:
        work.session.add(
            Card(
                subject="reconciliation",
                subject_id=(await office.last()).id,
                template="refunds/reconciliation",
                place="C0REFUNDS",
                reference=reference,
                digest="",
            )
        )
