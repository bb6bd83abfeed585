"""Amazon on this machine: what its models and help pages say of tokens, feeds and Finances."""

from __future__ import annotations

import asyncio
import csv
import gzip
import itertools
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from aiohttp import web

CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN = "amzn1.app", "amzn1.secret", "Atzr|refresh"
MARKETPLACE = "ATVPDKIKX0DER"
ORDER = "113-1234567-1234567"
FEED_TYPE = "POST_FLAT_FILE_PAYMENT_ADJUSTMENT_DATA"
_COLUMNS = [
    "order-id",
    "order-item-id",
    "adjustment-reason-code",
    "currency",
    "item-price-adj",
    "item-tax-adj",
    "shipping-price-adj",
    "shipping-tax-adj",
]
_REPORT = "Feed Processing Summary:\n\tNumber of records processed\t\t{}\n\tNumber of records successful\t\t{}\n\n"
_ROWS = "original-record-number\terror-code\terror-type\terror-message\n"


@dataclass
class Emulator:
    """A seller's account, and what goes wrong with the next requests, by operation.

    `mishaps` holds for `token`, `document`, `upload`, `create`, `list`, `get`, `report`,
    `download` and `finances` what happens to each request to come: a status such as `429`,
    `500 before`, `500 after`, `dropped before`, `dropped after`, `slow`, `html`, or `` for none.
    """

    now: Callable[[], datetime]
    mishaps: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    calls: list[str] = field(default_factory=list)
    feeds: list[dict[str, Any]] = field(default_factory=list)
    documents: dict[str, bytes] = field(default_factory=dict)
    #: The rows of each feed whose money moved, in the order in which it did.
    moved: list[dict[str, str]] = field(default_factory=list)
    transactions: list[dict[str, Any]] = field(default_factory=list)
    #: What Amazon says to an item, instead of paying it.
    refusals: dict[str, str] = field(default_factory=dict)
    #: What becomes of feeds: DONE, FATAL, CANCELLED, or IN_PROGRESS for ever.
    ending: str = "DONE"
    zipped: bool = False
    #: True: the report's rows have numbers that nothing has.
    misnumbered: bool = False
    has_report: bool = True
    #: False: Finances has what moved when the test says `post`.
    prompt: bool = True
    #: True: Finances has one transaction for each item, not one for each order.
    by_item: bool = False
    tax: Decimal = Decimal()
    page: int = 500
    #: Feeds that were created but are not in the list yet.
    hidden: bool = False
    #: A slow answer waits for the one, and the first feed that is made sets the other.
    released: asyncio.Event = field(default_factory=asyncio.Event)
    made: asyncio.Event = field(default_factory=asyncio.Event)
    tokens: set[str] = field(default_factory=set)
    address: str = ""
    _working: asyncio.Task[web.StreamResponse] | None = None
    _unposted: list[list[dict[str, str]]] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def application(self) -> web.Application:
        application = web.Application()
        add = application.router.add_route
        add("POST", "/auth/o2/token", self._on("token", self._token))
        add("POST", "/feeds/2021-06-30/documents", self._on("document", self._document))
        add("PUT", "/documents/{document}", self._on("upload", self._upload))
        add("POST", "/feeds/2021-06-30/feeds", self._on("create", self._create))
        add("GET", "/feeds/2021-06-30/feeds", self._on("list", self._list))
        add("GET", "/feeds/2021-06-30/feeds/{feed}", self._on("get", self._get))
        add("GET", "/feeds/2021-06-30/documents/{document}", self._on("report", self._report))
        add("GET", "/documents/{document}", self._on("download", self._download))
        add("GET", "/finances/2024-06-19/transactions", self._on("finances", self._finances))
        add("GET", "/sellers/v1/marketplaceParticipations", self._on("sellers", self._sellers))
        return application

    @property
    def paid(self) -> Decimal:
        """What moved by feed, in all."""
        return sum((_sum(row) for row in self.moved), Decimal())

    def rows(self, feed: int = -1) -> list[dict[str, str]]:
        """Return the lines of a feed, which must be the file that Amazon reads."""
        text = self.documents[self.feeds[feed]["inputFeedDocumentId"]].decode()
        lines = list(csv.reader(text.splitlines(), delimiter="\t"))
        assert lines[0] == _COLUMNS
        return [dict(zip(_COLUMNS, line, strict=True)) for line in lines[1:]]

    def by_console(self, amount: str, order: str = ORDER) -> str:
        """Refund as somebody does in Seller Central; returns the transaction's id."""
        return self._transaction(order, Decimal(amount), Decimal())

    def stray(self) -> str:
        """Make a feed of refunds as another tool does; returns its id."""
        return str(self._feed("elsewhere")["feedId"])

    def post(self) -> None:
        """Let Finances have what moved until now."""
        for rows in self._unposted:
            self._transaction(rows[0]["order-id"], sum(map(_sum, rows), Decimal()), self.tax)
        self._unposted.clear()

    def _on(self, name: str, work: Callable[[web.Request], Any]) -> Any:
        async def listen(request: web.Request) -> web.StreamResponse:
            # A caller that hangs up does not undo what it asked for.
            self._working = asyncio.create_task(answer(request))
            return await asyncio.shield(self._working)

        async def answer(request: web.Request) -> web.StreamResponse:
            self.calls.append(name)
            mishap = self.mishaps[name].popleft() if self.mishaps[name] else ""
            if name not in ("token", "upload", "download"):
                if request.headers.get("x-amz-access-token") not in self.tokens:
                    return _error(403, "Unauthorized", "The access token has expired.")
                assert request.headers["Host"] == f"{request.url.host}:{request.url.port}"
            if mishap == "dropped before":
                return _hang_up(request)
            if mishap == "html":
                return web.Response(text="<html>", content_type="text/html")
            if mishap == "500 before" or mishap.isdigit():
                return _error(int(mishap[:3]), "Error", f"It went wrong ({mishap[:3]}).")
            if mishap == "slow":
                await request.read()
                await self.released.wait()
            response: web.StreamResponse = await work(request)
            if mishap == "500 after":
                return _error(500, "InternalFailure", "It went wrong.")
            return _hang_up(request) if mishap == "dropped after" else response

        return listen

    async def _token(self, request: web.Request) -> web.Response:
        asked = await request.post()
        given = (asked["client_id"], asked["client_secret"], asked["refresh_token"])
        if given != (CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN):
            told = {"error": "invalid_grant", "error_description": "The grant is invalid"}
            return web.json_response(told, status=400)
        token = f"Atza|{next(self._numbers)}"
        self.tokens.add(token)
        return web.json_response(
            {"access_token": token, "token_type": "bearer", "expires_in": 3600}
        )

    async def _document(self, request: web.Request) -> web.Response:
        assert (await request.json())["contentType"].startswith("text/tab-separated-values")
        document = f"amzn1.tortuga.{next(self._numbers)}"
        told = {"feedDocumentId": document, "url": f"{self.address}documents/{document}"}
        return web.json_response(told, status=201)

    async def _upload(self, request: web.Request) -> web.Response:
        assert "x-amz-access-token" not in request.headers
        self.documents[request.match_info["document"]] = await request.read()
        return web.Response()

    async def _create(self, request: web.Request) -> web.Response:
        asked = await request.json()
        assert asked == {
            "feedType": FEED_TYPE,
            "inputFeedDocumentId": asked["inputFeedDocumentId"],
            "marketplaceIds": [MARKETPLACE],
        }
        if asked["inputFeedDocumentId"] not in self.documents:
            return _error(400, "InvalidInput", "The document does not exist.")
        made = self._feed(asked["inputFeedDocumentId"])
        return web.json_response({"feedId": made["feedId"]}, status=202)

    def _feed(self, document: str) -> dict[str, Any]:
        feed = {
            "feedId": str(50_000 + next(self._numbers)),
            "feedType": FEED_TYPE,
            "createdTime": self.now().isoformat(),
            "processingStatus": "IN_QUEUE",
            "inputFeedDocumentId": document,
        }
        self.feeds.append(feed)
        self.made.set()
        return feed

    async def _list(self, request: web.Request) -> web.Response:
        if token := request.query.get("nextToken"):
            assert set(request.query) == {"nextToken"}
            start, since = int(token.split("|")[0]), token.split("|")[1]
        else:
            assert request.query["feedTypes"] == FEED_TYPE
            start, since = 0, request.query["createdSince"]
        found = [
            _told(feed)
            for feed in reversed(self.feeds)
            if datetime.fromisoformat(feed["createdTime"]) >= datetime.fromisoformat(since)
        ]
        found = [] if self.hidden else found
        page: dict[str, Any] = {"feeds": found[start : start + self.page]}
        if len(found) > start + self.page:
            page["nextToken"] = f"{start + self.page}|{since}"
        return web.json_response(page)

    async def _get(self, request: web.Request) -> web.Response:
        found = [one for one in self.feeds if one["feedId"] == request.match_info["feed"]]
        if not found:
            return _error(404, "NotFound", "There is no such feed.")
        if found[0]["processingStatus"] in ("IN_QUEUE", "IN_PROGRESS"):
            self._process(found[0])
        return web.json_response(_told(found[0]))

    def _process(self, feed: dict[str, Any]) -> None:
        feed["processingStatus"] = self.ending
        if self.ending in ("IN_PROGRESS", "CANCELLED"):
            return
        rows = self.rows(self.feeds.index(feed))
        faults = {number: self._refusal(row) for number, row in enumerate(rows, 1)}
        accepted = [row for number, row in enumerate(rows, 1) if faults[number] is None]
        self.moved += accepted
        groups = defaultdict(list)
        for row in accepted:
            groups[row["order-id"], row["order-item-id"] if self.by_item else ""].append(row)
        self._unposted += groups.values()
        if self.prompt:
            self.post()
        if self.has_report:
            text = _REPORT.format(len(rows), len(accepted)) + _ROWS
            text += "".join(
                f"{number + 70 * self.misnumbered}\t18028\tError\t{words}\n"
                for number, words in faults.items()
                if words
            )
            document = f"amzn1.report.{next(self._numbers)}"
            self.documents[document] = (
                gzip.compress(text.encode("cp1252")) if self.zipped else text.encode("cp1252")
            )
            feed["resultFeedDocumentId"] = document

    def _refusal(self, row: dict[str, str]) -> str | None:
        if row["item-tax-adj"] or row["shipping-tax-adj"]:
            return "The requested refund amount for the tax is not eligible."
        return self.refusals.get(row["order-item-id"])

    async def _report(self, request: web.Request) -> web.Response:
        document = request.match_info["document"]
        told = {"feedDocumentId": document, "url": f"{self.address}documents/{document}"}
        if self.zipped:
            told["compressionAlgorithm"] = "GZIP"
        return web.json_response(told)

    async def _download(self, request: web.Request) -> web.Response:
        assert "x-amz-access-token" not in request.headers
        return web.Response(body=self.documents[request.match_info["document"]])

    async def _finances(self, request: web.Request) -> web.Response:
        since = datetime.fromisoformat(request.query["postedAfter"])
        if since > self.now() - timedelta(minutes=2):
            return _error(400, "InvalidInput", "postedAfter must be two minutes ago.")
        assert not any(name.lower().startswith("marketplace") for name in request.query)
        found = [
            one
            for one in self.transactions
            if datetime.fromisoformat(one["postedDate"]) >= since
            and request.query.get("relatedIdentifierValue") in (None, _order(one))
        ]
        start = int(request.query.get("nextToken", 0))
        payload: dict[str, Any] = {"transactions": found[start : start + self.page]}
        if len(found) > start + self.page:
            payload["nextToken"] = str(start + self.page)
        return web.json_response({"payload": payload})

    async def _sellers(self, request: web.Request) -> web.Response:
        del request
        one = {"marketplace": {"id": MARKETPLACE}, "participation": {"isParticipating": True}}
        return web.json_response({"payload": [one]})

    def _transaction(self, order: str, amount: Decimal, tax: Decimal) -> str:
        reference = f"T{next(self._numbers)}"
        self.transactions.append(transaction(reference, order, amount, self.now(), tax=tax))
        return reference


