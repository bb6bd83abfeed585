"""What a payment provider's books and the desk's say differently of the same refunds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, Self

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.money import Money
from domain.orders.model import Order
from domain.refunds.batches import Share
from domain.refunds.model import Refund, State
from domain.refunds.payment import Report, Result
from domain.tables import among

#: What is submitted is not listed there at once, and clocks differ.
SETTLING = timedelta(hours=1)
#: A refund without an answer for so long is one that a person should know of.
HANGS_AFTER = timedelta(days=1)
#: So many refunds of unknown payments are named one by one.
A_FEW = 3
_AT_ONCE = 500

_STATES: Mapping[Result, frozenset[State]] = {
    Result.SUCCEEDED: frozenset({State.SUCCEEDED}),
    Result.FAILED: frozenset({State.FAILED}),
    # News that were overtaken: what ended does not begin again.
    Result.WAITING: frozenset({State.SUBMITTED, State.SUCCEEDED, State.FAILED}),
}


class Mismatch(StrEnum):
    """In which way the two sides differ."""

    #: Paid or under way here, and unknown there.
    MISSING = "missing"
    #: Another amount, or another currency.
    AMOUNT = "amount"
    #: Paid there, and not here.
    PAID_THERE = "paid_there"
    #: There, of an order that can't count it: it is in another currency.
    UNCOUNTED = "uncounted"
    #: Without an answer for more than a day.
    HANGING = "hanging"
    #: More went back there than was captured here.
    OVER = "over"
    #: There, of payments that no order here names.
    UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: `here` and `there` are what each side says, where it says something.

    `count` is how many refunds it is about, `references` the provider's names of them.
    """

    kind: Mismatch
    refund_id: int | None = None
    order_id: int | None = None
    order_number: str | None = None
    state: State | None = None
    since: datetime | None = None
    here: Money | None = None
    there: Money | None = None
    references: tuple[str, ...] = ()
    count: int = 1

    @property
    def name(self) -> str | None:
        """What people call the refund, as in “R-12”."""
        return None if self.refund_id is None else f"R-{self.refund_id}"

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes it the same difference as yesterday's."""
        # Those of unknown payments come and go by the day, and are one thing to look into.
        named = () if self.kind is Mismatch.UNNAMED else self.references
        return self.kind, self.refund_id, self.order_id, named

    def as_json(self) -> dict[str, Any]:
        """Return it for storing."""
        return {
            "kind": self.kind,
            "refund_id": self.refund_id,
            "order_id": self.order_id,
            "order_number": self.order_number,
            "state": self.state,
            "since": self.since and self.since.isoformat(),
            "here": self.here and [self.here.minor, self.here.currency],
            "there": self.there and [self.there.minor, self.there.currency],
            "references": list(self.references),
            "count": self.count,
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Read one that was stored."""
        return cls(
            kind=Mismatch(stored["kind"]),
            refund_id=stored["refund_id"],
            order_id=stored["order_id"],
            order_number=stored["order_number"],
            state=stored["state"] and State(stored["state"]),
            since=stored["since"] and datetime.fromisoformat(stored["since"]),
            here=stored["here"] and Money(*stored["here"]),
            there=stored["there"] and Money(*stored["there"]),
            references=tuple(stored["references"]),
            count=stored["count"],
        )


@dataclass(frozen=True, slots=True)
class Sifted:
    """A provider's reports: `news` have to be heard, `strangers` are of no order here."""

    news: tuple[Report, ...]
    strangers: tuple[Report, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """The provider that is compared, and the time: what was made from `since` to `until`."""

    provider: str
    since: datetime
    until: datetime


async def sift(session: AsyncSession, reports: Sequence[Report]) -> Sifted:
    """Tell apart what is known already, what has to be heard, and what is not ours to count."""
    known = await _known(session, reports)
    claimed = await _claimed(session, [one for one in reports if one.reference not in known])
    unmatched = [one for one in reports if one.reference not in known.keys() | claimed.keys()]
    paid = await _payments(session, unmatched)
    news, strangers = [], []
    for report in reports:
        row = known.get(report.reference)
        if report.reference in claimed:
            # Its batch heard of it; what it is a part of may be waiting for the rest.
            continue
        if row is None and not paid & set(report.payments):
            strangers.append(report)
        elif row is None or not _agrees(row, report):
            news.append(report)
    return Sifted(tuple(news), tuple(strangers))


async def compare(
    session: AsyncSession, span: Span, reports: Sequence[Report], strangers: Collection[Report]
) -> list[Difference]:
    """Return in what the two sides differ, once all that is news was heard."""
    known = await _known(session, reports)
    foreign = {one.reference for one in strangers}
    rest = [one for one in reports if one.reference not in known.keys() | foreign]
    claimed = await _claimed(session, rest)
    rest = [one for one in rest if one.reference not in claimed]
    known |= await _by_reference(session, span.provider, rest)
    matched = {row.id for row in known.values()} | set(claimed.values())
    missing = await _missing(session, span, matched)
    gone = {one.refund_id for one in missing}
    found = [
        *missing,
        *(one for report in reports for one in _pair(known.get(report.reference), report)),
        *(_uncounted(report) for report in rest if report.reference not in known),
        *(one for one in await _hanging(session, span) if one.refund_id not in gone),
        *await _over(session, span),
    ]
    return [*found, *_unnamed([*strangers])]


_ROW: tuple[Any, ...] = (
    Refund.id,
    Refund.key,
    Refund.provider_reference,
    Refund.state,
    Refund.amount,
    Refund.currency,
    Refund.settled_by,
    Refund.submitted_at,
    Refund.order_id,
    Order.number,
)
_REFUNDS = select(*_ROW).join(Order, Order.id == Refund.order_id)


async def _known(session: AsyncSession, reports: Sequence[Report]) -> dict[str, Row[Any]]:
    """Return our row for each report, by the provider's reference, where a key leads to it."""
    rows: dict[str, Row[Any]] = {}
    keys = {key for report in reports for key in (report.key, report.own_key) if key}
    for some in _parts(sorted(keys)):
        found = await session.execute(_REFUNDS.where(among(session, Refund.key, some)))
        rows |= {row.key: row for row in found}
    known = {}
    for report in reports:
        # Another payment under our key, or of what was refused, is a refund by itself.
        row = rows.get(report.own_key) or rows.get(report.key or "")
        if row is not None and row.provider_reference in (None, report.reference):
            known[report.reference] = row
    return known


async def _by_reference(
    session: AsyncSession, provider: str, reports: Sequence[Report]
) -> dict[str, Row[Any]]:
    """Return our rows that somebody gave the provider's reference by hand."""
    rows: dict[str, Row[Any]] = {}
    for some in _parts([report.reference for report in reports]):
        found = await session.execute(
            _REFUNDS.where(
                Refund.provider == provider, among(session, Refund.provider_reference, some)
            )
        )
        rows |= {row.provider_reference: row for row in found}
    return rows


async def _claimed(session: AsyncSession, reports: Sequence[Report]) -> dict[str, int]:
    """Return the id of our refund for each report that pays a share of one in a batch.

    Those agree in their amounts, or they would not have been claimed (`domain.refunds.matching`).
    """
    claimed: dict[str, int] = {}
    for some in _parts([report.reference for report in reports if report.key is None]):
        found = await session.execute(
            select(Share.reference, Share.refund_id).where(among(session, Share.reference, some))
        )
        claimed |= {str(reference): refund_id for reference, refund_id in found}
    return claimed


async def _payments(session: AsyncSession, reports: Sequence[Report]) -> set[str]:
    """Return which of the reports' payments orders here name."""
    paid: set[str] = set()
    if not reports:
        return paid
    names = sorted({name for report in reports for name in report.payments})
    for some in _parts(names):
        paid |= set(
            await session.scalars(
                select(Order.payment_reference).where(
                    Order.payment_provider == reports[0].provider,
                    among(session, Order.payment_reference, some),
                )
            )
        )
    return paid


def _agrees(row: Row[Any], report: Report) -> bool:
    """Tell whether hearing the report would change nothing."""
    by_hand = row.state is State.FAILED and row.settled_by is not None
    return (
        row.state in _STATES[report.outcome.result]
        and row.provider_reference == report.reference
        and (not by_hand or report.outcome.result is Result.FAILED)
    )


def _pair(row: Row[Any] | None, report: Report) -> Iterator[Difference]:
    """Compare what both sides have."""
    if row is None:
        return
    here = Money(row.amount, row.currency)
    if here != report.money:
        yield _difference(Mismatch.AMOUNT, row, there=report.money, references=(report.reference,))
    elif report.outcome.result is Result.SUCCEEDED and row.state is not State.SUCCEEDED:
        yield _difference(
            Mismatch.PAID_THERE, row, there=report.money, references=(report.reference,)
        )


def _difference(kind: Mismatch, row: Row[Any], **facts: Any) -> Difference:
    return Difference(
        kind,
        refund_id=row.id,
        order_id=row.order_id,
        order_number=row.number,
        state=row.state,
        since=row.submitted_at,
        here=Money(row.amount, row.currency),
        **facts,
    )


def _uncounted(report: Report) -> Difference:
    return Difference(Mismatch.UNCOUNTED, there=report.money, references=(report.reference,))


def _unnamed(strangers: Sequence[Report]) -> Iterator[Difference]:
    if strangers:
        named = tuple(one.reference for one in strangers) if len(strangers) <= A_FEW else ()
        yield Difference(Mismatch.UNNAMED, references=named, count=len(strangers))


async def _missing(session: AsyncSession, span: Span, matched: Collection[int]) -> list[Difference]:
    """Return what was paid from here, and is not there."""
    found = await session.execute(
        _REFUNDS.where(
            Refund.provider == span.provider,
            Refund.state.in_((State.SUBMITTED, State.SUCCEEDED)),
            Refund.submitted_at >= span.since + SETTLING,
            Refund.submitted_at < span.until - SETTLING,
            # Made there: it was heard of only after it was made, maybe before this span.
            Refund.requested_by != span.provider,
            # Paid in another way, which its provider does not know of.
            Refund.settled_by.is_(None),
            # What is on its way in a batch is not to be there yet.
            or_(Refund.batch_id.is_(None), Refund.state == State.SUCCEEDED),
        ).order_by(Refund.id)
    )
    return [_difference(Mismatch.MISSING, row) for row in found if row.id not in matched]


async def _hanging(session: AsyncSession, span: Span) -> list[Difference]:
    found = await session.execute(
        _REFUNDS.where(
            Refund.provider == span.provider,
            Refund.state.in_((State.SUBMITTED, State.UNKNOWN)),
            Refund.submitted_at < span.until - HANGS_AFTER,
            # A batch tells by itself when it takes too long, and has days.
            Refund.batch_id.is_(None),
        ).order_by(Refund.id)
    )
    return [_difference(Mismatch.HANGING, row) for row in found]


async def _over(session: AsyncSession, span: Span) -> list[Difference]:
    """Return the orders of which more went back there than was captured."""
    total = func.sum(Refund.amount)
    touched = select(Refund.order_id).where(_made_in(span))
    found = await session.execute(
        select(Order.id, Order.number, Order.currency, Order.captured, total)
        .join(Refund, Refund.order_id == Order.id)
        .where(
            Refund.provider == span.provider,
            Refund.state.in_((State.SUBMITTED, State.SUCCEEDED)),
            Refund.settled_by.is_(None),
            Order.id.in_(touched),
        )
        .group_by(Order.id)
        .having(total > Order.captured)
        .order_by(Order.id)
    )
    return [
        Difference(
            Mismatch.OVER,
            order_id=order_id,
            order_number=number,
            here=Money(captured or 0, currency),
            there=Money(int(refunded), currency),
        )
        for order_id, number, currency, captured, refunded in found
    ]


def _made_in(span: Span) -> ColumnElement[bool]:
    return (Refund.provider == span.provider) & (Refund.submitted_at >= span.since)


def _parts(values: Sequence[str]) -> Iterator[list[str]]:
    """Give the values some hundred at a time: databases bound the parameters of a statement."""
    rest = iter(values)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
