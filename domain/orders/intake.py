"""What a source says of an order, before it is ours; every connector makes these."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from domain.orders.model import TO_SHIP, State
from domain.shipping.model import ParcelState


@dataclass(frozen=True, slots=True)
class LineDraft:
    """A line as its source tells it; amounts are minor units, None is unknown."""

    quantity: int
    sku: str | None = None
    title: str | None = None
    unit_price: int | None = None
    shipping_price: int | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class ParcelDraft:
    """A parcel as its source tells it; `lines` are (position from 1, quantity) or empty for unknown."""

    carrier: str | None = None
    tracking_number: str | None = None
    state: ParcelState = ParcelState.UNKNOWN
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    lines: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """An order as its source tells it.

    `captured` is what the buyer has paid, in minor units, None where the source does not
    say. `changed_at` is the source's own time of the last change. Times are aware. What the source does not have stays None: it is never invented.
    """

    number: str
    channel: str
    state: State
    currency: str
    lines: tuple[LineDraft, ...] = ()
    parcels: tuple[ParcelDraft, ...] = ()
    marketplace_status: str | None = None
    captured: int | None = None
    total: int | None = None
    placed_at: datetime | None = None
    ship_by: datetime | None = None
    deliver_by: datetime | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    buyer_name: str | None = None
    buyer_email: str | None = None
    ship_to_name: str | None = None
    #: The lines above the city, separated by "\n".
    ship_to_street: str | None = None
    ship_to_region: str | None = None
    ship_to_city: str | None = None
    ship_to_postcode: str | None = None
    ship_to_country: str | None = None
    payment_provider: str | None = None
    payment_reference: str | None = None
    #: Whether the source holds it back until the buyer has paid; such an order is pending.
    awaits_payment: bool = False
    # Not a part of what was said: a source may say the same again, later.
    changed_at: datetime | None = field(default=None, repr=False)

    @property
    def reached(self) -> State:
        """Where its parcels have brought it: to a source it is confirmed until the last has left."""
        if self.state not in TO_SHIP:
            return self.state
        sent: Counter[int] = Counter()
        for parcel in self.parcels:
            for position, quantity in parcel.lines:
                sent[position] += 0 if parcel.state is ParcelState.CANCELLED else quantity
        if not any(sent.values()):
            return self.state
        is_left = any(line.quantity > sent[at] for at, line in enumerate(self.lines, 1))
        return State.PACKED if is_left else State.SHIPPED

    @property
    def left_at(self) -> datetime | None:
        """When the last of it left, None where the source does not say."""
        if self.shipped_at or self.state is self.reached or self.reached is not State.SHIPPED:
            return self.shipped_at
        return max((one.shipped_at for one in self.parcels if one.shipped_at), default=None)

    @property
    def tells_contents(self) -> bool:
        """Whether it says of a parcel what is in it."""
        return any(parcel.lines for parcel in self.parcels)

    @property
    def fingerprint(self) -> str:
        """A digest of all that the source said, to tell an unchanged order at once."""
        # An import takes one of every order: `repr` costs a tenth of JSON made of `asdict`.
        return hashlib.blake2b(repr(self).encode(), digest_size=16).hexdigest()
