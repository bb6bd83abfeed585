"""What can be asked of parcels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from domain import links, merchants
from domain.errors import RecordNotFound
from domain.links import Linked
from domain.money import Money
from domain.orders import queries as orders
from domain.orders.model import OPEN, UNSHIPPED, Order, fold
from domain.orders.views import OrderView
from domain.shipping import policy, reshipping, tracking
from domain.shipping.alert import GOING_ON, Alert, Outcome
from domain.shipping.model import ENDED, Content, Parcel, ParcelState, Scan, Trouble
from domain.shipping.policy import Advice, Facts
from domain.shipping.reshipping import Whereabouts

PAGE = 10
#: States in which carriers scan parcels far from where they go.
_ON_THE_ROAD = frozenset(
    {
        ParcelState.PICKED_UP,
        ParcelState.IN_TRANSIT,
        ParcelState.DELIVERY_DELAYED,
        ParcelState.ON_HOLD,
    }
)
#: The alerts whose trouble goes on, of those joined with their orders and parcels.
_IS_LIVE = and_(
    Alert.state.in_(GOING_ON),
    or_(
        and_(Alert.parcel_id.is_(None), Order.state.in_(UNSHIPPED)),
        and_(Parcel.trouble == Alert.trouble, Parcel.troubled_at == Alert.noticed_at),
    ),
)


@dataclass(frozen=True, slots=True)
class ParcelCard:
    """A parcel with its order and its latest scan, without anything about the buyer.

    `alert` is its newest one, `attempts` counts its failed deliveries, and `valuable` tells
    whether the order is worth a claim.
    """

    parcel: Parcel
    order: Order
    scan: Scan | None
    alert: Alert | None = None
    attempts: int = 0
    valuable: bool = False
    links: Sequence[Linked] = ()
    #: Where what was sent again in its place is; None where nothing was.
    again: Whereabouts | None = None

    @property
    def worth(self) -> Money | None:
        """What its order came to."""
        total = self.order.total
        return None if total is None else Money(total, self.order.currency)

    @property
    def place(self) -> str | None:
        """Where it was scanned last, None near the door: that would say where the buyer lives."""
        if self.scan is None or self.scan.place is None or self.scan.state not in _ON_THE_ROAD:
            return None
        town = fold(self.order.ship_to_city)
        return None if town and town in (fold(self.scan.place) or "") else self.scan.place

    @property
    def page(self) -> str | None:
        """The address of its page at its carrier, if that is known."""
        return tracking.page(self.parcel.carrier, self.parcel.tracking_number)

    @property
    def is_live(self) -> bool:
        """Whether the alert still calls for somebody, or is in somebody's hands."""
        return self.alert is not None and self.alert.is_about(self.parcel)

    def advice(self, now: datetime) -> Advice:
        """Return what probably happened to a parcel in trouble, and what can be done."""
        promised = self.order.deliver_by
        return policy.advise(
            Facts(
                trouble=self.parcel.trouble or Trouble.DELAYED,
                state=self.parcel.state,
                detail=self.parcel.mishap
                or (policy.detail_in(self.scan.description) if self.scan else None),
                attempts=self.attempts,
                scanned=self.scan is not None and self.scan.state is not ParcelState.PENDING,
                overdue=now - promised if promised else None,
                valuable=self.valuable,
            )
        )


@dataclass(frozen=True, slots=True)
class AlertCard:
    """An alert with what it is about; `parcel` None for an order that nobody shipped."""

    alert: Alert
    order: Order
    parcel: Parcel | None


@dataclass(frozen=True, slots=True)
class ShipByCard:
    """An order that has to leave the house, with its newest alert about that."""

    order: OrderView
    alert: Alert | None

    @property
    def is_live(self) -> bool:
        """Whether the alert still calls for somebody, or is in somebody's hands."""
        return self.alert is not None and not self.alert.is_closed and self.order.state in UNSHIPPED


@dataclass(frozen=True, slots=True)
class Late:
    """A parcel or an unshipped order that is late or in trouble; `parcel` None if unshipped.

    `alert` is None where nobody was alerted, as in history that was imported.
    """

    order: Order
    parcel: Parcel | None
    alert: Alert | None = None

    @property
    def worth(self) -> Money | None:
        """What its order came to."""
        total = self.order.total
        return None if total is None else Money(total, self.order.currency)


async def card(session: AsyncSession, parcel_id: int) -> ParcelCard:
    """Read a parcel with its order and latest scan; raises `RecordNotFound`."""
    attempts = (
        select(func.count())
        .where(Scan.parcel_id == Parcel.id, Scan.state == ParcelState.DELIVERY_FAILED)
        .correlate(Parcel)
        .scalar_subquery()
    )
    row = (
        await session.execute(
            select(Parcel, Order, Scan, Alert, attempts)
            .join(Order, Order.id == Parcel.order_id)
            .outerjoin(Scan, Scan.parcel_id == Parcel.id)
            .outerjoin(Alert, Alert.parcel_id == Parcel.id)
            .where(Parcel.id == parcel_id)
            .order_by(Alert.id.desc(), Scan.at.desc(), Scan.id.desc())
            .limit(1)
        )
    ).first()
    if row is None:
        raise RecordNotFound("parcel", parcel_id)
    parcel, order, scan, newest, failed = row
    valuable = await _is_valuable(session, order)
    linked = await links.of(session, "parcel", parcel_id)
    again = None
    if newest is not None and newest.outcome is Outcome.RESHIPPED:
        again = await reshipping.of_alert(session, newest.id)
    return ParcelCard(parcel, order, scan, newest, failed, valuable, linked, again)


