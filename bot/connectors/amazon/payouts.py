"""What Amazon pays for orders, as its Finances 2024-06-19 have it: a source that is read on.

A transaction is deferred as long as Amazon keeps the money back, mostly until some days after
the delivery, and its release is another one: only that counts. Reserves, subscriptions and the
like are of no order, and come with the settlement report.
https://developer-docs.amazon.com/sp-api/docs/finances-api
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.connectors.amazon import finances
from bot.connectors.amazon.finances import SOURCE
from bot.connectors.amazon.refunds import Amazon, AmazonRefused
from domain.errors import Invalid
from domain.money import Money
from domain.payouts.model import LineDraft, LineKind, Origin, SettlementDraft, gathered
from domain.refunds.payment import OutcomeUnknown, ProviderBusy
from domain.sources import Page, SourceBusy, SourceSilent

log = logging.getLogger(__name__)

#: How far back a new desk looks: what was paid earlier comes from reports.
_BEGIN = timedelta(days=30)
#: Transactions take up to 48 hours to appear, under the time at which they were posted.
_OVERLAP = timedelta(days=3)
#: Nothing here is urgent, and each reading reads the overlap again.
_EVERY = timedelta(hours=6)
_NOT_PAID = ("DEFERRED", "DEFERRED_RELEASED")
_GIVEN_BACK = ("refund", "chargeback", "guarantee")


class Payouts:
    """Reads a seller's transactions on, by the time at which they were posted.

    The cursor holds `since`, the time to read from, `token` of the next page where there is one,
    and `again_at`, before which there is nothing to ask.
    """

    name = "amazon-finances"

    def __init__(self, seller: Amazon) -> None:
        self._seller = seller

    async def read(self, cursor: Mapping[str, Any] | None, now: datetime) -> Page:
        """Return a page of what was paid for orders.

        Raises:
            SourceSilent, SourceBusy: Amazon does not tell now.
        """
        at = cursor or {"since": (now - _BEGIN).isoformat()}
        if now.isoformat() < at.get("again_at", ""):
            return Page((), at, more=False)
        since = datetime.fromisoformat(at["since"])
        try:
            found, token = await self._page(since, at.get("token"))
        except ProviderBusy as busy:
            raise SourceBusy(busy.after) from busy
        except (AmazonRefused, OutcomeUnknown) as error:
            raise SourceSilent(str(error)) from error
        settlements = gathered(filter(None, map(_read, found)))
        begun = at.get("begun") or now.isoformat()
        if token:
            on = {"since": at["since"], "token": token, "begun": begun}
            return Page((), on, more=True, settlements=settlements)
        since = datetime.fromisoformat(begun) - _OVERLAP
        on = {"since": since.isoformat(), "again_at": (now + _EVERY).isoformat()}
        return Page((), on, more=False, settlements=settlements)

    async def _page(self, since: datetime, token: str | None) -> tuple[Sequence[Any], str | None]:
        if token:
            # Tokens of pages don't last. What was read of them is read again, without harm.
            with suppress(OutcomeUnknown):
                return await self._seller.transactions(since, token)
        return await self._seller.transactions(since, None)


def settlement(transaction: Mapping[str, Any]) -> tuple[SettlementDraft, list[LineDraft]] | None:
    """Return what a transaction pays for an order; None if it is of none, or still kept back.

    Raises KeyError, TypeError, ValueError or `Invalid` for what can't be read.
    """
    status = str(transaction.get("transactionStatus") or "").upper().replace(" ", "_")
    named = {
        one.get("relatedIdentifierName"): str(one.get("relatedIdentifierValue"))
        for one in transaction.get("relatedIdentifiers") or []
    }
    order, reference = named.get("ORDER_ID"), transaction.get("transactionId")
    if order is None or not reference or status in _NOT_PAID:
        return None
    posted_at = datetime.fromisoformat(str(transaction["postedDate"])).astimezone(UTC)
    total = transaction["totalAmount"]
    currency = str(total["currencyCode"])
    group = named.get("SETTLEMENT_ID") or named.get("FINANCIAL_EVENT_GROUP_ID")
    draft = SettlementDraft(
        provider=SOURCE,
        reference=group or f"{posted_at:%Y-%m}",
        origin=Origin.API,
        currency=currency,
        ended_at=posted_at,
    )
    amounts = _amounts(transaction)
    amounts[LineKind.OTHER, "Not broken down"] += Decimal(str(total["currencyAmount"])) - sum(
        amounts.values()
    )
    lines = [
        LineDraft(
            key=f"{reference}:{what}:{kind}",
            kind=kind,
            what=what,
            money=Money.of(amount, currency),
            payment=order,
            posted_at=posted_at,
        )
        for (kind, what), amount in amounts.items()
        if amount
    ]
    return draft, lines


def _amounts(transaction: Mapping[str, Any]) -> defaultdict[tuple[LineKind, str], Decimal]:
    """Add up a transaction's leaves by what they are and are called."""
    breakdowns = transaction.get("breakdowns")
    leaves = list(finances.leaves(breakdowns)) or [
        leaf
        for item in transaction.get("items") or []
        for leaf in finances.leaves(item.get("breakdowns"))
    ]
    kind = str(transaction.get("transactionType") or "")
    amounts: defaultdict[tuple[LineKind, str], Decimal] = defaultdict(Decimal)
    for path, amount in leaves:
        amounts[_kind(kind, path), " · ".join((kind, *path[-1:]))] += amount
    return amounts


def _kind(transaction: str, path: tuple[str, ...]) -> LineKind:
    words = [one.lower() for one in path]
    if any(one.startswith("marketplacefacilitator") or "withheld" in one for one in words):
        return LineKind.TAX
    if "expenses" in words or any("fee" in one for one in words):
        return LineKind.FEE
    if any(one in transaction.lower() for one in _GIVEN_BACK):
        return LineKind.REFUND
    return LineKind.SALE if transaction == "Shipment" else LineKind.OTHER


def _read(transaction: Any) -> tuple[SettlementDraft, list[LineDraft]] | None:
    """Read one transaction; one that can't be read must not hide the others."""
    try:
        return settlement(transaction)
    except (KeyError, TypeError, ValueError, AttributeError, Invalid) as error:
        log.warning("A transaction in Finances can't be read (%s).", type(error).__name__)
        return None
