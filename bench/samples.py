"""Orders to measure with: as many ordinary ones as are wanted, and one big one."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bench.databases import NOW, Place
from bot.connectors.files.deskhand import COLUMNS
from domain.complaints.model import Complaint
from domain.events import Kind
from domain.orders.intake import LineDraft, OrderDraft, ParcelDraft
from domain.orders.model import State
from domain.orders.service import receive
from domain.refunds.model import Reason, Refund
from domain.shipping.model import Parcel, ParcelState, Scan
from domain.store import Work

#: The big order's number.
BIG = "BIG-1"
_LINES, _PARCELS, _SCANS, _CASES = 20, 3, 6, 4
_FIRST = ("Maria", "Ana", "Ben", "João", "Lena", "Wes", "Otto", "Iris", "Noor", "Marge")


def write_csv(path: Path, count: int) -> int:
    """Write orders of one to three lines in Deskhand's own columns; returns how many rows."""
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        for number in range(count):
            for row in _rows(number):
                writer.writerow(row)
                rows += 1
    return rows


def orders(count: int) -> Iterator[OrderDraft]:
    """Make shipped orders of two lines and a parcel."""
    for number in range(count):
        yield OrderDraft(
            number=f"112-{number:07}",
            channel="web",
            state=State.SHIPPED,
            currency="USD",
            lines=(
                LineDraft(1, f"SKU-{number % 500}", "Enamel mug", 1200, 490),
                LineDraft(2, f"SKU-{number * 7 % 500}", "Kettle", 6500),
            ),
            parcels=(ParcelDraft("UPS", f"1Z{number:016}", ParcelState.IN_TRANSIT, NOW),),
            captured=14690,
            total=14690,
            placed_at=NOW - timedelta(minutes=number),
            deliver_by=NOW + timedelta(days=2),
            buyer_name=_name(number),
            buyer_email=f"buyer{number}@example.com",
            ship_to_city=f"City {number % 300}",
        )


async def fill(place: Place, count: int) -> None:
    """Bring ordinary orders in, and the big one."""
    drafts = orders(count)
    while batch := list(islice(drafts, 500)):
        async with place.store.write(place.merchant_id, now=NOW, actor="import") as work:
            await receive(work, batch, source="bench")
    async with place.store.write(place.merchant_id, now=NOW, actor="import") as work:
        await _add_big(work)


async def _add_big(work: Work) -> None:
    (draft,) = orders(1)
    big = OrderDraft(
        **{name: getattr(draft, name) for name in draft.__slots__}
        | {
            "number": BIG,
            "lines": draft.lines * (_LINES // 2),
            "parcels": tuple(
                ParcelDraft("UPS", f"1ZBIG{number}", ParcelState.IN_TRANSIT, NOW)
                for number in range(_PARCELS)
            ),
        }
    )
    await receive(work, [big], source="bench")
    parcels = await _of_big(work)
    order_id = parcels[0].order_id
    work.session.add_all(
        Scan(
            parcel_id=parcel.id,
            reference=f"scan-{number}",
            at=NOW - timedelta(hours=number),
            state=ParcelState.IN_TRANSIT,
            description="Departed facility",
            place="Columbus, OH",
        )
        for parcel in parcels
        for number in range(_SCANS)
    )
    refunds = [_refund(order_id, number) for number in range(_CASES)]
    complaints = [
        Complaint(order_id=order_id, text="The lid is cracked", opened_by="U0ANA", opened_at=NOW)
        for _ in range(_CASES)
    ]
    work.session.add_all([*refunds, *complaints])
    await work.session.flush()
    for refund, complaint in zip(refunds, complaints, strict=True):
        work.record(Kind.REFUND_REQUESTED, refund, order_id=order_id, why="damaged")
        work.record(Kind.COMPLAINT_OPENED, complaint, order_id=order_id)


async def _of_big(work: Work) -> list[Parcel]:
    found = await work.session.scalars(
        select(Parcel).where(Parcel.tracking_number.startswith("1ZBIG")).order_by(Parcel.id)
    )
    return list(found)


def _refund(order_id: int, number: int) -> Refund:
    return Refund(
        order_id=order_id,
        key=f"bench-{number}",
        amount=100,
        currency="USD",
        reason=Reason.DAMAGED,
        approvers_needed=1,
        explanation="needs an approver",
        requested_by="U0ANA",
        requested_at=NOW,
    )


def _rows(number: int) -> Iterator[dict[str, Any]]:
    placed_at = NOW - timedelta(minutes=number)
    for line in range(1 + number % 3):
        yield {
            "order_number": f"A-{number:07}",
            "placed_at": placed_at.isoformat(),
            "status": "shipped",
            "channel": "web",
            "currency": "USD",
            "sku": f"SKU-{(number * 7 + line) % 500}",
            "title": "Enamel mug",
            "quantity": 1 + line,
            "unit_price": "12.00",
            "shipping_price": "4.90",
            "buyer_name": _name(number),
            "buyer_email": f"buyer{number}@example.com",
            "ship_to_city": f"City {number % 300}",
            "ship_to_postcode": f"{number % 99999:05}",
            "ship_to_country": "US",
            "ship_by": (placed_at + timedelta(days=1)).isoformat(),
            "deliver_by": (placed_at + timedelta(days=5)).isoformat(),
            "carrier": "UPS",
            "tracking_number": f"1Z{number:016}",
            "payment_provider": "stripe",
            "payment_reference": f"pi_{number}",
        }


def _name(number: int) -> str:
    return f"{_FIRST[number % len(_FIRST)]} Name{number % 2000}son"
