"""What can come back, by when money has to follow, and what an inspection adds up to: no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from domain.errors import Conflict, Invalid, ReasonNeeded
from domain.merchants import Settings
from domain.orders.model import State as OrderState
from domain.returns.model import ReturnLine, State, Verdict

#: Orders that have left the house.
RETURNABLE = (OrderState.SHIPPED, OrderState.DELIVERED, OrderState.COMPLETED)
#: How much of the time to answer is over when the thread is reminded; of that to refund, half.
_ANSWER_REMINDED_AT = 0.75
_DAY = timedelta(days=1)
_SATURDAY = 5


class NothingChosen(Invalid):
    """A form in which no line was chosen."""

    def __init__(self) -> None:
        super().__init__("Nothing is chosen. Say how many of which line come back.")


class NotReturnable(Conflict):
    """Nothing of the order can come back: it has not left, or all of it is in returns."""


class TooMany(Invalid):
    """More of a line than can come back; `field` is the line's."""

    def __init__(self, line_id: int, title: str, asked: int, left: int) -> None:
        self.field = f"line:{line_id}"
        super().__init__(
            f"{asked} × {title[:80]} is more than the {left} that can still come back: no more "
            "than was bought, less what other returns have."
        )


class MoreThanAuthorised(Invalid):
    """More of a line arrived than was to come back; `field` is the line's."""

    def __init__(self, return_line_id: int, asked: int, authorised: int) -> None:
        self.field = f"received:{return_line_id}"
        super().__init__(
            f"{asked} arrived, but {authorised} were to come back. Say how many of these "
            f"arrived, at most {authorised}, and ask for another return for the rest."
        )


def check_returnable(number: str, state: OrderState) -> None:
    """Raise `NotReturnable` unless the order of this number has left the house."""
    if state not in RETURNABLE:
        raise NotReturnable(
            f"Order {number} is {state.replace('_', ' ')}, so nothing of it can come back. "
            "Returns are for orders that were shipped."
        )


def check_left(number: str, left: int) -> None:
    """Raise `NotReturnable` if no piece is left that a form could ask for."""
    if not left:
        raise NotReturnable(
            f"Nothing of order {number} is left to come back: other returns have it all, or its "
            "lines are unknown. Look at `/order`."
        )


def answer_within(settings: Settings) -> timedelta:
    """Return the time to answer a request: 48 h is what marketplaces allow; weekends count."""
    return timedelta(hours=settings["return.answer_within_hours"])


def remind_to_answer(requested_at: datetime, answer_by: datetime) -> datetime:
    """Return when a request is reminded of, before its answer is late."""
    return requested_at + (answer_by - requested_at) * _ANSWER_REMINDED_AT


def refund_by(settings: Settings, received_at: datetime) -> datetime:
    """Return by when the refund is due: two business days is what marketplaces allow."""
    return business_time_after(received_at, _DAY * settings["return.refund_within_days"])


def remind_to_refund(settings: Settings, received_at: datetime) -> datetime:
    """Return when half of the business time to refund is over."""
    return business_time_after(received_at, _DAY * settings["return.refund_within_days"] / 2)


def business_time_after(start: datetime, span: timedelta) -> datetime:
    """Return when `span` of business time is over: Saturdays and Sundays don't count.

    Days are UTC's, since a merchant has no zone here, and holidays are not known. What starts
    at a weekend starts on Monday at midnight; what ends with Friday ends at that midnight.
    """
    at = start.astimezone(UTC)
    if at.weekday() >= _SATURDAY:
        at = _midnight(at, 7 - at.weekday())
    while at + span > (weekend := _midnight(at, _SATURDAY - at.weekday())):
        span -= weekend - at
        at = weekend + 2 * _DAY
    return at + span


def check_finding(line: ReturnLine, verdict: Verdict | None, received: int, note: str) -> None:
    """Raise unless an inspection's word on one line makes sense.

    Raises:
        MoreThanAuthorised: more of it arrived than was to come back.
        VerdictNeeded: some of it arrived, and nothing is said of it.
        ReasonNeeded: it was not accepted, and nothing says why.
    """
    if not 0 <= received <= line.quantity:
        raise MoreThanAuthorised(line.id, received, line.quantity)
    if received and verdict is None:
        raise VerdictNeeded(line.id)
    if received and verdict is not Verdict.ACCEPT and not note.strip():
        error = ReasonNeeded("reject what came back, or to have somebody look at it")
        error.field = f"note:{line.id}"
        raise error


class VerdictNeeded(Invalid):
    """A line that nothing is said of; `field` is the line's."""

    def __init__(self, return_line_id: int) -> None:
        self.field = f"verdict:{return_line_id}"
        super().__init__("Say whether it is accepted, rejected, or needs a look.")


def outcome(lines: Iterable[ReturnLine]) -> State:
    """Return the state that the lines' verdicts add up to.

    One line that needs a look holds all of it up; one that is accepted is enough to accept.
    Of nothing that arrived, nothing is accepted.
    """
    verdicts = {line.verdict for line in lines if line.received}
    if Verdict.NEEDS_A_LOOK in verdicts:
        return State.NEEDS_A_LOOK
    return State.ACCEPTED if Verdict.ACCEPT in verdicts else State.REJECTED


def _midnight(at: datetime, days: int) -> datetime:
    return datetime.combine(at.date() + _DAY * days, time(), UTC)