def transaction(
    reference: str, order: str, amount: Decimal, posted: datetime, *, tax: Decimal = Decimal()
) -> dict[str, Any]:
    """Return a refund as Finances has it: what the buyer gets, less the commission given back."""
    commission = (amount * Decimal("0.15")).quantize(Decimal("0.01"))
    leaves = [("Sales", "ProductCharges", "OurPricePrincipal", -amount)]
    if tax:
        leaves.append(("Sales", "Tax", "OurPriceTax", -tax))
        leaves.append(("Sales", "Tax", "MarketplaceFacilitatorTax-Principal", tax))
    leaves.append(("Expenses", "AmazonFees", "Commission", commission))
    return {
        "sellingPartnerMetadata": {"sellingPartnerId": "A1", "marketplaceId": MARKETPLACE},
        "relatedIdentifiers": [
            {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order},
            {"relatedIdentifierName": "REFUND_ID", "relatedIdentifierValue": f"R{reference}"},
        ],
        "transactionType": "Refund",
        "transactionId": reference,
        "transactionStatus": "DEFERRED",
        "description": "Refund Order",
        "postedDate": posted.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "totalAmount": _amount(commission - amount),
        "breakdowns": [
            {
                "breakdownType": one[0],
                "breakdownAmount": _amount(one[3]),
                "breakdowns": [
                    {
                        "breakdownType": one[1],
                        "breakdownAmount": _amount(one[3]),
                        "breakdowns": [
                            {"breakdownType": one[2], "breakdownAmount": _amount(one[3])}
                        ],
                    }
                ],
            }
            for one in leaves
        ],
    }


def _amount(amount: Decimal) -> dict[str, Any]:
    return {"currencyAmount": float(amount), "currencyCode": "USD"}


def _order(one: dict[str, Any]) -> str:
    return str(one["relatedIdentifiers"][0]["relatedIdentifierValue"])


def _sum(row: dict[str, str]) -> Decimal:
    return Decimal(row["item-price-adj"]) + Decimal(row["shipping-price-adj"])


def _told(feed: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in feed.items() if name != "inputFeedDocumentId"}


def _hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _error(status: int, code: str, message: str) -> web.Response:
    told = {"errors": [{"code": code, "message": message, "details": ""}]}
    return web.json_response(told, status=status)
