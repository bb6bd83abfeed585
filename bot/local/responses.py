"""What an app says back to a person: an acknowledgement's body, or a post to a response_url.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from __future__ import annotations

from typing import Any

from bot.local.blocks import refuse_bad_blocks, with_ids
from bot.local.errors import Node, SlackError
from bot.local.limits import ATTACHMENTS
from bot.local.model import Conversation
from bot.local.tickets import ResponseUrl
from bot.local.workspace import Workspace

#: What Slack shows in notifications of a message that has blocks and no text.
NO_FALLBACK = "This content can't be displayed."


def content_of(args: Node) -> Node:
    """The parts of a message that people see.

    Raises:
        SlackError: `invalid_blocks`, `invalid_attachments`, `too_many_attachments`, `no_text`.
    """
    content: Node = {"text": args.get("text") or ""}
    if args.get("blocks"):
        refuse_bad_blocks(args["blocks"])
        content["blocks"] = with_ids(args["blocks"])
    if args.get("attachments"):
        content["attachments"] = _attachments(args["attachments"])
    if not any(content.values()):
        raise SlackError("no_text")
    content["text"] = content["text"] or NO_FALLBACK
    return content


def _attachments(attachments: Any) -> list[Node]:
    if not isinstance(attachments, list):
        raise SlackError("invalid_attachments")
    if len(attachments) > ATTACHMENTS:
        raise SlackError("too_many_attachments")
    complete = []
    for attachment in attachments:
        if attachment.get("blocks"):
            refuse_bad_blocks(attachment["blocks"], "invalid_attachments")
            attachment = {**attachment, "blocks": with_ids(attachment["blocks"])}  # noqa: PLW2901 -- same attachment, named
        complete.append(attachment)
    return complete


def author(workspace: Workspace) -> Node:
    """Who a message of the app is from."""
    app = workspace.app
    profile = {"id": app.bot_id, "app_id": app.id, "name": app.name, "team_id": workspace.team.id}
    return {
        "user": app.user_id,
        "bot_id": app.bot_id,
        "app_id": app.id,
        "username": app.name,
        "bot_profile": {**profile, "deleted": False},
    }


def respond(workspace: Workspace, url: ResponseUrl, args: Node) -> None:
    """Do what the app says with the message it answers to.

    Raises:
        SlackError: as `content_of`, `channel_not_found` or `thread_not_found`.
    """
    conversation = workspace.conversation(url.channel)
    original = _original(workspace, conversation, url)
    if args.get("delete_original"):
        if original is not None:
            workspace.remove(conversation, original)
        return
    content = content_of(args)
    if args.get("replace_original") and original is not None:
        keep = {"blocks": None, "attachments": None}
        workspace.change(conversation, original, {**keep, **content})
        return
    message = {**author(workspace), **content}
    if thread := args.get("thread_ts"):
        message["thread_ts"] = thread
    if "metadata" in args:
        message["metadata"] = args["metadata"]
    if args.get("response_type") == "in_channel":
        posted = workspace.post(conversation, message)
    else:
        posted = workspace.whisper(conversation, url.user, message)
    if url.ts is None:
        url.ts = posted["ts"]


def _original(workspace: Workspace, conversation: Conversation, url: ResponseUrl) -> Node | None:
    if url.ts is None:
        return None
    try:
        return workspace.message(conversation, url.ts, url.user)
    except SlackError:
        return None
