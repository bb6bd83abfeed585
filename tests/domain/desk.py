"""A desk to tell stories about: people, drafts of orders, and one unit of work a sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Select, event, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import merchants
from domain.complaints import clocks
from domain.complaints import service as complaints
from domain.complaints.model import Complaint, Target
from domain.events import Event, Kind
from domain.money import Money
from domain.orders import queries as orders
from domain.orders import search
from domain.orders.intake import LineDraft, OrderDraft, ParcelDraft
from domain.orders.model import Order, State
from domain.orders.service import Counts, receive
from domain.orders.views import OrderView
from domain.people import Member
from domain.refunds import paying
from domain.refunds import service as refunds
from domain.refunds.model import Reason, Refund
from domain.refunds.payment import Outcome, Result
from domain.shipping import service as shipping
from domain.shipping.model import Parcel, ParcelState
from domain.store import Store, Work

AGENT = Member("U0AGENT", "agent")
OTHER_AGENT = Member("U0AGENT2", "agent")
APPROVER = Member("U0APPROVER", "approver")
OTHER_APPROVER = Member("U0APPROVER2", "approver")
WAREHOUSE = Member("U0WAREHOUSE", "warehouse")
FINANCE = Member("U0FINANCE", "finance")
ADMIN = Member("U0ADMIN", "admin")
NOBODY = Member("U0NOBODY", None, admins=("U0ADMIN",))

UNANSWERED = partial(clocks.sweep_overdue, target=Target.ANSWER)
UNRESOLVED = partial(clocks.sweep_overdue, target=Target.RESOLVE)
REMIND = partial(clocks.sweep_warnings, target=Target.ANSWER)
REMIND_TO_RESOLVE = partial(clocks.sweep_warnings, target=Target.RESOLVE)

PAID = Outcome(Result.SUCCEEDED, "re_1")
REFUSED = Outcome(Result.FAILED, "re_1", "The card is closed")
TRACKING = "1Z999AA10123456784"
MUG = LineDraft(2, "MUG-1", "Alpine mug", 1200, 490, "L-1")
POT = LineDraft(1, "POT-1", "Tea pot", 3600, 0, "L-2")


def usd(minor: int) -> Money:
    """Dollars in cents."""
    return Money(minor, "USD")


def draft(number: str = "1001", **changes: Any) -> OrderDraft:
    """Two mugs and a pot, paid with 60.00 USD."""
    values: dict[str, Any] = {
        "number": number,
        "channel": "shopify",
        "state": State.CONFIRMED,
        "currency": "USD",
        "lines": (MUG, POT),
        "captured": 6000,
        "total": 6000,
        "buyer_name": "Marge Bouvier",
        "buyer_email": "marge@example.com",
        "ship_to_city": "Springfield",
        "ship_to_postcode": "97475",
        "ship_to_country": "US",
        "payment_provider": "stripe",
        "payment_reference": "pi_1",
    }
    return OrderDraft(**values | changes)


def parcel(tracking_number: str | None = TRACKING, **changes: Any) -> ParcelDraft:
    """A labelled parcel that no carrier has seen yet."""
    values: dict[str, Any] = {"carrier": "UPS", "state": ParcelState.PENDING}
    return ParcelDraft(tracking_number=tracking_number, **values | changes)


def asking(minor: int, **changes: Any) -> refunds.Ask:
    """Ask for one sum of dollars."""
    values: dict[str, Any] = {"reason": Reason.DAMAGED, "amount": usd(minor)}
    return refunds.Ask(**values | changes)


@dataclass
class Desk:
    """One merchant's desk at one moment."""

    store: Store
    merchant_id: int
    now: datetime

    def later(self, **span: float) -> Desk:
        """Return the same desk after some time."""
        return Desk(self.store, self.merchant_id, self.now + timedelta(**span))

    def work(self, actor: str = "import") -> AbstractAsyncContextManager[Work]:
        """Open a unit of work."""
        return self.store.write(self.merchant_id, now=self.now, actor=actor)

    def look(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a read-only look."""
        return self.store.read(self.merchant_id)

    async def receive(self, *drafts: OrderDraft, source: str = "shopify") -> Counts:
        """Take in a batch."""
        async with self.work() as work:
            return await receive(work, drafts, source=source)

    async def order(self, **changes: Any) -> int:
        """Take in one order; returns its id."""
        made = draft(**changes)
        await self.receive(made)
        return await self.identify(made.number)

    async def identify(self, number: str) -> int:
        """Return the id of an order."""
        async with self.look() as session:
            return await orders.identify(session, number)

    async def card(self, number: str = "1001") -> OrderView:
        """Read an order in full."""
        async with self.look() as session:
            return await orders.card(session, number)

    async def find(self, text: str, start: int = 0) -> search.Page:
        """Search."""
        async with self.look() as session:
            return await search.find(session, text, start)

    async def one(self, query: Select[Any]) -> Any:
        """Return the only row of a query."""
        return (await self.all(query))[0]

    async def all(self, query: Select[Any]) -> list[Any]:
        """Return the rows of a query on one class."""
        async with self.look() as session:
            return list((await session.scalars(query)).unique())

    async def order_row(self, number: str = "1001") -> Order:
        """Return an order's row."""
        row: Order = await self.one(select(Order).where(Order.number == number))
        return row

    async def parcels(self) -> list[Parcel]:
        """Return every parcel, oldest first."""
        return await self.all(select(Parcel).order_by(Parcel.id))

    async def events(self, kind: str | None = None) -> list[Event]:
        """Return the log, oldest first, or what of one kind is in it."""
        query = select(Event).order_by(Event.id)
        return await self.all(query.where(Event.kind == kind) if kind else query)

    async def setting(self, key: str, text: str) -> None:
        """Change a setting."""
        async with self.work(ADMIN.member_id) as work:
            await merchants.change_setting(work, key, text)

    async def request(self, order_id: int, ask: refunds.Ask | int, by: Member = AGENT) -> Refund:
        """Ask for a refund, or for an amount."""
        wanted = asking(ask) if isinstance(ask, int) else ask
        async with self.work(by.member_id) as work:
            return await refunds.request(work, by, order_id, wanted)

    async def approve(self, refund_id: int, by: Member = APPROVER) -> Refund:
        """Approve a refund."""
        async with self.work(by.member_id) as work:
            return await refunds.approve(work, by, refund_id)

    async def paying(self, order_id: int, minor: int, provider: str = "stripe") -> int:
        """Bring a refund to where its provider pays it; returns its id."""
        refund_id = (await self.request(order_id, minor)).id
        await self.approve(refund_id)
        async with self.work("worker") as work:
            await paying.submit(work, refund_id, provider)
        return int(refund_id)

    async def settle(self, refund_id: int, outcome: Outcome) -> Refund:
        """Hear from the payment provider."""
        async with self.work("stripe") as work:
            return await paying.settle(work, refund_id, outcome)

    async def refund(self, refund_id: int) -> Refund:
        """Return a refund's row."""
        row: Refund = await self.one(select(Refund).where(Refund.id == refund_id))
        return row

    async def complain(self, order_id: int, text: str = "Arrived broken") -> int:
        """Open a case; returns its id."""
        async with self.work(AGENT.member_id) as work:
            return (await complaints.open_case(work, AGENT, order_id, text)).id

    async def complain_and_acknowledge(self, order_id: int) -> int:
        """Open a case that the agent has in hand at once; returns its id."""
        complaint_id = await self.complain(order_id)
        async with self.work(AGENT.member_id) as work:
            await complaints.acknowledge(work, AGENT, complaint_id)
        return complaint_id

    async def case(self, complaint_id: int) -> Complaint:
        """Return a case's row."""
        row: Complaint = await self.one(select(Complaint).where(Complaint.id == complaint_id))
        return row

    async def warnings(self, complaint_id: int) -> list[Event]:
        """Return what a case was reminded of."""
        warned = await self.events(Kind.COMPLAINT_WARNED)
        return [one for one in warned if one.subject_id == complaint_id]

    async def scan(
        self, state: ParcelState, tracking_number: str = TRACKING, **changes: Any
    ) -> Parcel | None:
        """Take in a scan, of this moment unless `at` says otherwise."""
        sighting = shipping.Sighting(tracking_number, state, **{"at": self.now} | changes)
        async with self.work("easypost") as work:
            return await shipping.follow(work, sighting)

    async def sweep(self, sweep: Callable[..., Awaitable[int]], most: int = 100) -> int:
        """Let the clock look."""
        async with self.work("clock") as work:
            return await sweep(work, most=most)


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """Collect the statements that reach the database, without the ones that frame a session."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN") and "set_config" not in statement:
            seen.append(statement)

    event.listen(store.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(store.engine.sync_engine, "before_cursor_execute", note)
