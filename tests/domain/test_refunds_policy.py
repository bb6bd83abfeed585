"""What the policy decides, without any database: how many approvers, why, and what comes when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.definitions import DEFINITIONS
from domain.merchants import Settings
from domain.money import Money
from domain.refunds import policy
from domain.refunds.policy import Step, Verdict
from tests.domain.desk import usd

ASKED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
CENTS = st.integers(1, 10**7)
LIMITS = st.none() | st.integers(0, 10**6)
KEYS = ("refund.auto_limit", "refund.two_approvers_above", "refund.daily_cap")


def _set(**texts: str) -> Settings:
    return Settings({key: DEFINITIONS[key].read(text) for key, text in texts.items()})


def _tiers(*cents: int | None) -> Settings:
    return Settings(
        {
            key: {"USD": str(usd(limit).decimal)}
            for key, limit in zip(KEYS, cents, strict=True)
            if limit is not None
        }
    )


@pytest.mark.parametrize(
    ("minor", "lately", "verdict"),
    [
        (2000, 0, Verdict(0, "needs no approver: 20.00 USD is within 20.00 USD")),
        (2001, 0, Verdict(1, "needs one approver: 20.01 USD is above 20.00 USD")),
        (10000, 9000, Verdict(1, "needs one approver: 100.00 USD is above 20.00 USD")),
        (10001, 9000, Verdict(2, "needs two approvers: 100.01 USD is above 100.00 USD")),
        (1000, 4000, Verdict(0, "needs no approver: 10.00 USD is within 20.00 USD")),
        (
            1001,
            4000,
            Verdict(
                1,
                "needs one approver: with it, 50.01 USD would be automatic for this agent in "
                "24 hours, above 50.00 USD",
            ),
        ),
    ],
)
def test_the_policy_says_how_many_approvers_and_why(
    minor: int, lately: int, verdict: Verdict
) -> None:
    assert policy.judge(usd(minor), _tiers(2000, 10000, 5000), usd(lately)) == verdict


def test_without_tiers_one_approver_is_needed_and_a_cap_alone_changes_nothing() -> None:
    assert policy.judge(usd(1), Settings({})) == Verdict(1, "needs one approver")
    assert policy.judge(usd(1), _tiers(None, None, 10**6)).approvers == 1


def test_tiers_are_of_a_currency() -> None:
    settings = _tiers(2000, 10000, 5000)
    assert policy.judge(Money(1, "EUR"), settings, Money(10**6, "EUR")).approvers == 1


@given(CENTS, CENTS, st.integers(0, 10**7), LIMITS, LIMITS, LIMITS)
def test_a_larger_amount_never_needs_fewer_approvers(
    one: int, other: int, lately: int, auto: int | None, two: int | None, cap: int | None
) -> None:
    settings = _tiers(auto, two, cap)
    smaller, larger = sorted((one, other))
    assert (
        policy.judge(usd(smaller), settings, usd(lately)).approvers
        <= policy.judge(usd(larger), settings, usd(lately)).approvers
    )


@given(CENTS, st.integers(0, 10**7), LIMITS, LIMITS, LIMITS)
def test_what_was_automatic_lately_and_a_cap_never_make_it_easier(
    minor: int, lately: int, auto: int | None, two: int | None, cap: int | None
) -> None:
    uncapped = policy.judge(usd(minor), _tiers(auto, two, None), usd(lately)).approvers
    fresh = policy.judge(usd(minor), _tiers(auto, two, cap)).approvers
    capped = policy.judge(usd(minor), _tiers(auto, two, cap), usd(lately)).approvers
    assert uncapped <= fresh <= capped <= max(uncapped, 1)


@given(st.lists(CENTS, max_size=30), st.integers(0, 10**6))
def test_automatic_refunds_never_add_up_to_more_than_the_cap(amounts: list[int], cap: int) -> None:
    paid = 0
    for minor in amounts:
        if policy.judge(usd(minor), _tiers(10**7, None, cap), usd(paid)).approvers == 0:
            paid += minor
    assert paid <= cap


@pytest.mark.parametrize(
    ("remind", "fallback", "expiry", "expected"),
    [
        ("4", "24", "72", [(4, Step.REMINDER), (24, Step.FALLBACK)]),
        # Without any use for a reminder, there is none.
        ("24", "24", "72", [(24, Step.FALLBACK)]),
        ("48", "24", "72", [(24, Step.FALLBACK)]),
        # A fallback that would come too late comes at half of the time.
        ("4", "24", "24", [(4, Step.REMINDER), (12, Step.FALLBACK)]),
        ("4", "720", "10", [(4, Step.REMINDER), (5, Step.FALLBACK)]),
        ("4", "24", "6", [(3, Step.FALLBACK)]),
        ("720", "720", "1", [(0.5, Step.FALLBACK)]),
    ],
)
def test_the_order_of_times_is_kept_whatever_is_set(
    remind: str, fallback: str, expiry: str, expected: list[tuple[float, Step]]
) -> None:
    settings = _set(
        **{
            "refund.remind_after_hours": remind,
            "refund.fallback_after_hours": fallback,
            "refund.expires_after_hours": expiry,
        }
    )
    steps = policy.steps(settings, ASKED, policy.expires_at(settings, ASKED))
    assert [((at - ASKED) / HOUR, step) for at, step in steps] == expected


@given(*[st.integers(1, 720)] * 3)
def test_the_fallback_is_always_called_before_the_refund_expires(
    remind: int, fallback: int, expiry: int
) -> None:
    values: dict[str, Any] = {
        "refund.remind_after_hours": remind,
        "refund.fallback_after_hours": fallback,
    }
    expires_at = ASKED + expiry * HOUR
    steps = policy.steps(Settings(values), ASKED, expires_at)
    times = [ASKED, *(at for at, _ in steps), expires_at]
    assert times == sorted(set(times))
    assert steps[-1][1] is Step.FALLBACK
