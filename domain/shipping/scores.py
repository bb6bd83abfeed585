"""How carriers did lately, to choose one by: on time, lost, damaged, and how long they take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.orders.model import Order
from domain.shipping.model import Mishap, Parcel
from domain.tables import seconds_between

#: Days that a score looks back where nobody says.
USUAL = 90
#: Carriers by the ways that sources write them, folded as `_folded` does.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "UPS": ("ups", "ups mail innovations", "united parcel service"),
    "USPS": ("usps", "us postal service", "united states postal service"),
    "FedEx": ("fedex", "fed ex", "fedex ground", "fedex express", "federal express"),
    "DHL": ("dhl", "dhl paket", "deutsche post dhl"),
    "DHL Express": ("dhl express", "dhlexpress"),
    "DHL eCommerce": ("dhl ecommerce", "dhlecs", "dhl ecs"),
    "DPD": ("dpd", "dpd uk", "dpduk"),
    "GLS": ("gls", "general logistics systems"),
    "Hermes": ("hermes", "hermes germany"),
    "Evri": ("evri", "myhermes"),
    "Royal Mail": ("royal mail", "royalmail"),
    "Canada Post": ("canada post", "canadapost", "postes canada"),
    "Australia Post": ("australia post", "auspost", "australiapost"),
    "La Poste": ("la poste", "laposte", "colissimo"),
    "Amazon Logistics": ("amazon logistics", "amzl", "amazon shipping", "amazonshipping"),
    "OnTrac": ("ontrac", "ontrac v3"),
    "PostNL": ("postnl", "post nl"),
    "TNT": ("tnt", "tnt express", "tntexpress"),
}
_KNOWN = {way: name for name, ways in _NAMES.items() for way in ways}


def carrier_name(said: str | None) -> str | None:
    """Return the carrier's usual name, however a source writes it; an unknown one as it is."""
    written = " ".join((said or "").split())
    return _KNOWN.get(_folded(written), written) or None


@dataclass(frozen=True, slots=True)
class Score:
    """What became of the parcels that a carrier took over in some days.

    `on_time` is the share, from 0 to 1, of those `judged`: delivered, and promised by a time.
    `days` is the median from leaving the house to the buyer. Both are None of none.
    """

    carrier: str | None
    shipped: int
    delivered: int
    judged: int
    on_time: float | None
    lost: int
    damaged: int
    days: float | None


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """The carriers of some days, those with the most parcels first."""

    days: int
    since: datetime
    scores: tuple[Score, ...]


async def report(session: AsyncSession, now: datetime, days: int) -> ScoreCard:
    """Score the carriers by the parcels that left for buyers in the last `days`."""
    since = now - timedelta(days=days)
    return ScoreCard(days, since, tuple(await scores(session, now, days)))


async def scores(session: AsyncSession, now: datetime, days: int = USUAL) -> list[Score]:
    """Score each carrier of the last `days`, those with the most parcels first.

    The database counts by the days that parcels took, so that some hundred rows say it all,
    and ways to write one carrier can be put together.
    """
    left: Any = Parcel.shipped_at
    arrived: Any = Parcel.delivered_at
    halves = func.round(seconds_between(session, left, arrived) / 43_200.0)
    took = case((arrived >= left, halves))
    judged = (Parcel.delivered_at.is_not(None)) & (Order.deliver_by.is_not(None))
    found = await session.execute(
        select(
            Parcel.carrier,
            took.label("halves"),
            func.count().label("shipped"),
            _sum(Parcel.delivered_at.is_not(None)).label("delivered"),
            _sum(judged).label("judged"),
            _sum(judged & (Parcel.delivered_at <= Order.deliver_by)).label("on_time"),
            _sum(Parcel.mishap == Mishap.LOST).label("lost"),
            _sum(Parcel.mishap == Mishap.DAMAGED).label("damaged"),
        )
        .join(Order, Order.id == Parcel.order_id)
        .where(
            Parcel.return_id.is_(None),
            Parcel.shipped_at > now - timedelta(days=days),
            Parcel.shipped_at <= now,
        )
        .group_by(Parcel.carrier, took)
    )
    groups: dict[str | None, list[Row[Any]]] = defaultdict(list)
    for row in found:
        groups[carrier_name(row.carrier)].append(row)
    scored = [_score(carrier, rows) for carrier, rows in groups.items()]
    return sorted(scored, key=lambda one: (-one.shipped, one.carrier or ""))


def _score(carrier: str | None, rows: Iterable[Row[Any]]) -> Score:
    rows = list(rows)
    counts = {
        name: sum(int(getattr(row, name)) for row in rows)
        for name in ("shipped", "delivered", "judged", "on_time", "lost", "damaged")
    }
    on_time, judged = counts.pop("on_time"), counts["judged"]
    return Score(
        carrier,
        **counts,
        on_time=on_time / judged if judged else None,
        days=_median(
            (float(row.halves), int(row.shipped)) for row in rows if row.halves is not None
        ),
    )


def _median(halves: Iterable[tuple[float, int]]) -> float | None:
    """Return the median in days of (half days, how many), by nearest rank."""
    counted = sorted(halves)
    left = (sum(number for _, number in counted) + 1) // 2
    for value, number in counted:
        left -= number
        if left <= 0:
            return value / 2
    return None


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _folded(name: str) -> str:
    return name.replace(".", "").replace("_", " ").replace("-", " ").casefold()
