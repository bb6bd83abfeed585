"""What a marketplace paid out, held against what it owes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain.events import Kind
from domain.orders import completion
from domain.orders.model import State
from domain.payouts import queries, service
from domain.payouts.differences import Difference
from domain.payouts.model import (
    LineDraft,
    LineKind,
    Origin,
    PayoutLine,
    Settlement,
    SettlementDraft,
)
from domain.payouts.policy import Mismatch
from domain.payouts.service import Taken
from tests.domain.desk import PAID, Desk, usd

DAY = timedelta(days=1)
_KEYS = itertools.count(1)


def line(kind: LineKind, minor: int, payment: str | None = "pi_1", **changes: Any) -> LineDraft:
    """An amount of a settlement."""
    values: dict[str, Any] = {"key": f"key-{next(_KEYS)}", "what": kind.value}
    return LineDraft(kind=kind, money=usd(minor), payment=payment, **values | changes)


def paid(*minor: int, payment: str = "pi_1") -> list[LineDraft]:
    """What an order brought: the sale, the fee, and what was taken off for a refund."""
    kinds = (LineKind.SALE, LineKind.FEE, LineKind.REFUND)
    return [line(kind, one, payment) for kind, one in zip(kinds, minor, strict=False)]


async def settle(
    desk: Desk, lines: Sequence[LineDraft], *, reference: str = "S-1", **changes: Any
) -> Taken:
    """Take in a settlement of Stripe's that ends now, and let the clock compare it."""
    values: dict[str, Any] = {
        "provider": "stripe",
        "origin": Origin.REPORT,
        "currency": "USD",
        "ended_at": desk.now,
    }
    async with desk.work() as work:
        taken = await service.take_in(
            work, SettlementDraft(reference=reference, **values | changes), lines
        )
    assert await desk.sweep(service.sweep) == 0
    await desk.later(minutes=1).sweep(service.sweep)
    return taken


async def differences(desk: Desk, reference: str = "S-1") -> list[Difference]:
    """Return in what a settlement differs."""
    [settlement] = await desk.all(select(Settlement).where(Settlement.reference == reference))
    return [Difference.of(stored) for stored in settlement.differences]


async def kinds(desk: Desk) -> list[Mismatch]:
    """Return in which ways it differs."""
    return [one.kind for one in await differences(desk)]


async def test_an_order_that_was_paid_out_as_expected_is_no_news(desk: Desk) -> None:
    await desk.setting("payout.fees", "shopify 15% + 0.30 USD")
    await desk.order(state=State.SHIPPED)
    await settle(desk, paid(6000, -930), total=usd(5070))

    assert await differences(desk) == []
    [compared] = await desk.events(Kind.PAYOUTS_COMPARED)
    assert (compared.data["counted"], compared.data["differing"]) == (1, 0)
    assert await desk.events(Kind.PAYOUTS_DIFFER) == []


@pytest.mark.parametrize(
    ("lines", "kind", "expected", "got"),
    [
        (paid(6000, -1000), Mismatch.LESS, 5070, 5000),
        (paid(6000, -900), Mismatch.MORE, 5070, 5100),
        (paid(6000, -855, -500), Mismatch.DEDUCTED, 5070, 4645),
    ],
)
async def test_what_differs_beyond_the_tolerance_is_told(
    desk: Desk, lines: list[LineDraft], kind: Mismatch, expected: int, got: int
) -> None:
    await desk.setting("payout.fees", "shopify 15% + 0.30 USD")
    await desk.setting("payout.tolerance", "0.25 USD")
    order_id = await desk.order(state=State.DELIVERED)
    await settle(desk, [replace(one, key=f"{one.key}:{desk.store.is_sqlite}") for one in lines])

    assert await differences(desk) == [
        Difference(kind, order_id, "1001", usd(expected), usd(got)),
    ]
    [event] = await desk.events(Kind.PAYOUTS_DIFFER)
    assert event.subject == "settlement"
    assert "pi_1" not in str(event.data)


async def test_without_a_fee_what_the_marketplace_keeps_is_taken_as_it_is(desk: Desk) -> None:
    await desk.order(state=State.DELIVERED)
    await settle(desk, [*paid(6000, -2000), line(LineKind.TAX, -480), line(LineKind.OTHER, -99)])
    assert await differences(desk) == []
    await settle(desk, [line(LineKind.SALE, -100)])
    assert await kinds(desk) == [Mismatch.LESS]


async def test_what_is_shipped_in_parts_may_be_paid_in_parts(desk: Desk) -> None:
    await desk.order(state=State.PACKED)
    await settle(desk, paid(2400))
    assert await differences(desk) == []
    await settle(desk, paid(4000))
    assert await kinds(desk) == [Mismatch.MORE]


