from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession

from domain import inbox, merchants
from domain.complaints.model import Complaint
from domain.errors import ReasonNeeded
from domain.events import Event, Kind
from domain.inbox import Delivery
from domain.jobs import Job, NewJob
from domain.orders import service as orders
from domain.orders.model import Order
from domain.refunds import service as refunds
from domain.refunds.model import Reason, Refund
from domain.rows import at, moment
from domain.store import Store, StoreUnavailable, parse_url
from tests.domain.desk import AGENT, Desk, asking, draft


class _Listening:
    """Alerts that call for one job an event, and a bell that counts."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.rung = 0

    async def alerts(self, _: AsyncSession, events: Sequence[Event]) -> Iterable[NewJob]:
        self.heard += [event.id for event in events]
        return [NewJob(f"test:{event.id}", "test", {"kind": event.kind}) for event in events]

    def wake(self) -> None:
        self.rung += 1


@pytest.fixture
def ears(desk: Desk) -> _Listening:
    """What hears the desk's events."""
    ears = _Listening()
    desk.store.alerts, desk.store.wake = ears.alerts, ears.wake
    return ears


async def test_each_stored_event_is_alerted_once_and_its_jobs_wake_a_worker(
    desk: Desk, ears: _Listening
) -> None:
    await desk.setting("refund.auto_limit", "20 USD")
    await desk.request(await desk.order(), 1000)
    told = [event for event in await desk.events() if event.kind != Kind.ORDER_RECEIVED]
    assert ears.heard == [event.id for event in told]
    jobs = await desk.all(select(Job).order_by(Job.id))
    assert [job.key for job in jobs] == [f"test:{event.id}" for event in told]
    assert [job.payload["kind"] for job in jobs] == [event.kind for event in told]
    assert {(job.due_at, job.created_at) for job in jobs} == {(desk.now, desk.now)}
    assert ears.rung == 2


async def test_work_without_events_wakes_nobody(desk: Desk, ears: _Listening) -> None:
    async with desk.work() as work:
        await merchants.settings(work.session)
    assert (ears.rung, ears.heard) == (0, [])


async def test_a_key_that_is_there_already_is_left_as_it_stands(desk: Desk) -> None:
    for payload in ({"try": 1}, {"try": 2}):
        async with desk.work() as work:
            work.enqueue(NewJob(key="same", kind="test", payload=payload))
            work.enqueue(NewJob(key="same", kind="test", payload=payload))
    assert [job.payload for job in await desk.all(select(Job))] == [{"try": 1}]


async def test_work_that_fails_leaves_neither_rows_events_nor_jobs(
    desk: Desk, ears: _Listening
) -> None:
    order_id = await desk.order()

    async def half() -> None:
        async with desk.work(AGENT.member_id) as work:
            await refunds.request(work, AGENT, order_id, asking(100))
            work.enqueue(NewJob(key="k", kind="test"))
            await refunds.request(work, AGENT, order_id, asking(100, reason=Reason.OTHER))

    with pytest.raises(ReasonNeeded):
        await half()
    assert await desk.all(select(Refund)) == []
    assert await desk.all(select(Job)) == []
    assert [event.kind for event in await desk.events()] == [Kind.ORDER_RECEIVED]
    assert (ears.rung, ears.heard) == (0, [])


async def test_an_alert_that_fails_takes_its_fact_back(desk: Desk) -> None:
    order_id = await desk.order()

    async def broken(_: AsyncSession, events: Sequence[Event]) -> Iterable[NewJob]:
        raise RuntimeError(events[0].kind)

    desk.store.alerts = broken
    with pytest.raises(RuntimeError, match="RefundRequested"):
        await desk.request(order_id, 100)
    assert await desk.all(select(Refund)) == []


async def test_cancelled_work_leaves_nothing_and_frees_the_database(desk: Desk) -> None:
    begun = asyncio.Event()

    async def stuck() -> None:
        async with desk.work() as work:
            await orders.receive(work, [draft("lost")], source="test")
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(stuck())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await desk.order(number="kept")
    assert [order.number for order in await desk.all(select(Order))] == ["kept"]


async def test_30_units_of_work_at_once_all_come_through(desk: Desk) -> None:
    order_id = await desk.order()
    answers = await asyncio.gather(
        *(desk.complain(order_id, f"Case {number}") for number in range(30)),
        *(desk.card() for _ in range(30)),
    )
    assert len(answers) == 60
    assert len(await desk.all(select(Complaint))) == 30


async def test_two_processes_may_write_to_one_database(desk: Desk) -> None:
    """Two stores share no lock of this process, as two processes don't."""
    second = Store(desk.store.url.render_as_string(hide_password=False))
    order_id = await desk.order()
    try:
        others = Desk(second, desk.merchant_id, desk.now)
        await asyncio.gather(
            *(each.complain(order_id) for _ in range(15) for each in (desk, others))
        )
    finally:
        await second.close()
    assert len(await desk.all(select(Complaint))) == 30


async def test_readers_do_not_wait_for_a_writer(desk: Desk) -> None:
    await desk.order()
    async with desk.work() as work:
        await orders.receive(work, [draft(total=1)], source="test")
        async with asyncio.timeout(5):
            card = await desk.card()
    assert card.total
    assert (card.total.minor, (await desk.order_row()).total) == (6000, 1)


