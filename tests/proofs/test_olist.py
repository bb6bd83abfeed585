"""Two years of a real marketplace, replayed: what the desk says of them is what its files say.

Each order of the Olist sample goes through the use cases that a live source, a carrier and the
clock go through, at the moments that its files give: received when it was bought, confirmed when
it was approved, shipped when its carrier took it, delivered, completed when the buyer had time
to look at it. What comes due meanwhile is swept at the moment when it is due. By default every
sixteenth order is played, on SQLite; for all of them, on both databases::

    DESKHAND_PROOF_EXAMPLES=1 .venv/bin/python -m pytest -n 0 --timeout 0 tests/proofs/test_olist.py
"""

from __future__ import annotations

import csv
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, union_all

from bot.connectors import files
from bot.work.clock import SWEEPS, Clock
from domain import merchants
from domain.events import Event, Kind
from domain.orders.intake import OrderDraft, ParcelDraft
from domain.orders.model import Order, State
from domain.orders.service import receive
from domain.shipping import punctuality, service
from domain.shipping.model import ParcelState, Trouble
from domain.store import IMPORT, Store

_EVERY = 1 if "DESKHAND_PROOF_EXAMPLES" in os.environ else 16
_ZONE = ZoneInfo("America/Sao_Paulo")
_DAYS = 1000
#: A parcel that its carrier says nothing more of for so long that this comes before its promise
#: runs out is in trouble already by then, and no new alert.
_ALERTS = (Trouble.DELAYED, Trouble.CARRIER_SILENT)

Facts = dict[str, str]


@dataclass(frozen=True, order=True)
class Step:
    """What happens to an order, and when."""

    at: datetime
    rank: int
    number: str
    state: State


def known(row: Facts) -> list[tuple[datetime, State]]:
    """Read off when an order came where, as its row alone says it, the earliest first.

    Nothing is heard of an order before it was bought, whatever its row says. When one was
    cancelled, or went to be picked, it does not say: that is heard of with its last word.
    """
    columns = {
        "order_purchase_timestamp": State.PENDING,
        "order_approved_at": State.CONFIRMED,
        "order_delivered_carrier_date": State.SHIPPED,
        "order_delivered_customer_date": State.DELIVERED,
    }
    bought = moment(row, "order_purchase_timestamp")
    told = [(max(moment(row, one), bought), state) for one, state in columns.items() if row[one]]
    ending = {"canceled": State.CANCELLED, "unavailable": State.CANCELLED}
    last = ending.get(row["order_status"])
    if row["order_status"] == "processing":
        last = State.PICKING
    if last is not None:
        told.append((max(at for at, _ in told), last))
    return sorted(told, key=lambda one: (one[0], [*State].index(one[1])))


def moment(row: Facts, column: str) -> datetime:
    """Read a time of the shop's."""
    return datetime.fromisoformat(row[column]).replace(tzinfo=_ZONE)


def passed(row: Facts) -> list[State]:
    """Say which states an order has to pass through: forwards, and cancelled only until shipped."""
    states: list[State] = []
    for _, state in known(row):
        over = states and states[-1] in (State.SHIPPED, State.DELIVERED)
        if state is State.CANCELLED and over:
            continue
        if not states or [*State].index(state) > [*State].index(states[-1]):
            states.append(state)
    return [*states, State.COMPLETED] if states[-1] is State.DELIVERED else states


class Replay:
    """A desk that lives through the orders of some years."""

    def __init__(self, store: Store, merchant_id: int) -> None:
        self.store = store
        self.merchant_id = merchant_id
        self._clock = Clock(store, datetime.now)

    async def live(self, steps: list[Step], drafts: dict[str, OrderDraft]) -> datetime:
        """Let everything happen when it did; returns the moment when nothing is due any more."""
        for step in steps:
            await self._sweep_until(step.at)
            await self._take(step, drafts[step.number])
        return await self._sweep_until(None)

    async def _sweep_until(self, until: datetime | None) -> datetime:
        """Sweep what comes due, at the moment when it does."""
        swept = due = await self._next_due()
        while due and (until is None or due <= until):
            await self._clock.tick(due)
            swept, due = due, await self._next_due()
        assert swept or until
        return swept or until  # type: ignore[return-value]

    async def _next_due(self) -> datetime | None:
        columns = (sweep.due_at for sweep in SWEEPS.values())
        async with self.store.read(self.merchant_id) as session:
            found = await session.scalars(union_all(*(select(func.min(one)) for one in columns)))
        return min((due for due in found if due), default=None)

    async def _take(self, step: Step, draft: OrderDraft) -> None:
        async with self.store.write(self.merchant_id, now=step.at, actor=IMPORT) as work:
            if step.state is State.DELIVERED:
                sighting = service.Sighting(step.number, ParcelState.DELIVERED, step.at)
                assert await service.follow(work, sighting)
                return
            sent = step.at if step.state is State.SHIPPED else None
            parcel = ParcelDraft("Correios", step.number, ParcelState.PICKED_UP, sent)
            told = replace(
                draft,
                state=step.state,
                marketplace_status=step.state.value,
                shipped_at=sent,
                delivered_at=None,
                parcels=(parcel,) if sent else (),
            )
            await receive(work, [told], source="olist")


