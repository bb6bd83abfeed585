"""Refunds of seller-fulfilled orders, which Amazon takes as a feed and posts in its Finances.

https://developer-docs.amazon.com/sp-api/docs/feeds-api-v2021-06-30-use-case-guide
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.connectors.amazon import feed, finances, report
from bot.connectors.amazon.client import (
    AmazonAnswered,
    AmazonSilent,
    Connection,
    Credentials,
    NoToken,
)
from bot.connectors.amazon.finances import SOURCE
from domain.errors import DeskhandError, Invalid
from domain.refunds.payment import (
    BatchRefused,
    Ending,
    Entry,
    Instruction,
    Outcome,
    OutcomeUnknown,
    Progress,
    ProviderBusy,
    Report,
    Result,
    Sending,
    Verdict,
)

log = logging.getLogger(__name__)

#: Seconds; with a token and a second try it stays below the time that a job has.
_PATIENCE = 15.0
#: createFeed comes back once in two minutes: https://developer-docs.amazon.com/sp-api/docs/feeds-api-rate-limits
_BUSY = timedelta(minutes=2)
#: Pages of Finances come back once in two seconds.
_PAGE_PAUSE = 2.0
_PAGE_TRIES = 5
_TROUBLES = (AmazonAnswered, AmazonSilent, NoToken)
_ENDINGS = {"DONE": Ending.PROCESSED, "CANCELLED": Ending.CANCELLED, "FATAL": Ending.ABORTED}


class AmazonRefused(DeskhandError):
    """Amazon does not take the credentials, or not for this; nothing was done."""

    def __init__(self, words: str) -> None:
        super().__init__(
            f"Amazon refuses the credentials{f' ({words})' if words else ''}. Check AMAZON_CLIENT_ID, "
            "AMAZON_CLIENT_SECRET and AMAZON_REFRESH_TOKEN, and that the application has the roles "
            "Finance and Accounting, and Inventory and Order Tracking. Then restart the desk, and "
            "retry with `deskhand jobs retry --all`."
        )


class Amazon:
    """Pays refunds at Amazon, by the feed. To be closed at the end."""

    name = SOURCE

    def __init__(self, credentials: Credentials, *, patience: float = _PATIENCE) -> None:
        self.connection = Connection(credentials, patience)

    async def close(self) -> None:
        """Close the connections."""
        await self.connection.close()

    async def refund(self, instruction: Instruction) -> Outcome:
        """Wait for the next feed, unless the order is none of Amazon's."""
        if feed.is_order(instruction.payment_reference):
            return Outcome(Result.WAITING)
        reference = (instruction.payment_reference or "")[:60]
        named = f"“{reference}” is no order of Amazon's" if reference else "No order is named"
        return Outcome(
            Result.FAILED, failure=f"{named}: a number like 113-1234567-1234567 is needed."
        )

    async def find(self, instruction: Instruction) -> Outcome | None:
        """Know nothing by itself: the batch does."""
        del instruction
        return None

    async def upload(self, entries: Sequence[Entry]) -> str:
        """Put the feed's file where Amazon reads it; returns the document's id."""
        try:
            made = await self.connection.feeds.create_feed_document(None, feed.CONTENT_TYPE)
            url, document = _told(made.payload, "url", "feedDocumentId")
            await self.connection.upload(url, feed.write(entries), feed.CONTENT_TYPE)
        except _TROUBLES as error:
            raise _trouble(error) from error
        return document

    async def send(self, document: str) -> str:
        """Make a feed of the document; returns the feed's id."""
        try:
            made = await self.connection.feeds.create_feed(
                feed.FEED_TYPE, document, marketplaceIds=[self.connection.marketplace]
            )
        except AmazonAnswered as error:
            if error.status in (400, 404, 413, 415):
                raise BatchRefused(f"Amazon refuses the feed: {error.words}.") from error
            raise _trouble(error) from error
        except (AmazonSilent, NoToken) as error:
            raise _trouble(error) from error
        (reference,) = _told(made.payload, "feedId")
        return reference

    async def sent_since(self, since: datetime) -> Sequence[Sending]:
        """Return the feeds of refunds made since, whoever made them."""
        found: list[Sending] = []
        asked: dict[str, Any] = {
            "feedTypes": feed.FEED_TYPE,
            "createdSince": _moment(since),
            "pageSize": 100,
        }
        try:
            while asked:
                answer = await self.connection.feeds.get_feeds(**asked)
                if "feeds" not in answer.payload:
                    raise OutcomeUnknown("Amazon did not say which feeds there are.")
                found += [
                    Sending(one["feedId"], datetime.fromisoformat(one["createdTime"]))
                    for one in answer.payload["feeds"]
                ]
                asked = {"nextToken": answer.next_token} if answer.next_token else {}
        except _TROUBLES as error:
            raise _trouble(error) from error
        return found

    async def progress(self, reference: str) -> Progress:
        """Ask how far a feed is."""
        try:
            told = (await self.connection.feeds.get_feed(reference)).payload
        except _TROUBLES as error:
            raise _trouble(error) from error
        return Progress(
            _ENDINGS.get(told.get("processingStatus")), told.get("resultFeedDocumentId")
        )

    async def verdicts(self, report_id: str, entries: Sequence[Entry]) -> Sequence[Verdict]:
        """Read a feed's report line by line."""
        try:
            text = await self.connection.download(report_id)
        except _TROUBLES as error:
            raise _trouble(error) from error
        return report.read(text, entries)

    async def refunds_since(
        self, since: datetime, payment: str | None = None
    ) -> AsyncIterator[Report]:
        """Tell of every refund in Finances posted since, whoever made it, page by page.

        For seller-fulfilled orders no marketplace may be named.
        """
        asked: dict[str, Any] = {"postedAfter": _moment(since)}
        if payment is not None:
            asked |= {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": payment}
        token: str | None = ""
        while token is not None:
            found, token = await self._page({**asked, "nextToken": token} if token else asked)
            for told in map(_read, found):
                if told is not None and told.at is not None and told.at >= since:
                    yield told

    async def transactions(
        self, since: datetime, token: str | None
    ) -> tuple[Sequence[Any], str | None]:
        """Return a page of what was posted in Finances since, and the token of the next one.

        Raises:
            AmazonRefused, OutcomeUnknown, ProviderBusy: Amazon does not tell now.
        """
        asked = {"postedAfter": _moment(since)}
        return await self._page({**asked, "nextToken": token} if token else asked)

    async def check(self) -> Sequence[str]:
        """Return the ids of the marketplaces that the seller sells in.

        Raises:
            AmazonRefused, OutcomeUnknown: the credentials can't be used.
        """
        try:
            told = (await self.connection.sellers.get_marketplace_participation()).payload
        except _TROUBLES as error:
            raise _trouble(error) from error
        return [str(one["marketplace"]["id"]) for one in told if isinstance(one, dict)]

    async def _page(self, asked: dict[str, Any]) -> tuple[Sequence[Any], str | None]:
        """Return a page of Finances and the token of the next; a page may be empty."""
        for _ in range(_PAGE_TRIES):
            try:
                answer = await self.connection.finances.list_transactions(**asked)
            except _TROUBLES as error:
                trouble = _trouble(error)
                if not isinstance(trouble, ProviderBusy):
                    raise trouble from error
            else:
                return answer.payload.get("transactions") or (), answer.next_token or None
            await asyncio.sleep(_PAGE_PAUSE)
        raise ProviderBusy("Amazon asks to wait.", _BUSY)


def _read(transaction: Any) -> Report | None:
    """Read one transaction; one that can't be read must not hide the others."""
    try:
        return finances.report(transaction)
    except (KeyError, TypeError, ValueError, AttributeError, Invalid) as error:
        log.warning("A transaction in Finances can't be read (%s).", type(error).__name__)
        return None


def _told(payload: Any, *names: str) -> list[str]:
    """Return what an answer has to say; one that lacks it may still have done something."""
    found = [payload.get(name) for name in names] if isinstance(payload, dict) else [None]
    if not all(isinstance(one, str) and one for one in found):
        raise OutcomeUnknown("Amazon answered without saying what it made. It is being asked.")
    return [str(one) for one in found]


def _trouble(error: AmazonAnswered | AmazonSilent | NoToken) -> DeskhandError:
    """Return whether it was refused, has to wait, or may have happened."""
    match error:
        case NoToken(refused=True):
            return AmazonRefused(error.words)
        case NoToken() | AmazonAnswered(status=429):
            return ProviderBusy("Amazon asks to wait.", _BUSY)
        case AmazonAnswered(status=401 | 403):
            return AmazonRefused(error.words)
    return OutcomeUnknown(f"{error} It is being asked.")


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
