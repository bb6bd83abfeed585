"""What Stripe's events say, and who may say it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from stripe import WebhookSignature

from bot.connectors.inbound import UnreadableEvent
from bot.connectors.stripe import events
from domain.money import Money
from domain.refunds.payment import Outcome, Result


def event(kind: str = "refund.created", **changes: Any) -> str:
    refund = {
        "id": "re_1",
        "object": "refund",
        "amount": 1_250,
        "currency": "usd",
        "payment_intent": "pi_1",
        "charge": "ch_1",
        "status": "succeeded",
        "metadata": {"deskhand_refund": "k1"},
        **changes,
    }
    return json.dumps({"id": "evt_1", "type": kind, "data": {"object": refund}})


@pytest.mark.parametrize(
    "kind", ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"]
)
def test_an_event_tells_of_one_refund(kind: str) -> None:
    told = events.report(event(kind))
    assert told is not None
    assert (told.provider, told.reference, told.key) == ("stripe", "re_1", "k1")
    assert told.payments == ["pi_1", "ch_1"]
    assert told.money == Money(1_250, "USD")
    assert told.outcome == Outcome(Result.SUCCEEDED, "re_1")


def test_a_published_refund_is_read(shared: Path) -> None:
    resources = json.loads((shared / "data/stripe/fixtures3.json").read_text())["resources"]
    told = events.report(event(**resources["refund"]))
    assert told is not None
    assert told.payments == [resources["refund"]["charge"]]
    assert (told.key, told.money) == (None, Money(100, "USD"))
    assert events.report(json.dumps(resources["event"])) is None
    assert events.event_id(json.dumps(resources["event"])) == resources["event"]["id"]


def test_a_payment_may_be_spelt_out() -> None:
    told = events.report(event(payment_intent={"id": "pi_2"}, charge=None, metadata=None))
    assert told is not None
    assert (told.payments, told.key) == (["pi_2"], None)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": None},
        {"currency": 7, "amount": "x"},
        {"charge": {"object": "charge"}},
        {"metadata": "no"},
    ],
)
def test_a_refund_without_what_a_refund_has_is_said_so(changes: dict[str, Any]) -> None:
    with pytest.raises(events.UnreadableRefund, match="Check which API version"):
        events.report(event(**changes))


@pytest.mark.parametrize(
    "body", ['{"type": "refund.created"}', '{"type": "refund.created", "data": []}']
)
def test_an_event_without_a_refund_is_said_so(body: str) -> None:
    with pytest.raises(events.UnreadableRefund):
        events.report(body)


@pytest.mark.parametrize("body", [b"", b"\xff", "[]", "{}", '{"id": ""}', '{"id": 7}'])
def test_what_is_no_event_is_refused_in_words(body: bytes | str) -> None:
    with pytest.raises(UnreadableEvent, match="not a Stripe event"):
        events.event_id(body)


def test_a_signature_holds_for_its_message_and_secret_and_five_minutes() -> None:
    body, now = event(), int(time.time())

    def signed(at: int, secret: str = "whsec_1") -> str:
        return WebhookSignature.generate_signature_header(body, secret, at)

    assert events.verify("whsec_1", body.encode(), signed(now))
    assert events.verify("whsec_1", body.encode(), signed(now - 290))
    assert not events.verify("whsec_1", body.encode(), signed(now - 310))
    assert not events.verify("whsec_1", body.encode(), signed(now, "whsec_2"))
    assert not events.verify("whsec_1", body.encode() + b" ", signed(now))
    # While a secret is rolled, Stripe signs with the old and the new one.
    both = f"{signed(now, 'whsec_2')},{signed(now).split(',')[1]}"
    assert events.verify("whsec_1", body.encode(), both)


@pytest.mark.parametrize(
    "header", [None, "", "t=,v1=", "t=x,v1=00", "v1=00", "t=1", "é", "t=1,v1=é"]
)
def test_a_missing_or_odd_signature_is_refused(header: str | None) -> None:
    assert not events.verify("whsec_1", b"{}", header)
