"""`deskhand doctor`: everything the desk needs, looked at one by one, and what to do about it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from slack_sdk.web.async_client import AsyncWebClient

from bot import database, migrate
from bot.config import Config, Misconfigured
from bot.doctor.carriers import carriers
from bot.doctor.findings import Finding, Findings, Mark
from bot.doctor.payments import compared, payments
from bot.doctor.slack import APP, slack
from bot.doctor.sources import freshness, queue, waiting
from bot.http.server import reached_at
from domain import jobs, merchants, people, sources
from domain.errors import DeskhandError
from domain.merchants import Settings
from domain.refunds import reconciliation
from domain.shipping import unmatched
from domain.store import Store, StoreUnavailable

_LEAST_DISK = 200 * 1024 * 1024
_SLACK = "https://slack.com/api/"


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


async def _all(config: Config, store: Store) -> Findings:  # noqa: C901 — a list of checks
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
            comparisons = await reconciliation.latest(session)
            known = await sources.every(session)
            scans = await unmatched.waiting(session)
        yield _jobs(dead)
        if scans.scans:
            yield waiting(scans)
        yield _admins(len(admins) + len(config.admins))
        for one in comparisons:
            yield compared(one, datetime.now(UTC))
        for source in known:
            yield freshness(source, datetime.now(UTC))
    if config.slack_bot_token is not None:
        client = AsyncWebClient(
            token=config.slack_bot_token.get_secret_value(), base_url=config.slack_api_url
        )
        async for finding in slack(config, client, settings):
            yield finding
    async for finding in queue(config):
        yield finding
    async for finding in _partners(config):
        yield finding


async def _partners(config: Config) -> Findings:
    for part in (payments, carriers):
        async for finding in part(config):
            yield finding


async def _environment(config: Config) -> Findings:
    try:
        config.require_slack()
    except Misconfigured as error:
        for problem in error.problems:
            yield Finding(Mark.BAD, problem)
    else:
        how = "over Socket Mode" if config.socket_mode else f"on {config.host}:{config.port}"
        yield Finding(Mark.GOOD, f"The environment is complete; Slack is heard {how}.")
    pages = config.public_url or reached_at(config.host, config.port)
    more = (
        "" if config.public_url else " DESKHAND_PUBLIC_URL says where people's browsers reach it."
    )
    yield Finding(Mark.GOOD, f"Pages to print are linked at {pages}.{more}")
    secret = config.slack_signing_secret
    if secret and not re.fullmatch(r"[0-9a-f]{32}", secret.get_secret_value()):
        # An emulator of Slack may have secrets of another shape.
        yield Finding(
            Mark.BAD if config.slack_api_url == _SLACK else Mark.OPEN,
            "SLACK_SIGNING_SECRET does not look like one, which is 32 digits and letters a to f. "
            f"Copy it from “Basic Information” of {APP}.",
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
