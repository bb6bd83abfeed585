"""What probably happened to a parcel and what to do about it, as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.merchants import Settings
from domain.shipping import tracking
from domain.shipping.alert import Outcome
from domain.shipping.model import Parcel, ParcelState, Trouble
from domain.shipping.policy import (
    Action,
    Advice,
    Cause,
    Facts,
    Step,
    advise,
    detail_in,
    is_settled,
    steps,
    trouble_of,
)

DAYS = timedelta(days=1)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DEAR: dict[str, Any] = {"valuable": True}


def late(days: float) -> dict[str, Any]:
    """A promise that is broken for so many days, or ahead."""
    return {"overdue": days * DAYS}


@pytest.mark.parametrize(
    ("trouble", "facts", "cause", "best"),
    [
        ("delivery_failed", {"attempts": 1}, "nobody_there", "wait"),
        ("delivery_failed", {"attempts": 1} | late(3), "nobody_there", "contact"),
        ("delivery_failed", {"attempts": 2}, "failed_again", "contact"),
        ("delivery_failed", {"detail": "refused"}, "refused", "wait"),
        ("delivery_failed", {"detail": "address_correction"}, "bad_address", "contact"),
        ("delivery_failed", {"detail": "lost"}, "lost", "reship"),
        ("delivery_failed", {"detail": "lost"} | DEAR, "lost", "contact"),
        ("delivery_failed", {"detail": "damaged"}, "damaged", "reship"),
        ("disputed", {"detail": "damaged"}, "said_to_be_missing", "contact"),
        ("delayed", {}, "slow", "wait"),
        ("delayed", late(-1), "slow", "wait"),
        ("delayed", late(2), "slow", "wait"),
        ("delayed", late(2.1), "slow", "contact"),
        ("delayed", late(10), "slow", "reship"),
        ("delayed", late(10) | DEAR, "slow", "contact"),
        ("delayed", {"scanned": False}, "not_handed_over", "contact"),
        ("delayed", {"state": ParcelState.DELIVERY_DELAYED}, "carrier_late", "wait"),
        ("delayed", {"state": ParcelState.OUT_FOR_DELIVERY}, "on_the_van", "wait"),
        ("delayed", {"state": ParcelState.READY_FOR_PICKUP}, "not_collected", "wait"),
        ("delayed", {"detail": "weather_delay"}, "weather", "wait"),
        ("delayed", {"detail": "missorted"}, "misrouted", "wait"),
        ("delayed", {"detail": "held_up_by_goblins"}, "slow", "wait"),
        ("return_to_sender", {}, "sent_back", "reship"),
        ("return_to_sender", {"attempts": 3}, "given_up", "reship"),
        ("return_to_sender", {} | DEAR | late(30), "sent_back", "wait"),
        ("on_hold", {}, "held", "contact"),
        ("carrier_silent", {}, "track_lost", "contact"),
        ("carrier_silent", late(12), "track_lost", "reship"),
        ("carrier_silent", late(12) | DEAR, "track_lost", "contact"),
        ("carrier_silent", {"scanned": False}, "not_handed_over", "contact"),
        ("stuck", {}, "left_behind", "contact"),
        ("disputed", {"state": ParcelState.DELIVERED}, "said_to_be_missing", "contact"),
        ("disputed", late(40), "said_to_be_missing", "contact"),
    ],
)
def test_the_best_action_follows_from_cause_promise_and_value(
    trouble: str, facts: dict[str, Any], cause: str, best: str
) -> None:
    advice = advise(Facts(Trouble(trouble), **facts))
    assert (advice.cause, advice.actions[0]) == (cause, best)
    assert sorted(advice.actions) == sorted(Action), "each action stays within reach"


def test_there_is_advice_for_whatever_may_come_together() -> None:
    for trouble in Trouble:
        for state in ParcelState:
            assert isinstance(advise(Facts(trouble, state)), Advice)
    assert {one.value for one in Cause} >= {"lost", "damaged"}


@pytest.mark.parametrize(
    ("description", "detail"),
    [
        ("Package LOST in network", "lost"),
        ("Damaged, contents discarded", "damaged"),
        ("Refused by recipient", "refused"),
        ("Closing the gates", None),
        (None, None),
    ],
)
def test_what_a_carrier_says_in_words_is_heard(description: str | None, detail: str | None) -> None:
    assert detail_in(description) == detail


@pytest.mark.parametrize(
    ("settled", "trouble", "is_so"),
    [
        (None, "delayed", False),
        ({"delayed": Outcome.FOUND}, "delayed", True),
        ({"delayed": Outcome.FOUND}, "stuck", False),
        ({"delayed": Outcome.REFUNDED}, "stuck", True),
        ({"delayed": Outcome.RESHIPPED}, "return_to_sender", False),
        ({"delayed": Outcome.BUYER_HAS_IT}, "disputed", False),
        ({"disputed": Outcome.BUYER_HAS_IT}, "disputed", True),
    ],
)
def test_what_was_dealt_with_calls_for_nobody(
    settled: dict[str, Any] | None, trouble: str, is_so: bool
) -> None:
    assert is_settled(Parcel(settled=settled), Trouble(trouble)) is is_so


def test_a_parcel_that_moves_is_no_trouble() -> None:
    assert trouble_of(Parcel(), ParcelState.IN_TRANSIT) is None
    assert trouble_of(Parcel(), ParcelState.ON_HOLD) is Trouble.ON_HOLD
    settled = Parcel(settled={"on_hold": "found"})
    assert trouble_of(settled, ParcelState.ON_HOLD) is None


@pytest.mark.parametrize(
    ("ahead", "reminded", "escalated"),
    [(None, 4, 8), (20, 4, 8), (6, 3, 6), (0, 4, 8), (-3, 4, 8)],
)
def test_who_has_to_ship_is_reminded_while_there_is_time(
    ahead: int | None, reminded: int, escalated: int
) -> None:
    deadline = None if ahead is None else NOW + timedelta(hours=ahead)
    assert steps(Settings({}), NOW, deadline) == (
        (NOW + timedelta(hours=reminded), Step.REMIND),
        (NOW + timedelta(hours=escalated), Step.ESCALATE),
    )


@pytest.mark.parametrize(
    ("carrier", "number", "page"),
    [
        ("UPS", "1Z43", "https://www.ups.com/track?tracknum=1Z43"),
        ("ups ", "1Z/4 3", "https://www.ups.com/track?tracknum=1Z%2F4%203"),
        ("Royal Mail", "AB1", "https://www.royalmail.com/track-your-item#/tracking-results/AB1"),
        ("DHL Express", "9", "https://www.dhl.com/global-en/home/tracking.html?tracking-id=9"),
        ("Dave with a van", "9", None),
        (None, "9", None),
        ("UPS", None, None),
    ],
)
def test_a_known_carriers_page_is_found(
    carrier: str | None, number: str | None, page: str | None
) -> None:
    assert tracking.page(carrier, number) == page
