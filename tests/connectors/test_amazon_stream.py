"""Amazon's notifications, off a real queue: kept before they leave it, each once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from moto.server import ThreadedMotoServer
from pydantic import SecretStr
from sqlalchemy import select

from bot import partners
from bot.config import Config
from bot.connectors.amazon.stream import Keep, Queue, Stream
from bot.connectors.inbound import Message
from bot.doctor.sources import queue as examined
from bot.work.pace import Pace
from domain import sources
from domain.inbox import Delivery
from domain.jobs import Job
from domain.orders.model import Order
from domain.sources import Source
from domain.store import Store
from tests.connectors.amazon_emulator import CLIENT_ID, CLIENT_SECRET, MARKETPLACE, REFRESH_TOKEN
from tests.connectors.amazon_orders_emulator import Shop, notification, order
from tests.connectors.till import assembled

_KEY, _SECRET = "AKIA", "aws-secret"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is read off the queue does not depend on which database it goes to."""
    return sqlite_url


@pytest.fixture(scope="module")
def sqs() -> Iterator[str]:
    """An SQS on this machine; its address."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@dataclass
class Sent:
    """A queue that messages are sent to, and how many are left in it."""

    queue: Queue

    async def send(self, *bodies: str) -> None:
        async with self.queue.client() as client:
            for body in bodies:
                await client.send_message(QueueUrl=self.queue.url, MessageBody=body)

    async def left(self) -> int:
        """Count what is in it, whether somebody has it in hand or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        async with self.queue.client() as client:
            told = await client.get_queue_attributes(QueueUrl=self.queue.url, AttributeNames=names)
        return sum(int(told["Attributes"][name]) for name in names)


@pytest.fixture
async def sent(sqs: str, request: pytest.FixtureRequest) -> Sent:
    name = f"orders-{abs(hash(request.node.name)) % 10**9}"
    async with Queue(f"{sqs}/1/x", _KEY, _SECRET).client() as client:
        made = await client.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "1"})
    return Sent(Queue(made["QueueUrl"], _KEY, _SECRET))


@asynccontextmanager
async def flowing(queue: Queue, keep: Keep) -> AsyncIterator[None]:
    stream = Stream(queue, keep, wait=1)
    task = asyncio.create_task(stream.run())
    try:
        yield
    finally:
        stream.stop()
        await task


async def until_empty(sent: Sent) -> None:
    async with asyncio.timeout(60):
        while True:
            if not await sent.left():
                return
            await asyncio.sleep(0.05)


@dataclass
class Shelf:
    """Where the desk keeps messages; `failures` come before or after they are kept."""

    keep: Keep
    failures: list[str] = field(default_factory=list)

    async def __call__(self, messages: Sequence[Message]) -> None:
        failure = self.failures.pop(0) if self.failures else ""
        if failure == "bug":
            raise KeyError("a buyer's name")
        if failure == "before":
            raise OSError("the database is away")
        await self.keep(messages)
        if failure == "after":
            raise OSError("killed before the queue heard of it")


async def kept(store: Store, merchant: int) -> list[Delivery]:
    async with store.read(merchant) as session:
        return list(await session.scalars(select(Delivery).order_by(Delivery.id)))


@pytest.fixture
def pace(store: Store, merchant: int, now: datetime) -> Pace:
    del merchant
    return Pace(store, lambda: now)


@pytest.fixture
def shelf(pace: Pace) -> Shelf:
    return Shelf(partners.keeping(pace))


async def test_messages_leave_the_queue_once_they_are_kept(
    store: Store, merchant: int, now: datetime, sent: Sent, shelf: Shelf, pace: Pace
) -> None:
    async with pace.work() as work:
        await sources.connect(work, ["amazon"])
    bodies = [notification(f"n-{at}", at=now) for at in range(23)]
    await sent.send(*bodies, bodies[0])
    async with flowing(sent.queue, shelf):
        await until_empty(sent)
    assert {one.body for one in await kept(store, merchant)} == set(bodies)
    assert len(await kept(store, merchant)) == 23
    async with store.read(merchant) as session:
        [source] = await session.scalars(select(Source))
        assert len((await session.scalars(select(Job))).all()) == 23
    assert source.heard_at == now


@pytest.mark.parametrize("failure", ["before", "after"])
async def test_whatever_breaks_between_keeping_and_leaving_loses_and_doubles_nothing(
    store: Store, merchant: int, now: datetime, sent: Sent, shelf: Shelf, failure: str
) -> None:
    shelf.failures = [failure, failure]
    await sent.send(*(notification(f"n-{at}", at=now) for at in range(3)))
    async with flowing(sent.queue, shelf):
        await until_empty(sent)
    assert sorted(one.reference for one in await kept(store, merchant)) == ["n-0", "n-1", "n-2"]


