"""What can go wrong, in words for the person who can act on it.

The tree::

    DeskhandError
    ├── NotFound                what was named does not exist for this merchant
    │   ├── OrderNotFound       carries the nearest numbers
    │   └── RecordNotFound      a refund, complaint or parcel that is gone
    ├── NotAllowed              the person may not do this
    │   ├── NoRole              nobody gave the person a role yet
    │   ├── RoleNeeded          another role is needed
    │   ├── OwnRequest          nobody decides their own request
    │   └── AboveLimit          the amount is above the approver's limit
    ├── Invalid                 what was typed can't be used
    │   ├── MalformedAmount
    │   ├── CurrencyMismatch
    │   ├── ReasonNeeded
    │   └── UnknownSetting
    └── Conflict                the record has moved on, or never allowed it
        ├── Overtaken           what was to be said is not so any more
        ├── WrongState          a transition that the table does not have
        ├── AlreadyDecided      somebody else was first
        ├── NotRefundable       nothing was captured, or the order is cancelled
        └── MoreThanRefundable  the amount is above what is left

Every message is a full sentence or two: what happened and what to do next. Each error
names the form field it concerns in `field`, where there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.money import Money


class DeskhandError(Exception):
    """Something a person can act on; `str()` of it is the sentence to show them."""

    field: str | None = None


class NotFound(DeskhandError):
    """What was named does not exist for this merchant."""


class OrderNotFound(NotFound):
    """No order has this number; `nearest` holds up to three that look like it."""

    field = "order"

    def __init__(self, number: str, nearest: Sequence[str] = ()) -> None:
        self.number = number
        self.nearest = tuple(nearest)
        hint = (
            f"Did you mean {either(self.nearest)}?"
            if self.nearest
            else "Search by buyer, e-mail, SKU or tracking number with `/order find`."
        )
        super().__init__(f"There is no order {number[:60]}. {hint}")


class RecordNotFound(NotFound):
    """A refund, complaint or parcel that does not exist, or belongs to someone else."""

    def __init__(self, kind: str, reference: object) -> None:
        super().__init__(f"This {kind} ({reference}) is not on this desk any more.")


class NotAllowed(DeskhandError):
    """The person may not do this."""


class NoRole(NotAllowed):
    """Nobody gave the person a role yet; names whom to ask."""

    def __init__(self, admins: Sequence[str] = ()) -> None:
        self.admins = tuple(admins)
        ask = (
            f"Ask {either([f'@{admin}' for admin in self.admins])} to give you one."
            if self.admins
            else "Ask whoever runs Deskhand to give you one with `deskhand people set`."
        )
        super().__init__(f"You have no role on this desk yet. {ask}")


class RoleNeeded(NotAllowed):
    """The person's role does not cover this."""

    def __init__(self, doing: str, roles: Iterable[str]) -> None:
        super().__init__(f"To {doing} you need to be {either(sorted(roles))}.")


class OwnRequest(NotAllowed):
    """Four eyes: nobody decides their own request."""

    def __init__(self) -> None:
        super().__init__("You asked for this refund, so somebody else has to decide it.")


class AboveLimit(NotAllowed):
    """The amount is above the approver's limit, or they have none in its currency."""

    def __init__(self, amount: Money, limit: Money | None) -> None:
        why = f"above your limit of {limit}" if limit else "in a currency you have no limit for"
        super().__init__(f"{amount} is {why}. An approver with a higher limit can decide it.")


class Invalid(DeskhandError):
    """What was typed can't be used."""


class MalformedAmount(Invalid):
    """Not an amount that money can be made of."""

    field = "amount"

    def __init__(self, text: str, why: str = "it is not a number like 12.50") -> None:
        super().__init__(f"“{text[:40]}” can't be used as an amount: {why}.")


class CurrencyMismatch(Invalid):
    """The amount is in another currency than the order."""

    field = "amount"

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f"This order is in {expected}, not {got}. Give the amount in {expected}.")


class ReasonNeeded(Invalid):
    """A decision or request that must say why."""

    field = "reason"

    def __init__(self, doing: str) -> None:
        super().__init__(f"Say why: a reason is needed to {doing}.")


class UnknownSetting(Invalid):
    """A setting that does not exist, or a value it does not take."""


class Conflict(DeskhandError):
    """The record has moved on, or never allowed it."""


class Overtaken(Conflict):
    """What was to be said is not so any more, as when a refund is decided before its reminder."""

    def __init__(self) -> None:
        super().__init__("This is settled meanwhile, so nothing was posted.")


class WrongState(Conflict):
    """A transition that the aggregate's table does not have."""

    def __init__(self, what: str, state: str, doing: str, allowed: Iterable[str]) -> None:
        options = sorted(_words(option) for option in allowed)
        instead = f"It can be {either(options)}." if options else "It is closed."
        super().__init__(f"{what} is {_words(state)}, so it can't be {_words(doing)}. {instead}")


class AlreadyDecided(Conflict):
    """Somebody else was first, or time was; says who and what, and what came of it `since`."""

    def __init__(self, what: str, state: str, member: str | None, since: str | None = None) -> None:
        who = f" by @{member}" if member else ""
        then = f", and {since}" if since else ""
        super().__init__(f"{what} was already {_words(state)}{who}{then}. Nothing was changed.")


class NotRefundable(Conflict):
    """Nothing was captured, or the order's state forbids a refund."""


class MoreThanRefundable(Conflict):
    """The amount is above what is left to refund."""

    field = "amount"

    def __init__(self, asked: Money, left: Money) -> None:
        rest = f"At most {left} can be" if left.minor > 0 else "Nothing is left to be"
        super().__init__(f"{asked} is more than was paid and not yet refunded. {rest} refunded.")


def _words(state: str) -> str:
    return state.replace("_", " ")


def either(options: Sequence[str]) -> str:
    """Join what there is to choose from, as `a, b or c`."""
    return options[0] if len(options) == 1 else f"{', '.join(options[:-1])} or {options[-1]}"
