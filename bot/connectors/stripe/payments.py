"""Refunds paid through Stripe's API.

Idempotency and errors: https://docs.stripe.com/api/idempotent_requests,
https://docs.stripe.com/error-low-level
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, NoReturn, cast

from stripe import (
    AuthenticationError,
    CardError,
    HTTPXClient,
    IdempotencyError,
    InvalidRequestError,
    StripeClient,
    StripeError,
)
from stripe import (
    PermissionError as PermissionRefused,
)
from stripe.params import (
    BalanceTransactionListParams,
    PayoutListParams,
    RefundCreateParams,
    RefundListParams,
)

from bot.connectors.stripe.objects import OUR_KEY, SOURCE, outcome, report, to_units
from domain.errors import DeskhandError
from domain.refunds.payment import Instruction, Outcome, OutcomeUnknown, Report, Result

#: Seconds; Stripe answers refunds in a few. Below the time that a payment's job gives a provider.
_PATIENCE = 20.0
#: Stripe repeats a 500 it gave under a key for as long as it keeps the key, which is a day.
_MOST_KEYS = 5
_PAGE = 100
#: Payouts on a page: each takes a request of its own, or several.
_FEW = 10
#: By how a payment's id starts, what Stripe's API calls it.
_PAYMENTS = {"pi_": "payment_intent", "ch_": "charge"}


class KeyRefused(DeskhandError):
    """Stripe does not take the API key, or not for this; nothing was done."""

    def __init__(self) -> None:
        super().__init__(
            "Stripe refuses STRIPE_API_KEY: it is wrong, revoked, or not allowed to do this. Set "
            "a secret key, or a restricted one that may write refunds, restart the desk, and "
            "retry with `deskhand jobs retry --all`."
        )


class StripeSilent(DeskhandError):
    """Stripe can't be reached, or does not answer as it should."""


class Stripe:
    """Pays refunds at Stripe; `api_url` is its base address. To be closed at the end.

    Its SDK tries once: a job tries again, and knows to ask first.
    """

    name = SOURCE

    def __init__(self, api_key: str, api_url: str, *, patience: float = _PATIENCE) -> None:
        self._http = HTTPXClient(timeout=patience)
        self._stripe = StripeClient(
            api_key,
            base_addresses={"api": api_url.rstrip("/")},
            http_client=self._http,
            max_network_retries=0,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call]

    async def refund(self, instruction: Instruction) -> Outcome:
        """Pay back once for this key, however often it is called.

        Raises:
            OutcomeUnknown: Stripe did not say what became of it.
            KeyRefused: nothing was done, for want of a key that may.
        """
        payment, units = _payment(instruction), to_units(instruction.money)
        if payment is None or units is None:
            return Outcome(Result.FAILED, failure=_unpayable(instruction, payment))
        wanted = {**payment, "amount": units, "metadata": {OUR_KEY: instruction.key}}
        for attempt in range(_MOST_KEYS):
            try:
                made = await self._stripe.v1.refunds.create_async(
                    cast("RefundCreateParams", wanted),
                    {"idempotency_key": instruction.key + (f":{attempt}" if attempt else "")},
                )
            except StripeError as error:
                if not _is_repeated_fault(error):
                    return _refusal(error)
            else:
                return outcome(made.to_dict())
            # Whatever that request did is over, and if it moved the money it shows by now.
            # If not, only another key gets past the fault; everyone takes the same next one.
            known = await self.find(instruction)
            if known is not None:
                return known
        raise OutcomeUnknown("Stripe repeats a fault of its own. It is being asked.")

    async def find(self, instruction: Instruction) -> Outcome | None:
        """Look for our key among the payment's refunds; None if it is not there.

        Raises:
            OutcomeUnknown: Stripe does not tell, or does not know the payment under this key
                of its API, which may be another account's than the one that was asked to pay.
            KeyRefused: the API key may not look.
        """
        payment = _payment(instruction)
        if payment is None:
            return None
        try:
            listed = await self._stripe.v1.refunds.list_async(
                cast("RefundListParams", {**payment, "limit": _PAGE})
            )
            async for refund in listed.auto_paging_iter():
                told = refund.to_dict()
                if (told.get("metadata") or {}).get(OUR_KEY) == instruction.key:
                    return outcome(told)
        except StripeError as error:
            _doubt(error)
        return None

    async def refunds_since(self, since: datetime) -> AsyncIterator[Report]:
        """Yield the account's refunds since then, the newest first.

        Raises:
            KeyRefused, StripeSilent: Stripe does not tell.
            UnreadableRefund: one of them is told in another way than the rest.
        """
        wanted = {"created": {"gte": int(since.timestamp())}, "limit": _PAGE}
        try:
            listed = await self._stripe.v1.refunds.list_async(cast("RefundListParams", wanted))
            async for refund in listed.auto_paging_iter():
                yield report(refund.to_dict())
        except StripeError as error:
            _no_answer(error)

    async def payouts(
        self, since: datetime, after: str | None
    ) -> tuple[list[dict[str, Any]], bool]:
        """Return a page of the payouts made since, the newest first, and whether more follow.

        Raises:
            KeyRefused, StripeSilent: Stripe does not tell.
        """
        wanted: dict[str, Any] = {"created": {"gte": int(since.timestamp())}, "limit": _FEW}
        if after:
            wanted["starting_after"] = after
        try:
            listed = await self._stripe.v1.payouts.list_async(cast("PayoutListParams", wanted))
        except StripeError as error:
            _no_answer(error)
        return [one.to_dict() for one in listed.data], listed.has_more

    async def paid_out(self, payout: str) -> list[dict[str, Any]]:
        """Return all balance transactions of a payout, each with what it comes from.

        Raises:
            KeyRefused, StripeSilent: Stripe does not tell.
        """
        wanted = {"payout": payout, "limit": _PAGE, "expand": ["data.source"]}
        try:
            listed = await self._stripe.v1.balance_transactions.list_async(
                cast("BalanceTransactionListParams", wanted)
            )
            return [one.to_dict() async for one in listed.auto_paging_iter()]
        except StripeError as error:
            _no_answer(error)

    async def check(self) -> str:
        """Return whether the key moves real money: `live` or `test`.

        Raises:
            KeyRefused, StripeSilent: it can't be used.
        """
        try:
            balance = await self._stripe.v1.balance.retrieve_async()
        except StripeError as error:
            _no_answer(error)
        return "live" if balance.livemode else "test"


