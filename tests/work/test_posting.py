"""Posting: every message once, every card true, and a sentence where it can't be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.slack.posting import Posting
from bot.work.worker import Worker
from domain import jobs, people
from domain.cards import Card
from domain.errors import RecordNotFound
from domain.jobs import Job, NewJob
from domain.people import Person
from templates import Reader
from tests.work.desk import AGENT, Small
from tests.work.slack import Slack, broken, ratelimited, refuse, serving

CHANNEL = "C0REFUNDS"


class Drawings:
    """Draws records in words of the test's choosing."""

    def __init__(self) -> None:
        self.text = "Refund R-1 waits for you"
        self.gone = False
        self.readers: list[Reader] = []

    async def __call__(
        self,
        session: AsyncSession,
        template: str,
        record_id: int,
        *,
        reader: Reader,
        now: datetime,
        event_id: int | None = None,
        is_latest: bool = True,
    ) -> dict[str, Any]:
        del session, now, is_latest
        if self.gone:
            raise RecordNotFound("refund", f"R-{record_id}")
        self.readers.append(reader)
        text = f"{self.text} ({template}, {event_id})" if event_id else self.text
        return {"text": text, "blocks": [{"type": "divider"}]}


class Office:
    """A desk, its Slack, and a worker that posts; the test moves the time."""

    def __init__(self, desk: Small, slack: Slack, client: AsyncWebClient) -> None:
        self.desk = desk
        self.slack = slack
        self.now = desk.now
        self.drawings = Drawings()

        async def client_of(_: int) -> AsyncWebClient:
            return client

        posting = Posting(desk.store, client_of, self.drawings, lambda: self.now)
        self.worker = Worker(desk.store, posting.handlers(), lambda: self.now)

    async def ask(
        self, kind: str, key: str = "", lane: str | None = "refunds", **more: Any
    ) -> None:
        """Enqueue a job about refund 1, and let the worker do what is due."""
        payload = {
            "concept": "refunds",
            "template": "refunds/approval",
            "subject": "refund",
            "id": 1,
            **more,
        }
        async with self.desk.write(now=self.now) as work:
            work.enqueue(NewJob(key or kind, kind, payload, lane=lane))
        await self.worker.work_off()

    async def later(self, **time: float) -> None:
        """Let time pass, and the worker do what is due by then."""
        self.now += timedelta(**time)
        await self.worker.work_off()

    async def cards(self) -> Sequence[Card]:
        async with self.desk.store.read(self.desk.merchant) as session:
            return (await session.scalars(select(Card).order_by(Card.id))).all()

    async def job(self, key: str = "post") -> Job:
        async with self.desk.store.read(self.desk.merchant) as session:
            return (await session.scalars(select(Job).where(Job.key == key))).one()

    def texts(self, channel: str = CHANNEL) -> list[str]:
        return [message["text"] for message in self.slack.messages[channel]]


@pytest.fixture
async def office(desk: Small) -> AsyncIterator[Office]:
    slack = Slack()
    async with serving(slack) as client:
        await desk.set(channel__refunds=CHANNEL)
        yield Office(desk, slack, client)


async def test_a_card_is_posted_in_its_channel_and_remembered(office: Office) -> None:
    await office.ask("post")

    [message] = office.slack.messages[CHANNEL]
    assert message["text"] == "Refund R-1 waits for you"
    assert message["blocks"] == [{"type": "divider"}]
    assert message["metadata"]["event_payload"] == {"key": "post"}
    [card] = await office.cards()
    assert (card.subject, card.subject_id, card.template) == ("refund", 1, "refunds/approval")
    assert (card.place, card.reference) == (CHANNEL, message["ts"])
    assert office.slack.named("conversations.history") == []


async def test_a_channel_nobody_chose_is_named_to_whoever_can_choose_it(office: Office) -> None:
    await office.ask("post", lane="stock", concept="stock")

    job = await office.job()
    assert job.state == "dead"
    assert job.last_error == (
        "channel.stock is not set, so this could not be posted. Choose a channel with "
        "`/deskhand settings`, then retry."
    )


async def test_a_channel_gets_one_message_a_second(office: Office) -> None:
    for key in ("a", "b", "c"):
        await office.ask("post", key)
    assert len(office.texts()) == 1

    await office.later(seconds=0.9)
    assert len(office.texts()) == 1
    await office.later(seconds=0.1)
    assert len(office.texts()) == 2
    await office.later(seconds=1)
    assert len(office.texts()) == 3


async def test_two_concepts_in_one_channel_share_its_pace(office: Office) -> None:
    await office.desk.set(channel__complaints=CHANNEL)
    await office.ask("post", "a")
    await office.ask("post", "b", lane="complaints", concept="complaints")
    assert len(office.texts()) == 1

    await office.later(seconds=1)
    assert len(office.texts()) == 2


