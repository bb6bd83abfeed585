"""One person's turn: what Slack sent, who they are, and how they can be answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from sqlalchemy.ext.asyncio import AsyncSession

from domain.people import Member
from domain.store import Store, Work
from templates import Reader, render

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """What every conversation needs: the store, the time, and who is admin by configuration."""

    store: Store
    now: Callable[[], datetime]
    admins: tuple[str, ...] = ()
    #: Whether a partner is connected that sells labels.
    labels: bool = False
    #: Returns the signed address of one of the desk's own pages, given its path and merchant.
    page: Callable[[str, int, datetime], str] | None = None


@dataclass(slots=True)
class Turn:
    """A person acted; reads and answers go through here.

    `origin` is where the conversation began when a form came between: its `response_url`.
    """

    desk: Desk
    merchant_id: int
    member: Member
    body: Payload
    ack: AsyncAck
    client: AsyncWebClient

    @property
    def reader(self) -> Reader:
        """How this person reads amounts and times."""
        return Reader(
            locale=(self.member.locale or "en_US").replace("-", "_"),
            tz=self.member.tz or "UTC",
            member_id=self.member.member_id,
        )

    @property
    def now(self) -> datetime:
        """The moment of this turn."""
        return self.desk.now()

    @property
    def words(self) -> list[str]:
        """What was typed after a command, word by word."""
        return _typed(self.body.get("text") or "").split()

    @property
    def action(self) -> Payload:
        """The button that was clicked, or the element that was changed."""
        return dict(self.body["actions"][0])

    @property
    def value(self) -> str:
        """The value of the clicked button or chosen option: a record's id."""
        return str((self.action.get("selected_option") or self.action).get("value", ""))

    @property
    def is_private(self) -> bool:
        """Whether what was clicked is a message that this person alone sees."""
        ephemeral = self.body.get("container", {}).get("is_ephemeral", False)
        return ephemeral or str(self.body.get("channel", {}).get("id", "")).startswith("D")

    @property
    def kept(self) -> Payload:
        """What the form kept for its submission."""
        return dict(json.loads(self.body["view"].get("private_metadata") or "{}"))

    def field(self, block: str) -> Any:
        """Return what stands in a form's field: text, an option's value, an id, or None."""
        for state in self.body["view"]["state"]["values"].get(block, {}).values():
            if option := state.get("selected_option"):
                return option["value"]
            held = ("value", "selected_conversation", "selected_user", "selected_date")
            said = next((state[key] for key in held if state.get(key)), None)
            return _typed(said) if isinstance(said, str) else said
        return None

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Look at the merchant's rows."""
        return self.desk.store.read(self.merchant_id)

    def write(self) -> AbstractAsyncContextManager[Work]:
        """Open a unit of work in this person's name."""
        return self.desk.store.write(self.merchant_id, now=self.now, actor=self.member.member_id)

    def page(self, path: str) -> str | None:
        """Return where this person finds a page for a while; None where the desk serves none."""
        signed = self.desk.page
        return signed(path, self.merchant_id, self.now) if signed else None

    def render(self, template: str, **values: Any) -> Payload:
        """Render for this person."""
        return render(template, self.reader, **values)

    async def answer(self, template: str, **values: Any) -> None:
        """Answer this person alone: in the ack of a command, else where the turn began."""
        await self.send(self.render(template, **values))

    async def send(self, message: Payload, *, replace: bool = False) -> None:
        """Send a rendered message to this person alone; `replace` the one they clicked in."""
        if "command" in self.body:
            await self.ack(response_type="ephemeral", **message)
            return
        await self.ack()
        url = self._response_url
        if url is None:
            await self.client.chat_postMessage(channel=self.member.member_id, **message)
            return
        await AsyncWebhookClient(url).send(
            response_type="ephemeral", replace_original=replace, **message
        )

    async def share(self, message: Payload) -> None:
        """Post a rendered message for everyone in the channel of this turn."""
        await self.ack()
        url = self._response_url
        if url:
            await AsyncWebhookClient(url).send(
                response_type="in_channel", replace_original=False, **message
            )

    async def form(self, template: str, *, keep: Mapping[str, Any], **values: Any) -> None:
        """Open a form; `keep` comes back with its submission, and so does the way to answer."""
        view = self.render(template, **values)
        origin = {"response_url": self._response_url} if self._response_url else {}
        view["private_metadata"] = json.dumps({**keep, **origin})
        await self.client.views_open(trigger_id=self.body["trigger_id"], view=view)
        await self.ack()

    @property
    def _response_url(self) -> str | None:
        url = self.body.get("response_url")
        if url is None and "view" in self.body and self.body["type"] == "view_submission":
            url = self.kept.get("response_url")
        return url


def _typed(text: str) -> str:
    """Leave out what nobody means to type, and PostgreSQL can't keep: NUL."""
    return text.replace("\0", "")
