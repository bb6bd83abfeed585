"""Labels that a partner sells: what a parcel costs with whom, and buying once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from domain.errors import DeskhandError
from domain.money import Money


@dataclass(frozen=True, slots=True)
class Address:
    """Where a parcel comes from or goes to; `country` by its two letters (ISO 3166-1).

    `street` is one text, a line of it on each line.
    """

    name: str
    street: str
    city: str
    postcode: str
    country: str
    region: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """What a carrier takes over: grams, and millimetres where the size is known."""

    weight: int
    length: int | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """What one service of a carrier costs; `days` is how long it is said to take."""

    reference: str
    carrier: str
    service: str
    cost: Money
    days: int | None


@dataclass(frozen=True, slots=True)
class Quote:
    """The rates of one parcel, cheapest first; `reference` is the partner's id of the parcel.

    To be committed before one is bought: a label is bought once for each reference.
    """

    reference: str
    rates: tuple[Rate, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """A label that is bought; `url` is where it can be printed from."""

    carrier: str
    tracking_number: str
    url: str
    cost: Money


class LabelRefused(DeskhandError):
    """The partner sells no such label, in its own words; nothing was bought."""


class LabelsBusy(DeskhandError):
    """The partner asks to wait for `after`; nothing was bought."""

    def __init__(self, after: timedelta) -> None:
        self.after = after
        super().__init__("The partner asks to wait. The job runs again by itself.")


class LabelUnknown(DeskhandError):
    """Whether the label was bought is open: ask `find` for it before buying again."""


class LabelMaker(Protocol):
    """A partner that sells labels."""

    name: str

    async def quote(self, reference: str, sender: Address, to: Address, package: Package) -> Quote:
        """Ask what a parcel costs, which is our `reference` at the partner, too.

        Raises:
            LabelRefused, LabelsBusy, LabelUnknown: see each.
        """

    async def buy(self, quote: str, rate: str) -> Label:
        """Buy the label of a quote, by its and a rate's reference, once however often it is called.

        Raises:
            LabelRefused, LabelsBusy, LabelUnknown: see each.
        """

    async def find(self, quote: str) -> Label | None:
        """Return the label of a quote, None if none was bought; raises what `buy` raises."""

    async def void(self, quote: str) -> None:
        """Give a label back that nobody used; raises what `buy` raises."""
