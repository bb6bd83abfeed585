"""What Slack answers when it refuses.

Exception
├── SlackError   a Web API call or response_url post was refused; has Slack's error code
└── NotDone      a person could not do something; has a code and a sentence for them
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Node = dict[str, Any]


class SlackError(Exception):
    """Slack refuses a call from the app.

    `details` become `response_metadata.messages`, one line each; `extra` are further fields of
    the answer, such as `needed` and `provided` of `missing_scope`.
    """

    def __init__(self, code: str, details: Iterable[str] = (), **extra: Any) -> None:
        self.code = code
        self.details = [f"[ERROR] {line}" for line in details]
        self.extra = extra
        super().__init__(": ".join([code, "; ".join(self.details)]) if self.details else code)

    def answer(self) -> Node:
        """The body of Slack's answer."""
        body: Node = {"ok": False, "error": self.code, **self.extra}
        if self.details:
            body["response_metadata"] = {"messages": self.details}
        return body


class NotDone(Exception):
    """What a person tried has not happened; `str()` is the sentence that tells them."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)
