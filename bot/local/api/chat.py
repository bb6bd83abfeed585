"""chat.* and reactions.*: https://docs.slack.dev/reference/methods?family=chat."""

from __future__ import annotations

import json
from typing import Any

from bot.local.api.call import Call
from bot.local.blocks import refuse_long_blocks
from bot.local.errors import Node, SlackError
from bot.local.limits import POSTED_TEXT, UPDATED_TEXT
from bot.local.model import Conversation, public
from bot.local.responses import author, content_of


def post_message(call: Call) -> Node:
    """chat.postMessage."""
    conversation = _writable(call)
    content = _content(call, POSTED_TEXT)
    message = {**author(call.workspace), **content}
    if call.args.get("metadata"):
        message["metadata"] = _metadata(call.args["metadata"])
    if thread := call.text("thread_ts"):
        message["thread_ts"] = thread
        if call.flag("reply_broadcast"):
            message["subtype"] = "thread_broadcast"
    if wait := call.desk.pacing.wait(conversation.id):
        raise SlackError("ratelimited", retry_after=wait)
    posted = call.workspace.post(conversation, message)
    shown = public(posted, metadata=True)
    return {"channel": conversation.id, "ts": posted["ts"], "message": shown}


def post_ephemeral(call: Call) -> Node:
    """chat.postEphemeral."""
    conversation = call.joined()
    user = call.workspace.person(call.needed("user")).id
    if user not in conversation.members:
        raise SlackError("user_not_in_channel")
    message = {**author(call.workspace), **_content(call, UPDATED_TEXT)}
    if thread := call.text("thread_ts"):
        message["thread_ts"] = thread
    if wait := call.desk.pacing.wait(conversation.id):
        raise SlackError("ratelimited", retry_after=wait)
    return {"message_ts": call.workspace.whisper(conversation, user, message)["ts"]}


def update(call: Call) -> Node:
    """chat.update: what is left out stays, an empty list of blocks removes them."""
    conversation = call.conversation()
    message = _own(call, conversation, "cant_update_message")
    named = {key for key in ("text", "blocks", "attachments") if call.args.get(key) is not None}
    if not named:
        raise SlackError("no_text")
    content = _content(call, UPDATED_TEXT, optional=True)
    fields: Node = {key: content.get(key) or None for key in named}
    if "text" in named or fields.get("blocks"):
        fields["text"] = content["text"]
    if call.args.get("metadata") is not None:
        fields["metadata"] = _metadata(call.args["metadata"]) or None
    ts = call.workspace.next_ts()
    fields["edited"] = {"user": call.workspace.app.user_id, "ts": ts}
    call.workspace.change(conversation, message, fields)
    return {
        "channel": conversation.id,
        "ts": message["ts"],
        "text": message["text"],
        "message": public(message, metadata=True),
    }


def delete(call: Call) -> Node:
    """chat.delete."""
    conversation = call.conversation()
    message = _own(call, conversation, "cant_delete_message")
    call.workspace.remove(conversation, message)
    return {"channel": conversation.id, "ts": message["ts"]}


def permalink(call: Call) -> Node:
    """chat.getPermalink: an address at this Slack's own page."""
    conversation = call.conversation()
    message = call.workspace.message(conversation, call.needed("message_ts"))
    digits = message["ts"].replace(".", "")
    address = f"{call.origin}/archives/{conversation.id}/p{digits}"
    root = message.get("thread_ts")
    if root and root != message["ts"]:
        address += f"?thread_ts={root}&cid={conversation.id}"
    return {"channel": conversation.id, "permalink": address}


def add_reaction(call: Call) -> Node:
    """reactions.add."""
    conversation = call.joined()
    message = call.workspace.message(conversation, call.needed("timestamp"))
    if not call.workspace.react(message, call.needed("name"), call.workspace.app.user_id):
        raise SlackError("already_reacted")
    call.workspace.tell_message(conversation, message)
    return {}


def _writable(call: Call) -> Conversation:
    conversation = call.conversation()
    app = call.workspace.app
    if conversation.is_archived:
        raise SlackError("is_archived")
    if app.user_id not in conversation.members and (
        conversation.is_private or "chat:write.public" not in app.scopes
    ):
        raise SlackError("not_in_channel")
    return conversation


def _own(call: Call, conversation: Conversation, refusal: str) -> Node:
    message = call.workspace.message(conversation, call.needed("ts"))
    if message.get("bot_id") != call.workspace.app.bot_id or "hidden" in message:
        raise SlackError(refusal)
    return message


def _content(call: Call, most: int, *, optional: bool = False) -> Node:
    """The message's parts; blocks may come as JSON in a form's field."""
    args = dict(call.args)
    for key in ("blocks", "attachments"):
        args[key] = _json(args.get(key), f"invalid_{key}_format")
    if len(call.text("text")) > most:
        raise SlackError("msg_too_long")
    if optional and not any(args.get(key) for key in ("text", "blocks", "attachments")):
        return {"text": ""}
    content = content_of(args)
    refuse_long_blocks(content.get("blocks") or [])
    return content


def _metadata(value: Any) -> Node:
    metadata = _json(value, "invalid_metadata_format")
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    if metadata and not (
        isinstance(metadata.get("event_type"), str)
        and isinstance(metadata.get("event_payload"), dict)
    ):
        raise SlackError("invalid_metadata_schema")
    return metadata


def _json(value: Any, refusal: str) -> Any:
    if not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise SlackError(refusal) from None