async def test_when_slack_asks_to_wait_nothing_is_lost_and_no_attempt_counted(
    office: Office,
) -> None:
    office.slack.faults["chat.postMessage"] = [ratelimited(30)]
    await office.ask("post")
    await office.ask("post", "second")
    assert office.texts() == []
    assert (await office.job()).attempts == 0

    await office.later(seconds=29)
    assert len(office.slack.named("chat.postMessage")) == 1
    await office.later(seconds=1)
    await office.later(seconds=1)

    assert len(office.texts()) == 2
    assert office.slack.named("conversations.history") == [], "it was refused, so not posted"


async def test_a_lost_answer_does_not_post_twice(office: Office) -> None:
    office.slack.lose_answers_to = {"chat.postMessage"}
    await office.ask("post")
    assert len(office.texts()) == 1
    assert await office.cards() == []
    assert "did not answer as it should" in ((await office.job()).last_error or "")

    office.slack.lose_answers_to = set()
    office.slack.messages[CHANNEL].append({"text": "thanks!", "ts": "1795512999.000100"})
    await office.later(seconds=10)

    assert office.texts() == ["Refund R-1 waits for you", "thanks!"]
    [card] = await office.cards()
    assert card.reference == office.slack.messages[CHANNEL][0]["ts"]


async def test_a_card_found_again_is_brought_up_to_date(office: Office) -> None:
    office.slack.lose_answers_to = {"chat.postMessage"}
    await office.ask("post")
    office.slack.lose_answers_to = set()
    office.drawings.text = "Refund R-1 was approved"
    await office.later(seconds=10)

    assert office.texts() == ["Refund R-1 was approved"]
    calls = len(office.slack.calls)
    await office.ask("refresh")
    assert len(office.slack.calls) == calls, "it shows the truth already"


@pytest.mark.parametrize("fault", [broken(502), broken(200), refuse("internal_error")])
async def test_a_slack_in_trouble_is_tried_again_after_a_look(
    office: Office, fault: Callable[[Any], Any]
) -> None:
    office.slack.faults["chat.postMessage"] = [fault]
    await office.ask("post")
    await office.later(seconds=10)

    assert len(office.texts()) == 1
    assert len(office.slack.named("conversations.history")) == 1
    assert (await office.job()).state == "done"


async def test_an_app_that_may_not_read_the_channel_posts_all_the_same(office: Office) -> None:
    office.slack.faults["chat.postMessage"] = [broken(500)]
    office.slack.faults["conversations.history"] = [refuse("missing_scope", needed="x")]
    await office.ask("post")
    await office.later(seconds=10)

    assert len(office.texts()) == 1


async def test_a_look_that_is_rate_limited_waits_rather_than_posts(office: Office) -> None:
    office.slack.faults["chat.postMessage"] = [broken(500)]
    office.slack.faults["conversations.history"] = [ratelimited(60), broken(500)]
    await office.ask("post")
    await office.later(seconds=10)
    assert office.texts() == []
    await office.later(seconds=60)
    assert office.texts() == []
    await office.later(seconds=60)

    assert len(office.texts()) == 1
    assert len(office.slack.named("conversations.history")) == 3


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("not_in_channel", "Invite it there with `/invite @Deskhand`"),
        ("channel_not_found", "or choose another channel with `/deskhand settings`"),
        ("is_archived", "is archived"),
        ("invalid_auth", "Install Deskhand again"),
        ("missing_scope", "Update the app from `deskhand manifest`"),
    ],
)
async def test_what_a_person_has_to_put_right_is_parked_with_advice(
    office: Office, error: str, advice: str
) -> None:
    office.slack.faults["chat.postMessage"] = [refuse(error)]
    await office.ask("post")

    job = await office.job()
    assert job.state == "dead"
    assert advice in (job.last_error or "")


async def test_a_parked_card_is_posted_once_it_is_put_right(office: Office) -> None:
    office.slack.faults["chat.postMessage"] = [refuse("not_in_channel")]
    await office.ask("post")
    async with office.desk.write() as work:
        assert await jobs.revive(work.session, office.now) == 1
    await office.later(seconds=1)

    assert len(office.texts()) == 1
    assert len(await office.cards()) == 1


async def test_every_copy_of_a_card_is_brought_up_to_date(office: Office) -> None:
    await office.ask("post")
    await office.desk.set(channel__refunds="C0FINANCE")
    await office.later(seconds=1)
    await office.ask("post", "copy")

    office.drawings.text = "Refund R-1 was approved"
    await office.later(seconds=1)
    await office.ask("refresh")

    assert office.texts() == office.texts("C0FINANCE") == ["Refund R-1 was approved"]


async def test_a_card_that_shows_the_truth_is_left_alone(office: Office) -> None:
    await office.ask("post")
    await office.later(seconds=1)
    await office.ask("refresh")

    assert office.slack.named("chat.update") == []


