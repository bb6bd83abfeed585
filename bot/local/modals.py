"""What happens when a person submits or closes a modal.

https://docs.slack.dev/surfaces/modals
"""

from __future__ import annotations

from typing import Any

from bot.local.blocks import refuse_bad_view
from bot.local.client import Client
from bot.local.errors import Node, NotDone, SlackError
from bot.local.inputs import complaints


async def submit(client: Client, user: str, view_id: str, state: Node | None) -> Node:
    """Submit a modal and do what the app answers.

    Returns:
        `response_action` (none, clear, update, push or errors), and `errors` by block id when
        the form stays open for them, be they Slack's own or the app's.

    Raises:
        NotDone: the app could not be reached, or its answer makes no sense.
    """
    view = client.view(user, view_id)
    client.views.enter(view, (state or {}).get("values"))
    if wrong := complaints(view["blocks"], view["state"]["values"]):
        return {"response_action": "errors", "errors": wrong}
    payload = client.payloads.submission(user, view=view, trigger_id=client.tickets.trigger(user))
    what = f"view_submission {view['callback_id']}".rstrip()
    reply = await client.deliver(what, payload)
    try:
        return _obey(client, user, view, reply.body)
    except SlackError as refusal:
        raise NotDone(refusal.code, f"The app's answer was refused: {refusal}.") from None


def _obey(client: Client, user: str, view: Node, answer: Any) -> Node:
    action = answer.get("response_action") if isinstance(answer, dict) else None
    if action is None:
        # While it was being submitted, the app may have closed or replaced the stack itself.
        if any(view is one for one in client.views.stack(user)):
            client.views.close(view)
        return {"response_action": "none"}
    match action:
        case "clear":
            client.views.clear(user)
        case "errors":
            return {"response_action": action, "errors": _errors(view, answer.get("errors"))}
        case "update" | "push":
            refuse_bad_view(answer.get("view"), kind="modal")
            if action == "update":
                client.views.update(view, answer["view"])
            else:
                client.views.push(user, answer["view"])
        case _:
            raise SlackError("invalid_arguments", [f"unknown response_action: {action}"])
    return {"response_action": action}


def _errors(view: Node, errors: Any) -> dict[str, str]:
    if not isinstance(errors, dict) or not errors:
        raise SlackError("invalid_arguments", ["errors must name at least one block"])
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    if strangers := sorted(errors.keys() - inputs):
        names = ", ".join(strangers)
        raise SlackError("invalid_arguments", [f"no input block has the block_id {names}"])
    return {str(block): str(text) for block, text in errors.items()}


async def close(client: Client, user: str, view_id: str) -> None:
    """Close a modal, or all of them where it says so, and tell the app if it wants to know."""
    view = client.view(user, view_id)
    cleared = bool(view["clear_on_close"])
    if cleared:
        client.views.clear(user)
    else:
        client.views.close(view)
    if view["notify_on_close"]:
        payload = client.payloads.closed(user, view=view, is_cleared=cleared)
        await client.deliver(f"view_closed {view['callback_id']}".rstrip(), payload)
