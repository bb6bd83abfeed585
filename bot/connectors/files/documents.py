"""Find orders in a JSON file, wherever its API or export puts them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import ijson  # type: ignore[import-untyped]

from bot.connectors.files.values import part, parts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import TextIOWrapper
    from pathlib import Path


class BrokenOff(Exception):
    """The file ends too early, or is no JSON any more."""


class Kind(Enum):
    """Whose orders they are."""

    AMAZON = auto()
    AMAZON_V0 = auto()
    SHOPIFY = auto()


@dataclass(frozen=True, slots=True)
class Found:
    """Whose orders a file holds, and the path below which they can be taken one by one."""

    kind: Kind
    prefix: str


#: A key that only one source's orders have.
_TELLING = {
    "orderId": Kind.AMAZON,
    "AmazonOrderId": Kind.AMAZON_V0,
    "line_items": Kind.SHOPIFY,
    "financial_status": Kind.SHOPIFY,
    "order_number": Kind.SHOPIFY,
}
#: Where orders lie one below the other, and so can be streamed.
_LISTS = {("orders",): "orders.item", ("payload", "Orders"): "payload.Orders.item"}
#: Amazon's models of its own API say which they are, and hold examples.
_MODELS = {"2026-01-01": Kind.AMAZON, "v0": Kind.AMAZON_V0}
_DEEPEST = 64
_EXAMPLES = "x-amzn-api-sandbox"
_ANSWERS = {"orders", "order", "payload"}


def find(path: Path, encoding: str) -> Found | None:
    """Look for the first order; None if there is none, or the file breaks off before."""
    empty: Found | None = None
    with _opened(path, encoding) as stream:
        try:
            for trail, value in _keys(stream):
                if value in _MODELS and trail == ("info", "version"):
                    return Found(_MODELS[value], "")
                kind, prefix = _TELLING.get(trail[-1]), _prefix(trail[:-1])
                if kind and prefix is not None:
                    return Found(kind, prefix)
                if trail in _LISTS:
                    kind = Kind.AMAZON_V0 if len(trail) > 1 else Kind.SHOPIFY
                    empty = Found(kind, _LISTS[trail])
        except ijson.JSONError:
            return None
    return empty


def items(path: Path, encoding: str, prefix: str) -> Iterator[tuple[Any, int]]:
    """Yield what lies at the prefix, and how many bytes were read so far.

    Raises `BrokenOff` where the file ends too early, or is no JSON any more.
    """
    with _opened(path, encoding) as stream:
        try:
            for found in ijson.items(stream, prefix, multiple_values=True):
                yield found, stream.tell()
        except (ijson.JSONError, UnicodeDecodeError) as error:
            raise BrokenOff from error


def _keys(stream: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the trail of each key as it comes, and again with its value if that is plain."""
    trail: list[str] = []
    for event, value in ijson.basic_parse(stream, multiple_values=True):
        if event == "map_key":
            trail[-1] = value
            yield tuple(trail), None
        elif event in {"start_map", "start_array"}:
            trail.append("item" if event == "start_array" else "")
            if len(trail) > _DEEPEST:
                raise ijson.JSONError("nested too deeply")
        elif event in {"end_map", "end_array"}:
            trail.pop()
        elif event == "string" and trail:
            yield tuple(trail), value


def _prefix(where: tuple[str, ...]) -> str | None:
    """Return where orders like the one at this trail are to be taken from."""
    if where[:1] == ("item",):
        return "item"
    for container, prefix in _LISTS.items():
        if where == (*container, "item"):
            return prefix
    return "" if where in {(), ("order",), ("payload",)} else None


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[Any]:
    """Open a file as the UTF-8 bytes that a JSON parser wants, without a byte order mark."""
    with path.open("rb") as binary:
        if encoding == "utf-8-sig":
            if binary.read(3) != b"\xef\xbb\xbf":
                binary.seek(0)
            yield binary
            return
    with path.open(encoding=encoding) as words:
        yield _Encoded(words)


@dataclass(slots=True)
class _Encoded:
    words: TextIOWrapper

    def read(self, size: int) -> bytes:
        return self.words.read(size).encode("utf-8", "replace")

    def tell(self) -> int:
        return self.words.tell()


def pieces(document: Any) -> Iterator[dict[str, Any]]:
    """Yield orders, and what v0 answers apart about one, from a whole document.

    The document is an order, an answer that holds orders, or Amazon's model of its API,
    whose examples are answers.
    """
    if not isinstance(document, dict):
        return
    if "swagger" in document:
        for answer in _examples(document):
            # Others of the examples are errors, and empty ones.
            if _ANSWERS & answer.keys():
                yield from pieces(answer)
    elif isinstance(document.get("orders"), list):
        yield from parts(document["orders"])
    elif isinstance(document.get("order"), dict):
        yield document["order"]
    elif isinstance(document.get("payload"), dict):
        payload = part(document, "payload")
        yield from parts(payload.get("Orders")) if "Orders" in payload else [payload]
    else:
        yield document


def _examples(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        for example in parts(part(node, _EXAMPLES).get("static")):
            yield part(example, "response")
        for key, below in node.items():
            if key != _EXAMPLES:
                yield from _examples(below)
    elif isinstance(node, list):
        for below in node:
            yield from _examples(below)
