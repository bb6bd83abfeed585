"""What probably happened to a parcel, what to do next, and who hears of it when: no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.merchants import Settings
from domain.shipping.alert import Outcome
from domain.shipping.model import TROUBLES, Parcel, ParcelState, Trouble


class Cause(StrEnum):
    """What probably happened to a parcel in trouble."""

    LOST = "lost"
    DAMAGED = "damaged"
    REFUSED = "refused"
    BAD_ADDRESS = "bad_address"
    WEATHER = "weather"
    MISROUTED = "misrouted"
    NOBODY_THERE = "nobody_there"
    FAILED_AGAIN = "failed_again"
    CARRIER_LATE = "carrier_late"
    SLOW = "slow"
    ON_THE_VAN = "on_the_van"
    NOT_COLLECTED = "not_collected"
    NOT_HANDED_OVER = "not_handed_over"
    GIVEN_UP = "given_up"
    SENT_BACK = "sent_back"
    HELD = "held"
    TRACK_LOST = "track_lost"
    LEFT_BEHIND = "left_behind"
    SAID_TO_BE_MISSING = "said_to_be_missing"


class Action(StrEnum):
    """What a person can do about it."""

    CONTACT = "contact"
    RESHIP = "reship"
    REFUND = "refund"
    WAIT = "wait"


class Step(StrEnum):
    """What time does to an alert that nobody takes in hand."""

    REMIND = "remind"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a parcel in trouble.

    `detail` is its mishap, or the carrier's own word for it, `attempts` counts failed deliveries. `overdue` is
    how long its promise is broken, negative while it is ahead, None where nothing was promised.
    """

    trouble: Trouble
    state: ParcelState = ParcelState.IN_TRANSIT
    detail: str | None = None
    attempts: int = 0
    scanned: bool = True
    overdue: timedelta | None = None
    valuable: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """What probably happened, and what can be done, the best first."""

    cause: Cause
    actions: Sequence[Action]


#: Promises are broken by a day or two every day; after that somebody asks.
PATIENCE = timedelta(days=2)
#: What is so late hardly ever comes; the buyer has waited long enough either way.
GIVEN_UP_AFTER = timedelta(days=10)

#: Carriers' own words, as EasyPost writes them: https://docs.easypost.com/docs/trackers.
_DETAILS = {
    "lost": Cause.LOST,
    "damaged": Cause.DAMAGED,
    "refused": Cause.REFUSED,
    "address_correction": Cause.BAD_ADDRESS,
    "weather_delay": Cause.WEATHER,
    "missorted": Cause.MISROUTED,
}
_TOLD = re.compile(r"\b(lost|damaged|refused)\b", re.IGNORECASE)
_BY_TROUBLE = {
    Trouble.ON_HOLD: Cause.HELD,
    Trouble.STUCK: Cause.LEFT_BEHIND,
    Trouble.DISPUTED: Cause.SAID_TO_BE_MISSING,
}
_BY_STATE = {
    ParcelState.OUT_FOR_DELIVERY: Cause.ON_THE_VAN,
    ParcelState.READY_FOR_PICKUP: Cause.NOT_COLLECTED,
    ParcelState.DELIVERY_DELAYED: Cause.CARRIER_LATE,
}
_ASK = (Action.CONTACT, Action.WAIT, Action.RESHIP, Action.REFUND)
_MAKE_GOOD = (Action.RESHIP, Action.REFUND, Action.CONTACT, Action.WAIT)
_SIT_OUT = (Action.WAIT, Action.CONTACT, Action.RESHIP, Action.REFUND)
_ACTIONS: Mapping[Cause, tuple[Action, ...]] = {
    Cause.LOST: _MAKE_GOOD,
    Cause.DAMAGED: _MAKE_GOOD,
    # Its buyer does not want it: they get their money once it is back.
    Cause.REFUSED: (Action.WAIT, Action.REFUND, Action.CONTACT, Action.RESHIP),
    Cause.BAD_ADDRESS: _ASK,
    Cause.WEATHER: _SIT_OUT,
    Cause.MISROUTED: _SIT_OUT,
    # Carriers come again by themselves, once at least.
    Cause.NOBODY_THERE: _SIT_OUT,
    Cause.FAILED_AGAIN: _ASK,
    Cause.CARRIER_LATE: _SIT_OUT,
    Cause.SLOW: _SIT_OUT,
    Cause.ON_THE_VAN: _SIT_OUT,
    Cause.NOT_COLLECTED: _SIT_OUT,
    Cause.NOT_HANDED_OVER: _ASK,
    Cause.GIVEN_UP: _MAKE_GOOD,
    Cause.SENT_BACK: _MAKE_GOOD,
    Cause.HELD: _ASK,
    Cause.TRACK_LOST: _ASK,
    Cause.LEFT_BEHIND: _ASK,
    # The carrier has a photograph or a signature, and nothing can be said without it.
    Cause.SAID_TO_BE_MISSING: (Action.CONTACT, Action.REFUND, Action.RESHIP, Action.WAIT),
}
#: These come back to the house: there is something to send again, or to keep.
_COMING_BACK = frozenset({Cause.GIVEN_UP, Cause.SENT_BACK, Cause.REFUSED})
#: After these the buyer waits for nothing more of this parcel.
SETTLING = frozenset({Outcome.REFUNDED, Outcome.RESHIPPED, Outcome.BUYER_HAS_IT})
#: What somebody wants to know of even a parcel whose buyer waits for nothing more.
_NEWS_ALL_THE_SAME = frozenset({Trouble.RETURN_TO_SENDER, Trouble.DISPUTED})


