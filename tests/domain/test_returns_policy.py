"""Business time: two days of it never hold a Saturday or a Sunday."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.returns.model import ReturnLine, State, Verdict
from domain.returns.policy import business_time_after, outcome

DAY = timedelta(days=1)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(  # noqa: DTZ001 — made aware
    lambda at: at.replace(tzinfo=UTC)
)
SPANS = st.timedeltas(timedelta(minutes=1), 20 * DAY)


@pytest.mark.parametrize(
    ("arrived", "due"),
    [
        ("2026-11-24T15:00", "2026-11-26T15:00"),  # a Tuesday
        ("2026-11-26T15:00", "2026-11-30T15:00"),  # a Thursday
        ("2026-11-27T15:00", "2026-12-01T15:00"),  # a Friday
        ("2026-11-28T15:00", "2026-12-02T00:00"),  # a Saturday: Monday and Tuesday
        ("2026-11-29T23:59", "2026-12-02T00:00"),  # a Sunday: the same
        ("2026-11-30T00:00", "2026-12-02T00:00"),  # Monday's first moment
        ("2026-11-26T00:00", "2026-11-28T00:00"),  # Thursday and Friday, to their end
    ],
)
def test_two_business_days(arrived: str, due: str) -> None:
    at = datetime.fromisoformat(arrived).replace(tzinfo=UTC)
    assert business_time_after(at, 2 * DAY) == datetime.fromisoformat(due).replace(tzinfo=UTC)


@given(MOMENTS, SPANS)
def test_weekends_do_not_count(start: datetime, span: timedelta) -> None:
    end = business_time_after(start, span)
    assert _business_time(start, end) == span
    assert end - start >= span
    assert end.weekday() < 5 or (end.weekday() == 5 and end.time() == datetime.min.time())


@given(MOMENTS, MOMENTS, SPANS)
def test_what_arrives_later_is_due_no_earlier(
    one: datetime, other: datetime, span: timedelta
) -> None:
    first, second = sorted((one, other))
    assert business_time_after(first, span) <= business_time_after(second, span)


@given(MOMENTS, SPANS, SPANS)
def test_business_time_adds_up(start: datetime, one: timedelta, other: timedelta) -> None:
    assert business_time_after(business_time_after(start, one), other) == business_time_after(
        start, one + other
    )


@given(MOMENTS, SPANS)
def test_a_day_is_utcs_wherever_one_is(start: datetime, span: timedelta) -> None:
    elsewhere = start.astimezone(timezone(timedelta(hours=13)))
    assert business_time_after(elsewhere, span) == business_time_after(start, span)


@given(st.lists(st.sampled_from(Verdict), min_size=1))
def test_a_return_s_state_follows_from_its_lines(verdicts: list[Verdict]) -> None:
    state = outcome(ReturnLine(received=1, verdict=verdict) for verdict in verdicts)
    if Verdict.NEEDS_A_LOOK in verdicts:
        assert state is State.NEEDS_A_LOOK
    else:
        assert state is (State.ACCEPTED if Verdict.ACCEPT in verdicts else State.REJECTED)


def _business_time(start: datetime, end: datetime) -> timedelta:
    """Measure it another way: day by day, what of a weekday lies between."""
    total, midnight = timedelta(), start.replace(hour=0, minute=0, second=0, microsecond=0)
    while midnight < end:
        if midnight.weekday() < 5:
            total += max(min(end, midnight + DAY) - max(start, midnight), timedelta())
        midnight += DAY
    return total
