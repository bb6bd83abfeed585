"""What Shopify's webhooks say, and who may say it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.connectors.inbound import UnreadableEvent
from bot.connectors.shopify import events
from bot.work.worker import Worker
from domain import inbox
from domain.money import Money
from domain.refunds.model import Refund as OurRefund
from domain.refunds.model import State
from domain.refunds.payment import Outcome, Report, Result
from domain.store import Store
from tests.connectors.shopify_emulator import CLIENT_SECRET, Emulator
from tests.connectors.shopify_shapes import (
    Order,
    Refund,
    Transaction,
    payload,
    signed,
)
from tests.work.desk import Small


def refund(*amounts: str, note: str | None = None, status: str = "SUCCESS") -> Refund:
    moved = [
        Transaction(7_001 + index, "REFUND", Decimal(amount), status)
        for index, amount in enumerate(amounts)
    ]
    return Refund(5_001, Order(), note, moved, datetime(2026, 11, 24, tzinfo=UTC))


def test_a_refund_is_told_with_all_its_money() -> None:
    told = events.report(payload(refund("10.00", "2.50", note="Deskhand refund k1")))
    assert told == Report(
        provider="shopify",
        reference="5001",
        payments=["450", "gid://shopify/Order/450"],
        money=Money(1_250, "USD"),
        outcome=Outcome(Result.SUCCEEDED, "5001"),
        key="k1",
    )


def test_a_published_refund_is_read(shared: Path) -> None:
    published = json.loads((shared / "data/shopify/refund.json").read_text())["refund"]
    told = events.report(published)
    assert told is not None
    assert (told.reference, told.payments[0]) == ("509562969", "450789469")
    assert (told.key, told.money) == (None, Money(20_900, "USD"))
    assert told.outcome.result is Result.SUCCEEDED


def test_a_refund_that_moves_no_money_says_nothing() -> None:
    assert events.report(payload(refund())) is None
    assert events.report(payload(refund("0.00"))) is None
    sale = {**payload(refund("1.00"))["transactions"][0], "kind": "sale"}
    assert events.report({**payload(refund()), "transactions": [sale]}) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"transactions": None},
        {"transactions": [{"kind": "refund"}]},
        {"transactions": ["refund"]},
        {"transactions": [{"kind": "refund", "status": "success", "amount": "1", "currency": "$"}]},
        {"transactions": [{"kind": "refund", "status": None, "amount": "1", "currency": "USD"}]},
        {"transactions": [{"kind": "refund", "status": "x", "amount": "1.001", "currency": "USD"}]},
    ],
)
def test_a_refund_without_what_a_refund_has_is_said_so(changes: dict[str, Any]) -> None:
    with pytest.raises(events.UnreadableRefund, match="Check which API version"):
        events.report({**payload(refund("1.00")), **changes})


def test_a_message_keeps_its_topic_and_every_letter() -> None:
    body = '{"id": 7,\n "note": "\\u00e9 ☃"}'.encode()
    kept = events.message(body, signed(body, "w-1", "refunds/create"))
    assert kept.reference == "w-1"
    assert json.loads(kept.body) == {"topic": "refunds/create", "payload": json.loads(body)}
    assert body.decode() in kept.body


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"[" * 100_000, b"\0", b'"x"'])
def test_what_is_no_event_is_refused_in_words(body: bytes) -> None:
    with pytest.raises(UnreadableEvent, match="This is not a Shopify event: a JSON object with"):
        events.message(body, signed(body))


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Shopify-Topic": "refunds/create"},
        {"X-Shopify-Webhook-Id": "w-1"},
        {"X-Shopify-Webhook-Id": "w-1", "X-Shopify-Topic": 'a", "payload": "'},
        {"X-Shopify-Webhook-Id": "w" * 256, "X-Shopify-Topic": "refunds/create"},
        {"X-Shopify-Webhook-Id": "w\udcff", "X-Shopify-Topic": "refunds/create"},
    ],
)
def test_an_event_without_its_name_or_topic_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(UnreadableEvent, match="X-Shopify-Webhook-Id and X-Shopify-Topic in its"):
        events.message(b"{}", headers)


def test_a_signature_holds_for_its_message_and_secret() -> None:
    body = b'{"id": 7}'

    def header(body: bytes, secret: str = CLIENT_SECRET) -> str:
        return signed(body, secret=secret)["X-Shopify-Hmac-SHA256"]

    assert events.verify(CLIENT_SECRET, body, header(body))
    assert not events.verify(CLIENT_SECRET, body + b" ", header(body))
    assert not events.verify(CLIENT_SECRET, body, header(body, "shpss_older"))
    assert not events.verify(CLIENT_SECRET, body, header(b'{"id": 6}'))


@pytest.mark.parametrize("header", [None, "", "=", "é", "\udcff"])
def test_a_missing_or_odd_signature_is_refused(header: str | None) -> None:
    assert not events.verify(CLIENT_SECRET, b"{}", header)


@pytest.fixture
def alone(store: Store, merchant: int, now: datetime) -> Small:
    """A desk that hears Shopify's webhooks, and has no token to ask it anything."""
    return Small(store, merchant, now)


async def test_without_a_token_refunds_are_heard_as_they_are_told(alone: Small) -> None:
    await alone.order(payment_provider="shopify", payment_reference="450")
    emulator = Emulator(deliver=_kept_by(alone), times=1)
    made = emulator.by_admin("12.50", status="PENDING")
    await emulator.tell(made)
    handler = events.reader(alone.store, lambda: alone.now, None)
    worker = Worker(alone.store, {"inbox.shopify": handler}, lambda: alone.now)
    await worker.work_off()
    assert (await alone.one(OurRefund, 1)).state is State.SUBMITTED

    # Which refund a transaction belongs to can't be asked; the refund itself tells again.
    await emulator.turn(made, "SUCCESS")
    await worker.work_off()
    assert (await alone.one(OurRefund, 1)).state is State.SUBMITTED
    await emulator.tell(made)
    await worker.work_off()
    assert (await alone.one(OurRefund, 1)).state is State.SUCCEEDED


def _kept_by(desk: Small) -> Callable[[bytes, Any], Any]:
    async def keep(body: bytes, headers: Any) -> None:
        kept = events.message(body, headers)
        async with desk.write("shopify") as work:
            await inbox.keep(work, "shopify", kept.reference, kept.body)

    return keep
