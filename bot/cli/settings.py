"""`deskhand settings`: how the desk behaves."""
# ruff: noqa: PLC0415 — a command imports what it needs, so that --help answers at once

from __future__ import annotations

import asyncio

import click


@click.group(invoke_without_command=True)
@click.pass_context
def settings(ctx: click.Context) -> None:
    """Show and change how the desk behaves.

    \b
    deskhand settings
    deskhand settings set channel.refunds C0123456789
    deskhand settings set refund.auto_limit 20.00 USD, 18.00 EUR
    deskhand settings unset refund.auto_limit
    """  # noqa: D301 — \b keeps click from rewrapping
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_)


@settings.command("list")
def list_() -> None:
    """Show every setting, what it means, and what holds until it is set."""
    asyncio.run(_list())


@settings.command("set")
@click.argument("key")
@click.argument("value", nargs=-1, required=True)
def set_(key: str, value: tuple[str, ...]) -> None:
    """Set KEY to VALUE. `deskhand settings` shows which keys there are.

    \b
    deskhand settings set channel.refunds C0123456789
    deskhand settings set refund.two_approvers_above 250.00 USD
    """  # noqa: D301 — \b keeps click from rewrapping
    asyncio.run(_set(key, " ".join(value)))


@settings.command()
@click.argument("key")
def unset(key: str) -> None:
    """Go back to the default of KEY.

    \b
    deskhand settings unset refund.auto_limit
    """  # noqa: D301 — \b keeps click from rewrapping
    asyncio.run(_unset(key))


async def _list() -> None:
    from bot.cli.desk import desk
    from bot.cli.table import echo_table
    from domain.definitions import DEFINITIONS
    from domain.merchants import as_text
    from domain.merchants import settings as read

    async with desk() as console, console.read() as session:
        kept = await read(session)
    values = as_text(kept)
    rows = [
        (
            key,
            (values[key] or "not set") + ("" if key in kept.values else " (default)"),
            definition.meaning,
        )
        for key, definition in DEFINITIONS.items()
    ]
    echo_table(("KEY", "VALUE", "MEANING"), rows)


async def _set(key: str, text: str) -> None:
    from bot.cli.desk import desk
    from domain import merchants

    async with desk() as console, console.write() as work:
        await merchants.change_setting(work, key, text)
        value = merchants.as_text(await merchants.settings(work.session))[key]
    click.echo(f"{key} is {value} now.")


async def _unset(key: str) -> None:
    from bot.cli.desk import desk
    from domain import merchants

    async with desk() as console, console.write() as work:
        await merchants.unset(work, key)
        await work.session.flush()
        value = merchants.as_text(await merchants.settings(work.session))[key]
    click.echo(f"{key} is back to its default: {value or 'not set'}.")
