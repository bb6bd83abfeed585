"""What Slack's refusals mean for a job, and what a person has to do about them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.work.outcomes import Dead, Retry
from domain.errors import DeskhandError

#: A message that can't be brought up to date any more, whoever tries.
GONE = frozenset(
    {
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "channel_not_found",
        "is_archived",
    }
)
#: A message to reply to that was deleted.
NO_THREAD = frozenset({"thread_not_found", "message_not_found"})
#: A channel that takes nothing any more; what stands there goes on in another one, once chosen.
CLOSED = frozenset({"channel_not_found", "is_archived", "not_in_channel"})
#: A member who is not there any more, or never was: nothing can be told them or asked of them.
LEFT = frozenset(
    {
        "channel_not_found",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "users_not_found",
    }
)
_SERVER_ERROR = 500
_RATE_LIMITED = 429

#: Refusals that say nothing of the call: the next one may go through.
_PASSING = frozenset(
    {"fatal_error", "internal_error", "ratelimited", "request_timeout", "service_unavailable"}
)
_REINSTALL = "Slack does not accept the app's token any more. Install Deskhand again, then retry."
_REFUSALS = {
    "channel_not_found": "Slack knows no channel {place}, or Deskhand may not see it. Invite it "
    "there with `/invite @Deskhand`, or choose another channel with `/deskhand settings`.",
    "not_in_channel": "Deskhand is not in the channel {place}. Invite it there with "
    "`/invite @Deskhand`, then retry.",
    "is_archived": "The channel {place} is archived. Choose another one with "
    "`/deskhand settings`, then retry.",
    "restricted_action": "This workspace does not let Deskhand post in {place}. Ask its owners "
    "to allow it, or choose another channel with `/deskhand settings`.",
    "user_not_found": "Slack knows no member {place} in this workspace.",
    "users_not_found": "Slack knows no member {place} in this workspace.",
    "user_disabled": "The member {place} has left the workspace.",
    "user_not_visible": "Deskhand may not see the member {place} of another workspace.",
    "cannot_dm_bot": "The member {place} is an app, which can't be written to.",
    "messages_tab_disabled": "The app's messages tab is off, so nobody can be written to. Update "
    "the app from `deskhand manifest`, then retry.",
    "missing_scope": "The app may not do this: it lacks a scope. Update the app from `deskhand "
    "manifest`, install it again, then retry.",
    "invalid_blocks": "Slack refused how the message is made. Please report this as a fault.",
    "msg_too_long": "Slack refused the message as too long. Please report this as a fault.",
    **dict.fromkeys(
        (
            "not_authed",
            "invalid_auth",
            "account_inactive",
            "token_revoked",
            "token_expired",
            "org_login_required",
        ),
        _REINSTALL,
    ),
}
_REFUSALS["restricted_action_read_only_channel"] = _REFUSALS["restricted_action"]


_TOKENS = {
    "SLACK_BOT_TOKEN": "Copy the bot token from “OAuth & Permissions” of your app, and reinstall "
    "the app if it was removed.",
    "SLACK_APP_TOKEN": "Make an app-level token with connections:write under “Basic Information” "
    "of your app, and turn Socket Mode on there.",
}


class SlackRefused(DeskhandError):
    """Slack does not take the token in this variable; says what to check."""

    def __init__(self, name: str, error: SlackApiError) -> None:
        super().__init__(
            f"Slack refuses {name} ({code(error) or 'it gave no reason'}). {_TOKENS[name]}"
        )


class SlackDown(DeskhandError):
    """Slack did not answer, or not in words; it may have done what it was asked."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Slack did not answer as it should ({what}). The job runs again by itself."
        )


def code(error: SlackApiError) -> str | None:
    """Return Slack's word for the refusal, None where the answer has none."""
    data = getattr(error.response, "data", None)
    found = data.get("error") if isinstance(data, dict) else None
    return found if isinstance(found, str) else None


def was(error: Exception, said: Collection[str]) -> bool:
    """Tell whether a job's error comes from one of these refusals."""
    refused = error.__cause__
    return isinstance(refused, SlackApiError) and code(refused) in said


def is_definite(error: SlackApiError) -> bool:
    """Tell whether asking again would bring the same answer."""
    said = code(error)
    return said is not None and said not in _PASSING and _status(error) < _SERVER_ERROR


def meaning(error: SlackApiError, place: str) -> Exception:
    """Return what to raise in a job: `Retry`, `Dead` or `SlackDown`.

    `place` is the channel or member that the call was about.
    """
    said, status = code(error), _status(error)
    if status == _RATE_LIMITED or said == "ratelimited":
        # https://docs.slack.dev/apis/web-api/rate-limits: whole seconds, on every 429.
        return Retry(timedelta(seconds=max(1, int(error.response.headers.get("Retry-After", 1)))))
    if said in _REFUSALS and status < _SERVER_ERROR:
        return Dead(_REFUSALS[said].format(place=place))
    return SlackDown(said or f"HTTP {status}")


def _status(error: SlackApiError) -> int:
    # An answer that is no JSON comes as the HTTP library's response.
    response: Any = error.response
    return int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
