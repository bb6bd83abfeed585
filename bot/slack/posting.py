"""Jobs that speak to Slack: new cards, cards brought up to date, replies, direct messages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol

from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.slack import refusals
from bot.slack.messages import Message, bring_up_to_date, call, send_once, without_retries
from bot.slack.refusals import SlackDown
from bot.work.outcomes import Dead, Handler
from domain import cards, jobs, links, merchants, people
from domain.cards import Card
from domain.errors import DeskhandError, NotFound, Overtaken
from domain.jobs import Claim, NewJob
from domain.refunds import queries as refunds
from domain.store import WORKER, Store, Work
from templates import Reader

#: One message a second a channel: https://docs.slack.dev/apis/web-api/rate-limits.
PACE = timedelta(seconds=1)
#: Returns the client that carries a merchant's bot token.
Clients = Callable[[int], Awaitable[AsyncWebClient]]


class NotPostedYet(DeskhandError):
    """A reply is due before the card that it belongs under."""

    def __init__(self) -> None:
        super().__init__("The message to reply to is not posted yet. The job runs again by itself.")


class Draw(Protocol):
    """Draws a record as it stands now."""

    async def __call__(  # noqa: D102 — the class says it
        self,
        session: AsyncSession,
        template: str,
        record_id: int,
        *,
        reader: Reader,
        now: datetime,
        event_id: int | None = None,
        is_latest: bool = True,
    ) -> Message: ...


class Posting:
    """The handlers of every job that speaks to Slack."""

    def __init__(
        self, store: Store, clients: Clients, draw: Draw, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._clients = clients
        self._draw = draw
        self._now = now

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handlers by the kind of job."""
        return {
            "post": self.post,
            "refresh": self.refresh,
            "reply": self.reply,
            "tell": self.tell,
            "person.learn": self.learn,
        }

    async def post(self, claim: Claim) -> None:
        """Post a record's card in its concept's channel, and keep where it stands.

        Earlier ones, as of a parcel's troubles before, are brought up to date.
        """
        job = claim.payload
        async with self._store.read(claim.merchant_id) as session:
            channel = await _channel(session, job["concept"])
            message = await self._drawn(session, job["template"], job["id"])
        sent = await send_once(await self._client(claim), claim, channel, message)
        async with self._work(claim) as work:
            copies = await cards.of(work.session, job["subject"], job["id"])
            older = [card for card in copies if card.template == job["template"]]
            if await cards.at(work.session, channel, sent.ts) is None:
                work.session.add(
                    Card(
                        subject=job["subject"],
                        subject_id=job["id"],
                        template=job["template"],
                        place=channel,
                        reference=sent.ts,
                        digest="" if sent.before else digest(message),
                    )
                )
            await _rest(work, channel)
        if sent.before or older:
            await self.refresh(claim)

    async def refresh(self, claim: Claim) -> None:
        """Bring every card of a record, and of what belongs to it, up to date.

        One that is gone from Slack is left to the next reply, which has it posted anew.
        """
        job = claim.payload
        client = await self._client(claim)
        async with self._store.read(claim.merchant_id) as session:
            copies = await _copies(session, job["subject"], job["id"])
            latest = {(card.template, card.subject_id): card.id for card in copies}
            drawn = {
                (template, record_id, is_latest): await self._drawn(
                    session, template, record_id, is_latest=is_latest
                )
                for template, record_id, is_latest in {_drawn_as(one, latest) for one in copies}
            }
        for card in copies:
            message = drawn[_drawn_as(card, latest)]
            if digest(message) == card.digest:
                continue
            await bring_up_to_date(client, card, message)
            async with self._work(claim) as work:
                await work.session.execute(
                    update(Card).where(Card.id == card.id).values(digest=digest(message))
                )
                await _rest(work, card.place)

    async def reply(self, claim: Claim) -> None:
        """Reply in the thread of a record's card, unless there is nothing to say any more.

        It is the first one, or the newest that a template drew: the one it goes `under`. What is
        said may be of another record, `record_id`.

        Where that card can't be replied to, it is posted anew, and the reply follows.
        """
        job = claim.payload
        async with self._store.read(claim.merchant_id) as session:
            copies = await cards.of(session, job["subject"], job["id"])
            if under := job.get("under"):
                copies = [card for card in copies if card.template == under][-1:]
            if not copies:
                await _channel(session, job["concept"])
                raise NotPostedYet
            channel = (await merchants.settings(session)).channel(job["concept"])
            try:
                record_id = job.get("record_id", job["id"])
                message = await self._drawn(
                    session, job["template"], record_id, event_id=job.get("event_id")
                )
            except Overtaken:
                return
        first = copies[0]
        client = await self._client(claim)
        try:
            await send_once(client, claim, first.place, message, thread=first.reference)
        except (Dead, SlackDown) as error:
            moved = channel not in (None, first.place) and refusals.was(error, refusals.CLOSED)
            if not moved and not refusals.was(error, refusals.NO_THREAD):
                raise
            await self._post_again(claim, first)
            raise NotPostedYet from error
        async with self._work(claim) as work:
            await _rest(work, first.place)

    async def tell(self, claim: Claim) -> None:
        """Write to a member, in their language; without a `member_id`, to who asked for it.

        Who has left the workspace is not told, and that is nothing to put right.
        """
        job = claim.payload
        async with self._store.read(claim.merchant_id) as session:
            member_id = (
                job.get("member_id") or (await refunds.card(session, job["id"])).refund.requested_by
            )
            member = await people.member(session, member_id)
            reader = Reader(member.locale or "en_US", member.tz or "UTC", member_id)
            message = await self._drawn(session, job["template"], job["id"], reader=reader)
        try:
            await send_once(await self._client(claim), claim, member_id, message)
        except Dead as error:
            if not refusals.was(error, refusals.LEFT):
                raise

    async def learn(self, claim: Claim) -> None:
        """Ask the workspace how a member is called, and how they read times and amounts.

        Who has left it is read to as everyone is by default.
        """
        member_id = claim.payload["member_id"]
        client = await self._client(claim)
        try:
            answer = await call(member_id, client.users_info(user=member_id, include_locale=True))
        except Dead as error:
            if not refusals.was(error, refusals.LEFT):
                raise
            return
        user: dict[str, Any] = answer["user"]
        async with self._work(claim) as work:
            await people.learn(
                work,
                member_id,
                name=user.get("real_name") or user.get("name") or member_id,
                locale=user.get("locale"),
                tz=user.get("tz") or "UTC",
            )

    async def _post_again(self, claim: Claim, lost: Card) -> None:
        """Have a card posted anew that is out of reach: what it is about goes on."""
        async with self._work(claim) as work:
            await work.session.execute(delete(Card).where(Card.id == lost.id))
            work.enqueue(
                NewJob(
                    key=f"post:{claim.key}",
                    kind="post",
                    payload={
                        "concept": claim.payload["concept"],
                        "template": lost.template,
                        "subject": lost.subject,
                        "id": lost.subject_id,
                    },
                    lane=claim.lane,
                )
            )

    async def _drawn(
        self,
        session: AsyncSession,
        template: str,
        record_id: int,
        *,
        reader: Reader | None = None,
        event_id: int | None = None,
        is_latest: bool = True,
    ) -> Message:
        try:
            return await self._draw(
                session,
                template,
                record_id,
                reader=reader or Reader(),
                now=self._now(),
                event_id=event_id,
                is_latest=is_latest,
            )
        except NotFound as gone:
            raise Dead(str(gone)) from gone

    async def _client(self, claim: Claim) -> AsyncWebClient:
        return without_retries(await self._clients(claim.merchant_id))

    def _work(self, claim: Claim) -> AbstractAsyncContextManager[Work]:
        return self._store.write(claim.merchant_id, now=self._now(), actor=WORKER)


