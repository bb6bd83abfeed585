"""An order's card in one query or in many, and what Deskhand adds to Bolt."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlencode

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from bench.databases import NOW, Databases, Place
from bench.samples import BIG, fill
from bench.tables import Table, medians, ms, rate, seconds, times
from bot.slack.app import build
from domain import people
from domain.complaints.model import Complaint
from domain.events import Event
from domain.orders import queries
from domain.orders.model import Order
from domain.orders.search import is_numbered
from domain.refunds.model import Refund
from domain.shipping.model import Parcel, Scan
from handlers.turn import Desk

_SECRET, _MEMBER, _TEAM = "bench", "U0BENCH", "T0BENCH"
_ORDERS = 1_000
_ORDINARY = "112-0000500"
_ROUNDS, _AT_ONCE, _REQUESTS = 50, 8, 160


async def run(databases: Databases) -> list[Table]:
    """Look orders up among a few thousand, on each kind of database."""
    cards = Table(("the data of a card", "one query", "a query a table", "ratio"))
    bolt = Table(
        ("through Bolt, signed", "no-op, bare Bolt", "/order help", "/order NUMBER", "at once")
    )
    for kind in databases.kinds:
        async with databases.place(kind) as place:
            await fill(place, _ORDERS)
            for what, number in (("ordinary", _ORDINARY), ("big", BIG)):
                taken = await medians(
                    {
                        "one": partial(_in_one, place, number),
                        "many": partial(_in_many, place, number),
                    },
                    rounds=_ROUNDS,
                )
                one, many = taken["one"], taken["many"]
                cards.add(f"{kind}, {what} order", ms(one), ms(many), times(many, one))
            bolt.add(kind, *await _through_bolt(place))
    bolt.note = f"at once: /order NUMBER, {_AT_ONCE} people at a time"
    return [cards, bolt]


async def _in_one(place: Place, number: str) -> object:
    async with place.store.read(place.merchant_id) as session:
        return await queries.card(session, number)


async def _in_many(place: Place, number: str) -> object:
    """Load what the card shows as mapped objects, one SELECT a table."""
    async with place.store.read(place.merchant_id) as session:
        order = (
            await session.scalars(
                select(Order)
                .where(is_numbered(number))
                .options(selectinload(Order.lines))
                .order_by(Order.id.desc())
                .limit(1)
            )
        ).one()
        parcels = (await session.scalars(select(Parcel).where(Parcel.order_id == order.id))).all()
        held = [parcel.id for parcel in parcels]
        scans = (await session.scalars(select(Scan).where(Scan.parcel_id.in_(held)))).all()
        refunds = (await session.scalars(select(Refund).where(Refund.order_id == order.id))).all()
        complaints = (
            await session.scalars(select(Complaint).where(Complaint.order_id == order.id))
        ).all()
        history = (
            await session.scalars(
                select(Event).where(Event.order_id == order.id).order_by(Event.id.desc()).limit(8)
            )
        ).all()
        return order, parcels, scans, refunds, complaints, history


async def _through_bolt(place: Place) -> tuple[str, ...]:
    bare, desk = _bare(), await _desk(place)
    taken = await medians(
        {
            "bare": partial(_send, bare, "no-op"),
            "help": partial(_send, desk, "help"),
            "card": partial(_send, desk, _ORDINARY),
        },
        rounds=_ROUNDS,
    )

    async def person() -> None:
        for _ in range(_REQUESTS // _AT_ONCE):
            await _send(desk, _ORDINARY)

    async def everyone() -> None:
        await asyncio.gather(*(person() for _ in range(_AT_ONCE)))

    base = taken["bare"]
    return (
        ms(base),
        f"{ms(taken['help'])} {times(taken['help'], base)}",
        f"{ms(taken['card'])} {times(taken['card'], base)}",
        rate(_REQUESTS, await seconds(everyone)),
    )


def _bare() -> AsyncApp:
    """Return a Bolt app that checks signatures and answers `/order` with a word."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=_TEAM, bot_token="xoxb-bench")

    async def answer(ack: AsyncAck) -> None:
        await ack("done")

    app = AsyncApp(signing_secret=_SECRET, authorize=authorize, process_before_response=True)
    app.command("/order")(answer)
    return app


async def _desk(place: Place) -> AsyncApp:
    async with place.store.write(place.merchant_id, now=NOW, actor="console") as work:
        await people.set_role(work, _MEMBER, "agent")
        await people.learn(work, _MEMBER, name="Ana", locale="en-US", tz="Europe/Berlin")
    return build(
        Desk(place.store, lambda: NOW), AsyncWebClient("xoxb-bench"), signing_secret=_SECRET
    )


async def _send(app: AsyncApp, text: str) -> None:
    response = await app.async_dispatch(_command(text))
    if response.status != 200 or not response.body:  # noqa: PLR2004 — HTTP's OK
        raise SystemExit(f"/order {text} was not answered: {response.status} {response.body}")


def _command(text: str) -> AsyncBoltRequest:
    """Return `/order TEXT` as Slack sends it, with a signature that holds."""
    body = urlencode(
        {
            "command": "/order",
            "text": text,
            "team_id": _TEAM,
            "user_id": _MEMBER,
            "channel_id": "C0BENCH",
            "trigger_id": "1.2",
            "response_url": "http://localhost/",
        }
    )
    at = str(int(time.time()))
    digest = hmac.new(_SECRET.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    headers: dict[str, str | Sequence[str]] = {
        "content-type": ["application/x-www-form-urlencoded"],
        "x-slack-request-timestamp": [at],
        "x-slack-signature": [f"v0={digest}"],
    }
    return AsyncBoltRequest(body=body, headers=headers)
