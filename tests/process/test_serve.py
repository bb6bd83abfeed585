"""`deskhand serve` from the outside: what people type and click in a Slack of their own."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from io import BytesIO
from urllib.parse import urlencode

import aiohttp

from tests.process.conftest import (
    ADA,
    ANA,
    APP_TOKEN,
    BEN,
    OFFICE,
    REFUNDS,
    SECRET,
    Elsewhere,
    furnish,
)
from tests.process.run import Deskhand, get, true
from tests.scenarios.conftest import buttons, text_of

ORDERS = """\
order_number,placed_at,status,channel,currency,sku,title,quantity,unit_price,shipping_price,\
buyer_name,buyer_email,ship_to_city,ship_to_postcode,ship_to_country,ship_by,deliver_by,carrier,\
tracking_number,payment_provider,payment_reference
1042,2026-11-18T10:00:00Z,delivered,web,USD,MUG,Enamel mug,3,10.00,5.00,\
Maria García,maria@example.com,Valencia,46001,ES,,,UPS,1Z42,manual,till-42
1042,,,,,KETTLE,Kettle,1,65.00,,,,,,,,,UPS,1Z42,,
1043,2026-11-20T10:00:00Z,shipped,web,USD,POT,Tea pot,1,30.00,4.00,\
Jo Park,jo@example.com,Portland,97201,US,,,UPS,1Z43,manual,till-43
"""


async def test_a_desk_set_up_by_commands_serves_a_refund_from_request_to_payment(
    deskhand: Deskhand, opened: Elsewhere
) -> None:
    (deskhand.folder / "orders.csv").write_text(ORDERS, encoding="utf-8")
    said = await deskhand("import", "orders.csv")
    assert (said.code, said.err) == (0, "")
    assert said.out == "orders.csv: 2 orders: 2 new, 0 changed, 0 unchanged\n"
    commands = (
        f"people set {ANA} agent",
        f"people set {BEN} approver --limit 50.00 --currency USD",
        f"settings set channel.refunds {REFUNDS}",
    )
    for said in await asyncio.gather(*(deskhand(*line.split()) for line in commands)):
        assert (said.code, said.err) == (0, "")
    slack = opened.slack
    async with deskhand.start("serve") as desk:
        address = await opened.point_at(desk)
        assert desk.err.count("\n") == 1
        status, parts = await get(f"{address}/readyz")
        assert (status, json.loads(parts)["status"]) == (200, "ok")

        assert "Enamel mug" in text_of(await opened.type(ANA, "/order 1042"))
        assert "$12.50" in text_of(await opened.type(ANA, "/refund 1042 12.50 lid cracked"))
        card = (await opened.cards(REFUNDS, 1))[0]
        assert {"refund.approve", "refund.decline"} <= buttons(card)
        assert "Maria" not in str(card)

        await slack.click(BEN, "refund.approve", channel=REFUNDS)
        await slack.until(lambda: "refund.paid" in buttons(slack.messages(REFUNDS)[-1]))
        await slack.click(ADA, "refund.paid", channel=REFUNDS)
        await slack.submit(ADA, {"reference": "SEPA 4711"})
        await slack.until(lambda: "SEPA 4711" in text_of(slack.messages(REFUNDS)[-1]))
        assert len(slack.messages(REFUNDS)) == 1

        assert (await deskhand("people", "remove", ANA)).code == 0
        assert "no role" in text_of(await opened.type(ANA, "/refund 1043 5.00 late"))
        assert (await deskhand("people", "set", ANA, "agent")).code == 0
        assert "$5.00" in text_of(await opened.type(ANA, "/refund 1043 5.00 late"))
        await opened.cards(REFUNDS, 2)

        said = await desk.stop()
    assert (said.code, said.out) == (0, "")
    assert said.err.count("\n") == 1


async def test_over_socket_mode_a_command_and_a_click_are_answered(
    furnished: Deskhand, opened: Elsewhere
) -> None:
    slack = opened.slack
    slack.request_url = "http://127.0.0.1:9/nobody"
    async with furnished.start("serve", SLACK_APP_TOKEN=APP_TOKEN, SLACK_SIGNING_SECRET="") as desk:
        await desk.says("Socket Mode")
        assert slack.connected
        address = await desk.address()
        assert (await get(f"{address}/readyz"))[0] == 200
        async with aiohttp.ClientSession() as session:
            forged = session.post(f"{address}/slack/events", headers=_signed("", _now(), ""))
            assert (await forged).status == 404
        await opened.type(ANA, "/refund 1042 12.50 lid cracked")
        await opened.cards(REFUNDS, 1)
        await slack.click(BEN, "refund.approve", channel=REFUNDS)
        await slack.until(lambda: "refund.paid" in buttons(slack.messages(REFUNDS)[-1]))
        said = await desk.stop(within=5)
    assert (said.code, said.err.count("\n")) == (0, 1), said.err
    await true(lambda: not slack.connected)


async def test_only_what_slack_signed_just_now_is_heard(
    furnished: Deskhand, opened: Elsewhere
) -> None:
    async with furnished.start("serve") as desk, aiohttp.ClientSession() as session:
        url = f"{await opened.point_at(desk)}/slack/events"
        body = urlencode(
            {
                "command": "/refund",
                "text": "1042 12.50 lid cracked",
                "team_id": "T0ELSE",
                "user_id": ANA,
                "channel_id": OFFICE,
                "trigger_id": "1.2.3",
                "response_url": opened.slack.url or "",
            }
        )
        now = _now()
        for headers in (
            {},
            _signed(body, now, "guess"),
            _signed(body, now - 301, SECRET),
            _signed(body, now + 360, SECRET),
            {**_signed(body, now, SECRET), "X-Slack-Request-Timestamp": str(now - 1)},
            {**_signed(body, now, SECRET), "X-Slack-Request-Timestamp": "now"},
            {"X-Slack-Signature": "v0=é", "X-Slack-Request-Timestamp": "²"},
        ):
            async with session.post(url, data=body, headers={**_FORM, **headers}) as answer:
                assert answer.status == 401, headers
        for odd in (b"\xff\xfe", b"payload=nonsense", b"[" * 100_000):
            async with session.post(url, data=odd, headers=_signed("", now, SECRET)) as answer:
                assert answer.status == 401, odd[:20]
        async with session.post(url, data=BytesIO(b"x" * 10_000_000), headers=_FORM) as answer:
            assert answer.status == 413
        assert "$12.50" not in text_of(await opened.type(ANA, "/order 1042"))
        assert (await furnished("jobs")).out.startswith("0 ready, 0 running, 0 dead")

        async with session.post(
            url, data=body, headers={**_FORM, **_signed(body, now, SECRET)}
        ) as answer:
            assert answer.status == 200
        await opened.cards(REFUNDS, 1)
        said = await desk.stop()
    assert (said.code, said.err.count("\n")) == (0, 2), said.err
    assert "compare SLACK_SIGNING_SECRET" in said.err


_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _now() -> int:
    return int(time.time())


def _signed(body: str, at: int, secret: str) -> dict[str, str]:
    digest = hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={digest}"}


async def test_one_replica_hears_and_another_works_on_one_postgresql(
    configured: Deskhand, opened: Elsewhere, postgresql_url: str
) -> None:
    deskhand = await furnish(configured, postgresql_url)
    async with deskhand.start("serve", "--only", "web") as web:
        address = await opened.point_at(web)
        await opened.type(ANA, "/refund 1042 12.50 lid cracked")
        assert (await deskhand("jobs")).out.startswith("1 ready, 0 running, 0 dead")
        assert opened.slack.messages(REFUNDS) == []
        port = address.rpartition(":")[2]
        async with deskhand.start("serve", "--only", "worker", DESKHAND_PORT=port) as worker:
            await worker.says(f"Port {port} is taken.+answers no health checks")
            await worker.says("Deskhand serves jobs\n")
            await opened.cards(REFUNDS, 1)
            await opened.type(ANA, "/refund 1043 5.00 lid cracked")
            await opened.cards(REFUNDS, 2)
            await opened.slack.click(BEN, "refund.approve", channel=REFUNDS)
            await opened.slack.until(lambda: "refund.paid" in str(opened.slack.messages(REFUNDS)))
            assert [(await one.stop()).code for one in (worker, web)] == [0, 0]
    assert len(opened.slack.messages(REFUNDS)) == 2
