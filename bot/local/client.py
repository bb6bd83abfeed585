"""Slack's client in the hands of a person: what typing and clicking set off."""

from __future__ import annotations

from collections.abc import Callable

from bot.local.delivery import Delivery, Reply
from bot.local.errors import Node, NotDone, SlackError
from bot.local.inputs import SLOTS, elements_of, values_of
from bot.local.model import Conversation
from bot.local.payloads import Payloads
from bot.local.responses import respond
from bot.local.tickets import ResponseUrl, Tickets
from bot.local.views import Views
from bot.local.workspace import Workspace


class Client:
    """One client for all people; each method is told who acts.

    Every method raises `NotDone` with a sentence for that person when it can't be done, and
    when the app is unreachable, late or answers with an error.
    """

    def __init__(
        self,
        workspace: Workspace,
        views: Views,
        tickets: Tickets,
        delivery: Delivery,
        url: Callable[[], str],
    ) -> None:
        self.workspace = workspace
        self.views = views
        self.tickets = tickets
        self.payloads = Payloads(workspace)
        self.delivery = delivery
        self._url = url

    def conversation(self, user: str, channel: str) -> Conversation:
        """A conversation the person is in."""
        found = self.workspace.conversation(channel)
        if user not in found.members:
            raise NotDone("not_in_channel", "You are not in this channel.")
        return found

    async def send(
        self, user: str, channel: str, text: str, thread_ts: str | None = None
    ) -> Node | None:
        """Say something, or run a slash command; return the message, None after a command."""
        if text.startswith("/"):
            await self.command(user, channel, text, thread_ts)
            return None
        if not text.strip():
            raise NotDone("no_text", "A message needs some text.")
        message: Node = {"user": user, "text": text}
        if thread_ts:
            message["thread_ts"] = thread_ts
        return self.workspace.post(self.conversation(user, channel), message)

    async def command(
        self, user: str, channel: str, line: str, thread_ts: str | None = None
    ) -> None:
        """Run a slash command such as "/order 1042"."""
        command, _, text = line.strip().partition(" ")
        if command not in {known["command"] for known in self.workspace.app.commands}:
            raise NotDone(
                "unknown_command",
                f"{command} is not a valid command. To send it as a message, put a space first.",
            )
        if thread_ts:
            raise NotDone("command_in_thread", f"{command} is not supported in threads. Sorry!")
        conversation = self.conversation(user, channel)
        url = self.tickets.response_url(conversation.id, user)
        payload = self.payloads.command(
            user,
            conversation,
            command=command,
            text=text.strip(),
            trigger_id=self.tickets.trigger(user),
            response_url=self.address(url),
        )
        reply = await self.delivery.send("slash_commands", line.strip(), payload)
        try:
            self._answer_command(command, url, reply)
        except NotDone as failure:
            self.workspace.slackbot(conversation, user, str(failure))
            raise

    def _answer_command(self, command: str, url: ResponseUrl, reply: Reply) -> None:
        failed = f'{command} failed with the error "{{}}"'
        if reply.error is not None:
            shown = "dispatch_failed" if reply.error == "app_unreachable" else reply.error
            raise NotDone(reply.error, failed.format(shown))
        if not reply.ok:
            code = f"http_service_error_{reply.status}"
            raise NotDone(code, failed.format(code))
        if not reply.body:
            return
        args = reply.body if isinstance(reply.body, dict) else {"text": str(reply.body)}
        try:
            respond(self.workspace, url, args)
        except SlackError as refusal:
            raise NotDone(refusal.code, failed.format(refusal)) from None

    async def click(
        self, user: str, channel: str, ts: str, action: Node, state: Node | None = None
    ) -> None:
        """Use a button or menu of a message; `action` has block_id, action_id and its value."""
        conversation = self.conversation(user, channel)
        message = self.workspace.message(conversation, ts, user)
        blocks = blocks_of(message)
        url = self.tickets.response_url(conversation.id, user, ts)
        payload = self.payloads.message_click(
            user,
            conversation,
            message=message,
            action=used(blocks, action),
            state=values_of(blocks, (state or {}).get("values") or {}),
            trigger_id=self.tickets.trigger(user),
            response_url=self.address(url),
        )
        await self.deliver(f"block_actions {action['action_id']}", payload)

    async def click_in_view(
        self, user: str, view_id: str, action: Node, state: Node | None = None
    ) -> None:
        """Use a button or menu of a modal or a Home tab."""
        view = self.view(user, view_id)
        self.views.enter(view, (state or {}).get("values"))
        payload = self.payloads.view_click(
            user,
            view=view,
            action=used(view["blocks"], action),
            trigger_id=self.tickets.trigger(user),
        )
        await self.deliver(f"block_actions {action['action_id']}", payload)

    async def shortcut(
        self, user: str, callback_id: str, channel: str | None = None, ts: str | None = None
    ) -> None:
        """Use a global shortcut, or with a channel and a timestamp a message shortcut."""
        kind = "message" if ts else "global"
        known = {(one["type"], one["callback_id"]) for one in self.workspace.app.shortcuts}
        if (kind, callback_id) not in known:
            raise NotDone("unknown_shortcut", f"The app has no {kind} shortcut {callback_id}.")
        trigger_id = self.tickets.trigger(user)
        if channel is None or ts is None:
            payload = self.payloads.global_shortcut(
                user, callback_id=callback_id, trigger_id=trigger_id
            )
        else:
            conversation = self.conversation(user, channel)
            url = self.tickets.response_url(conversation.id, user)
            payload = self.payloads.message_shortcut(
                user,
                conversation,
                message=self.workspace.message(conversation, ts),
                callback_id=callback_id,
                trigger_id=trigger_id,
                response_url=self.address(url),
            )
        await self.deliver(f"{payload['type']} {callback_id}", payload)

    async def suggest(
        self, user: str, asked: Node, *, view_id: str | None = None, message: Node | None = None
    ) -> Node:
        """What an external menu offers for the text typed: options or option_groups.

        `asked` has block_id, action_id and value; the menu is in the view or the message
        ({"channel", "ts"}).
        """
        surface: Node
        if view_id is not None:
            view = self.view(user, view_id)
            surface = {"container": {"type": "view", "view_id": view_id}, "view": view}
        elif message is not None:
            conversation = self.conversation(user, message["channel"])
            found = self.workspace.message(conversation, message["ts"], user)
            container = {"type": "message", "message_ts": found["ts"]}
            surface = {
                "container": {**container, "channel_id": conversation.id},
                "channel": {"id": conversation.id, "name": conversation.name},
                "message": found,
            }
        else:
            raise NotDone("no_surface", "Say which view or message the menu is in.")
        payload = self.payloads.suggestion(
            user,
            block_id=asked["block_id"],
            action_id=asked["action_id"],
            value=asked.get("value", ""),
            surface=surface,
        )
        reply = await self.deliver(f"block_suggestion {asked['action_id']}", payload)
        if not isinstance(reply.body, dict):
            return {"options": []}
        offered: Node = {
            key: reply.body[key] for key in ("options", "option_groups") if key in reply.body
        }
        return offered

    def open_home(self, user: str) -> Node | None:
        """Look at the app's Home tab; return what it shows so far."""
        home = self.views.home(user)
        ts = self.workspace.next_ts()
        event = {"type": "app_home_opened", "user": user, "tab": "home", "event_ts": ts}
        channel = self.workspace.direct(user).id
        self.workspace.announce({**event, "channel": channel, **({"view": home} if home else {})})
        return home

    def view(self, user: str, view_id: str) -> Node:
        """A view the person has open."""
        view = self.views.find(view_id)
        if self.views.owner(view) != user:
            raise SlackError("not_found")
        return view

    def address(self, url: ResponseUrl) -> str:
        """The response_url as the app gets it."""
        return f"{self._url()}/local/response/{url.token}"

    async def deliver(self, what: str, payload: Node) -> Reply:
        """Deliver an interaction, which the app has to acknowledge."""
        reply = await self.delivery.send("interactive", what, payload)
        name = self.workspace.app.name
        if reply.error == "operation_timeout":
            raise NotDone(reply.error, f"{name} didn't answer within three seconds. Try again.")
        if reply.error is not None:
            raise NotDone(reply.error, f"{name} isn't listening at {self.delivery.request_url}.")
        if not reply.ok:
            code = f"http_service_error_{reply.status}"
            raise NotDone(code, f"{name} answered with the HTTP status {reply.status}.")
        return reply