def advise(facts: Facts) -> Advice:
    """Say what probably happened and what to do; what is dear is claimed before it is replaced."""
    cause = _cause(facts)
    actions = _ACTIONS[cause]
    overdue = facts.overdue or timedelta()
    if cause in _COMING_BACK:
        if facts.valuable:
            actions = _first(Action.WAIT, actions)
    elif overdue >= GIVEN_UP_AFTER and not facts.valuable and cause is not Cause.SAID_TO_BE_MISSING:
        actions = _MAKE_GOOD
    elif (actions[0] is Action.WAIT and overdue > PATIENCE) or (
        actions[0] is Action.RESHIP and facts.valuable
    ):
        actions = _first(Action.CONTACT, actions)
    return Advice(cause, actions)


def detail_in(description: str | None) -> str | None:
    """Return what a carrier says has happened where it says so in words alone."""
    told = _TOLD.search(description or "")
    return told[1].lower() if told else None


def _cause(facts: Facts) -> Cause:
    if facts.trouble is Trouble.DISPUTED:
        return _BY_TROUBLE[facts.trouble]
    said = _DETAILS.get(facts.detail or "") or _BY_TROUBLE.get(facts.trouble)
    if facts.trouble is Trouble.DELIVERY_FAILED and said is None:
        said = Cause.FAILED_AGAIN if facts.attempts > 1 else Cause.NOBODY_THERE
    if facts.trouble is Trouble.RETURN_TO_SENDER and said is None:
        said = Cause.GIVEN_UP if facts.attempts else Cause.SENT_BACK
    if said:
        return said
    if not facts.scanned:
        return Cause.NOT_HANDED_OVER
    if facts.trouble is Trouble.CARRIER_SILENT:
        return Cause.TRACK_LOST
    return _BY_STATE.get(facts.state, Cause.SLOW)


def _first(action: Action, actions: Sequence[Action]) -> tuple[Action, ...]:
    return (action, *(one for one in actions if one is not action))


def is_settled(parcel: Parcel, trouble: Trouble) -> bool:
    """Tell whether somebody dealt with this trouble of the parcel, so that it calls for nobody.

    The same one does not come back. A parcel whose buyer waits for nothing more is only news
    when it comes back, or they say that they never had it.
    """
    settled = parcel.settled or {}
    if trouble in settled:
        return True
    return trouble not in _NEWS_ALL_THE_SAME and not SETTLING.isdisjoint(settled.values())


def is_replaced(parcel: Parcel) -> bool:
    """Tell whether its goods were sent again, so that nobody waits for it to arrive."""
    return Outcome.RESHIPPED in (parcel.settled or {}).values()


def trouble_of(parcel: Parcel, state: ParcelState) -> Trouble | None:
    """Return the trouble that a parcel in this state is in, None if it calls for nobody."""
    trouble = TROUBLES.get(state)
    return trouble if trouble and not is_settled(parcel, trouble) else None


def steps(
    settings: Settings, since: datetime, deadline: datetime | None = None
) -> Sequence[tuple[datetime, Step]]:
    """Return when an alert that waits `since` then is reminded of and escalates, in order.

    It escalates after as long again, and by the `deadline` if that is ahead: an order's ship-by.
    """
    span = timedelta(hours=settings["shipping.alert_answer_within_hours"])
    if deadline and since < deadline:
        span = min(span, (deadline - since) / 2)
    return (since + span, Step.REMIND), (since + 2 * span, Step.ESCALATE)
