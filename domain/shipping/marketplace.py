"""How a marketplace is told that a parcel left: the port that its connector fills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.errors import DeskhandError


@dataclass(frozen=True, slots=True)
class Shipment:
    """A parcel on its way to the buyer; `reference` is the same however often it is told.

    `lines` are (the marketplace's id of the line, its SKU, how many).
    """

    reference: str
    order_number: str
    channel: str
    payment_reference: str | None
    carrier: str | None
    tracking_number: str | None
    shipped_at: datetime
    lines: tuple[tuple[str | None, str | None, int], ...]


class ShipmentRefused(DeskhandError):
    """The marketplace does not take the shipment, in its own words."""


class MarketplaceBusy(DeskhandError):
    """The marketplace asks to wait for `after`; it did nothing."""

    def __init__(self, after: timedelta) -> None:
        self.after = after
        super().__init__("The marketplace asks to wait. The job runs again by itself.")


class MarketplaceSilent(DeskhandError):
    """Whether the marketplace knows of the shipment is open: ask again."""


class Marketplace(Protocol):
    """A marketplace that is told of shipments; `name` is that of its orders' channel."""

    name: str

    async def confirm(self, shipment: Shipment) -> None:
        """Tell of a shipment, once however often it is called.

        Raises:
            ShipmentRefused, MarketplaceBusy, MarketplaceSilent: see each.
        """
