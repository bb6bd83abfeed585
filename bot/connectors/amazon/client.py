"""Amazon's Selling Partner API, called once a call, by `python-amazon-sp-api`.

What that library leaves open is settled here, in subclasses of its own classes: the base
addresses are ours to choose, answers that are no JSON don't pass for empty ones, nothing waits
for ever, and no marketplace is added where nobody asked for it.
https://developer-docs.amazon.com/sp-api/docs/connecting-to-the-selling-partner-api
"""

from __future__ import annotations

import gzip
import time
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from sp_api.asyncio.api.feeds.feeds_2021_06_30 import FeedsV20210630
from sp_api.asyncio.api.finances.finances_2024_06_19 import FinancesV20240619
from sp_api.asyncio.api.orders.orders_2026_01_01 import OrdersV20260101
from sp_api.asyncio.api.orders.orders_v0 import OrdersV0
from sp_api.asyncio.api.sellers.sellers import Sellers
from sp_api.asyncio.auth import AccessTokenClient
from sp_api.asyncio.base._transport_httpx import AsyncHttpxTransport
from sp_api.auth import AccessTokenResponse
from sp_api.base import ApiResponse

from bot.connectors.tls import tls
from domain.errors import DeskhandError

#: A token is renewed this many seconds before it ends.
_MARGIN = 60.0
_FORBIDDEN = (401, 403)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What Amazon gave the application and the seller, and where they are used."""

    client_id: str
    client_secret: str
    refresh_token: str
    marketplace: str
    api_url: str
    auth_url: str


class AmazonSilent(DeskhandError):
    """Amazon can't be reached, or did not answer in time."""

    def __init__(self) -> None:
        super().__init__("Amazon can't be reached, or did not answer in time.")


class AmazonAnswered(DeskhandError):
    """Amazon answered with an error; `status` is HTTP's."""

    def __init__(self, status: int, words: str) -> None:
        self.status = status
        self.words = words
        super().__init__(f"Amazon answered with HTTP {status}{f': {words}' if words else ''}.")


class NoToken(DeskhandError):
    """Login with Amazon gave no access token, so nothing was asked; `refused` if it never will."""

    def __init__(self, words: str, *, refused: bool) -> None:
        self.words = words
        self.refused = refused
        super().__init__(f"Amazon gives no access token{f': {words}' if words else ''}.")


class Transport(AsyncHttpxTransport):  # type: ignore[misc]
    """Tries once, within `patience` seconds, and raises for whatever is no success."""

    def __init__(self, patience: float) -> None:
        super().__init__(client=httpx.AsyncClient(timeout=patience, verify=tls()))

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send one request.

        Raises:
            AmazonSilent, AmazonAnswered: it did not succeed.
        """
        if options.get("timeout") is None:
            options.pop("timeout", None)
        try:
            answer: httpx.Response = await self._client.request(method, url, **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise AmazonSilent from error
        if answer.status_code >= 400:  # noqa: PLR2004 — HTTP's errors
            raise AmazonAnswered(answer.status_code, _words(answer))
        return answer


class _Tokens(AccessTokenClient):  # type: ignore[misc]
    """Access tokens from any address, kept by the connection that they are for."""

    def __init__(self, credentials: Any, url: str, transport: Transport) -> None:
        super().__init__(credentials=credentials, verify=tls())
        self._url = url
        self._transport = transport
        self._token: dict[str, Any] = {}
        self._ends = 0.0

    async def get_auth(self) -> AccessTokenResponse:
        """Return a token that is good for a while; raises `NoToken`."""
        async with self._lock:
            if time.monotonic() >= self._ends:
                self._token = await self._fetch()
                lasts = float(self._token.get("expires_in") or 0)
                self._ends = time.monotonic() + lasts - _MARGIN
            return AccessTokenResponse(**self._token)

    async def _fetch(self) -> dict[str, Any]:
        try:
            answer = await self._transport.request(
                "POST", self._url, data=self.data, headers=self.headers
            )
            token: Any = answer.json()
        except AmazonAnswered as error:
            raise NoToken(error.words, refused=error.status in (400, *_FORBIDDEN)) from error
        except (AmazonSilent, ValueError) as error:
            raise NoToken("", refused=False) from error
        if not (isinstance(token, dict) and token.get("access_token")):
            raise NoToken("", refused=False)
        return dict(token)

    def forget(self) -> None:
        """Get another token for the next request."""
        self._ends = 0.0


@dataclass(frozen=True, slots=True)
class _Market:
    """A marketplace as the library takes it, at an address of our choosing."""

    endpoint: str
    marketplace_id: str
    region: str = ""


class _Client:
    """What is settled for each of the library's APIs; comes before it among the bases."""

    endpoint: str
    _auth: _Tokens
    _transport: Transport

    def bind(self, market: _Market, tokens: _Tokens, transport: Transport) -> None:
        """Use this address, these tokens and this transport, whatever the environment says."""
        self.endpoint, self.marketplace_id = market.endpoint, market.marketplace_id
        self._auth, self._transport = tokens, transport

    async def _request(self, path: str, **options: Any) -> ApiResponse:
        options["add_marketplace"] = False
        for body in (options.get("params"), options.get("data")):
            if body:
                body.pop("path", None)
        try:
            return await self._once(path, options)
        except AmazonAnswered as error:
            if error.status not in _FORBIDDEN:
                raise
            # A token may end early. What was refused for it did nothing.
            self._auth.forget()
            return await self._once(path, options)

    async def _once(self, path: str, options: dict[str, Any]) -> ApiResponse:
        headers = await self._get_headers()  # type: ignore[attr-defined]
        # The library cuts it out of the address, as if that always began with https.
        del headers["host"]
        again = {
            name: dict(body) if isinstance(body, dict) else body for name, body in options.items()
        }
        return await super()._request(path, headers=headers, **again)  # type: ignore[misc]


