"""Shopify's Admin GraphQL API over HTTP: what is asked, who asks, and what an answer may be.

Answers and errors: https://shopify.dev/docs/api/usage/response-codes. Tokens:
https://shopify.dev/docs/apps/build/authentication-authorization/client-secrets
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from bot.connectors.shopify.documents import API_VERSION
from bot.connectors.tls import tls
from domain.errors import DeskhandError
from domain.refunds.payment import OutcomeUnknown

#: A token is renewed this many seconds before it expires.
_EARLY = 300.0
_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class TokenRefused(DeskhandError):
    """Shopify does not take the app's token, or not for this; nothing was done."""

    def __init__(self) -> None:
        super().__init__(
            "Shopify refuses the app: its token or secret is wrong, or it lacks the scopes "
            "write_orders and write_merchant_managed_fulfillment_orders. Mend that as `deskhand "
            "doctor` says, restart the desk, and retry with `deskhand jobs retry --all`."
        )


class ShopifySilent(OutcomeUnknown):
    """Shopify can't be reached, or does not answer as it should: whatever was asked is open."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """How the app shows who it is: by a token, or by its id and secret, which fetch tokens."""

    token: str | None = None
    client_id: str | None = None
    client_secret: str | None = None


class Client:
    """Asks one shop; `api_url` is its base address. To be closed at the end."""

    def __init__(self, credentials: Credentials, api_url: str, *, patience: float) -> None:
        self._credentials = credentials
        self._http = httpx.AsyncClient(base_url=api_url, timeout=patience, verify=tls())
        self._token = credentials.token
        self._renew_at = float("inf") if credentials.token else 0.0

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """Return the answer's `data`.

        Raises:
            TokenRefused: the app may not, and nothing was done.
            ShopifySilent: there is no answer, or an error instead of one.
        """
        answer = await self._post(document, variables)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and self._credentials.token is None:
            self._renew_at = 0.0
            answer = await self._post(document, variables)
        body = _body(answer)
        _check(body.get("errors"))
        data = body.get("data")
        if not isinstance(data, dict):
            raise ShopifySilent("Shopify's answer can't be understood.")
        return data

    async def _post(self, document: str, variables: Mapping[str, Any]) -> httpx.Response:
        token = await self._current_token()
        return await self._send(
            f"admin/api/{API_VERSION}/graphql.json",
            headers={"X-Shopify-Access-Token": token},
            json={"query": document, "variables": variables},
        )

    async def _current_token(self) -> str:
        if self._token is None or time.monotonic() >= self._renew_at:
            answer = await self._send(
                "admin/oauth/access_token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": self._credentials.client_id,
                    "client_secret": self._credentials.client_secret,
                },
            )
            if answer.status_code == HTTPStatus.BAD_REQUEST:
                # How OAuth says that the app is unknown or its secret wrong (RFC 6749, 5.2).
                raise TokenRefused
            body = _body(answer)
            try:
                self._token = str(body["access_token"])
                self._renew_at = time.monotonic() + float(body["expires_in"]) - _EARLY
            except (KeyError, TypeError, ValueError):
                raise ShopifySilent("Shopify's answer can't be understood.") from None
        return self._token

    async def _send(self, path: str, **request: Any) -> httpx.Response:
        try:
            return await self._http.post(path, **request)
        except httpx.HTTPError as error:
            raise ShopifySilent("Shopify can't be reached, or did not answer in time.") from error


def _body(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code in _REFUSALS:
        raise TokenRefused
    if answer.status_code != HTTPStatus.OK:
        raise ShopifySilent(f"Shopify answered with HTTP {answer.status_code}.")
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ShopifySilent("Shopify's answer can't be understood.")
    return body


def _check(errors: object) -> None:
    """Raise for the errors of an answer with HTTP 200: throttled, denied, or broken over there."""
    if not errors:
        return
    found: list[Any] = errors if isinstance(errors, list) else [{"message": errors}]
    codes = [(one.get("extensions") or {}).get("code") for one in found]
    if "ACCESS_DENIED" in codes:
        raise TokenRefused
    words = "; ".join(str(one.get("message")) for one in found)
    raise ShopifySilent(f"Shopify answered with an error: {words[:300]}".rstrip(".") + ".")