async def test_every_event_says_who_when_and_about_what(desk: Desk) -> None:
    order_id = await desk.order()
    later = desk.later(hours=1)
    await later.request(order_id, asking(100, note="Dented"))
    event = (await desk.events())[-1]
    assert (event.actor, event.at, event.why) == (AGENT.member_id, later.now, "Dented")
    assert (event.subject, event.order_id, event.merchant_id) == (
        "refund",
        order_id,
        desk.merchant_id,
    )


async def test_times_are_kept_as_utc_and_a_naive_one_is_refused(desk: Desk) -> None:
    vienna = timezone(timedelta(hours=1))
    await desk.receive(draft(placed_at=datetime(2026, 11, 24, 10, 30, tzinfo=vienna)))
    placed_at = (await desk.order_row()).placed_at
    assert placed_at == desk.now
    assert placed_at.tzinfo == UTC
    naive = datetime(2026, 11, 24, 10, 30)  # noqa: DTZ001 — it is what the test is about
    with pytest.raises(StatementError, match="has no time zone"):
        await desk.receive(draft("2", placed_at=naive))


def test_times_that_came_through_json_are_utc() -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    written = (
        "2026-11-24 12:00:00.000000",
        "2026-11-24T12:00:00+00:00",
        "2026-11-24T13:00:00+01:00",
    )
    for text_ in written:
        assert (at(text_), at(text_).tzinfo) == (noon, UTC)
    assert moment(None) is None


async def test_a_partners_message_is_kept_and_read_once(desk: Desk, ears: _Listening) -> None:
    kept = []
    for source in ("easypost", "easypost", "stripe"):
        async with desk.work(source) as work:
            kept.append(await inbox.keep(work, source, "evt_1", '{"a": 1}'))
    assert kept == [True, False, True]
    deliveries = await desk.all(select(Delivery).order_by(Delivery.id))
    assert [(one.source, one.received_at) for one in deliveries] == [
        ("easypost", desk.now),
        ("stripe", desk.now),
    ]
    jobs = await desk.all(select(Job).order_by(Job.id))
    assert [(job.kind, job.key, job.payload) for job in jobs] == [
        (f"inbox.{one.source}", f"inbox:{one.source}:evt_1", {"delivery_id": one.id})
        for one in deliveries
    ]
    assert ears.rung == 2


async def test_the_same_message_twice_at_once_is_read_once(desk: Desk) -> None:
    async def keep() -> bool:
        async with desk.work("stripe") as work:
            return await inbox.keep(work, "stripe", "evt_1", "{}")

    assert sorted(await asyncio.gather(*(keep() for _ in range(6)))) == [False] * 5 + [True]


async def test_an_order_with_refunds_is_not_deleted(desk: Desk) -> None:
    order_id = await desk.order()
    await desk.request(order_id, 100)
    with pytest.raises(IntegrityError):
        async with desk.work() as work:
            await work.session.execute(delete(Order).where(Order.id == order_id))


@pytest.mark.parametrize(
    ("written", "driver"),
    [
        ("sqlite:///a.db", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite"),
        ("postgres://u:p@h/d", "postgresql+asyncpg"),
        ("postgresql://u:p@h/d", "postgresql+asyncpg"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+asyncpg"),
    ],
)
def test_a_database_address_gets_its_driver(written: str, driver: str) -> None:
    assert parse_url(written).drivername == driver


@pytest.mark.parametrize("written", ["", "nonsense", "mysql://h/d", "://"])
def test_another_address_is_refused_with_what_is_accepted(written: str) -> None:
    with pytest.raises(StoreUnavailable, match="sqlite"):
        parse_url(written)


async def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    store = Store("postgresql://desk:s3cret@127.0.0.1:9/desk")
    with pytest.raises(StoreUnavailable, match="Check DATABASE_URL") as refused:
        await store.check()
    assert "s3cret" not in str(refused.value)
    await store.close()


async def test_a_database_that_answers_is_fine(store: Store) -> None:
    await store.check()
    assert store.is_sqlite == (store.engine.dialect.name == "sqlite")


async def test_postgresql_hides_other_desks_even_from_plain_sql(
    postgresql_url: str, now: datetime
) -> None:
    store = Store(postgresql_url)
    try:
        async with store.across(write=True) as session:
            ours = await merchants.sole(session, now)
            other = merchants.Merchant(team_id="T2", created_at=now)
            session.add(other)
            await session.flush()
        await Desk(store, other.id, now).order()
        count, steal = text("SELECT count(*) FROM orders"), text("UPDATE orders SET total = 0")
        async with store.read(ours.id) as session:
            assert await session.scalar(count) == 0
        async with store.write(ours.id, now=now, actor="test") as work:
            await work.session.execute(steal)
        async with store.engine.connect() as connection:
            assert await connection.scalar(count) == 0
        assert (await Desk(store, other.id, now).order_row()).total == 6000
        plant = text("INSERT INTO settings (merchant_id, key, value) VALUES (:other, 'a', '1')")
        with pytest.raises(DBAPIError, match="row-level security"):
            async with store.write(ours.id, now=now, actor="test") as work:
                await work.session.execute(plant, {"other": other.id})
    finally:
        await store.close()
