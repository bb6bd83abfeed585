"""A desk that is stopped, killed or left alone by Slack loses nothing and says nothing twice."""

from __future__ import annotations

import re
import signal
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from domain.jobs import Job
from domain.store import Store
from tests.process.conftest import ANA, COMPLAINTS, REFUNDS, Elsewhere
from tests.process.run import Deskhand, get
from tests.scenarios.conftest import text_of

#: Lanes keep Slack's pace of one message a second a channel, so few cards tell as much as many.
_EACH = 3
_SUMS = [f"${number}.01" for number in range(1, _EACH + 1)]


async def test_told_to_stop_in_the_middle_it_ends_well_and_the_next_one_goes_on(
    furnished_on_both: Deskhand, opened: Elsewhere
) -> None:
    async with furnished_on_both.start("serve") as desk:
        await opened.point_at(desk)
        opened.slack.fail("chat.postMessage", delay_ms=700, times=3)
        await _ask_for_everything(opened)
        await opened.cards(REFUNDS, 1)
        said = await desk.stop(within=5)
    assert (said.code, said.out, said.err.count("\n")) == (0, "", 1), said.err
    assert len(opened.slack.messages(REFUNDS)) < _EACH
    waiting = (await furnished_on_both("jobs")).out
    assert re.match(r"[1-9]\d* ready, 0 running, 0 dead", waiting)
    async with furnished_on_both.start("serve") as desk:
        await opened.point_at(desk)
        await _everything_is_posted_once(opened)
        assert (await desk.stop()).code == 0


async def test_killed_while_slack_answers_it_posts_nothing_twice(
    furnished: Deskhand, opened: Elsewhere
) -> None:
    async with furnished.start("serve") as desk:
        await opened.point_at(desk)
        # The messages are there at once, but the desk does not hear of it.
        opened.slack.fail("chat.postMessage", delay_ms=2500, times=2)
        await _ask_for_everything(opened)
        await opened.cards(REFUNDS, 1)
        await opened.cards(COMPLAINTS, 1)
        assert (await desk.stop(signal.SIGKILL)).code == -signal.SIGKILL
    assert (await furnished("jobs")).out.startswith(f"{2 * _EACH - 2} ready, 2 running, 0 dead")
    await _leases_end(furnished.environment["DATABASE_URL"])
    async with furnished.start("serve") as desk:
        await opened.point_at(desk)
        await _everything_is_posted_once(opened)
        assert (await desk.stop()).code == 0


async def test_an_interrupt_ends_it_well_however_early_it_comes(
    furnished: Deskhand, opened: Elsewhere
) -> None:
    opened.slack.fail("auth.test", delay_ms=10_000)
    async with furnished.start("serve") as desk:
        await opened.slack.until(lambda: opened.slack.faults.take("auth.test") is None, 10)
        said = await desk.stop(signal.SIGINT, within=5)
    assert (said.code, said.out, said.err) == (0, "", "")
    async with furnished.start("serve") as desk:
        await desk.address()
        said = await desk.stop(signal.SIGINT, within=5)
    assert (said.code, said.err.count("\n")) == (0, 1)


async def test_slack_that_asks_to_wait_is_waited_for(
    furnished: Deskhand, opened: Elsewhere
) -> None:
    async with furnished.start("serve") as desk:
        await opened.point_at(desk)
        opened.slack.fail("chat.postMessage", "ratelimited", retry_after=1, times=2)
        await opened.type(ANA, "/refund 1042 1.01 lid cracked")
        await opened.cards(REFUNDS, 1)
        tries = [one for one in opened.slack.traffic.entries if one["what"] == "chat.postMessage"]
        assert [one["status"] for one in tries][:2] == [429, 429]


async def test_without_slack_at_its_start_it_works_once_slack_is_up(
    furnished: Deskhand, elsewhere: Elsewhere
) -> None:
    async with furnished.start("serve") as desk:
        address = await elsewhere.point_at(desk)
        await desk.says("Slack can't be reached yet")
        assert (await get(f"{address}/readyz"))[0] == 200
        async with elsewhere.open():
            await elsewhere.type(ANA, "/refund 1042 1.01 lid cracked")
            await elsewhere.cards(REFUNDS, 1)
            said = await desk.stop()
    assert (said.code, said.err.count("\n")) == (0, 2), said.err


async def _ask_for_everything(opened: Elsewhere) -> None:
    for number in range(1, _EACH + 1):
        await opened.type(ANA, f"/refund 1042 {number}.01 lid cracked")
        await opened.type(ANA, f"/complaint {1041 + number} wrong colour")


async def _everything_is_posted_once(opened: Elsewhere) -> None:
    refunds = await opened.cards(REFUNDS, _EACH)
    cases = await opened.cards(COMPLAINTS, _EACH)
    assert sorted(re.findall(r"\$\d\.01", " ".join(one["text"] for one in refunds))) == _SUMS
    assert len({text_of(one) for one in cases}) == len(cases) == _EACH


async def _leases_end(database_url: str) -> None:
    """Whoever was killed holds its jobs no longer, sooner than in a minute."""
    store = Store(database_url)
    async with store.across(write=True) as session:
        earlier = datetime.now(UTC) - timedelta(seconds=1)
        held = update(Job).where(Job.lease_until.is_not(None))
        await session.execute(held.values(lease_until=earlier))
    await store.close()
