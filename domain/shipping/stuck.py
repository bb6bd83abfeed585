"""Parcels that are scanned on and on, but always in the same place.

A parcel is stuck when its carrier has it in transit, two scans or more name the place where it was
seen last and no other since, and the first of these is `shipping.stuck_after_days` old. A single
scan says too little: a parcel that is not scanned at all any more is its carrier's silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from sqlalchemy import select

from domain import merchants
from domain.shipping.model import Parcel, ParcelState, Scan, Trouble
from domain.store import Work
from domain.tables import among

_A_DAY = timedelta(days=1)
_IN_TRANSIT = (ParcelState.PICKED_UP, ParcelState.IN_TRANSIT)


async def among_due(work: Work, parcels: Sequence[Parcel]) -> list[Parcel]:
    """Return those of the parcels that are stuck; the others are looked at again when they may be."""
    after = timedelta(days=(await merchants.settings(work.session))["shipping.stuck_after_days"])
    seen = await _scans(work, parcels)
    stuck = []
    for parcel in parcels:
        scans = seen.get(parcel.id, [])
        since = _there_since(scans)
        if parcel.state not in _IN_TRANSIT or since is None:
            continue
        if since + after > work.now:
            parcel.stuck_due_at = since + after
        elif len(_same_place(scans)) > 1:
            stuck.append(parcel)
        elif parcel.silent_due_at is not None:
            parcel.stuck_due_at = work.now + _A_DAY
    return stuck


async def still(work: Work, parcel: Parcel) -> Trouble | None:
    """Return the trouble of a stuck parcel that was scanned again where it was, else None."""
    if parcel.trouble is not Trouble.STUCK or parcel.state not in _IN_TRANSIT:
        return None
    scans = (await _scans(work, [parcel])).get(parcel.id, [])
    return Trouble.STUCK if len(_same_place(scans)) > 1 else None


def _there_since(scans: Sequence[Scan]) -> datetime | None:
    """Return when it was first seen where it was seen last; None if no scan names a place."""
    return min((scan.at for scan in _same_place(scans)), default=None)


def _same_place(scans: Sequence[Scan]) -> list[Scan]:
    """Return the newest scans that name one place; those that name none say nothing."""
    named = [scan for scan in scans if scan.place]
    return list(takewhile(lambda scan: scan.place == named[0].place, named))


async def _scans(work: Work, parcels: Sequence[Parcel]) -> dict[int, list[Scan]]:
    """Return the parcels' scans, the newest first."""
    found = await work.session.scalars(
        select(Scan)
        .where(among(work.session, Scan.parcel_id, [parcel.id for parcel in parcels]))
        .order_by(Scan.at.desc(), Scan.id.desc())
    )
    scans: dict[int, list[Scan]] = {}
    for scan in found:
        scans.setdefault(scan.parcel_id, []).append(scan)
    return scans
