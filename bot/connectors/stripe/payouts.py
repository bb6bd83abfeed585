"""What Stripe paid out for payments, by its payouts and their balance transactions: a source.

https://docs.stripe.com/api/balance_transactions/object. Automatic payouts alone say what is in them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.connectors import balance
from bot.connectors.stripe.objects import SOURCE, from_units
from bot.connectors.stripe.payments import KeyRefused, Stripe, StripeSilent
from domain.payouts.model import LineDraft, LineKind, Origin, SettlementDraft
from domain.sources import Page, SourceSilent

log = logging.getLogger(__name__)

#: How far back a new desk looks.
_BEGIN = timedelta(days=35)
#: A payout is found some time after it was made, under the time at which it was.
_OVERLAP = timedelta(days=3)
#: Nothing here is urgent.
_EVERY = timedelta(hours=6)
_KINDS = {
    "charge": LineKind.SALE,
    "payment": LineKind.SALE,
    "refund": LineKind.REFUND,
    "payment_refund": LineKind.REFUND,
    "adjustment": LineKind.REFUND,
}
#: Payouts that move no money, and the transactions that are the payouts themselves.
_VOID = ("failed", "canceled")
_PAYOUTS = ("payout", "payout_cancel", "payout_failure")
_DENIED = (
    "Stripe does not show its payouts to the API key. To have them held against the books, let it "
    "read payouts and balance transactions."
)


class Payouts:
    """Reads an account's payouts, the latest first.

    The cursor holds `since`, the time to read from, `after` in the list, and `again_at`, before
    which there is nothing to ask; `words` say why there is nothing to read at all.
    """

    name = "stripe-payouts"

    def __init__(self, account: Stripe) -> None:
        self._account = account

    async def read(self, cursor: Mapping[str, Any] | None, now: datetime) -> Page:
        """Return a page of payouts, each whole.

        Raises:
            SourceSilent: Stripe does not tell.
        """
        at = cursor or {}
        if now.isoformat() < at.get("again_at", ""):
            return Page((), at, more=False)
        since = datetime.fromisoformat(at.get("since") or (now - _BEGIN).isoformat())
        begun = at.get("begun") or now.isoformat()
        again = {"again_at": (now + _EVERY).isoformat()}
        try:
            payouts, more = await self._account.payouts(since, at.get("after"))
            settlements = [
                (_settlement(one), list(_lines(await self._account.paid_out(one["id"]))))
                for one in payouts
                if one["status"] not in _VOID and one.get("automatic", True)
            ]
        except KeyRefused:
            # An account may do without: refunds need no such permission.
            return Page((), {**again, "words": _DENIED}, more=False)
        except StripeSilent as error:
            raise SourceSilent(str(error)) from error
        if more:
            on = {"since": since.isoformat(), "after": payouts[-1]["id"], "begun": begun}
        else:
            on = {"since": (datetime.fromisoformat(begun) - _OVERLAP).isoformat(), **again}
        return Page((), on, more=more, settlements=settlements)


def _settlement(payout: Mapping[str, Any]) -> SettlementDraft:
    total = from_units(int(payout["amount"]), str(payout["currency"]))
    return SettlementDraft(
        provider=SOURCE,
        reference=str(payout["id"]),
        origin=Origin.API,
        currency=total.currency,
        ended_at=_moment(payout["created"]),
        total=total,
        paid_at=_moment(payout["arrival_date"]),
    )


def _lines(transactions: Sequence[Mapping[str, Any]]) -> Iterator[LineDraft]:
    """Give the amounts of a payout; what can't be read is missed in its total."""
    for one in transactions:
        if one["type"] in _PAYOUTS:
            continue
        try:
            yield from _parts(one)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("A balance transaction can't be read (%s).", type(error).__name__)


def _parts(transaction: Mapping[str, Any]) -> list[LineDraft]:
    said, currency = str(transaction["type"]), str(transaction["currency"])
    payment = _payment(transaction.get("source"))
    return balance.lines(
        str(transaction["id"]),
        _KINDS.get(said) if payment else None,
        said,
        from_units(int(transaction["amount"]), currency),
        from_units(int(transaction["fee"]), currency),
        payment,
        _moment(transaction["created"]),
    )


def _payment(source: Any) -> str | None:
    """Return the payment that a transaction is about: by its intent, else by its charge."""
    if not isinstance(source, Mapping):
        return None
    charge = source["id"] if source.get("object") == "charge" else source.get("charge")
    found = source.get("payment_intent") or charge
    return str(found["id"] if isinstance(found, Mapping) else found) if found else None


def _moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
