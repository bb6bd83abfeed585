"""What people say in a case's thread: kept on the case, and an answer to it."""

from __future__ import annotations

from datetime import UTC, datetime

from slack_bolt.async_app import AsyncApp

from domain import cards
from domain.complaints import service
from domain.complaints.replies import Said
from handlers.turn import Payload, Turn

#: Messages of these kinds are a person's words; the rest are Slack's own notices.
_WORDS = (None, "file_share", "me_message", "thread_broadcast")


def register(app: AsyncApp) -> None:
    """Listen to messages in channels."""
    app.event("message")(hear)


async def hear(turn: Turn) -> None:
    """Take a reply in if it stands under a complaint's card; other threads are nobody's business."""
    event = turn.body["event"]
    message = read(event)
    if message is None:
        return
    async with turn.read() as session:
        card = await cards.at(session, event["channel"], message["thread_ts"])
    if card is None or card.subject != "complaint":
        return
    edited = message.get("edited")
    said = Said(
        place=event["channel"],
        reference=message["ts"],
        text=message.get("text") or "",
        at=_moment(message["ts"]),
        edited_at=_moment(edited["ts"]) if edited else None,
        deleted=event.get("subtype") == "message_deleted",
    )
    async with turn.write() as work:
        await service.hear(work, turn.member, card.subject_id, said)


def read(event: Payload) -> Payload | None:
    """Return the person's reply in a thread that a message event tells of, None for all else.

    Bots, this one among them, are no persons, and an address that unfolds is no edit:
    https://docs.slack.dev/reference/events/message.
    """
    match event.get("subtype"):
        case "message_changed":
            message: Payload = event.get("message") or {}
            if "edited" not in message:
                return None
        case "message_deleted":
            message = event.get("previous_message") or {}
        case _:
            message = event
    is_reply = message.get("thread_ts", message.get("ts")) != message.get("ts")
    is_human = "user" in message and "bot_id" not in message and message["user"] != "USLACKBOT"
    return message if is_reply and is_human and message.get("subtype") in _WORDS else None


def _moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)
