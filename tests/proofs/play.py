"""A desk at which anything may happen in any order, and what must hold whatever did."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import lazyload

from bot.connectors.stripe import events
from bot.connectors.stripe.objects import OUR_KEY
from bot.work.payment import ASK_AGAIN_AFTER, Payments
from bot.work.worker import Worker
from domain import inbox, jobs, merchants, people
from domain.errors import DeskhandError
from domain.events import Event
from domain.jobs import Job, NewJob
from domain.merchants import Merchant
from domain.money import Money
from domain.orders import queries
from domain.orders.model import Order
from domain.orders.model import State as OrderState
from domain.orders.service import receive
from domain.refunds import by_hand
from domain.refunds import service as refunds
from domain.refunds.model import HOLDING, PAYING, Reason, Refund, State
from domain.refunds.payment import ByHand
from domain.store import Store, Work
from handlers.alerts import route
from tests.domain.desk import draft, usd
from tests.proofs.bank import Bank

CAPTURED = 12_000
#: The policy, once more in its own words: in cents, up to which nobody and above which two agree.
AUTO, TWO = 500, 3_000
#: A has its payment edited, B is moved to another one, C is refunded elsewhere as well, and D
#: has no provider.
ORDERS = "ABCD"
ASKERS = ("U0ANA", "U0BEN")
DECIDERS = ("U0BEN", "U0BEA", "U0CAP", "U0ADA", "U0ANA")
#: Who works here, and up to how much they may approve, in cents.
STAFF = {
    "U0ANA": ("agent", None),
    "U0BEN": ("approver", None),
    "U0BEA": ("approver", None),
    "U0CAP": ("approver", 2_000),
    "U0ADA": ("admin", None),
    "U0FAY": ("finance", None),
}
WORKED = ("refund.pay", "inbox.stripe")
REST = timedelta(seconds=1) + max(jobs.LEASE, ASK_AGAIN_AFTER)


async def paying_alone(session: AsyncSession, happened: Sequence[Event]) -> list[NewJob]:
    """Follow the rules of the desk, except for what is to be posted."""
    return [job for job in await route(session, happened) if job.kind in WORKED]


@dataclass
class Play:
    """One merchant's desk and bank; `staff`, `captured` and `cancelled` are as they should be."""

    store: Store
    merchant_id: int = 0
    now: datetime = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    bank: Bank = field(default_factory=lambda: Bank(CAPTURED))
    staff: dict[str, tuple[str | None, int | None]] = field(default_factory=lambda: dict(STAFF))
    #: What was paid for A by all that its source said in this step or last before it.
    captured: set[int] = field(default_factory=set)
    #: Whether D was cancelled before this step.
    cancelled: bool = False
    submitted: set[int] = field(default_factory=set)
    asked: dict[int, Refund] = field(default_factory=dict)
    agreed: dict[int, set[str]] = field(default_factory=dict)
    by_hand: set[int] = field(default_factory=set)
    #: Events of the bank's that were delivered, by number.
    delivered: set[int] = field(default_factory=set)
    orders: dict[str, int] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)
    aside: list[asyncio.Task[Any]] = field(default_factory=list)
    steps: int = 0
    _versions: Any = field(default_factory=lambda: itertools.count(1))

    async def open(self) -> None:
        """Furnish a new merchant, and forget the jobs of a play that broke off."""
        self.store.alerts = paying_alone
        async with self.store.across(write=True) as session:
            await session.execute(
                update(Job)
                .where(Job.finished_at.is_(None))
                .values(state=jobs.State.DONE, finished_at=self.now)
            )
            merchant = Merchant(team_id=None, name="", created_at=self.now)
            session.add(merchant)
            await session.flush()
            self.merchant_id = merchant.id
        async with self.work("console") as work:
            await merchants.change_setting(work, "refund.auto_limit", str(usd(AUTO)))
            await merchants.change_setting(work, "refund.two_approvers_above", str(usd(TWO)))
            for who, (role, limit) in STAFF.items():
                await people.set_role(work, who, role, limit and usd(limit))
        for order in ORDERS:
            await self.edit(order)
        await self.restart(connected=True)

    def work(self, actor: str) -> AbstractAsyncContextManager[Work]:
        """Open a unit of work."""
        return self.store.write(self.merchant_id, now=self.now, actor=actor)

    # What people do.

    async def request(self, who: str, order: str, amount: int) -> None:
        """Ask for a refund."""
        async with self.work(who) as work:
            member = await people.at_desk(work.session, who)
            ask = refunds.Ask(Reason.DAMAGED, amount=Money(amount, "USD"))
            refund = await refunds.request(work, member, self.orders[order], ask)
        self.asked[refund.id] = refund

    async def approve(self, who: str, number: int) -> None:
        """Agree to a refund; whoever could, had to be allowed to."""
        refund = self.pick(number)
        async with self.work(who) as work:
            member = await people.at_desk(work.session, who)
            await refunds.approve(work, member, refund.id)
        role, limit = self.staff[who]
        assert role in ("approver", "admin")
        assert limit is None or refund.amount <= limit
        assert who != refund.requested_by
        agreed = self.agreed.setdefault(refund.id, set())
        assert who not in agreed
        agreed.add(who)

    async def decline(self, who: str, number: int) -> None:
        """Turn a refund down."""
        async with self.work(who) as work:
            member = await people.at_desk(work.session, who)
            await refunds.decline(work, member, self.pick(number).id, "No.")

    async def withdraw(self, number: int) -> None:
        """Take a request back."""
        refund = self.pick(number)
        async with self.work(refund.requested_by) as work:
            member = await people.at_desk(work.session, refund.requested_by)
            await refunds.withdraw(work, member, refund.id)

    async def mark_paid(self, number: int) -> None:
        """Pay by hand, or find in the bank's console what the desk lost sight of."""
        refund = self.pick(number)
        known = [one for one in self.bank.refunds if refund.key in one["metadata"].values()]
        async with self.work("U0FAY") as work:
            found = await work.session.get_one(Refund, refund.id)
            if found.state is State.UNKNOWN and not known:
                return
            member = await people.at_desk(work.session, "U0FAY")
            reference = known[0]["id"] if known else f"WIRE-{refund.id}"
            await by_hand.mark_paid(work, member, refund.id, reference)
        if not known:
            self.by_hand.add(refund.id)

    async def employ(self, who: str, role: str | None, limit: int | None) -> None:
        """Give somebody another role or limit, or take the role away."""
        limited = limit if role in ("approver", "admin") else None
        async with self.work("U0ADA") as work:
            await people.set_role(work, who, role, limited and usd(limited))
        # A limit that was given once stays until another one is.
        self.staff[who] = (role, limited or self.staff[who][1])

    # What partners and the clock do.

    async def edit(self, order: str, captured: int = CAPTURED, **changes: Any) -> None:
        """Import an order again, with something changed."""
        payment = {
            "payment_reference": f"pi_{order}",
            "marketplace_status": f"version {next(self._versions)}",
        }
        if order == "D":
            payment["payment_provider"] = "manual"
        made = draft(order, captured=captured, **(payment | changes))
        if order == "A":
            self.captured.add(captured)
        async with self.work("import") as work:
            await receive(work, [made], source="shopify")
        if order not in self.orders:
            async with self.store.read(self.merchant_id) as session:
                self.orders[order] = await queries.identify(session, order)

    async def move(self, payment: str) -> None:
        """Have B's source name another payment."""
        await self.edit("B", payment_reference=payment)

    async def cancel(self) -> None:
        """Have D's source cancel it."""
        await self.edit("D", state=OrderState.CANCELLED)

    async def deliver(self, number: int, times: int) -> None:
        """Deliver one of the bank's events, whichever and as often as it likes."""
        if self.bank.events:
            number %= len(self.bank.events)
            for _ in range(times):
                async with self.work("stripe") as work:
                    await inbox.keep(work, "stripe", *self.bank.events[number])
            self.delivered.add(number)

    async def expire(self) -> None:
        """Let the clock look."""
        async with self.work("clock") as work:
            await refunds.sweep_expired(work, most=100)

    # What happens at the bank, and as time goes by.

    async def let_time_pass(self, seconds: int) -> None:
        """Set the clock ahead."""
        self.now += timedelta(seconds=seconds)

    async def let_days_pass(self) -> None:
        """Set the clock ahead by so much that requests expire, and the bank forgets its keys."""
        self.now += timedelta(hours=73)
        self.bank.forget()

    async def plan(self, mishaps: Sequence[str]) -> None:
        """Have something happen to the next payments."""
        self.bank.mishaps.extend(mishaps)

    async def hush(self, times: int) -> None:
        """Have the bank not say what became of a payment."""
        self.bank.silent = times

    async def decide(self, number: int, status: str) -> None:
        """Have the bank decide on a payment."""
        self.bank.decide(number, status)

    async def refund_elsewhere(self, amount: int) -> None:
        """Have somebody refund C in the bank's console."""
        self.bank.by_console("pi_C", amount)

    async def catch_up(self) -> None:
        """Have the bank execute what timed out."""
        self.bank.catch_up()

    # What the process does.

    async def restart(self, connected: bool) -> None:
        """Start two workers anew, with the bank connected or not."""
        providers = {"stripe": self.bank} if connected else {}
        handlers = {
            **Payments(self.store, providers, lambda: self.now).handlers(),
            "inbox.stripe": events.reader(self.store, lambda: self.now),
        }
        self.workers = [Worker(self.store, handlers, lambda: self.now) for _ in range(2)]

    async def work_off(self, worker: int = 0) -> None:
        """Let a worker work, but don't wait for a bank that stalls."""
        working = asyncio.create_task(self.workers[worker].work_off())
        stalled = asyncio.create_task(self.bank.stalled.wait())
        await asyncio.wait((working, stalled), return_when=asyncio.FIRST_COMPLETED)
        stalled.cancel()
        if working.done():
            working.result()
        else:
            self.aside.append(working)

    async def cut(self, worker: int, after: int) -> None:
        """Cut a worker off in the middle, after so many turns of the loop."""
        working = asyncio.create_task(self.workers[worker].work_off())
        for _ in range(after):
            await asyncio.sleep(0)
        working.cancel()
        await asyncio.wait((working,))

    async def release(self) -> None:
        """Let the bank go on with what stalled, and its workers with what they were at."""
        self.bank.release()
        aside, self.aside = self.aside, []
        await asyncio.gather(*aside)

    async def revive(self) -> None:
        """Retry dead jobs."""
        async with self.store.read(self.merchant_id) as session:
            await jobs.revive(session, self.now)
            await session.commit()

    async def several(self, acts: Sequence[Awaitable[None]]) -> None:
        """Do things at once; what can't be done is said in a sentence."""
        for answer in await asyncio.gather(*acts, return_exceptions=True):
            if isinstance(answer, DeskhandError):
                assert str(answer).endswith(".")
            elif answer is not None:
                raise answer
        self.steps += 1
        await self.check()

    # What must hold.

    async def check(self, *, at_rest: bool = False) -> None:
        """Look at the books of the desk and the bank."""
        async with self.store.read(self.merchant_id) as session:
            whole = select(Refund).options(lazyload(Refund.parts))
            found = list(await session.scalars(whole))
            open_or_dead = Job.kind.in_(WORKED), Job.state != jobs.State.DONE
            left = list(await session.scalars(select(Job).where(*open_or_dead)))
            orders = {one.number: one for one in await session.scalars(select(Order))}
        self._check_covered(found)
        self.captured = {orders["A"].captured or 0}
        self.cancelled = orders["D"].state is OrderState.CANCELLED
        self._check_bank(found)
        for job in left:
            assert not (job.last_error or "").startswith("It failed unexpectedly"), job.last_error
            assert job.state != jobs.State.DEAD or job.last_error
        if at_rest:
            assert not left, [(job.kind, job.state, job.last_error) for job in left]
            self._check_ended(found)

    def _check_covered(self, found: Collection[Refund]) -> None:
        """What was submitted in this step was covered by what its order said in this step."""
        fresh = {one.id for one in found if one.id in self.asked and one.provider} - self.submitted
        self.submitted |= fresh
        of_a = [one for one in found if one.order_id == self.orders["A"]]
        if any(one.id in fresh for one in of_a):
            assert sum(one.amount for one in of_a if one.state in PAYING) <= max(self.captured)
        if self.cancelled:
            assert not [
                one for one in found if one.id in fresh and one.order_id == self.orders["D"]
            ]

    def _check_bank(self, found: Collection[Refund]) -> None:
        by_key = {refund.key: refund for refund in found}
        assert not self.bank.overdrawn
        for key, times in self.bank.paid().items():
            refund = by_key[key]
            assert times == 1
            assert refund.id not in self.by_hand
        for refund in found:
            if refund.id not in self.asked:
                assert refund.explanation == "made in Stripe's console"
                continue
            if refund.state not in (State.APPROVED, *PAYING):
                assert refund.key not in self.bank.paid()
            if refund.state not in (State.APPROVED, State.FAILED, *PAYING):
                continue
            who = {one.member_id for one in refund.approvals}
            demanded = 2 if refund.amount > TWO else 0 if refund.amount <= AUTO else 1
            assert len(who) == len(refund.approvals) == demanded
            assert who == self.agreed.get(refund.id, set())
            assert refund.requested_by not in who
        for order, order_id in self.orders.items():
            if order != "C":
                ours = (one for one in found if one.order_id == order_id)
                assert sum(one.amount for one in ours if one.state in HOLDING) <= CAPTURED

    def _check_ended(self, found: Collection[Refund]) -> None:
        told = {one.provider_reference: one for one in found if one.provider == "stripe"}
        for made in self.bank.refunds:
            refund = told[made["id"]]
            assert refund.amount == made["amount"]
            assert refund.key == made["metadata"].get(OUR_KEY, refund.key)
            assert refund.state == {"pending": State.SUBMITTED}.get(made["status"], made["status"])
        for refund in found:
            waits = refund.provider == ByHand.name or refund.provider_reference
            assert refund.state in ENDED or (refund.state is State.SUBMITTED and waits), (
                refund.state
            )
            assert refund.state is not State.FAILED or refund.failure
        paid = [one for one in found if one.state is State.SUCCEEDED]
        by_hand = [one for one in paid if one.id in self.by_hand]
        assert sum(one.amount for one in paid) - sum(one.amount for one in by_hand) == sum(
            one["amount"] for one in self.bank.refunds if one["status"] == "succeeded"
        )

    async def come_to_rest(self) -> None:
        """Let everything go well from now on, until there is nothing left to do."""
        self.bank.mishaps.clear()
        self.bank.silent = 0
        await self.release()
        self.bank.catch_up()
        await self.restart(connected=True)
        for _ in range(4):
            for number in range(len(self.bank.events)):
                if number not in self.delivered:
                    await self.deliver(number, 1)
            await self.revive()
            self.now += REST
            await self.work_off()
        self.now += timedelta(hours=73)
        await self.expire()
        await self.check(at_rest=True)

    def pick(self, number: int) -> Refund:
        """Return one of the refunds that somebody asked for, latest first."""
        if not self.asked:
            raise NothingYet
        return list(reversed(self.asked.values()))[number % len(self.asked)]


class NothingYet(DeskhandError):
    """There is no refund to speak of."""

    def __init__(self) -> None:
        super().__init__("Nobody asked for a refund yet.")


ENDED = (State.SUCCEEDED, State.FAILED, State.DECLINED, State.EXPIRED, State.WITHDRAWN)
