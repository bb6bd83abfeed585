"""`deskhand doctor`: everything the desk needs, looked at one by one, and what to do about it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot import database, migrate
from bot.config import Config, Misconfigured
from bot.connectors.stripe.payments import KeyRefused, Stripe, StripeSilent
from domain import jobs, merchants, people
from domain.errors import DeskhandError
from domain.merchants import Settings
from domain.refunds import reconciliation
from domain.refunds.reconciliation import ReconciliationCard
from domain.store import Store, StoreUnavailable
from handlers.commands import SCOPES

#: Slack refuses, and so does the desk, a signature that is older than 300 seconds.
_MOST_SKEW = timedelta(seconds=60)
#: Refunds are compared each day; a provider may be away for one.
_COMPARED_WITHIN = timedelta(days=2)
_LEAST_DISK = 200 * 1024 * 1024
_SLACK = "https://slack.com/api/"
_APP = "your app at https://api.slack.com/apps"


class Mark(StrEnum):
    """How a check went."""

    GOOD = "✓"
    BAD = "✗"
    OPEN = "–"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; a sentence says what to do unless it is good."""

    mark: Mark
    sentence: str

    def __str__(self) -> str:
        return f"{self.mark} {self.sentence}"


Findings = AsyncIterator[Finding]


async def examine(config: Config, say: Callable[[str], None]) -> bool:
    """Check everything and say each finding as it comes; returns whether nothing is bad."""
    store = Store(config.database_url)
    healthy = True
    try:
        async for finding in _all(config, store):
            say(str(finding))
            healthy = healthy and finding.mark is not Mark.BAD
    finally:
        await store.close()
    return healthy


async def _all(config: Config, store: Store) -> Findings:
    async for finding in _environment(config):
        yield finding
    settings = Settings({})
    usable = False
    async for finding in _database(store):
        yield finding
        usable = finding == _CURRENT
    if usable:
        async with store.across(write=True) as session:
            merchant = await merchants.sole(session, datetime.now(UTC))
        async with store.read(merchant.id) as session:
            settings = await merchants.settings(session)
            admins = [one for one in await people.everyone(session) if one.role == "admin"]
            dead = (await jobs.counts(session)).get(jobs.State.DEAD, 0)
            compared = await reconciliation.latest(session)
        yield _jobs(dead)
        yield _admins(len(admins) + len(config.admins))
        for one in compared:
            yield _compared(one, datetime.now(UTC))
    if config.slack_bot_token is not None:
        client = AsyncWebClient(
            token=config.slack_bot_token.get_secret_value(), base_url=config.slack_api_url
        )
        async for finding in _slack(config, client, settings):
            yield finding
    if config.stripe_api_key is not None:
        yield await _stripe(config, config.stripe_api_key.get_secret_value())
        yield _stripe_webhook(config)


async def _environment(config: Config) -> Findings:
    try:
        config.require_slack()
    except Misconfigured as error:
        for problem in error.problems:
            yield Finding(Mark.BAD, problem)
    else:
        how = "over Socket Mode" if config.socket_mode else f"on {config.host}:{config.port}"
        yield Finding(Mark.GOOD, f"The environment is complete; Slack is heard {how}.")
    secret = config.slack_signing_secret
    if secret and not re.fullmatch(r"[0-9a-f]{32}", secret.get_secret_value()):
        # An emulator of Slack may have secrets of another shape.
        yield Finding(
            Mark.BAD if config.slack_api_url == _SLACK else Mark.OPEN,
            "SLACK_SIGNING_SECRET does not look like one, which is 32 digits and letters a to f. "
            f"Copy it from “Basic Information” of {_APP}.",
        )


_CURRENT = Finding(Mark.GOOD, "The database has the tables of this version.")


async def _database(store: Store) -> Findings:
    try:
        await database.check(store)
    except StoreUnavailable as error:
        yield Finding(Mark.BAD, str(error))
        return
    yield Finding(Mark.GOOD, f"The database answers ({store.url.get_backend_name()}).")
    if store.is_sqlite and store.url.database:
        yield _file(Path(store.url.database))
    try:
        revision = await migrate.current(store)
    except DeskhandError as error:
        yield Finding(Mark.BAD, str(error))
        return
    if revision == migrate.head():
        yield _CURRENT
    else:
        yield Finding(
            Mark.OPEN,
            f"The database is {f'at revision {revision}' if revision else 'empty'}. "
            "`deskhand migrate` brings it to this version, and so does the next start.",
        )


def _file(path: Path) -> Finding:
    folder = path.resolve().parent
    if not os.access(path, os.W_OK) or not os.access(folder, os.W_OK):
        return Finding(
            Mark.BAD, f"{path} or its folder can't be written to. Give this user the right to."
        )
    free = shutil.disk_usage(folder).free
    if free < _LEAST_DISK:
        return Finding(
            Mark.BAD, f"Only {free // 1024**2} MB are left on the disk of {path}. Make room."
        )
    return Finding(
        Mark.GOOD, f"{path} can be written to, and its disk has {free // 1024**3} GB left."
    )


def _jobs(dead: int) -> Finding:
    if dead:
        return Finding(
            Mark.BAD,
            f"Jobs that were given up: {dead}. `deskhand jobs` says why, and retries them.",
        )
    return Finding(Mark.GOOD, "No job was given up.")


def _admins(count: int) -> Finding:
    if count:
        return Finding(Mark.GOOD, f"People who are admin: {count}.")
    return Finding(
        Mark.BAD,
        "Nobody is admin, so nobody can change settings in Slack. Name one in DESKHAND_ADMINS or "
        "with `deskhand people set U0123456789 admin`.",
    )