async def test_what_is_no_notification_is_kept_under_the_queues_name_of_it(
    store: Store, merchant: int, sent: Sent, shelf: Shelf
) -> None:
    await sent.send("no json", "[1]", '{"NotificationMetadata": {"NotificationId": ""}}')
    async with flowing(sent.queue, shelf):
        await until_empty(sent)
    found = await kept(store, merchant)
    assert len(found) == 3
    assert all(one.reference.startswith("message:") for one in found)


async def test_an_id_that_no_database_takes_holds_nobody_up(
    store: Store, merchant: int, now: datetime, sent: Sent, shelf: Shelf
) -> None:
    odd = ["\0", "\ud800", "x" * 300, "tab\tand\0zero", 17, ["list"], {"a": "b"}]
    bodies = [json.dumps({"NotificationMetadata": {"NotificationId": one}}) for one in odd]
    await sent.send(*bodies, notification("n-1", at=now))
    async with flowing(sent.queue, shelf):
        await until_empty(sent)
    found = await kept(store, merchant)
    assert sorted(one.body for one in found) == sorted([*bodies, notification("n-1", at=now)])


async def test_the_doctor_says_whether_the_queue_can_be_read(sent: Sent, now: datetime) -> None:
    async def said(url: str, key: str | None = _KEY) -> str:
        config = Config(
            _env_file=None,  # type: ignore[call-arg]
            amazon_sqs_url=url,
            amazon_sqs_key_id=key,
            amazon_sqs_secret=SecretStr(_SECRET),
        )
        [finding] = [one async for one in examined(config)]
        return f"{finding.mark.name} {finding.sentence}"

    await sent.send(notification("n-1", at=now), "no json")
    assert await said(sent.queue.url) == "GOOD Amazon's queue can be read; messages in it: 2."
    assert (await said(sent.queue.url + "-none")).startswith("BAD Amazon's queue can't be read (")
    assert "EndpointConnectionError" in await said("http://127.0.0.1:1/1/orders")
    assert "PartialCredentialsError" in await said(sent.queue.url, key=None)


async def test_a_queue_that_is_away_is_waited_for(
    store: Store,
    merchant: int,
    now: datetime,
    sent: Sent,
    shelf: Shelf,
    sqs: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gone = Queue(f"{sqs}/1/there-is-none", _KEY, _SECRET)
    stream = Stream(gone, shelf, wait=1)
    task = asyncio.create_task(stream.run())
    shelf.failures = ["bug"]
    await sent.send(notification("n-1", at=now))
    stream._queue = sent.queue
    await until_empty(sent)
    stream.stop()
    await task
    assert [one.reference for one in await kept(store, merchant)] == ["n-1"]
    assert "KeyError at test_amazon_stream.py" in caplog.text
    assert "buyer" not in caplog.text


async def test_the_published_notifications_come_through(
    store: Store, merchant: int, sent: Sent, shelf: Shelf, shared: Path
) -> None:
    schema = json.loads((shared / "data/amazon/OrderChangeNotification.json").read_text())
    bodies = [json.dumps(example) for example in schema["examples"]]
    await sent.send(*bodies)
    async with flowing(sent.queue, shelf):
        await until_empty(sent)
    found = await kept(store, merchant)
    assert [one.reference for one in found] == [
        example["NotificationMetadata"]["NotificationId"] for example in schema["examples"]
    ]


async def test_a_configured_desk_hears_of_an_order_and_reads_it(
    database_url: str, sent: Sent
) -> None:
    now = datetime.now(UTC)
    shop = Shop(lambda: now, orders=[order(at=now)])
    async with TestServer(shop.application()) as server:
        address = str(server.make_url("/"))
        async with assembled(
            database_url,
            "amazon",
            only=None,
            amazon_client_id=CLIENT_ID,
            amazon_client_secret=SecretStr(CLIENT_SECRET),
            amazon_refresh_token=SecretStr(REFRESH_TOKEN),
            amazon_marketplace=MARKETPLACE,
            amazon_api_url=address,
            amazon_auth_url=address,
            amazon_sqs_url=sent.queue.url,
            amazon_sqs_key_id=_KEY,
            amazon_sqs_secret=SecretStr(_SECRET),
        ) as (site, desk, _):
            await sent.send(notification("n-1", at=now))
            async with asyncio.timeout(60):
                while True:
                    async with site.store.read(desk.merchant) as session:
                        if await session.scalar(select(Order.id)):
                            break
                    await asyncio.sleep(0.05)
        await until_empty(sent)
