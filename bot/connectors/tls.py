"""The certificates that partners are checked by, read once: each read takes a while."""

from __future__ import annotations

import ssl
from functools import cache

import httpx


@cache
def tls() -> ssl.SSLContext:
    """Return the context that all connections of this process share."""
    return httpx.create_ssl_context()
