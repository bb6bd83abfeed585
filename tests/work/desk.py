"""A small desk to work at: one order, a refund of it, a complaint, a parcel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain import merchants
from domain.money import Money
from domain.orders import service as orders
from domain.orders.intake import LineDraft, OrderDraft, ParcelDraft
from domain.orders.model import Order, State
from domain.people import Member
from domain.refunds import service as refunds
from domain.refunds.model import Reason, Refund
from domain.store import IMPORT, Store

AGENT = Member("U0AGENT", "agent")
APPROVER = Member("U0APPROVER", "approver", limits={"USD": 100_000})


@dataclass(frozen=True, slots=True)
class Small:
    """A merchant's desk at one moment."""

    store: Store
    merchant: int
    now: datetime

    def write(self, actor: str = IMPORT, now: datetime | None = None) -> Any:
        return self.store.write(self.merchant, now=now or self.now, actor=actor)

    async def set(self, **settings: str) -> None:
        """Change settings; a double underscore stands for the dot."""
        async with self.write() as work:
            for key, value in settings.items():
                await merchants.change_setting(work, key.replace("__", "."), value)

    async def order(self, number: str = "1042", **facts: Any) -> int:
        """Take in an order of one mug at 12.50 USD that is on its way as EZ1."""
        draft = OrderDraft(
            **{
                "number": number,
                "channel": "web",
                "state": State.SHIPPED,
                "currency": "USD",
                "captured": 5_000,
                "lines": (LineDraft(4, sku="MUG", title="Alpine mug", unit_price=1_250),),
                "parcels": (ParcelDraft(carrier="UPS", tracking_number="EZ1"),),
                **facts,
            }
        )
        async with self.write() as work:
            await orders.receive(work, [draft], source="file")
            found = await work.session.scalar(select(Order.id).where(Order.number == number))
        assert found is not None
        return int(found)

    async def approved_refund(self, order_id: int, amount: int = 1_250) -> int:
        """Ask for a refund and approve it; returns its id."""
        refund_id = await self.asked_refund(order_id, amount)
        async with self.write(APPROVER.member_id) as work:
            await refunds.approve(work, APPROVER, refund_id)
        return refund_id

    async def asked_refund(self, order_id: int, amount: int = 1_250) -> int:
        """Ask for a refund that somebody has to approve; returns its id."""
        ask = refunds.Ask(Reason.DAMAGED, amount=Money(amount, "USD"))
        async with self.write(AGENT.member_id) as work:
            refund = await refunds.request(work, AGENT, order_id, ask)
        return refund.id

    async def one(self, table: type[Any], record_id: int) -> Any:
        """Read a record."""
        async with self.store.read(self.merchant) as session:
            return await session.get_one(table, record_id)

    async def refund(self, refund_id: int) -> Refund:
        """Read a refund."""
        found: Refund = await self.one(Refund, refund_id)
        return found