async def test_a_refund_is_taken_off_within_days_and_told_of_when_it_is_not(desk: Desk) -> None:
    order_id = await desk.order(state=State.DELIVERED)
    await desk.settle(await desk.paying(order_id, 1000), PAID)
    await settle(desk.later(days=1), paid(6000))
    assert await differences(desk) == []

    await settle(desk.later(days=5), paid(0), reference="S-2")
    [missing] = await differences(desk, "S-2")
    assert (missing.kind, missing.expected, missing.paid) == (
        Mismatch.NOT_DEDUCTED,
        usd(5000),
        usd(6000),
    )

    await settle(desk.later(days=6), [line(LineKind.REFUND, -1000)], reference="S-3")
    assert await differences(desk, "S-3") == []
    # The one before is compared again the day after, and agrees now.
    await desk.later(days=7).sweep(service.sweep)
    assert await differences(desk, "S-2") == []


async def test_the_same_settlement_twice_changes_nothing(desk: Desk) -> None:
    await desk.order(state=State.DELIVERED)
    lines = paid(5000, -500)
    assert await settle(desk, lines) == Taken(2, 0)
    before = await desk.events()
    assert await settle(desk.later(hours=1), lines) == Taken(2, 2)
    assert len(await desk.all(select(PayoutLine))) == 2
    assert len(await desk.events()) == len(before)


async def test_an_order_that_comes_in_later_is_matched_then(desk: Desk) -> None:
    await settle(desk, [*paid(6000), line(LineKind.FEE, -500, None)])
    [unknown] = await differences(desk)
    assert (unknown.kind, unknown.paid, unknown.payments) == (
        Mismatch.UNKNOWN_ORDER,
        usd(6000),
        ("pi_1",),
    )
    order_id = await desk.order(state=State.DELIVERED)
    await desk.later(days=1, hours=1).sweep(service.sweep)
    assert await differences(desk) == []
    matched = {one.kind: one.order_id for one in await desk.all(select(PayoutLine))}
    assert matched == {LineKind.SALE: order_id, LineKind.FEE: None}


async def test_another_desks_order_is_not_matched(desk: Desk, other_desk: Desk) -> None:
    await other_desk.order(state=State.DELIVERED)
    await settle(desk, paid(6000))
    assert await kinds(desk) == [Mismatch.UNKNOWN_ORDER]
    assert await other_desk.all(select(PayoutLine)) == []


async def test_lines_that_miss_the_total_and_a_foreign_currency_are_told_of(desk: Desk) -> None:
    await desk.order(state=State.DELIVERED, currency="EUR")
    await settle(desk, paid(6000, -500), total=usd(5400))
    assert set(await kinds(desk)) == {Mismatch.TOTAL, Mismatch.CURRENCY}


async def test_a_report_is_the_last_word_on_what_an_api_told(desk: Desk) -> None:
    await desk.order(state=State.DELIVERED)
    at, api = desk.now - DAY, {"origin": Origin.API}
    early = line(LineKind.SALE, 6000, posted_at=at)
    await settle(desk, [early], reference="2026-11", **api)
    await settle(desk, paid(6000))
    late = line(LineKind.REFUND, -1, posted_at=desk.now + DAY)
    again = line(LineKind.FEE, -9, posted_at=at)
    assert await settle(desk, [again, late], reference="2026-11", **api) == Taken(2, 1)

    kept = await desk.all(select(PayoutLine).order_by(PayoutLine.id))
    assert [(one.origin, one.amount) for one in kept] == [(Origin.REPORT, 6000), (Origin.API, -1)]


async def test_old_settlements_are_taken_in_without_a_word(desk: Desk) -> None:
    await settle(desk, paid(6000), ended_at=desk.now - 90 * DAY)
    assert await kinds(desk) == [Mismatch.UNKNOWN_ORDER]
    assert await desk.events(Kind.PAYOUTS_DIFFER) == []


async def test_a_report_adds_up_and_asks_for_what_was_never_paid(desk: Desk) -> None:
    await desk.setting("payout.due_days", "7")
    for number in ("1001", "1002"):
        await desk.order(
            number=number,
            payment_reference=f"pi_{number}",
            state=State.DELIVERED,
            delivered_at=desk.now - 14 * DAY,
        )
    await desk.sweep(completion.sweep)
    late = desk.later(days=8)
    lines = [*paid(6000, -900, payment="pi_1001"), line(LineKind.OTHER, -100, None)]
    await settle(late, lines)

    async with late.look() as session:
        found = await queries.report(session, late.now, 30)
    [sums] = found.sums
    assert (sums.provider, sums.settlements, sums.orders, sums.total) == ("stripe", 1, 1, usd(5000))
    assert sums.kinds == {"sale": usd(6000), "fee": usd(-900), "other": usd(-100)}
    assert [(one.number, one.captured) for one in found.unpaid] == [("1002", usd(6000))]
    assert (found.unpaid_total, found.differing, found.unchecked) == (1, 0, ("stripe",))
    async with desk.look() as session:
        empty = await queries.report(session, desk.now - 90 * DAY, 1)
    assert empty.unpaid == ()
