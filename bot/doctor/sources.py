"""How fresh the orders and payouts are that sources bring by themselves."""

from __future__ import annotations

from datetime import datetime

from bot import partners
from bot.config import Config
from bot.connectors.amazon.stream import TROUBLES
from bot.doctor.findings import Finding, Findings, Mark
from domain.shipping.unmatched import Waiting
from domain.sources import Source


def freshness(source: Source, now: datetime) -> Finding:
    """Say when a source of orders was last read, and what keeps it from being."""
    name = source.partner.capitalize()
    brings = f"{name}'s {source.brings}"
    spoke = f"; it last spoke up {_moment(source.heard_at)}" if source.heard_at else ""
    if source.failing_since is not None:
        return Finding(
            Mark.BAD,
            f"{brings} can't be read since {_moment(source.failing_since)}: "
            f"{source.last_error} It is tried again every few minutes.",
        )
    if source.words:
        return Finding(Mark.OPEN, source.words)
    if source.checked_at is None:
        return Finding(Mark.OPEN, f"{brings} were not read yet{spoke}.")
    read = f"{brings} were last read {_moment(source.checked_at)}{spoke}."
    if source.is_stale(now):
        return Finding(
            Mark.BAD, f"{read} See that `deskhand serve` runs, and that {name} is still connected."
        )
    return Finding(Mark.GOOD, read)


def waiting(scans: Waiting) -> Finding:
    """Say how many scans wait for a parcel that nobody knows."""
    since = f" since {_moment(scans.since)}" if scans.since else ""
    return Finding(
        Mark.OPEN,
        f"Carriers speak of parcels that no order has{since}: {scans.parcels} parcels, "
        f"{scans.scans} scans. They are taken in once an order with the tracking number is there.",
    )


async def queue(config: Config) -> Findings:
    """Look whether Amazon's queue can be read, and how much waits in it."""
    found = partners.queue(config)
    if found is None:
        if config.amazon_client_id is not None:
            yield Finding(
                Mark.OPEN,
                "AMAZON_SQS_URL is not set, so Amazon's orders are asked for every few minutes. "
                "docs/configuration.md says how Amazon tells of them at once.",
            )
        return
    try:
        waiting = await found.waiting()
    except TROUBLES as error:
        # Their words may name accounts and roles, which are whoever reads this one's own.
        yield Finding(
            Mark.BAD,
            f"Amazon's queue can't be read ({type(error).__name__}: {str(error)[:200]}). Check "
            "AMAZON_SQS_URL, its keys, and that they may receive and delete messages.",
        )
    else:
        yield Finding(Mark.GOOD, f"Amazon's queue can be read; messages in it: {waiting}.")


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
