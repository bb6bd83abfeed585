"""What Slack and the app said to each other, without secrets."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any, Literal

from bot.local.errors import Node
from bot.local.feed import Feed

#: Entries kept.
KEPT = 200
#: "out" is Slack to the app: commands, clicks, events; "in" is the app to Slack.
Direction = Literal["in", "out"]

_SECRET_KEYS = frozenset({"token", "authorization", "client_secret"})
_SECRET = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+|(?<=/local/response/)\w+|(?<=[?&]ticket=)\w+")
_REDACTED = "[redacted]"


class Traffic:
    """The last exchanges, oldest first."""

    def __init__(self, feed: Feed, clock: Callable[[], float]) -> None:
        self.entries: deque[Node] = deque(maxlen=KEPT)
        self._feed = feed
        self._clock = clock
        self._ids = count(1)

    def add(
        self, direction: Direction, what: str, *, request: Any, status: int, answer: Any, ms: float
    ) -> None:
        """Record one exchange; `status` 0 means that no answer came."""
        entry = {
            "id": next(self._ids),
            "at": datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds"),
            "direction": direction,
            "what": what,
            "request": _redact(request),
            "status": status,
            "answer": _redact(answer),
            "ms": round(ms, 1),
        }
        self.entries.append(entry)
        self._feed.tell("traffic", lambda _: {"entry": entry})


def _redact(value: Any) -> Any:
    match value:
        case dict():
            return {
                key: _REDACTED if key in _SECRET_KEYS else _redact(part)
                for key, part in value.items()
            }
        case list() | tuple():
            return [_redact(part) for part in value]
        case str():
            return _SECRET.sub(_REDACTED, value)
        case _:
            return value
