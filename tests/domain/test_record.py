"""The record: sealed in the order it is found, and whatever is done to it afterwards shows."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tracemalloc
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, text

from bot.work.clock import SEALED_AT_ONCE, Clock
from domain import record
from domain.events import Event, Kind
from domain.record import GENESIS, Chain, Entry, Seal, Tampered
from tests.domain.desk import ADMIN, Desk

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
#: Something that a person with a database client might write.
_FORGED = (
    "INSERT INTO events (merchant_id, kind, at, actor, subject, subject_id, data, position, digest)"
    " SELECT merchant_id, 'RefundApproved', at, 'U0EVIL', 'refund', 7, data, {position}, digest"
    " FROM events WHERE position = 2"
)
_SHIFT = (
    "position = -position - 1 WHERE position > {0}",
    "position = -position WHERE position < 0",
)


async def seal(desk: Desk, most: int = 100) -> int:
    async with desk.work("clock") as work:
        return await record.seal(work, most=most)


async def verify(desk: Desk, anchor: str | None = None) -> Chain:
    async with desk.store.snapshot(desk.merchant_id) as session:
        return await record.verify(session, anchor)


async def sabotage(desk: Desk, *statements: str) -> None:
    async with desk.store.across(write=True) as session:
        for statement in statements:
            await session.execute(text(statement))


async def told(desk: Desk) -> str:
    with pytest.raises(Tampered) as caught:
        await verify(desk)
    return str(caught.value)


async def things_happen(desk: Desk, count: int) -> None:
    for number in range(count):
        await desk.setting("complaint.levels", str(number % 5 + 1))


@pytest.fixture
async def sealed(desk: Desk) -> Desk:
    """A desk with five sealed events."""
    await things_happen(desk, 5)
    assert await seal(desk) == 5
    return desk


async def test_sealed_events_have_gapless_positions_and_chained_digests(desk: Desk) -> None:
    await things_happen(desk, 3)
    assert [await seal(desk, most=2) for _ in range(3)] == [2, 1, 0]
    previous = GENESIS
    for position, event in enumerate(await desk.events(), 1):
        facts = {
            "position": position,
            "id": event.id,
            "at": "2026-11-24T09:30:00.000000+00:00",
            "actor": ADMIN.member_id,
            "kind": "SettingChanged",
            "subject": "setting",
            "subject_id": event.subject_id,
            "order_id": None,
            "why": None,
            "data": {"key": "complaint.levels", "value": position},
        }
        said = json.dumps(facts, sort_keys=True, separators=(",", ":"))
        previous = hashlib.sha256(f"{previous}\n{said}".encode()).hexdigest()
        assert (event.position, event.digest) == (position, previous)
    head: Seal = await desk.one(select(Seal))
    assert (head.position, head.digest, head.at) == (3, previous, desk.now)


async def test_an_unbroken_record_says_how_far_it_goes(sealed: Desk) -> None:
    await sealed.later(hours=2).setting("complaint.levels", "2")
    await seal(sealed)
    await things_happen(sealed, 2)
    chain = await verify(sealed)
    assert (chain.position, chain.unsealed) == (6, 2)
    assert (chain.earliest, chain.latest) == (sealed.now, sealed.now + timedelta(hours=2))


async def test_a_record_without_events_is_unbroken(desk: Desk) -> None:
    assert await verify(desk) == Chain()
    assert await seal(desk) == 0
    assert await verify(desk) == Chain()


@pytest.mark.parametrize(
    "change",
    [
        "why = 'because'",
        "actor = 'U0OTHER'",
        "kind = 'RefundApproved'",
        "subject_id = 99",
        "order_id = 99",
        'data = \'{"key": "complaint.levels", "value": 9}\'',
        "at = '2026-11-24 09:31:00'",
        f"digest = '{'a' * 64}'",
    ],
)
@pytest.mark.parametrize("position", [1, 3, 5])
async def test_a_changed_event_is_named(sealed: Desk, change: str, position: int) -> None:
    await sabotage(sealed, f"UPDATE events SET {change} WHERE position = {position}")
    said = await told(sealed)
    assert f"at position {position}," in said
    # A digest that was overwritten fits nothing, neither before nor after.
    assert "was changed" in said
    assert said.startswith("Event ")
    assert said.endswith("Compare it with an earlier export or a backup.")


@pytest.mark.parametrize(("position", "follows"), [(1, 2), (3, 4), (4, 5)])
async def test_a_removed_event_is_missed(sealed: Desk, position: int, follows: int) -> None:
    await sabotage(sealed, f"DELETE FROM events WHERE position = {position}")
    said = await told(sealed)
    assert said.startswith(f"What was sealed at position {position} was removed: Event ")
    assert f"follows, at {follows}." in said


async def test_several_removed_events_are_missed_at_once(sealed: Desk) -> None:
    await sabotage(sealed, "DELETE FROM events WHERE position IN (2, 3)")
    assert (await told(sealed)).startswith("What was sealed at positions 2 to 3 was removed: ")


@pytest.mark.parametrize("kept", [4, 1, 0])
async def test_the_newest_events_are_missed_too(sealed: Desk, kept: int) -> None:
    await sabotage(sealed, f"DELETE FROM events WHERE position > {kept}")
    said = await told(sealed)
    assert said.startswith("The newest events were removed: 5 were sealed, and the record ends at")
    assert f"position {kept}." in said


async def test_a_gap_that_was_closed_by_renumbering_is_seen(sealed: Desk) -> None:
    await sabotage(
        sealed,
        "DELETE FROM events WHERE position = 3",
        "UPDATE events SET position = 3 WHERE position = 4",
        "UPDATE events SET position = 4 WHERE position = 5",
    )
    said = await told(sealed)
    assert "at position 3, does not follow from what is before it: events in between were" in said


async def test_taking_the_seal_off_an_event_is_removing_it(sealed: Desk) -> None:
    await sabotage(sealed, "UPDATE events SET position = NULL, digest = NULL WHERE position = 2")
    assert (await told(sealed)).startswith("What was sealed at position 2 was removed: ")


async def test_an_inserted_event_is_named_where_others_made_room_for_it(sealed: Desk) -> None:
    room = [f"UPDATE events SET {part.format(2)}" for part in _SHIFT]
    await sabotage(sealed, *room, _FORGED.format(position=3))
    said = await told(sealed)
    assert said.startswith("Event 6 (RefundApproved of refund 7, ")
    assert "at position 3, was inserted or moved there: Event 3 (" in said


@pytest.mark.parametrize("position", [-1, 0])
async def test_an_event_before_the_first_was_inserted(sealed: Desk, position: int) -> None:
    await sabotage(sealed, _FORGED.format(position=position))
    said = await told(sealed)
    assert said.startswith("Event 6 (RefundApproved of refund 7, ")
    assert f"at position {position}, was inserted: Deskhand did not seal it there." in said


@pytest.mark.parametrize("position", [2, 4])
async def test_two_events_at_one_position_are_told_apart(sealed: Desk, position: int) -> None:
    forged = _FORGED.format(position=position)
    await sabotage(sealed, "DROP INDEX ix_events_sealed", forged)
    try:
        said = await told(sealed)
    finally:
        await sabotage(
            sealed,
            "DELETE FROM events WHERE actor = 'U0EVIL'",
            "CREATE UNIQUE INDEX ix_events_sealed ON events (merchant_id, position) "
            "WHERE position IS NOT NULL",
        )
    assert said.startswith("Event 6 (RefundApproved of refund 7, ")
    assert f"at position {position}, was inserted" in said


async def test_events_that_changed_places_are_seen(sealed: Desk) -> None:
    await sabotage(
        sealed,
        "UPDATE events SET position = -2 WHERE position = 2",
        "UPDATE events SET position = 2 WHERE position = 3",
        "UPDATE events SET position = 3 WHERE position = -2",
    )
    said = await told(sealed)
    assert "at position 2, was inserted or moved there: Event 2 (" in said


async def test_a_forger_who_knows_the_chain_is_missed_by_the_newest_seal(sealed: Desk) -> None:
    await _forge(sealed, head=False)
    assert (await told(sealed)).startswith("The record was rewritten: its 5 events fit each other,")


async def test_a_forger_who_moves_the_newest_seal_too_is_caught_by_an_anchor(sealed: Desk) -> None:
    anchor = (await verify(sealed)).digest
    await things_happen(sealed, 2)
    await seal(sealed)
    assert (await verify(sealed, anchor)).position == 7
    await _forge(sealed, head=True)
    assert (await verify(sealed)).position == 7
    with pytest.raises(Tampered, match=f"No event carries the digest {anchor}"):
        await verify(sealed, anchor)


async def test_an_event_chained_on_by_a_forger_is_named(sealed: Desk) -> None:
    await sabotage(sealed, _FORGED.format(position=6))
    assert "at position 6, was inserted: Deskhand did not seal it there." in await told(sealed)


async def test_a_removed_seal_is_said(sealed: Desk) -> None:
    await sabotage(sealed, "DELETE FROM seals")
    assert (await told(sealed)).startswith("The newest seal was removed: Event 1 (")


async def test_a_row_that_is_no_event_any_more_is_named(sealed: Desk) -> None:
    if not sealed.store.is_sqlite:
        pytest.skip("PostgreSQL takes no such value")
    for change, position in (("at = 'noon'", 4), ("data = '{'", 3)):
        await sabotage(sealed, f"UPDATE events SET {change} WHERE position = {position}")
        said = await told(sealed)
        assert said.startswith(f"Event {position}, at position {position}, was changed after it")


async def test_what_a_row_says_of_itself_breaks_no_line(sealed: Desk) -> None:
    await sabotage(sealed, "UPDATE events SET kind = 'a\nb' WHERE position = 2")
    assert "\n" not in await told(sealed)


async def test_each_merchant_has_a_record_of_its_own(sealed: Desk, other_desk: Desk) -> None:
    await things_happen(other_desk, 2)
    assert await seal(other_desk) == 2
    await sabotage(
        sealed, f"DELETE FROM events WHERE merchant_id = {other_desk.merchant_id} AND position = 1"
    )
    assert (await verify(sealed)).position == 5
    assert "position 1 was removed" in await told(other_desk)


async def test_sealers_at_once_seal_everything_once(desk: Desk) -> None:
    await things_happen(desk, 40)

    async def until_nothing_is_left() -> int:
        sealed = 0
        while (await verify(desk)).unsealed:
            sealed += await seal(desk, most=3)
        return sealed

    assert sum(await asyncio.gather(*(until_nothing_is_left() for _ in range(6)))) == 40
    assert (await verify(desk)).position == 40


async def test_the_record_holds_while_others_write_and_seal(desk: Desk) -> None:
    clocks = [Clock(desk.store, lambda: desk.now) for _ in range(2)]
    writing = asyncio.gather(*(things_happen(desk, 15) for _ in range(4)))
    while not writing.done():
        await asyncio.gather(*(clock.seal(desk.now) for clock in clocks))
        await verify(desk)
    await writing
    await clocks[0].seal(desk.now)
    chain = await verify(desk)
    assert (chain.position, chain.unsealed) == (60, 0)


async def test_an_event_that_is_committed_late_comes_later_in_the_record(desk: Desk) -> None:
    if desk.store.is_sqlite:
        pytest.skip("one writer at a time: ids are in the order of commits")
    async with desk.work("slow") as slow:
        early = await slow.session.scalar(insert(Event).returning(Event.id), _event(desk, "slow"))
        await desk.setting("complaint.levels", "2")
        assert await seal(desk) == 1
    assert await seal(desk) == 1
    late, quick = await desk.events()
    assert (late.id, late.position, quick.position) == (early, 2, 1)
    assert (await verify(desk)).position == 2


async def test_the_clock_seals_batch_by_batch_what_was_there_before(desk: Desk) -> None:
    count = 2 * SEALED_AT_ONCE + 1
    async with desk.work() as work:
        await work.insert(Event, [_event(desk, "import") for _ in range(count)])
    clock = Clock(desk.store, lambda: desk.now)
    assert [await clock.seal(desk.now) for _ in range(2)] == [count, 0]
    assert (await verify(desk)).position == count


async def test_nobody_who_records_waits_for_a_sealer(desk: Desk) -> None:
    if desk.store.is_sqlite:
        pytest.skip("one writer at a time")
    await things_happen(desk, 2)
    assert await seal(desk, most=1) == 1
    async with desk.work("clock") as sealing:
        assert await record.seal(sealing, most=10) == 1
        async with asyncio.timeout(10):
            await desk.setting("complaint.levels", "2")
            assert await seal(desk) == 0


async def test_a_long_record_is_read_in_little_memory(desk: Desk) -> None:
    async with desk.work() as work:
        await work.insert(Event, [_event(desk, "import") for _ in range(20_000)])
    peaks = []
    for ago, count in ((timedelta(hours=25), 0), (timedelta(), 20_000)):
        tracemalloc.start()
        async with (
            desk.store.snapshot(desk.merchant_id) as session,
            aclosing(
                record.entries(session, desk.now - timedelta(days=2), desk.now - ago)
            ) as found,
        ):
            seen = [1 async for _ in found]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(seen) == count
    assert peaks[1] - peaks[0] < 8_000_000  # 20,000 events at once are some 40 MB


async def test_a_refund_is_recorded_with_what_the_policy_said(desk: Desk) -> None:
    await desk.setting("refund.two_approvers_above", "50.00 USD")
    await desk.request(await desk.order(), 5001)
    [asked] = await desk.events(Kind.REFUND_REQUESTED)
    assert asked.data["policy"] == "needs two approvers: 50.01 USD is above 50.00 USD"
    assert (asked.data["amount"], asked.data["currency"]) == (5001, "USD")


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.text(), _JSON))
def test_the_canonical_text_is_one_ascii_line_that_keeps_everything(facts: dict[str, Any]) -> None:
    said = record.canonical(facts)
    assert said.isascii()
    assert said.isprintable()
    assert json.loads(said) == facts
    assert record.canonical(dict(reversed(facts.items()))) == said
    assert record.canonical(json.loads(said)) == said


@given(_JSON, _JSON, st.text() | st.none(), st.text() | st.none())
def test_different_events_have_different_digests(
    some: Any, other: Any, why: str | None, because: str | None
) -> None:
    first, second = _entry(some, why), _entry(other, because)
    same = (record.canonical({"": some}), why) == (record.canonical({"": other}), because)
    assert (record.link(GENESIS, first) == record.link(GENESIS, second)) == same
    assert record.link("a" * 64, first) != record.link(GENESIS, first)


def _entry(value: Any, why: str | None) -> Entry:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    return Entry(1, 1, at, "U0", "SettingChanged", "setting", 1, None, why, {"": value}, None)


def _event(desk: Desk, actor: str) -> dict[str, Any]:
    return {
        "merchant_id": desk.merchant_id,
        "kind": Kind.STORM_GREW,
        "at": desk.now - timedelta(days=1),
        "actor": actor,
        "why": None,
        "subject": "storm",
        "subject_id": 1,
        "order_id": None,
        "data": {"trouble": "delayed"},
    }


async def _forge(desk: Desk, *, head: bool) -> None:
    """Change an event and chain everything after it anew, as somebody with this code could."""
    async with desk.store.across(write=True) as session:
        await session.execute(text("UPDATE events SET actor = 'U0EVIL' WHERE position = 2"))
        await session.execute(text("UPDATE events SET position = NULL, digest = NULL"))
        await session.execute(text(f"UPDATE seals SET position = 0, digest = '{GENESIS}'"))
    await seal(desk)
    if not head:
        await sabotage(desk, f"UPDATE seals SET digest = '{'b' * 64}'")
