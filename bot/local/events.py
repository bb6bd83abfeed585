"""The Events API: which events the app hears of, and Slack's retries.

https://docs.slack.dev/apis/events-api
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from bot.local.delivery import Delivery, Reply
from bot.local.errors import Node
from bot.local.model import public
from bot.local.payloads import Payloads
from bot.local.sockets import Retry
from bot.local.workspace import Workspace

#: Seconds before the first, second and third retry. Slack waits 0, 60 and 300.
RETRY_AFTER = (0.0, 1.0, 5.0)
_PLURAL = {"channel": "channels", "group": "groups", "im": "im"}


class Events:
    """Delivers events in the background, each on its own."""

    def __init__(
        self,
        workspace: Workspace,
        delivery: Delivery,
        retry_after: Sequence[float],
        *,
        settled: Callable[[], None],
    ) -> None:
        self._workspace = workspace
        self._payloads = Payloads(workspace)
        self._delivery = delivery
        self._retry_after = retry_after
        self._settled = settled
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way to the app."""
        return not self._tasks

    def announce(self, event: Node) -> None:
        """Send the event if the app subscribed to it and may see it."""
        if not self._closed and self._wanted(event):
            event = public(event) if event["type"] in {"message", "app_mention"} else event
            task = asyncio.get_running_loop().create_task(
                self._deliver(self._payloads.event(event))
            )
            self._tasks.add(task)
            task.add_done_callback(self._done)

    async def close(self) -> None:
        """Give up what is still on its way, and send no more."""
        self._closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._settled()

    def _wanted(self, event: Node) -> bool:
        name = event["type"]
        if name == "message":
            name = f"message.{_PLURAL[event['channel_type']]}"
        if name not in self._workspace.app.bot_events:
            return False
        conversation = self._workspace.conversations.get(event.get("channel", ""))
        return conversation is None or self._workspace.app.user_id in conversation.members

    async def _deliver(self, envelope: Node) -> None:
        what = f"event {envelope['event']['type']}"
        reply = await self._delivery.send("events_api", what, envelope)
        for number, delay in enumerate(self._retry_after, start=1):
            if reply.ok or reply.headers.get("X-Slack-No-Retry") == "1":
                return
            await asyncio.sleep(delay)
            retry = Retry(number, _reason(reply))
            reply = await self._delivery.send("events_api", what, envelope, retry)


def _reason(reply: Reply) -> str:
    """The words of X-Slack-Retry-Reason."""
    if reply.error == "operation_timeout":
        return "http_timeout"
    return "connection_failed" if reply.error else "http_error"