def _payment(instruction: Instruction) -> dict[str, str] | None:
    reference = instruction.payment_reference or ""
    name = _PAYMENTS.get(reference[:3])
    return None if name is None else {name: reference}


def _unpayable(instruction: Instruction, payment: dict[str, str] | None) -> str:
    if payment is not None:
        return f"Stripe can't pay {instruction.money}: it takes whole {instruction.money.currency}."
    if instruction.payment_reference:
        named = f"“{instruction.payment_reference[:60]}” is no payment of Stripe's"
    else:
        named = "The order names no payment of Stripe's"
    return f"{named}: an id that starts with pi_ or ch_ is needed."


def _is_repeated_fault(error: StripeError) -> bool:
    headers = error.headers or {}
    return (error.http_status or 0) >= 500 and headers.get("idempotent-replayed") == "true"  # noqa: PLR2004 — HTTP's server errors


def _refusal(error: StripeError) -> Outcome:
    """Return Stripe's own words where it says that it won't, and raise where it doesn't say."""
    # A key that was used with other words may have paid under those.
    if isinstance(error, IdempotencyError) or not isinstance(
        error, (CardError, InvalidRequestError)
    ):
        _doubt(error)
    words = error.user_message or "Stripe refuses it and does not say why."
    return Outcome(Result.FAILED, failure=words)


def _no_answer(error: StripeError) -> NoReturn:
    _refuse_key(error)
    raise StripeSilent(_trouble(error)) from error


def _refuse_key(error: StripeError) -> None:
    if isinstance(error, (AuthenticationError, PermissionRefused)):
        raise KeyRefused from error


def _doubt(error: StripeError) -> NoReturn:
    _refuse_key(error)
    raise OutcomeUnknown(f"{_trouble(error)} It is being asked.") from error


def _trouble(error: StripeError) -> str:
    if error.http_status is None:
        return "Stripe can't be reached, or did not answer in time."
    words = f": {error.user_message}" if error.user_message else ""
    return f"Stripe answered with HTTP {error.http_status}{words}".rstrip(".") + "."