def digest(message: Message) -> str:
    """Tell what a card shows, in short."""
    shown = json.dumps(message, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(shown.encode(), digest_size=16).hexdigest()


def _drawn_as(card: Card, latest: Mapping[tuple[str, int], int]) -> tuple[str, int, bool]:
    """Return what draws a copy: its template, its record, and whether none is newer."""
    key = (card.template, card.subject_id)
    return (*key, latest[key] == card.id)


async def _copies(session: AsyncSession, subject: str, subject_id: int) -> list[Card]:
    """Return the cards of a record, and of those whose cards may speak of it."""
    copies = [*await cards.of(session, subject, subject_id)]
    for linked in await links.of(session, subject, subject_id):
        copies += await cards.of(session, linked.subject, linked.id)
    return copies


async def _channel(session: AsyncSession, concept: str) -> str:
    channel = (await merchants.settings(session)).channel(concept)
    if channel is None:
        raise Dead(
            f"channel.{concept} is not set, so this could not be posted. Choose a channel with "
            "`/deskhand settings`, then retry."
        )
    return channel


async def _rest(work: Work, channel: str) -> None:
    """Let every lane that leads to this channel rest."""
    settings = await merchants.settings(work.session)
    for lane in settings.posted_in(channel):
        await jobs.rest(work.session, work.merchant_id, lane, work.now + PACE)
