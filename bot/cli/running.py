"""Commands that run the desk, or get it ready to run."""
# ruff: noqa: PLC0415 — a command imports what it needs, so that --help answers at once

from __future__ import annotations

import asyncio
import json
import logging
from typing import Literal

import click


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Instead of DESKHAND_PORT (3000).")
def demo(port: int | None) -> None:
    """Run a whole desk on this machine, with a Slack of its own: no accounts needed.

    \b
    deskhand demo
    deskhand demo --port 8080
    """  # noqa: D301 — \b keeps click from rewrapping
    from bot.config import Config
    from bot.local.demo import run

    config = Config.load()
    _log_to_stderr(logging.WARNING)
    asyncio.run(run(config if port is None else config.model_copy(update={"port": port})))


@click.command()
@click.option(
    "--only",
    type=click.Choice(["web", "worker"]),
    help="web answers Slack, worker does the jobs; without it one process does both.",
)
def serve(only: Literal["web", "worker"] | None) -> None:
    """Run the desk for your workspace, until Ctrl-C or SIGTERM.

    Start as many as you like on one PostgreSQL database.

    \b
    deskhand serve
    deskhand serve --only worker
    """  # noqa: D301 — \b keeps click from rewrapping
    from bot.app import serve as run
    from bot.config import Config

    config = Config.load()
    _log_to_stderr(logging.INFO)
    asyncio.run(run(config, only=only))


@click.command()
def migrate() -> None:
    """Bring the database to this version. Other commands do so by themselves.

    \b
    deskhand migrate
    """  # noqa: D301 — \b keeps click from rewrapping
    asyncio.run(_migrate())


@click.command()
def doctor() -> None:
    """Check everything the desk needs, and say what to do where something is missing.

    \b
    deskhand doctor
    """  # noqa: D301 — \b keeps click from rewrapping
    from bot.config import Config
    from bot.doctor import examine

    if not asyncio.run(examine(Config.load(), click.echo)):
        raise click.ClickException("Something is missing: see ✗ above.")


@click.command()
@click.option("--url", help="Where Slack reaches the desk, such as https://desk.example.com.")
@click.option("--socket", is_flag=True, help="For Socket Mode, as without --url.")
def manifest(url: str | None, *, socket: bool) -> None:
    """Print the manifest to make your Slack app from, at https://api.slack.com/apps.

    Without --url it is for Socket Mode, where Slack need not reach the desk.

    \b
    deskhand manifest
    deskhand manifest --url https://desk.example.com
    """  # noqa: D301 — \b keeps click from rewrapping
    from bot.slack.manifest import build

    if url and socket:
        raise click.UsageError("Give --url or --socket: with Socket Mode there is no address.")
    click.echo(json.dumps(build(url), indent=2, ensure_ascii=False))


def _log_to_stderr(level: int) -> None:
    """Log what the desk says from this level up, and of the libraries only warnings.

    Slack's library would say whole requests otherwise, with the personal data in them.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("bot").setLevel(level)


async def _migrate() -> None:
    from bot.cli.desk import configured_store
    from bot.migrate import upgrade

    async with configured_store() as store:
        before, after = await upgrade(store)
    if before == after:
        click.echo(f"The database is up to date (revision {after}).")
    else:
        click.echo(f"The database went from {before or 'empty'} to revision {after}.")