def blocks_of(message: Node) -> list[Node]:
    """All blocks of a message, those of its attachments too."""
    attached = message.get("attachments") or []
    return [
        *(message.get("blocks") or []),
        *(block for attachment in attached for block in attachment.get("blocks") or []),
    ]


def used(blocks: list[Node], action: Node) -> Node:
    """The action as Slack reports it, from the element's own words and what was chosen."""
    block_id, action_id = action.get("block_id"), action["action_id"]
    for block, element in elements_of(blocks):
        if element["action_id"] == action_id and block_id in {None, block["block_id"]}:
            return _report(block, element, action)
    raise NotDone("action_not_found", f"{action_id} is no longer there to be used.")


def _report(block: Node, element: Node, action: Node) -> Node:
    kind = element["type"]
    report = {"type": kind, "action_id": element["action_id"], "block_id": block["block_id"]}
    own: tuple[str, ...] = ("text", "value", "style", "url", "placeholder")
    if kind in SLOTS:
        own = ("placeholder",)
        report[SLOTS[kind].key] = action.get(SLOTS[kind].key)
    elif kind == "overflow":
        report["selected_option"] = action.get("selected_option")
    report |= {key: element[key] for key in own if key in element}
    if kind == "feedback_buttons":
        report["value"] = action.get("value")
    return report
