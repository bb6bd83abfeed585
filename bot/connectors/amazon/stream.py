"""Amazon's notifications from the queue that they are sent to.

Each is kept here before it leaves the queue: whatever happens in between, it comes again, and
is known then. Several replicas may read one queue. https://docs.aws.amazon.com/AWSSimpleQueueService
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiobotocore.session import get_session
from aiohttp import ClientError as HttpError
from botocore.config import Config as Settings
from botocore.exceptions import BotoCoreError, ClientError

from bot.connectors.amazon.events import message
from bot.connectors.inbound import Message
from bot.work.outcomes import sentence

log = logging.getLogger(__name__)

#: The most that a queue gives at once, and the longest that it waits for some.
_AT_ONCE, _WAIT = 10, 20
#: Seconds until a queue that failed is tried again, doubled up to the most.
_FIRST, _MOST = 1.0, 60.0
_REGION = re.compile(
    r"(?:^|\.)sqs[.-]([a-z]{2}(?:-[a-z]+)+-\d)\.|^([a-z]{2}(?:-[a-z]+)+-\d)\.queue\."
)
TROUBLES = (BotoCoreError, ClientError, HttpError, OSError, TimeoutError)
#: Keeps messages, each once; they are committed when it returns.
Keep = Callable[[Sequence[Message]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Queue:
    """Where a queue is and what opens it; without a key, what the machine has for AWS."""

    url: str
    key: str | None = None
    secret: str | None = None

    def client(self) -> Any:
        """Return a context that holds a client of the queue's own address."""
        address = urlsplit(self.url)
        region = _REGION.search(address.hostname or "")
        return get_session().create_client(
            "sqs",
            region_name=next(filter(None, region.groups()), None) if region else "us-east-1",
            endpoint_url=f"{address.scheme}://{address.netloc}",
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            config=Settings(
                connect_timeout=5, read_timeout=_WAIT + 10, retries={"total_max_attempts": 1}
            ),
        )

    async def waiting(self) -> int:
        """Return about how many messages wait in it; raises one of `TROUBLES`."""
        async with self.client() as client:
            told = await client.get_queue_attributes(
                QueueUrl=self.url, AttributeNames=["ApproximateNumberOfMessages"]
            )
        return int(told["Attributes"]["ApproximateNumberOfMessages"])


class Stream:
    """Takes messages off a queue for as long as it runs."""

    def __init__(self, queue: Queue, keep: Keep, *, wait: int = _WAIT) -> None:
        self._queue = queue
        self._keep = keep
        self._wait = wait
        self._delay = _FIRST
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Let `run` return; what it waits for is given up."""
        self._stopped.set()

    async def run(self) -> None:
        """Take messages until `stop`; a queue or a database that is away is waited for."""
        stopped = asyncio.create_task(self._stopped.wait())
        while not self._stopped.is_set():
            taking = asyncio.create_task(self._take_all())
            await asyncio.wait((taking, stopped), return_when=asyncio.FIRST_COMPLETED)
            if not taking.done():
                taking.cancel()
                await asyncio.gather(taking, return_exceptions=True)
                return
            log.warning(
                "Amazon's notifications can't be taken in: %s Trying again in %g s; `deskhand "
                "doctor` says more of the queue and the database.",
                _cause(taking.exception()),
                self._delay,
            )
            await asyncio.wait((stopped,), timeout=self._delay)
            self._delay = min(self._delay * 2, _MOST)

    async def _take_all(self) -> None:
        """Take batch after batch, until something fails."""
        async with self._queue.client() as client:
            while True:
                told = await client.receive_message(
                    QueueUrl=self._queue.url,
                    MaxNumberOfMessages=_AT_ONCE,
                    WaitTimeSeconds=self._wait,
                )
                if found := told.get("Messages"):
                    await self._take(client, found)
                self._delay = _FIRST

    async def _take(self, client: Any, found: Sequence[dict[str, Any]]) -> None:
        await self._keep([message(one.get("Body", ""), one["MessageId"]) for one in found])
        await client.delete_message_batch(
            QueueUrl=self._queue.url,
            Entries=[
                {"Id": str(at), "ReceiptHandle": one["ReceiptHandle"]}
                for at, one in enumerate(found)
            ],
        )


def _cause(error: BaseException | None) -> str:
    """Return what an error is and, if it is none that a queue or its network makes, where."""
    if isinstance(error, Exception) and not isinstance(error, TROUBLES):
        return sentence(error)
    return f"{type(error).__name__}."