@pytest.mark.parametrize("error", ["message_not_found", "cant_update_message"])
async def test_a_card_that_somebody_deleted_is_left_alone(office: Office, error: str) -> None:
    await office.ask("post")
    await office.later(seconds=1)
    office.drawings.text = "Refund R-1 was approved"
    office.slack.faults["chat.update"] = [refuse(error)]
    await office.ask("refresh")

    assert (await office.job("refresh")).state == "done"
    await office.ask("refresh", "again")
    assert len(office.slack.named("chat.update")) == 1


async def test_an_update_that_is_rate_limited_comes_back(office: Office) -> None:
    await office.ask("post")
    await office.later(seconds=1)
    office.drawings.text = "Refund R-1 was approved"
    office.slack.faults["chat.update"] = [ratelimited(5)]
    await office.ask("refresh")
    assert office.texts() == ["Refund R-1 waits for you"]

    await office.later(seconds=5)
    assert office.texts() == ["Refund R-1 was approved"]


async def test_a_reply_stands_in_the_thread_of_the_card(office: Office) -> None:
    await office.ask("post")
    await office.later(seconds=1)
    await office.ask("reply", template="complaints/note", event_id=7)

    card, reply = office.slack.messages[CHANNEL]
    assert reply["thread_ts"] == card["ts"]
    assert reply["text"] == "Refund R-1 waits for you (complaints/note, 7)"


async def test_a_reply_waits_for_its_card(office: Office) -> None:
    await office.ask("reply", event_id=7)
    assert office.texts() == []
    assert (await office.job("reply")).state == "ready"

    await office.ask("post")
    await office.later(seconds=10)

    assert len(office.texts()) == 2


async def test_a_reply_whose_answer_was_lost_is_found_in_its_thread(office: Office) -> None:
    await office.ask("post")
    await office.later(seconds=1)
    office.slack.lose_answers_to = {"chat.postMessage"}
    await office.ask("reply", event_id=7)
    office.slack.lose_answers_to = set()
    await office.later(seconds=10)

    assert len(office.texts()) == 2
    assert len(office.slack.named("conversations.replies")) >= 1
    assert (await office.job("reply")).state == "done"


async def test_a_member_is_told_in_their_own_language_and_time(office: Office) -> None:
    async with office.desk.write() as work:
        await people.learn(work, "U0ADA", name="Ada", locale="de-DE", tz="Europe/Berlin")
    await office.ask("tell", lane=None, member_id="U0ADA")

    assert office.texts("U0ADA") == ["Refund R-1 waits for you"]
    assert office.drawings.readers == [Reader("de-DE", "Europe/Berlin", "U0ADA")]
    assert await office.cards() == []


async def test_who_asked_for_a_refund_is_told_when_the_job_names_nobody(office: Office) -> None:
    refund_id = await office.desk.asked_refund(await office.desk.order())
    await office.ask("tell", lane=None, id=refund_id)

    assert len(office.texts(AGENT.member_id)) == 1


async def test_a_member_is_not_told_twice_after_a_lost_answer(office: Office) -> None:
    office.slack.lose_answers_to = {"chat.postMessage"}
    await office.ask("tell", lane=None, member_id="U0ADA")
    office.slack.lose_answers_to = set()
    await office.later(seconds=10)

    assert len(office.texts("U0ADA")) == 1
    assert office.slack.named("conversations.open") == [{"users": "U0ADA"}]


async def test_the_workspace_is_asked_how_a_member_reads(office: Office) -> None:
    office.slack.users["U0ADA"] = {"real_name": "Ada", "locale": "en-GB", "tz": "Europe/London"}
    await office.ask("person.learn", lane=None, member_id="U0ADA")

    person = await office.desk.one(Person, 1)
    assert (person.name, person.locale, person.tz) == ("Ada", "en-GB", "Europe/London")
    assert office.slack.named("users.info") == [{"user": "U0ADA", "include_locale": "1"}]


@pytest.mark.parametrize("error", ["channel_not_found", "user_disabled", "user_not_found"])
async def test_who_left_is_not_told_and_that_is_nothing_to_put_right(
    office: Office, error: str
) -> None:
    office.slack.faults["chat.postMessage"] = [refuse(error)]
    await office.ask("tell", lane=None, member_id="U0ADA")
    assert (await office.job("tell")).state == "done"
    assert office.texts("U0ADA") == []


@pytest.mark.parametrize("error", ["user_not_found", "user_not_visible"])
async def test_who_can_not_be_looked_up_is_read_to_as_everyone(office: Office, error: str) -> None:
    office.slack.faults["users.info"] = [refuse(error)]
    await office.ask("person.learn", lane=None, member_id="U0ADA")
    assert (await office.job("person.learn")).state == "done"
    await office.ask("tell", lane=None, member_id="U0ADA")
    assert office.drawings.readers == [Reader("en_US", "UTC", "U0ADA")]


async def test_a_record_that_is_gone_parks_its_job_with_a_sentence(office: Office) -> None:
    office.drawings.gone = True
    await office.ask("post")

    job = await office.job()
    assert (job.state, job.last_error) == (
        "dead",
        "This refund (R-1) is not on this desk any more.",
    )
