"""`deskhand demo`: the whole desk on this machine, with a local Slack and a made-up shop."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import click
from pydantic import SecretStr

from bot import app
from bot.config import Config
from bot.connectors.practice import PracticeLabels, PracticeLedger, PracticeMarketplace
from bot.http.server import listen
from bot.local import Channel, LocalSlack, Person, Team, carrier, shop, world
from bot.partners import Partners
from bot.slack import manifest
from domain import merchants, people
from domain.complaints import service as complaints
from domain.inventory import intake as inventory
from domain.money import Money
from domain.orders import queries as orders
from domain.orders.service import receive
from domain.payouts.service import QUIET, take_in
from domain.people import Member
from domain.refunds import service as refunds
from domain.refunds.model import Reason
from domain.refunds.service import Ask
from domain.returns import service as returns
from domain.returns.model import Reason as ReturnReason
from domain.store import CONSOLE, IMPORT, Store


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo: the desk, the Slack that one looks at, the carrier's webhook secret."""

    site: app.Site
    slack: LocalSlack
    webhook_secret: str


async def run(config: Config) -> None:
    """Run the demo until Ctrl-C; nothing of it stays behind.

    Raises:
        CantListen: something else listens on DESKHAND_PORT.
    """
    await app.until_told_to_stop(_open(config))


@asynccontextmanager
async def _open(config: Config) -> AsyncGenerator[None]:
    """Welcome whoever started the demo, and have its carrier and its buyers at work."""
    async with playing(config) as demo:
        click.echo(_welcome(demo.site.address))
        stories = (
            asyncio.create_task(carrier.drive(demo.site.address, demo.webhook_secret)),
            asyncio.create_task(shop.drive(demo.site.store, app.utc_now)),
        )
        try:
            yield
        finally:
            for story in stories:
                story.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await story


@asynccontextmanager
async def playing(config: Config) -> AsyncGenerator[Demo]:
    """Start a desk over a local Slack, with the demo's shop in a database of its own."""
    with tempfile.TemporaryDirectory(prefix="deskhand-demo-") as folder:
        listener = listen(config.host, config.port)
        address = app.address_of(listener)
        token, secret, webhook_secret = (secrets.token_hex(16) for _ in range(3))
        private = config.model_copy(
            update={
                "database_url": f"sqlite+aiosqlite:///{Path(folder) / 'deskhand.db'}",
                "admins": (),
                "slack_bot_token": SecretStr(f"xoxb-{token}"),
                "slack_signing_secret": SecretStr(secret),
                "slack_app_token": None,
                "slack_api_url": f"{address}/api/",
                "easypost_webhook_secret": SecretStr(webhook_secret),
            }
        )
        slack = LocalSlack(
            team=Team("T0DEMO", world.SHOP),
            people=[_person(one) for one in world.PEOPLE],
            channels=[Channel(*told) for told in _channels()],
            manifest=manifest.build(None),
            signing_secret=secret,
            bot_token=f"xoxb-{token}",
            request_url=f"{address}/slack/events",
            notice=world.NOTICE,
            tries=[command for command, _ in world.TRIES],
        )
        async with app.running(
            private,
            listener=listener,
            partners=Partners(
                providers={"practice": PracticeLedger()},
                marketplaces={name: PracticeMarketplace(name) for name in ("amazon", "shopify")},
                labels=PracticeLabels(),
            ),
            extend=slack.attach,
            prepare=_open_shop,
        ) as site:
            yield Demo(site, slack, webhook_secret)


def _person(one: world.Colleague) -> Person:
    return Person(
        one.member_id,
        one.name.split()[0].lower(),
        one.name,
        title=one.title,
        role=one.role.capitalize(),
        color=one.color,
        tz=one.tz,
        locale=one.locale,
        is_admin=one.role == "admin",
    )


def _channels() -> list[tuple[str, str, str]]:
    return [(channel, name, topic) for name, (channel, topic) in world.CHANNELS.items()]


async def _open_shop(store: Store) -> None:
    """Bring in people, settings and orders, and what happened before anyone looked."""
    now = app.utc_now()
    async with store.across(write=True) as session:
        merchant_id = (await merchants.sole(session, now)).id
    async with store.write(merchant_id, now=now, actor=CONSOLE) as work:
        for one in world.PEOPLE:
            limit = Money.of(one.limit, "USD") if one.limit else None
            await people.set_role(work, one.member_id, one.role, limit)
            await people.learn(work, one.member_id, name=one.name, locale=one.locale, tz=one.tz)
        for concept, name in world.POSTED.items():
            channel, _ = world.CHANNELS[name]
            await merchants.change_setting(work, f"channel.{concept}", channel)
        for level, member in enumerate((world.BEN, world.ADA), 1):
            await merchants.change_setting(work, f"complaint.level_{level}", member)
        for key, member in (("approvers", world.BEN), ("fallback", world.ADA)):
            await merchants.change_setting(work, f"refund.{key}", member)
        await merchants.change_setting(work, "shipping.escalate_to", world.ADA)
        await merchants.change_setting(work, "payout.fees", world.FEES)
        for part, said in world.SENDER.items():
            await merchants.change_setting(work, f"shipping.sender_{part}", said)
    async with store.write(merchant_id, now=now, actor=IMPORT) as work:
        await inventory.receive(work, list(world.stock()), source="demo")
        await receive(work, list(world.orders(now)), source="demo")
    async with store.write(merchant_id, now=now - QUIET, actor=IMPORT) as work:
        await take_in(work, *world.settlement(now))
    ana, ada = (Member(one, role) for one, role in ((world.ANA, "agent"), (world.ADA, "admin")))
    earlier = now - timedelta(hours=3)
    async with store.write(merchant_id, now=earlier, actor=ana.member_id) as work:
        for number, sum_, note in world.REFUNDS:
            order_id = await orders.identify(work.session, number)
            ask = Ask(reason=Reason.DAMAGED, note=note, amount=Money.of(sum_, "USD"))
            await refunds.request(work, ana, order_id, ask)
        for number, text in world.COMPLAINTS:
            order_id = await orders.identify(work.session, number)
            complaint = await complaints.open_case(work, ana, order_id, text)
        for number, quantity, note in world.RETURNS:
            order = await orders.card(work.session, number)
            goods = {order.lines[0].id: quantity}
            await returns.request(
                work, ana, order.id, returns.Ask(ReturnReason.NO_LONGER_WANTED, note, goods)
            )
    async with store.write(merchant_id, now=now - timedelta(hours=1), actor=ada.member_id) as work:
        await complaints.escalate(work, ada, complaint.id, "second complaint of the same buyer")


def _welcome(address: str) -> str:
    tries = "\n".join(f"  {command:<44} {what}" for command, what in world.TRIES)
    return (
        f"\n{world.SHOP} is open: {address}\n\n"
        f"Things to try, in any channel:\n{tries}\n\n"
        "Switch between people at the top right. Ctrl-C closes the shop; nothing stays behind."
    )
