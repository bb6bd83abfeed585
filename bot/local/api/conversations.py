"""conversations.*: https://docs.slack.dev/reference/methods?family=conversations."""

from __future__ import annotations

from bot.local.api.call import Call
from bot.local.errors import Node, SlackError
from bot.local.model import Conversation, public


def history(call: Call) -> Node:
    """conversations.history: newest first."""
    conversation = call.joined()
    messages = _between(call, conversation.top_level())
    messages.reverse()
    return _page(call, messages)


def replies(call: Call) -> Node:
    """conversations.replies: the parent, then its replies, oldest first."""
    conversation = call.joined()
    message = call.workspace.message(conversation, call.needed("ts"))
    thread = conversation.thread(str(message.get("thread_ts") or message["ts"]))
    return _page(call, [thread[0], *_between(call, thread[1:])])


def info(call: Call) -> Node:
    """conversations.info."""
    conversation = call.conversation()
    return {"channel": _channel(call, conversation, count=call.flag("include_num_members"))}


def listed(call: Call) -> Node:
    """conversations.list."""
    wanted = {kind.strip() for kind in (call.text("types") or "public_channel").split(",")}
    bot = call.workspace.app.user_id
    found = [
        _channel(call, conversation, count=True)
        for conversation in call.workspace.conversations.values()
        if _type(conversation) in wanted
        and (bot in conversation.members or not conversation.is_private)
        and not (conversation.is_archived and call.flag("exclude_archived"))
    ]
    page, cursor = call.page(found, call.number("limit", 100, 1000))
    return {"channels": page, "response_metadata": {"next_cursor": cursor}}


def members(call: Call) -> Node:
    """conversations.members."""
    everyone = [{"id": user} for user in sorted(call.conversation().members)]
    page, cursor = call.page(everyone, call.number("limit", 100, 1000))
    users = [one["id"] for one in page]
    return {"members": users, "response_metadata": {"next_cursor": cursor}}


def opened(call: Call) -> Node:
    """conversations.open, for direct messages with one person."""
    if call.text("channel"):
        conversation = call.conversation()
    else:
        users = [user for user in call.needed("users").split(",") if user]
        if len(users) != 1:
            raise SlackError("method_not_supported_for_channel_type")
        conversation = call.workspace.direct(users[0])
    full = call.flag("return_im")
    channel = _channel(call, conversation) if full else {"id": conversation.id}
    return {"channel": channel, "no_op": True, "already_open": True}


def join(call: Call) -> Node:
    """conversations.join."""
    conversation = call.conversation()
    if conversation.user or conversation.is_private:
        raise SlackError("method_not_supported_for_channel_type")
    if conversation.is_archived:
        raise SlackError("is_archived")
    bot = call.workspace.app.user_id
    if bot in conversation.members:
        warning = "already_in_channel"
        metadata = {"warnings": [warning]}
        channel = _channel(call, conversation)
        return {"channel": channel, "warning": warning, "response_metadata": metadata}
    call.workspace.join(conversation, bot)
    return {"channel": _channel(call, conversation)}


def _between(call: Call, messages: list[Node]) -> list[Node]:
    oldest, latest = call.text("oldest") or "0", call.text("latest")
    try:
        low, high = float(oldest), float(latest or "inf")
    except ValueError:
        raise SlackError("invalid_ts_oldest" if not latest else "invalid_ts_latest") from None
    if call.flag("inclusive"):
        return [one for one in messages if low <= float(one["ts"]) <= high]
    return [one for one in messages if low < float(one["ts"]) < high]


def _page(call: Call, messages: list[Node]) -> Node:
    page, cursor = call.page(messages, call.number("limit", 100, 999))
    metadata = call.flag("include_all_metadata")
    answer: Node = {
        "messages": [public(message, metadata=metadata) for message in page],
        "has_more": bool(cursor),
    }
    if cursor:
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer


def _type(conversation: Conversation) -> str:
    if conversation.user:
        return "im"
    return "private_channel" if conversation.is_private else "public_channel"


def _channel(call: Call, conversation: Conversation, *, count: bool = False) -> Node:
    bot = call.workspace.app.user_id
    common = {
        "id": conversation.id,
        "created": 0,
        "is_archived": conversation.is_archived,
        "is_org_shared": False,
        "context_team_id": call.workspace.team.id,
    }
    if conversation.user:
        return {**common, "is_im": True, "user": conversation.user, "is_user_deleted": False}
    channel = {
        **common,
        "name": conversation.name,
        "name_normalized": conversation.name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": conversation.is_private,
        "is_general": False,
        "is_shared": False,
        "is_ext_shared": False,
        "is_member": bot in conversation.members,
        "topic": {"value": conversation.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }
    return {**channel, "num_members": len(conversation.members)} if count else channel
