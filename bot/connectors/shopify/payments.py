"""Refunds paid through Shopify, each once.

Idempotency, kept for 24 hours: https://shopify.dev/docs/api/usage/implementing-idempotency
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from bot.config import Config
from bot.connectors.shopify import documents
from bot.connectors.shopify.client import Client, Credentials, ShopifySilent
from bot.connectors.shopify.objects import (
    SOURCE,
    gid,
    key_of,
    movements,
    number,
    outcome,
    report,
)
from bot.connectors.shopify.request import Unpayable, refund_input
from domain.refunds.payment import Instruction, Outcome, OutcomeUnknown, Report, Result

#: Seconds. Below the time that a payment's job gives a provider.
_PATIENCE = 20.0
#: A key whose request failed at Shopify is of no use any more, and the next one may fail too.
_MOST_KEYS = 5
#: The words of `UserError`s, which have no codes: those of a failed earlier request under the
#: key, and those that leave open what became of the money.
_SPENT = re.compile(r"previous (request|attempt).*failed", re.IGNORECASE | re.DOTALL)
_DOUBTFUL = re.compile(r"idempoten|in progress|try again|time(d )?[- ]?out", re.IGNORECASE)
_NEEDED = ("read_orders", "write_orders", "write_merchant_managed_fulfillment_orders")


@dataclass(frozen=True, slots=True)
class Shop:
    """What the app may do, and where: `lacking` are scopes that refunds and parcels need.

    Without `all_orders` Shopify shows it the orders of the last 60 days only.
    """

    name: str
    domain: str
    lacking: Sequence[str]
    all_orders: bool


class Shopify:
    """Pays refunds at one shop; `api_url` is its base address. To be closed at the end.

    Each request is sent once: a job tries again, and knows to ask first.
    """

    name = SOURCE

    def __init__(
        self, credentials: Credentials, api_url: str, *, patience: float = _PATIENCE
    ) -> None:
        self.client = Client(credentials, api_url, patience=patience)

    @classmethod
    def connect(cls, config: Config) -> Self | None:
        """Return the shop that the configuration has credentials for, None without them."""
        token, client_id = config.shopify_access_token, config.shopify_client_id
        secret = config.shopify_client_secret
        if config.shopify_shop is None or not (token or client_id):
            return None
        credentials = Credentials(
            token=token.get_secret_value() if token else None,
            client_id=client_id,
            client_secret=secret.get_secret_value() if secret else None,
        )
        return cls(credentials, config.shopify_api_url or f"https://{config.shopify_shop}/")

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()

    async def refund(self, instruction: Instruction) -> Outcome:
        """Pay back once for this key, however often it is called.

        Raises:
            OutcomeUnknown: Shopify did not say what it did.
            TokenRefused: the app may not pay.
        """
        order_id = gid("Order", instruction.payment_reference)
        if order_id is None:
            return _refused(_unnamed(instruction))
        order = await self._order(order_id)
        if order is None:
            return _refused(_not_shown(instruction))
        known = await self._known(order, instruction)
        if known is not None:
            return known
        try:
            wanted = refund_input(order, instruction)
        except Unpayable as refusal:
            return _refused(str(refusal))
        return await self._pay(wanted, instruction)

    async def find(self, instruction: Instruction) -> Outcome | None:
        """Look for our key among the notes of the order's refunds; None if it is not there.

        Raises:
            OutcomeUnknown: Shopify does not tell, or does not show this app the order, which
                may be another shop's than the one that was asked to pay.
            TokenRefused: the app may not look.
        """
        order_id = gid("Order", instruction.payment_reference)
        if order_id is None:
            return None
        order = await self._order(order_id)
        if order is None:
            raise OutcomeUnknown(_not_shown(instruction))
        return await self._known(order, instruction)

    async def made(self, refund_id: str) -> Report | None:
        """Return what Shopify says of one refund now; None if it has none or moves no money."""
        answer = await self.client.ask(documents.REFUND, id=gid("Refund", refund_id))
        return None if answer["refund"] is None else report(answer["refund"])

    async def made_by(self, order_id: str, transaction_id: str) -> Report | None:
        """Return what Shopify says now of the refund that a transaction belongs to."""
        answer = await self.client.ask(documents.TRANSACTIONS, id=gid("Order", order_id))
        wanted = gid("OrderTransaction", transaction_id)
        refunds = (answer["order"] or {}).get("refunds", [])
        for one in refunds:
            if wanted in [moved["id"] for moved in one["transactions"]["nodes"]]:
                return await self.made(one["id"])
        _check_all(refunds, documents.FEWER_REFUNDS)
        return None

    async def refunds_since(self, since: datetime) -> AsyncIterator[Report]:
        """Yield every refund that was made since then, whoever made it; some perhaps twice.

        Raises:
            OutcomeUnknown: Shopify does not tell.
            TokenRefused: the app may not look.
        """
        changed = f"updated_at:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
        after = None
        while True:
            answer = await self.client.ask(documents.ORDERS_SINCE, query=changed, after=after)
            for order in answer["orders"]["nodes"]:
                _check_all(order["refunds"], documents.FEWER_REFUNDS)
                for one in order["refunds"]:
                    told = await self.made(one["id"]) if _is_newer(one, since) else None
                    if told is not None:
                        yield told
            if not answer["orders"]["pageInfo"]["hasNextPage"]:
                return
            after = answer["orders"]["pageInfo"]["endCursor"]

    async def check(self) -> Shop:
        """Return which shop this is, and what the app may not do there.

        Raises:
            TokenRefused, ShopifySilent: it can't be used.
        """
        answer = await self.client.ask(documents.SHOP)
        granted = {one["handle"] for one in answer["currentAppInstallation"]["accessScopes"]}
        # Who may write may read.
        granted |= {one.replace("write_", "read_", 1) for one in granted}
        return Shop(
            name=answer["shop"]["name"],
            domain=answer["shop"]["myshopifyDomain"],
            lacking=[one for one in _NEEDED if one not in granted],
            all_orders="read_all_orders" in granted,
        )

    async def _order(self, order_id: str) -> dict[str, Any] | None:
        order: dict[str, Any] | None = (await self.client.ask(documents.ORDER, id=order_id))[
            "order"
        ]
        return order

    async def _known(self, order: dict[str, Any], instruction: Instruction) -> Outcome | None:
        for one in order["refunds"]:
            if key_of(one["note"]) == instruction.key:
                answer = await self.client.ask(documents.REFUND, id=one["id"])
                if answer["refund"] is None:
                    raise ShopifySilent("Shopify lists the refund, but does not show it.")
                return _outcome(answer["refund"])
        _check_all(order["refunds"], documents.MOST_REFUNDS)
        return None

    async def _pay(self, wanted: dict[str, Any], instruction: Instruction) -> Outcome:
        for attempt in range(_MOST_KEYS):
            answer = await self.client.ask(
                documents.PAY,
                input=wanted,
                key=instruction.key + (f":{attempt}" if attempt else ""),
            )
            made = answer.get("refundCreate") or {}
            if made.get("refund"):
                return _outcome(made["refund"])
            words = " ".join(str(one["message"]) for one in made.get("userErrors") or ())
            if not _SPENT.search(words):
                return _refusal(words)
            # Whatever that request did is over, and if it moved the money it shows by now.
            # If not, only another key gets past it; everyone takes the same next one.
            known = await self.find(instruction)
            if known is not None:
                return known
        raise OutcomeUnknown("Shopify failed at each attempt, and does not say why.")


def _outcome(refund: dict[str, Any]) -> Outcome:
    return outcome(number(refund["id"]), movements(refund))


def _refusal(words: str) -> Outcome:
    """Return Shopify's own words where it says that it won't, and raise where it doesn't say."""
    if not words:
        raise OutcomeUnknown("Shopify neither paid nor said why not.")
    if _DOUBTFUL.search(words):
        raise OutcomeUnknown(f"Shopify says: {words}")
    return _refused(words)


def _refused(why: str) -> Outcome:
    return Outcome(Result.FAILED, failure=why)


def _check_all(refunds: Sequence[object], most: int) -> None:
    """Raise rather than miss refunds that a list had no room for."""
    if len(refunds) >= most:
        raise OutcomeUnknown(
            f"Shopify lists {most} refunds of an order, and this one has more. Look there."
        )


def _is_newer(refund: dict[str, Any], since: datetime) -> bool:
    at = refund["createdAt"]
    return at is None or datetime.fromisoformat(at) >= since


def _unnamed(instruction: Instruction) -> str:
    if instruction.payment_reference:
        named = f"“{instruction.payment_reference[:60]}” is no order of Shopify's"
    else:
        named = "The order does not say which of Shopify's it is"
    return f"{named}: an id such as 450789469 is needed."


def _not_shown(instruction: Instruction) -> str:
    return (
        f"Shopify shows the app no order {instruction.order_number}. Check that it is this shop's, "
        "and if it is older than 60 days, that the app has the scope read_all_orders."
    )