class _Feeds(_Client, FeedsV20210630):  # type: ignore[misc]
    pass


class _Finances(_Client, FinancesV20240619):  # type: ignore[misc]
    pass


class _Orders(_Client, OrdersV20260101):  # type: ignore[misc]
    pass


class _Shipments(_Client, OrdersV0):  # type: ignore[misc]
    pass


class _Sellers(_Client, Sellers):  # type: ignore[misc]
    pass


class Connection:
    """The APIs that the desk needs, over one transport; to be closed at the end."""

    def __init__(self, credentials: Credentials, patience: float) -> None:
        self.marketplace = credentials.marketplace
        self.transport = Transport(patience)
        given = {
            "refresh_token": credentials.refresh_token,
            "lwa_app_id": credentials.client_id,
            "lwa_client_secret": credentials.client_secret,
        }
        market = _Market(credentials.api_url.rstrip("/"), credentials.marketplace)
        self.feeds = _Feeds(market, credentials=given, verify=tls())
        self.finances = _Finances(market, credentials=given, verify=tls())
        self.sellers = _Sellers(market, credentials=given, verify=tls())
        self.orders = _Orders(market, credentials=given, verify=tls())
        self.shipments = _Shipments(market, credentials=given, verify=tls())
        token_url = credentials.auth_url.rstrip("/") + "/auth/o2/token"
        tokens = _Tokens(self.feeds.credentials, token_url, self.transport)
        clients: tuple[_Client, ...] = (self.feeds, self.finances, self.sellers)
        for client in (*clients, self.orders, self.shipments):
            client.bind(market, tokens, self.transport)

    async def close(self) -> None:
        """Close the connections."""
        await self.transport.aclose()

    async def upload(self, url: str, content: bytes, content_type: str) -> None:
        """Put a document where Amazon said; the address is good for five minutes."""
        await self.transport.request(
            "PUT", url, content=content, headers={"Content-Type": content_type}
        )

    async def download(self, document: str) -> str:
        """Return a document as text, however it was compressed and encoded.

        The library's own download would pass a broken one off as text.
        """
        path = f"/feeds/2021-06-30/documents/{quote(document, safe='')}"
        told = (await self.feeds._request(path)).payload  # noqa: SLF001 — the library's way in
        content = (await self.transport.request("GET", str(told.get("url")))).content
        if told.get("compressionAlgorithm") == "GZIP":
            try:
                content = gzip.decompress(content)
            except (OSError, EOFError, zlib.error) as error:
                raise AmazonSilent from error
        try:
            return content.decode()
        except UnicodeDecodeError:
            return content.decode("cp1252", errors="replace")


def _words(answer: httpx.Response) -> str:
    """Return Amazon's own words of an error, from its API or from Login with Amazon."""
    try:
        told = answer.json()
        if "errors" in told:
            return str(told["errors"][0]["message"]).rstrip(".")
        return str(told.get("error_description") or told.get("error") or "").rstrip(".")
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return ""
