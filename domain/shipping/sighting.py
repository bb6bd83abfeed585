"""What a carrier says of a parcel."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from domain.shipping.model import Mishap, ParcelState, as_tracked


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a carrier says of a parcel; `reference` is its own id of it, if it has one.

    `told_at` is what the carrier's clock said where that was ahead of ours.
    """

    tracking_number: str
    state: ParcelState
    at: datetime
    description: str | None = None
    place: str | None = None
    reference: str | None = None
    told_at: datetime | None = None
    mishap: Mishap | None = None

    @property
    def number(self) -> str:
        """The tracking number as carriers write it."""
        return as_tracked(self.tracking_number) or ""

    @property
    def key(self) -> str:
        """The carrier's id, or a digest of all it said."""
        at = self.told_at or self.at
        said = f"{self.state}|{at.isoformat()}|{self.description}|{self.place}"
        return self.reference or hashlib.blake2b(said.encode(), digest_size=12).hexdigest()

    def heard_at(self, now: datetime) -> Sighting:
        """Return it as it counts now: at the moment it is heard of, if it is dated ahead.

        What is kept as it was dated would have every true scan until then taken for a late one.
        """
        return self if self.at <= now else replace(self, at=now, told_at=self.told_at or self.at)