async def states_of(store: Store, merchant_id: int) -> dict[str, list[State]]:
    """Return which states each order passed through, as the event log tells it."""
    told: dict[str, list[State]] = defaultdict(list)
    async with store.read(merchant_id) as session:
        log = await session.execute(
            select(Order.number, Event.kind, Event.data)
            .join(Order, Order.id == Event.order_id)
            .order_by(Event.id)
        )
    for number, kind, data in log:
        if (state := _state_after(kind, data)) and state not in told[number][-1:]:
            told[number].append(state)
    return told


def _state_after(kind: str, data: dict[str, Any]) -> State | None:
    if kind == Kind.ORDER_CHANGED:
        return State(data["state"])
    plain = {
        Kind.ORDER_RECEIVED: State.PENDING,
        Kind.PARCEL_DELIVERED: State.DELIVERED,
        Kind.ORDER_COMPLETED: State.COMPLETED,
    }
    return plain.get(Kind(kind))


def rows_of(folder: Path) -> Iterator[Facts]:
    """Read the share of the orders that is played, as plain text."""
    with (folder / "olist_orders_dataset.csv").open(encoding="utf-8-sig", newline="") as stream:
        for position, row in enumerate(csv.DictReader(stream)):
            if position % _EVERY == 0:
                yield row


async def alerts_of(store: Store, merchant_id: int) -> Counter[str]:
    """Return how often each order's parcel was told to be late."""
    async with store.read(merchant_id) as session:
        troubled = await session.execute(
            select(Order.number, Event.data)
            .join(Order, Order.id == Event.order_id)
            .where(Event.kind == Kind.PARCEL_TROUBLED)
        )
        return Counter(number for number, data in troubled if data["trouble"] in _ALERTS)


async def test_two_years_of_real_orders(shared: Path, store: Store, merchant: int) -> None:
    if _EVERY > 1 and not store.is_sqlite:
        pytest.skip("all orders on PostgreSQL: set DESKHAND_PROOF_EXAMPLES")
    folder = shared / "data" / "olist"
    rows = {row["order_id"]: row for row in rows_of(folder)}
    drafts = {one.number: one for one in files.read(folder) if isinstance(one, OrderDraft)}
    steps = sorted(
        Step(at.astimezone(_ZONE), rank, number, state)
        for number, row in rows.items()
        for rank, (at, state) in enumerate(known(row))
    )
    async with store.write(merchant, now=steps[0].at, actor="console") as work:
        # The files have no scans between the first and the last: each parcel would be silent.
        await merchants.change_setting(work, "shipping.silent_after_days", "60")

    ended = await Replay(store, merchant).live(steps, drafts)

    assert await states_of(store, merchant) == {one: passed(row) for one, row in rows.items()}
    sent = {one: row for one, row in rows.items() if row["order_delivered_carrier_date"]}
    late = {one for one, row in sent.items() if is_late(row)}
    assert await alerts_of(store, merchant) == Counter(late)

    delivered = [row for row in rows.values() if arrived(row)]
    missed = [row for row in delivered if is_late(row)]
    async with store.read(merchant) as session:
        report = await punctuality.report(session, ended, _DAYS)
    assert (report.total.delivered, report.total.late) == (len(delivered), len(missed))
    assert report.total.late_share == len(missed) / len(delivered)
    # What never arrived is late for ever.
    assert report.overdue == len(sent) - len(delivered) == len(late) - len(missed)


def arrived(row: Facts) -> bool:
    """Say whether its buyer got it."""
    return bool(row["order_delivered_customer_date"])


def is_late(row: Facts) -> bool:
    """Say whether it came after its promise, or never; the files write times so that they sort."""
    came = row["order_delivered_customer_date"] or "never"
    return came > row["order_estimated_delivery_date"]
