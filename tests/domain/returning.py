"""Returns to tell stories about: one step of a return a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from domain.orders.model import Line
from domain.orders.model import State as OrderState
from domain.people import Member
from domain.refunds.model import Refund
from domain.returns import inspection, queries, service
from domain.returns.inspection import Finding
from domain.returns.model import Disposal, Reason, Return, State, Verdict
from domain.returns.queries import ReturnCard
from domain.returns.service import Ask
from domain.shipping.model import Parcel
from tests.domain.desk import AGENT, WAREHOUSE, Desk, parcel

#: The number of the parcel that comes back.
BACK = "1ZBACK"
#: The steps that follow its arrival.
_BY_VERB = dict.fromkeys(("inspect", "dispose", "close"), inspection)
STEPS = (State.REQUESTED, State.AUTHORISED, State.RECEIVED, State.ACCEPTED)


@dataclass(frozen=True)
class Returning:
    """A desk with one order of two mugs and a pot that has arrived."""

    desk: Desk
    order_id: int
    mug: int
    pot: int

    def later(self, **span: float) -> Returning:
        """Return the same after some time."""
        return Returning(self.desk.later(**span), self.order_id, self.mug, self.pot)

    async def ask(
        self, lines: Mapping[int, int] | None = None, by: Member = AGENT, note: str | None = None
    ) -> int:
        """Ask for a return, of a mug unless it is said; returns its id."""
        wanted = Ask(Reason.DAMAGED, note, {self.mug: 1} if lines is None else lines)
        async with self.desk.work(by.member_id) as work:
            return (await service.request(work, by, self.order_id, wanted)).id

    async def do(self, verb: str, return_id: int, *values: object, by: Member = AGENT) -> Return:
        """Call one of the use cases that take a return and give it back."""
        async with self.desk.work(by.member_id) as work:
            done: Return = await getattr(_BY_VERB.get(verb, service), verb)(
                work, by, return_id, *values
            )
        return done

    async def until(self, state: State, lines: Mapping[int, int] | None = None) -> int:
        """Bring a new return to one of the `STEPS`; returns its id."""
        return_id = await self.ask(lines)
        for step in STEPS[1 : STEPS.index(state) + 1]:
            if step is State.AUTHORISED:
                await self.do("authorise", return_id)
            elif step is State.RECEIVED:
                await self.do("receive", return_id, by=WAREHOUSE)
            else:
                await self.inspect(return_id)
        return return_id

    async def track(self, return_id: int, number: str = BACK) -> Parcel:
        """Follow the parcel that it comes back in."""
        async with self.desk.work(WAREHOUSE.member_id) as work:
            return await service.track(work, WAREHOUSE, return_id, number, "UPS")

    async def inspect(
        self, return_id: int, verdict: Verdict = Verdict.ACCEPT, **of_line: object
    ) -> Return:
        """Inspect all lines alike: what was asked for arrived, unless it is said."""
        said = {"note": "Looked at", **of_line}
        findings = {
            view.id: Finding(**{"received": view.quantity, "verdict": verdict} | said)  # type: ignore[arg-type]
            for view in (await self.card(return_id)).lines
        }
        return await self.do("inspect", return_id, findings, by=WAREHOUSE)

    async def dispose(self, return_id: int, disposal: Disposal = Disposal.RESTOCKED) -> Return:
        """Say the same of all accepted lines."""
        lines = (await self.card(return_id)).rma.to_dispose
        disposals = {line.id: disposal for line in lines}
        return await self.do("dispose", return_id, disposals, by=WAREHOUSE)

    async def refund(self, return_id: int) -> Refund:
        """Ask for its refund."""
        async with self.desk.work(AGENT.member_id) as work:
            return await inspection.refund(work, AGENT, return_id)

    async def card(self, return_id: int) -> ReturnCard:
        """Read a return."""
        async with self.desk.look() as session:
            return await queries.card(session, return_id)

    async def state(self, return_id: int) -> State:
        """Say where it stands."""
        return (await self.card(return_id)).rma.state


async def returning(desk: Desk, **changes: object) -> Returning:
    """Take in an order that has arrived, unless the changes say otherwise."""
    arrived: dict[str, object] = {"state": OrderState.DELIVERED, "parcels": (parcel(),)}
    order_id = await desk.order(**arrived | changes)
    lines = await desk.all(select(Line.id).where(Line.order_id == order_id).order_by(Line.position))
    return Returning(desk, order_id, lines[0], lines[-1])