def _compared(one: ReconciliationCard, now: datetime) -> Finding:
    if one.compared_at is None:
        return Finding(Mark.OPEN, f"Refunds were not compared with {one.provider} yet.")
    day = f"{one.compared_at:%Y-%m-%d %H:%M} UTC"
    if now - one.compared_at > _COMPARED_WITHIN:
        return Finding(
            Mark.BAD,
            f"Refunds were last compared with {one.provider} on {day}. `deskhand jobs` says what "
            "keeps failing; if nothing does, see that it is still connected.",
        )
    if one.differing:
        return Finding(
            Mark.OPEN,
            f"{one.provider} and the desk differ in refunds: {one.differing}, as of {day}. "
            "`/report refunds` in Slack says in which.",
        )
    return Finding(Mark.GOOD, f"Refunds agree with {one.provider}'s, as of {day}.")


async def _slack(config: Config, client: AsyncWebClient, settings: Settings) -> Findings:
    try:
        me = await client.auth_test()
    except SlackApiError as error:
        yield Finding(
            Mark.BAD,
            f"Slack refuses SLACK_BOT_TOKEN ({_code(error)}). Copy the token from "
            f"“OAuth & Permissions” of {_APP}, and install the app again if it was removed.",
        )
        return
    except (aiohttp.ClientError, TimeoutError) as error:
        yield Finding(
            Mark.BAD,
            f"{config.slack_api_url} can't be reached ({type(error).__name__}). Check the network, "
            "the proxy, and SLACK_API_URL.",
        )
        return
    yield Finding(Mark.GOOD, f"Slack knows the bot: @{me['user']} in {me['team']}.")
    yield _scopes(me)
    yield _clock(me.headers)
    if config.slack_app_token:
        yield await _socket(client, config.slack_app_token.get_secret_value())
    for key in merchants.DEFINITIONS:
        if key.startswith("channel."):
            yield await _channel(client, key, settings[key])


async def _stripe(config: Config, api_key: str) -> Finding:
    provider = Stripe(api_key, config.stripe_api_url)
    try:
        mode = await provider.check()
    except KeyRefused:
        return Finding(
            Mark.BAD,
            "Stripe refuses STRIPE_API_KEY. Copy a secret key from “API keys” in Stripe's "
            "dashboard, or a restricted one that may read the balance and write refunds.",
        )
    except StripeSilent as error:
        return Finding(Mark.BAD, f"{error} Check the network, the proxy, and STRIPE_API_URL.")
    finally:
        await provider.close()
    return Finding(Mark.GOOD, f"Stripe takes STRIPE_API_KEY, in {mode} mode.")


def _stripe_webhook(config: Config) -> Finding:
    if config.stripe_webhook_secret is not None:
        return Finding(Mark.GOOD, "Stripe's webhooks can be checked.")
    return Finding(
        Mark.OPEN,
        "STRIPE_WEBHOOK_SECRET is not set, so refunds that Stripe settles later, or that are made "
        "in its dashboard, are not heard of. Add a webhook for /webhooks/stripe there.",
    )


def _scopes(me: AsyncSlackResponse) -> Finding:
    granted = me.headers.get("X-OAuth-Scopes")
    if granted is None:
        return Finding(Mark.OPEN, "Slack did not say which scopes the token has.")
    missing = sorted(set(SCOPES) - {scope.strip() for scope in granted.split(",")})
    if missing:
        return Finding(
            Mark.BAD,
            f"The token lacks scopes: {', '.join(missing)}. Update {_APP} with the output of "
            "`deskhand manifest`, and reinstall it.",
        )
    return Finding(Mark.GOOD, "The token has every scope that is needed.")


def _clock(headers: Mapping[str, str]) -> Finding:
    try:
        theirs = parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError):
        return Finding(Mark.OPEN, "Slack did not say what time it is.")
    skew = abs(datetime.now(UTC) - theirs.astimezone(UTC))
    if skew > _MOST_SKEW:
        return Finding(
            Mark.BAD,
            f"This machine's clock is {skew.total_seconds():.0f} s off. Slack's requests are "
            "refused from 300 s on: let NTP set the clock.",
        )
    return Finding(Mark.GOOD, "The clock agrees with Slack's.")


async def _socket(client: AsyncWebClient, app_token: str) -> Finding:
    try:
        await client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        return Finding(
            Mark.BAD,
            f"Slack refuses SLACK_APP_TOKEN ({_code(error)}). Make one with "
            f"connections:write under “Basic Information” of {_APP}, and turn Socket Mode on.",
        )
    return Finding(Mark.GOOD, "Socket Mode is open to SLACK_APP_TOKEN.")


def _code(error: SlackApiError) -> str:
    answer = error.response.data
    # A proxy on the way answers with a page of its own.
    return (
        str(answer["error"]) if isinstance(answer, dict) else f"HTTP {error.response.status_code}"
    )


async def _channel(client: AsyncWebClient, key: str, channel: str | None) -> Finding:
    if channel is None:
        return Finding(
            Mark.OPEN, f"{key} is not set. Set it with `deskhand settings set {key} C0123456789`."
        )
    try:
        found = (await client.conversations_info(channel=channel))["channel"]
    except SlackApiError as error:
        return Finding(
            Mark.BAD,
            f"{key} is {channel}, which the bot can't see ({_code(error)}). Check the "
            "id, and invite @Deskhand there.",
        )
    if found.get("is_archived"):
        return Finding(
            Mark.BAD, f"{key} is #{found['name']}, which is archived. Choose another one."
        )
    if not found.get("is_member"):
        return Finding(
            Mark.BAD, f"{key} is #{found['name']}, but the bot is not in it: /invite @Deskhand."
        )
    return Finding(Mark.GOOD, f"{key} is #{found['name']}, and the bot is in it.")
