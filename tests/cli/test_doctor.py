"""`deskhand doctor`, against a Slack that says what the test wants."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from sqlalchemy import select

from bot.config import Config
from bot.doctor import examine
from domain import jobs, merchants, people
from domain.jobs import Job, NewJob, State
from domain.refunds.reconciliation import Reconciliation
from domain.sources import Source
from domain.store import Store
from handlers.commands import SCOPES
from tests.cli.conftest import Deskhand
from tests.connectors import amazon_emulator as amazon
from tests.connectors import easypost_emulator, shopify_emulator
from tests.connectors.stripe_emulator import API_KEY, Emulator

_SIGNING_SECRET = "0123456789abcdef" * 2


class Slack:
    """What Slack answers, by method; the test changes what it wants changed."""

    def __init__(self) -> None:
        self.headers = {"X-OAuth-Scopes": ",".join(SCOPES), "Date": _date(timedelta())}
        self.answers: dict[str, dict[str, Any]] = {
            "auth.test": {"ok": True, "user": "deskhand", "team": "Alder & Finch"},
            "apps.connections.open": {"ok": True, "url": "wss://example.com"},
            "conversations.info": {
                "ok": True,
                "channel": {"id": "C0REFUNDS", "name": "refunds", "is_member": True},
            },
        }

    async def answer(self, request: web.Request) -> web.Response:
        answer = self.answers[request.match_info["method"]]
        return web.json_response(answer, headers=self.headers)


@pytest.fixture
def slack() -> Slack:
    return Slack()


@pytest.fixture
async def config(folder: Path, slack: Slack, sqlite_url: str) -> AsyncIterator[Config]:
    """A desk with nothing wrong."""
    del folder
    application = web.Application()
    application.router.add_route("*", "/api/{method}", slack.answer)
    async with TestServer(application) as server:
        yield Config(
            database_url=sqlite_url,
            slack_bot_token=SecretStr("xoxb-1"),
            slack_signing_secret=SecretStr(_SIGNING_SECRET),
            slack_api_url=str(server.make_url("/api/")),
            admins=("U0BOSS",),
        )


async def test_a_desk_in_order_is_all_ticks(config: Config, now: datetime) -> None:
    await _set_channel(config, now)
    healthy, findings = await _examine(config)
    assert healthy
    assert [one[2:] for one in findings if one.startswith("✓")] == [
        "The environment is complete; Slack is heard on 127.0.0.1:3000.",
        (
            "Pages to print are linked at http://localhost:3000. DESKHAND_PUBLIC_URL says where "
            "people's browsers reach it."
        ),
        "The database answers (sqlite).",
        next(one[2:] for one in findings if "can be written to" in one),
        "The database has the tables of this version.",
        "No job was given up.",
        "People who are admin: 1.",
        "Slack knows the bot: @deskhand in Alder & Finch.",
        "The token has every scope that is needed.",
        "The clock agrees with Slack's.",
        "channel.refunds is #refunds, and the bot is in it.",
    ]
    assert all("is not set. Set it with" in one for one in findings if one.startswith("–"))


async def test_what_is_missing_is_told_with_what_to_do(config: Config) -> None:
    bare = config.model_copy(update={"slack_bot_token": None, "admins": ()})
    healthy, findings = await _examine(bare)
    assert not healthy
    assert any(one.startswith("✗ SLACK_BOT_TOKEN is missing. Copy it from") for one in findings)
    assert any(one.startswith("✗ Nobody is admin") for one in findings)
    assert not any("Slack knows" in one for one in findings)


async def test_a_refused_token(config: Config, slack: Slack) -> None:
    slack.answers["auth.test"] = {"ok": False, "error": "invalid_auth"}
    await _expect(config, "✗ Slack refuses SLACK_BOT_TOKEN (invalid_auth). Copy the token")


async def test_a_proxy_that_answers_in_slacks_place(config: Config) -> None:
    proxied = config.model_copy(
        update={"slack_api_url": config.slack_api_url.replace("/api/", "/elsewhere/")}
    )
    await _expect(proxied, "✗ Slack refuses SLACK_BOT_TOKEN (HTTP 404).")


async def test_a_slack_that_is_not_there(config: Config) -> None:
    away = config.model_copy(update={"slack_api_url": "http://127.0.0.1:1/api/"})
    await _expect(away, "✗ http://127.0.0.1:1/api/ can't be reached")


async def test_missing_scopes(config: Config, slack: Slack) -> None:
    slack.headers["X-OAuth-Scopes"] = ",".join(set(SCOPES) - {"users:read", "chat:write"})
    await _expect(config, "✗ The token lacks scopes: chat:write, users:read. Update your app")


async def test_a_clock_that_is_off(config: Config, slack: Slack) -> None:
    slack.headers["Date"] = _date(timedelta(seconds=-90))
    await _expect(config, "✗ This machine's clock is ")


async def test_a_refused_app_token(config: Config, slack: Slack) -> None:
    slack.answers["apps.connections.open"] = {"ok": False, "error": "not_allowed_token_type"}
    socket = config.model_copy(update={"slack_app_token": SecretStr("xapp-1")})
    await _expect(socket, "✗ Slack refuses SLACK_APP_TOKEN (not_allowed_token_type).")


async def test_stripe_is_asked_whether_it_takes_the_key(config: Config) -> None:
    async with TestServer(Emulator().application()) as stripe:
        paying = config.model_copy(
            update={
                "stripe_api_key": SecretStr(API_KEY),
                "stripe_api_url": str(stripe.make_url("/")),
            }
        )
        healthy, findings = await _examine(paying)
        assert healthy
        assert findings[-2] == "✓ Stripe takes STRIPE_API_KEY, in test mode."
        assert findings[-1].startswith("– STRIPE_WEBHOOK_SECRET is not set, so refunds that")
        hearing = paying.model_copy(update={"stripe_webhook_secret": SecretStr("whsec_1")})
        assert (await _examine(hearing))[1][-1] == "✓ Stripe's webhooks can be checked."
        wrong = paying.model_copy(update={"stripe_api_key": SecretStr("sk_test_other")})
        await _expect(wrong, "✗ Stripe refuses STRIPE_API_KEY. Copy a secret key")
    await _expect(paying, "✗ Stripe can't be reached, or did not answer in time. Check the net")


async def test_shopify_is_asked_what_the_app_may_do(config: Config) -> None:
    emulator = shopify_emulator.Emulator()
    async with TestServer(emulator.application()) as shopify:
        paying = config.model_copy(
            update={
                "shopify_shop": "alder-finch.myshopify.com",
                "shopify_access_token": SecretStr(shopify_emulator.TOKEN),
                "shopify_api_url": str(shopify.make_url("/")),
            }
        )
        healthy, findings = await _examine(paying)
        assert healthy
        where = "Alder & Finch (alder-finch.myshopify.com)"
        assert findings[-2] == f"✓ Shopify takes the app in {where}."
        assert findings[-1].startswith("– SHOPIFY_CLIENT_SECRET is not set, so refunds that")
        hearing = paying.model_copy(update={"shopify_client_secret": SecretStr("shpss_1")})
        assert (await _examine(hearing))[1][-1] == "✓ Shopify's webhooks can be checked."
        emulator.scopes = ("write_orders", "write_merchant_managed_fulfillment_orders")
        healthy, findings = await _examine(paying)
        assert healthy
        assert findings[-2].startswith(f"– Shopify takes the app in {where}, without the scope")
        emulator.scopes = ("read_orders", "write_merchant_managed_fulfillment_orders")
        await _expect(paying, f"✗ The app at Shopify lacks scopes in {where}: write_orders. Add")
        wrong = paying.model_copy(update={"shopify_access_token": SecretStr("shpat_other")})
        await _expect(wrong, "✗ Shopify refuses the app. Copy SHOPIFY_ACCESS_TOKEN, or SHOPIFY_C")
    await _expect(paying, "✗ Shopify can't be reached, or did not answer in time. Check the net")


async def test_easypost_is_asked_whether_it_takes_the_key(config: Config) -> None:
    async with TestServer(easypost_emulator.Emulator().application()) as easypost:
        tracking = config.model_copy(
            update={
                "easypost_api_key": SecretStr(easypost_emulator.KEY),
                "easypost_api_url": str(easypost.make_url("/v2/")),
            }
        )
        healthy, findings = await _examine(tracking)
        assert healthy
        assert "✓ EasyPost takes EASYPOST_API_KEY." in findings
        assert any(one.startswith("– EASYPOST_WEBHOOK_SECRET is not set, so") for one in findings)
        hearing = tracking.model_copy(update={"easypost_webhook_secret": SecretStr("s3cret")})
        assert not any("EASYPOST_WEBHOOK_SECRET" in one for one in (await _examine(hearing))[1])
        wrong = tracking.model_copy(update={"easypost_api_key": SecretStr("EZTKother")})
        await _expect(wrong, "✗ EasyPost refuses EASYPOST_API_KEY")
    await _expect(tracking, "✗ EasyPost gives no answer. Check the network, the proxy, and EASY")


async def test_amazon_is_asked_for_a_token_and_the_marketplace(config: Config) -> None:
    emulator = amazon.Emulator(lambda: datetime.now(UTC))
    async with TestServer(emulator.application()) as server:
        paying = config.model_copy(
            update={
                "amazon_client_id": amazon.CLIENT_ID,
                "amazon_client_secret": SecretStr(amazon.CLIENT_SECRET),
                "amazon_refresh_token": SecretStr(amazon.REFRESH_TOKEN),
                "amazon_marketplace": amazon.MARKETPLACE,
                "amazon_api_url": str(server.make_url("/")),
                "amazon_auth_url": str(server.make_url("/")),
            }
        )
        healthy, findings = await _examine(paying)
        assert healthy
        assert findings[-1] == "✓ Amazon lets the seller in, for ATVPDKIKX0DER."
        elsewhere = paying.model_copy(update={"amazon_marketplace": "A1PA6795UKMFR9"})
        await _expect(
            elsewhere, "✗ The seller is not in AMAZON_MARKETPLACE, A1PA6795UKMFR9, but in ATVP"
        )
        wrong = paying.model_copy(update={"amazon_refresh_token": SecretStr("Atzr|other")})
        await _expect(wrong, "✗ Amazon refuses the credentials (The grant is invalid). Check AMA")
        nowhere = paying.model_copy(update={"amazon_marketplace": "X", "amazon_api_url": None})
        await _expect(nowhere, "✗ AMAZON_MARKETPLACE is “X”, which is no marketplace's id. Take")
    await _expect(paying, "✗ Amazon does not answer at http://127.0.0.1")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            {"ok": True, "channel": {"name": "refunds", "is_member": False}},
            "✗ channel.refunds is #refunds, but the bot is not in it: /invite @Deskhand.",
        ),
        (
            {"ok": True, "channel": {"name": "refunds", "is_archived": True}},
            "✗ channel.refunds is #refunds, which is archived.",
        ),
        (
            {"ok": False, "error": "channel_not_found"},
            "✗ channel.refunds is C0REFUNDS, which the bot can't see (channel_not_found).",
        ),
    ],
)
async def test_a_channel_that_can_not_be_posted_to(
    config: Config, slack: Slack, now: datetime, answer: dict[str, Any], sentence: str
) -> None:
    await _set_channel(config, now)
    slack.answers["conversations.info"] = answer
    await _expect(config, sentence)


async def test_an_odd_signing_secret(config: Config) -> None:
    odd = config.model_copy(update={"slack_signing_secret": SecretStr("hush")})
    healthy, findings = await _examine(odd)
    # Slack's own secrets have one shape, an emulator's need not.
    assert healthy
    assert any(one.startswith("– SLACK_SIGNING_SECRET does not look") for one in findings)


async def test_jobs_that_were_given_up(config: Config, now: datetime) -> None:
    store = Store(config.database_url)
    async with store.across(write=True) as session:
        merchant = await merchants.sole(session, now)
        await jobs.add(session, merchant.id, [NewJob(key="job", kind="post")], now)
        job = (await session.scalars(select(Job))).one()
        job.state, job.finished_at = State.DEAD, now
    await store.close()
    await _expect(config, "✗ Jobs that were given up: 1. `deskhand jobs` says why")


async def test_an_empty_database_is_no_illness(config: Config, tmp_path: Path) -> None:
    fresh = config.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'fresh.db'}"})
    healthy, findings = await _examine(fresh)
    assert healthy
    assert any(one.startswith("– The database is empty. `deskhand migrate`") for one in findings)


async def test_a_database_that_is_not_there(config: Config) -> None:
    away = config.model_copy(update={"database_url": "postgresql://127.0.0.1:1/desk"})
    await _expect(away, "✗ The database at postgresql+asyncpg://127.0.0.1:1/desk can't be reached")


async def test_admins_may_be_named_in_either_place(config: Config, now: datetime) -> None:
    store = Store(config.database_url)
    async with store.across(write=True) as session:
        merchant = await merchants.sole(session, now)
    async with store.write(merchant.id, now=now, actor="console") as work:
        await people.set_role(work, "U0ADMIN", "admin")
    await store.close()
    healthy, _ = await _examine(config.model_copy(update={"admins": ()}))
    assert healthy


def test_the_command_fails_when_something_is_missing(deskhand: Deskhand) -> None:
    said = deskhand("doctor")
    assert said.code == 1
    assert "✗ SLACK_BOT_TOKEN is missing." in said.out
    assert said.err == "Something is missing: see ✗ above.\n"


async def _examine(config: Config) -> tuple[bool, list[str]]:
    findings: list[str] = []
    return await examine(config, findings.append), findings


async def _expect(config: Config, sentence: str) -> None:
    healthy, findings = await _examine(config)
    assert not healthy
    assert any(one.startswith(sentence) for one in findings), findings


async def _set_channel(config: Config, now: datetime) -> None:
    store = Store(config.database_url)
    async with store.across(write=True) as session:
        merchant = await merchants.sole(session, now)
    async with store.write(merchant.id, now=now, actor="console") as work:
        await merchants.change_setting(work, "channel.refunds", "C0REFUNDS")
    await store.close()


def _date(offset: timedelta) -> str:
    return format_datetime(datetime.now(UTC) + offset, usegmt=True)


@pytest.mark.parametrize(
    ("days", "differing", "sentence"),
    [
        (0, 0, "✓ Refunds agree with stripe's, as of "),
        (0, 2, "– stripe and the desk differ in refunds: 2, as of "),
        (3, 0, "✗ Refunds were last compared with stripe on "),
        (None, 0, "– Refunds were not compared with stripe yet."),
    ],
)
async def test_when_refunds_were_compared(
    config: Config, now: datetime, days: int | None, differing: int, sentence: str
) -> None:
    store = Store(config.database_url)
    async with store.across(write=True) as session:
        merchant = await merchants.sole(session, now)
    compared_at = None if days is None else datetime.now(UTC) - timedelta(days=days)
    async with store.write(merchant.id, now=now, actor="worker") as work:
        work.session.add(
            Reconciliation(
                provider="stripe", since=now, compared_at=compared_at, differing=differing
            )
        )
    await store.close()
    healthy, findings = await _examine(config)
    assert healthy == (not sentence.startswith("✗"))
    assert any(one.startswith(sentence) for one in findings), findings


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"checked_at": 10}, "✓ Shopify's orders were last read "),
        ({"checked_at": 200}, "✗ Shopify's orders were last read "),
        ({"checked_at": 200, "failing_since": 50}, "✗ Shopify's orders can't be read since "),
        ({"heard_at": 5}, "– Shopify's orders were not read yet; it last spoke up "),
    ],
)
async def test_how_fresh_a_source_of_orders_is(
    config: Config, facts: dict[str, int], said: str
) -> None:
    store = Store(config.database_url)
    now = datetime.now(UTC)
    async with store.across(write=True) as session:
        merchant_id = (await merchants.sole(session, now)).id
        session.add(
            Source(
                merchant_id=merchant_id,
                name="shopify",
                due_at=now,
                last_error="No answer.",
                **{name: now - timedelta(minutes=ago) for name, ago in facts.items()},
            )
        )
    await store.close()
    healthy, findings = await _examine(config)
    assert healthy == (not said.startswith("✗"))
    assert any(one.startswith(said) for one in findings), findings
