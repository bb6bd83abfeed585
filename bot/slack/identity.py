"""Who speaks: from Slack's payload to a merchant and a member of its desk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from domain import merchants, people
from domain.jobs import NewJob
from handlers.turn import Desk, Turn


class Identity:
    """A Bolt middleware that puts the `turn` of a known merchant and member in the context."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._merchants: dict[str, int] = {}

    async def __call__(
        self,
        body: dict[str, Any],
        context: AsyncBoltContext,
        client: AsyncWebClient,
        ack: AsyncAck,
        next_: Callable[[], Awaitable[BoltResponse]],
    ) -> BoltResponse:
        """Identify who acts; raises `WrongWorkspace` for a workspace that is not ours."""
        if context.team_id is None or context.user_id is None:
            return await next_()
        merchant_id = await self.merchant(context.team_id)
        context["turn"] = Turn(
            desk=self._desk,
            merchant_id=merchant_id,
            member=await self._member(
                merchant_id,
                context.user_id,
                # Nothing is written to somebody for what they say in a thread.
                learn=(body.get("event") or {}).get("type") != "message",
            ),
            body=body,
            ack=ack,
            client=client,
        )
        return await next_()

    async def merchant(self, team_id: str) -> int:
        """Return the merchant of this workspace, bound to it on first contact."""
        if team_id not in self._merchants:
            async with self._desk.store.across(write=True) as session:
                merchant = await merchants.bind(session, team_id, "", self._desk.now())
                self._merchants[team_id] = merchant.id
        return self._merchants[team_id]

    async def _member(self, merchant_id: int, member_id: str, *, learn: bool) -> people.Member:
        async with self._desk.store.read(merchant_id) as session:
            member = await people.at_desk(session, member_id, admins=self._desk.admins)
        if learn and not member.known:
            await self._learn(merchant_id, member_id)
        return member

    async def _learn(self, merchant_id: int, member_id: str) -> None:
        """Ask the workspace, later and once, how this person reads times and amounts."""
        now = self._desk.now()
        async with self._desk.store.write(merchant_id, now=now, actor=member_id) as work:
            work.enqueue(
                NewJob(
                    key=f"learn:{member_id}:{now:%Y-%m-%d}",
                    kind="person.learn",
                    payload={"member_id": member_id},
                )
            )
