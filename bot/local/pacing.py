"""How fast an app may post, and faults put in its way on purpose."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Messages a second a channel, and how many may come at once.

    Slack allows about one a second and tolerates short bursts:
    https://docs.slack.dev/apis/web-api/rate-limits.
    """

    rate: float = 1.0
    burst: int = 5


class Pacing:
    """A token bucket a channel; `pace` None lets everything through."""

    def __init__(self, pace: Pace | None, clock: Callable[[], float]) -> None:
        self.pace = pace
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, channel: str) -> int:
        """Whole seconds until the channel takes another message; 0 takes it now."""
        if self.pace is None:
            return 0
        now = self._clock()
        level, since = self._buckets.get(channel, (float(self.pace.burst), now))
        level = min(self.pace.burst, level + (now - since) * self.pace.rate)
        if level < 1:
            self._buckets[channel] = (level, now)
            return max(1, math.ceil((1 - level) / self.pace.rate))
        self._buckets[channel] = (level - 1, now)
        return 0


@dataclass(slots=True)
class Fault:
    """How the next `times` calls of a method go wrong.

    `error` is answered instead of doing anything: an error code of Slack's, `ratelimited` with
    `retry_after` seconds, or `http_503` for a bare status. `connection_lost` and `delay_ms` let
    the call do its work first: the app then doesn't hear the answer, or hears it late.
    """

    method: str
    error: str | None = None
    retry_after: int = 1
    times: int = 1
    delay_ms: int = 0


class Faults:
    """Faults to come, by method; `response_url` is one, `*` means any."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def plan(self, fault: Fault) -> None:
        """Add a fault; one with `times` 0 removes what is planned for its method."""
        if fault.times > 0:
            self._faults.append(fault)
        else:
            self._faults = [other for other in self._faults if other.method != fault.method]

    def take(self, method: str) -> Fault | None:
        """The fault this call meets, if any; it is used up by that."""
        for fault in self._faults:
            if fault.method in {method, "*"}:
                fault.times -= 1
                self._faults = [other for other in self._faults if other.times > 0]
                return fault
        return None
