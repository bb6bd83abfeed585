"""What lets an app act later: trigger ids and response URLs."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.local.errors import SlackError

#: Seconds a trigger_id lasts: https://docs.slack.dev/interactivity/handling-user-interaction.
TRIGGER_LASTS = 3.0
#: Seconds and uses of a response_url, from the same page.
RESPONSE_LASTS = 30 * 60
RESPONSE_USES = 5


@dataclass(slots=True)
class Trigger:
    """Stands for one thing a person just did."""

    user: str
    expires: float
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Where an app may answer an interaction.

    `ts` is the message the answer may replace: the one clicked, or the command's first answer.
    """

    token: str
    channel: str
    user: str
    expires: float
    ts: str | None = None
    uses: int = RESPONSE_USES


class Tickets:
    """Everything handed out and still remembered."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._triggers: dict[str, Trigger] = {}
        self._responses: dict[str, ResponseUrl] = {}

    def trigger(self, user: str) -> str:
        """A new trigger_id for what the person did."""
        now = self._clock()
        trigger_id = f"{int(now * 1000)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = Trigger(user, now + TRIGGER_LASTS)
        return trigger_id

    def exchange(self, trigger_id: str) -> str:
        """Use up the trigger and return its person.

        Raises:
            SlackError: `invalid_trigger_id`, `exchanged_trigger_id` or `expired_trigger_id`.
        """
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._clock() > trigger.expires:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def response_url(self, channel: str, user: str, ts: str | None = None) -> ResponseUrl:
        """A new response_url; `token` is its secret part."""
        token = secrets.token_hex(12)
        url = ResponseUrl(token, channel, user, self._clock() + RESPONSE_LASTS, ts)
        self._responses[token] = url
        return url

    def respond(self, token: str) -> ResponseUrl:
        """Count one use of a response_url.

        Raises:
            SlackError: `invalid_url`, `expired_url` or `used_url`.
        """
        found = self._responses.get(token)
        if found is None:
            raise SlackError("invalid_url")
        if self._clock() > found.expires:
            raise SlackError("expired_url")
        if found.uses == 0:
            raise SlackError("used_url")
        found.uses -= 1
        return found
