"""When the clock has to look at an order or a parcel, as its source describes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.merchants import Settings
from domain.orders.intake import OrderDraft, ParcelDraft
from domain.orders.model import OVER, UNSHIPPED, State
from domain.shipping.model import ENDED, track_due

#: An import brings years of history: nobody wants to be alerted to a promise that was
#: broken longer ago than this.
ALERT_HORIZON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The merchant's deadlines, seen from `now`; each answers None for never."""

    now: datetime
    ship_by_warning: timedelta
    silent_after: timedelta
    inspection: timedelta

    @classmethod
    def of(cls, now: datetime, settings: Settings) -> Clocks:
        """Take the deadlines from the merchant's settings."""
        return cls(
            now,
            timedelta(hours=settings["shipping.ship_by_warning_hours"]),
            timedelta(days=settings["shipping.silent_after_days"]),
            timedelta(days=settings["order.inspection_days"]),
        )

    def ship_by(self, draft: OrderDraft) -> datetime | None:
        """Say when to warn that nobody has shipped it yet."""
        if draft.ship_by is None or draft.reached not in UNSHIPPED:
            return None
        return self._ahead(draft.ship_by - self.ship_by_warning)

    def late(self, draft: OrderDraft, parcel: ParcelDraft) -> datetime | None:
        """Say when the delivery promise runs out."""
        if draft.deliver_by is None or self._ended(draft, parcel):
            return None
        shipped_at = parcel.shipped_at or draft.shipped_at or draft.deliver_by
        return self.promised(draft.deliver_by, shipped_at)

    def silent(self, draft: OrderDraft, parcel: ParcelDraft) -> datetime | None:
        """Say when a carrier that scanned nothing since counts as silent."""
        shipped_at = parcel.shipped_at or draft.shipped_at
        if shipped_at is None or self._ended(draft, parcel):
            return None
        return self.unheard(shipped_at)

    def untracked(self, draft: OrderDraft, parcel: ParcelDraft) -> datetime | None:
        """Say when to have the parcel tracked."""
        left_at = parcel.shipped_at or draft.shipped_at or draft.placed_at
        over = self._ended(draft, parcel)
        return track_due(self.now, parcel.tracking_number, left_at, over=over)

    def promised(self, deliver_by: datetime, shipped_at: datetime) -> datetime | None:
        """Say when the promise of a parcel that left at this time runs out."""
        # One that left late is news, however long ago its promise ran out.
        return deliver_by if self._ahead(max(deliver_by, shipped_at)) else None

    def unheard(self, since: datetime) -> datetime | None:
        """Say when a carrier that has scanned nothing since then counts as silent."""
        return self._ahead(since + self.silent_after)

    def inspected(self, delivered_at: datetime | None) -> datetime:
        """Say when the buyer has had their time; a delivery nobody dated counts from now."""
        return (delivered_at or self.now) + self.inspection

    def complete(self, draft: OrderDraft) -> datetime | None:
        """Say when to look whether a new order is over."""
        return None if draft.state is not State.DELIVERED else self._ahead(self._inspected(draft))

    def state(self, draft: OrderDraft) -> State:
        """Say where a new order stands: what was delivered long ago is over, without a word."""
        is_history = draft.state is State.DELIVERED and self.complete(draft) is None
        return State.COMPLETED if is_history else draft.reached

    def _inspected(self, draft: OrderDraft) -> datetime:
        if draft.delivered_at:
            return self.inspected(draft.delivered_at)
        # Years of history without a date of delivery is history all the same.
        dates = (draft.placed_at, draft.shipped_at, draft.deliver_by)
        last = self.inspected(max((date for date in dates if date), default=None))
        return self.inspected(None) if self._ahead(last) else last

    def _ahead(self, due_at: datetime) -> datetime | None:
        return due_at if due_at > self.now - ALERT_HORIZON else None

    def _ended(self, draft: OrderDraft, parcel: ParcelDraft) -> bool:
        return parcel.state in ENDED or draft.state in OVER
