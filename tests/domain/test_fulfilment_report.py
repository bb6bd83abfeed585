"""What goes wrong when orders are packed, by kind and SKU, and where orders wait longest."""

from __future__ import annotations

from domain.fulfilment import report as packing
from domain.fulfilment.model import Problem
from domain.fulfilment.report import PackingReport, Trouble
from domain.store import Store
from tests.domain.desk import Desk, statements
from tests.domain.shelf import confirmed, stocked
from tests.domain.warehouse import found, listed, packed, shipped


async def _report(desk: Desk, days: int = 30) -> PackingReport:
    async with desk.look() as session:
        return await packing.report(session, desk.now, days)


async def _sent(desk: Desk, number: str, *hours: float, problem: Problem | None = None) -> Desk:
    """Confirm, fetch, pack and ship an order of three, each so many hours after the one before."""
    order_id = await confirmed(desk, number, 3)
    fetched, boxed, gone = hours
    later = desk.later(hours=fetched)
    await found(later, await listed(later))
    later = later.later(hours=boxed)
    await packed(later, order_id, 2 if problem else 3, problem=problem)
    later = later.later(hours=gone)
    await shipped(later, order_id, 2 if problem else 3, number=f"1Z{number}")
    return later


async def test_how_long_orders_wait_for_each_step_and_which_is_the_bottleneck(desk: Desk) -> None:
    await stocked(desk, on_hand=50)
    for number, hours in enumerate(((2, 0.5, 1), (4, 1, 1), (30, 2, 1))):
        last = await _sent(desk, str(number), *hours)
    report = await _report(last)
    assert (report.orders, report.total, report.skus) == (3, 0, ())
    medians = {step: round(one.median) for step, one in report.waits.items()}
    assert medians == {"picked": 14_400, "packed": 3_600, "shipped": 3_600, "whole": 21_600}
    assert round(report.waits["picked"].p90) == 108_000
    assert report.bottleneck == "picked"
    assert (await _report(last.later(days=31))).waits == {}


async def test_packing_problems_are_counted_by_kind_and_sku_within_the_days(desk: Desk) -> None:
    await stocked(desk, on_hand=50)
    await _sent(desk, "1", 1, 1, 1, problem=Problem.DAMAGED)
    await confirmed(desk, "2", 3)
    # What was damaged is fetched again, and neither it nor the other order's pieces are found.
    await found(desk, await listed(desk), 0, 0)
    later = desk.later(days=20)
    report = await _report(later)
    assert report.problems == {Problem.MISSING: 2, Problem.DAMAGED: 1}
    assert report.skus == (Trouble("MUG-1", 3, {Problem.MISSING: 2, Problem.DAMAGED: 1}),)
    assert (report.total, report.skus_total) == (3, 1)
    assert (await _report(later, 7)).total == 0


async def test_an_order_that_was_shipped_at_once_waits_in_all_alone(desk: Desk) -> None:
    order_id = await confirmed(desk, "1", 3)
    await shipped(desk.later(hours=2), order_id, 3)
    report = await _report(desk.later(hours=3))
    assert {step: round(one.median) for step, one in report.waits.items()} == {"whole": 7_200}
    assert report.bottleneck is None


async def test_a_report_takes_a_handful_of_statements_and_reads_no_log_to_its_end(
    desk: Desk, store: Store
) -> None:
    await stocked(desk, on_hand=50)
    last = await _sent(desk, "1", 1, 1, 1, problem=Problem.DAMAGED)
    with statements(store) as sent:
        await _report(last)
    assert len(sent) == 4
    if store.is_sqlite:
        async with store.across() as session:
            connection = await session.connection()
            plan = await connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {sent[0]}", (1,) * sent[0].count("?")
            )
            assert "ix_events_packing_problems" in str(plan.all())