async def alert(session: AsyncSession, alert_id: int) -> AlertCard:
    """Read an alert with what it is about; raises `RecordNotFound`."""
    row = (
        await session.execute(
            select(Alert, Order, Parcel)
            .join(Order, Order.id == Alert.order_id)
            .outerjoin(Parcel, Parcel.id == Alert.parcel_id)
            .where(Alert.id == alert_id)
        )
    ).first()
    if row is None:
        raise RecordNotFound("alert", alert_id)
    return AlertCard(*row)


async def ship_by(session: AsyncSession, order_id: int) -> ShipByCard:
    """Read an order with the newest alert about its ship-by; raises `OrderNotFound`."""
    newest = await session.scalar(
        select(Alert)
        .where(Alert.order_id == order_id, Alert.parcel_id.is_(None))
        .order_by(Alert.id.desc())
        .limit(1)
    )
    return ShipByCard(await orders.card_by_id(session, order_id), newest)


async def contents(session: AsyncSession, parcel_id: int) -> dict[int, int]:
    """Return how many of which of its order's lines a parcel holds, nothing where nobody said."""
    found = await session.execute(
        select(Content.line_id, Content.quantity).where(Content.parcel_id == parcel_id)
    )
    return {one.line_id: one.quantity for one in found}


async def in_hands_of(
    session: AsyncSession, member_id: str, *, most: int = 5
) -> tuple[Sequence[AlertCard], int]:
    """Return the alerts that somebody has, the longest first, and how many they have."""
    query = (
        select(Alert, Order, Parcel)
        .join(Order, Order.id == Alert.order_id)
        .outerjoin(Parcel, Parcel.id == Alert.parcel_id)
        .where(Alert.owner == member_id, _IS_LIVE)
    )
    total = await session.scalar(select(func.count()).select_from(query.subquery()))
    rows = await session.execute(query.order_by(Alert.id).limit(most))
    return [AlertCard(*row) for row in rows], total or 0


async def late(session: AsyncSession, now: datetime, *, start: int = 0) -> tuple[list[Late], int]:
    """Return a page of what is late or in trouble, the oldest promise first, and the total.

    Late is a parcel in trouble or past its promise, or an order past its ship-by. An order
    that is over is not, whatever became of its parcels.
    """
    disputed = Parcel.trouble == Trouble.DISPUTED
    late_parcel = and_(
        Parcel.order_id == Order.id,
        Parcel.return_id.is_(None),
        or_(
            disputed,
            and_(
                Parcel.state.not_in(ENDED),
                # What somebody dealt with is only news again with its next trouble.
                or_(
                    Parcel.trouble.is_not(None),
                    and_(Order.deliver_by < now, Parcel.settled.is_(None)),
                ),
            ),
        ),
    )
    overdue = and_(Order.state.in_(UNSHIPPED), Order.ship_by < now)
    # As one set of ids: an OR of the two would have PostgreSQL read every order there ever was.
    looked_at = union(
        select(Order.id).where(Order.state.in_(OPEN)),
        select(Alert.order_id).where(Alert.trouble == Trouble.DISPUTED, Alert.state.in_(GOING_ON)),
    )
    query = (
        select(Order, Parcel)
        .outerjoin(Parcel, late_parcel)
        .where(
            Order.id.in_(looked_at),
            or_(Parcel.id.is_not(None), overdue),
        )
    )
    total = await session.scalar(select(func.count()).select_from(query.subquery()))
    page = await session.execute(
        query.order_by(func.coalesce(Order.deliver_by, Order.ship_by), Order.id, Parcel.id)
        .offset(start)
        .limit(PAGE)
    )
    rows: list[tuple[Order, Parcel | None]] = [(row[0], row[1]) for row in page]
    alerts = await live_alerts(session, [order.id for order, _ in rows])
    return [
        Late(order, parcel, alerts.get((order.id, parcel.id if parcel else None)))
        for order, parcel in rows
    ], total or 0


async def live_alerts(
    session: AsyncSession, order_ids: Sequence[int]
) -> dict[tuple[int, int | None], Alert]:
    """Return the alerts whose trouble goes on, by order and parcel, None if it is not shipped."""
    found = await session.scalars(
        select(Alert)
        .join(Order, Order.id == Alert.order_id)
        .outerjoin(Parcel, Parcel.id == Alert.parcel_id)
        .where(Alert.order_id.in_(order_ids), _IS_LIVE)
    )
    return {(alert.order_id, alert.parcel_id): alert for alert in found}


async def _is_valuable(session: AsyncSession, order: Order) -> bool:
    above = (await merchants.settings(session)).amount("shipping.valuable_above", order.currency)
    return above is not None and order.total is not None and order.total > above.minor
