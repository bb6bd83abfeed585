"""`deskhand people`: who works at the desk."""
# ruff: noqa: PLC0415 — a command imports what it needs, so that --help answers at once

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from domain.money import Money
    from domain.people import Person


class _MemberId(click.ParamType[str]):
    name = "member"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        member_id = value.strip().removeprefix("@")
        if not re.fullmatch(r"[UW][A-Z0-9]{2,}", member_id):
            self.fail(
                f"“{value[:40]}” is not a member id like U0123456789; copy it from the "
                "member's profile in Slack.",
                param,
                ctx,
            )
        return member_id


@click.group(invoke_without_command=True)
@click.pass_context
def people(ctx: click.Context) -> None:
    """Show and change who works at the desk, and what they may approve.

    \b
    Roles: agent, approver, warehouse, finance, admin.
    Members are named by their id, which stands in their Slack profile under “⋮”.

    \b
    deskhand people
    deskhand people set U0123456789 approver --limit 500.00 --currency USD
    deskhand people remove U0123456789
    deskhand people away U0123456789 --until 2026-12-01 --deputy U0456789012
    deskhand people back U0123456789
    """  # noqa: D301 — \b keeps click from rewrapping
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_)


@people.command("list")
def list_() -> None:
    """Show who has which role and limit, and who is away."""
    asyncio.run(_list())


@people.command("set")
@click.argument("member", type=_MemberId())
@click.argument("role")
@click.option("--limit", help="The most they may approve, such as 500.00.")
@click.option("--currency", help="The currency of the limit, such as USD.")
def set_(member: str, role: str, limit: str | None, currency: str | None) -> None:
    """Give MEMBER a ROLE: agent, approver, warehouse, finance or admin.

    A limit is kept for each currency: call it once for each. An approver without any limit may
    approve every amount; as soon as one is set, nothing in other currencies any more.

    \b
    deskhand people set U0123456789 agent
    deskhand people set U0123456789 approver --limit 500.00 --currency USD
    """  # noqa: D301 — \b keeps click from rewrapping
    asyncio.run(_set(member, role, _money(limit, currency)))


@people.command()
@click.argument("member", type=_MemberId())
def remove(member: str) -> None:
    """Take MEMBER's role away.

    \b
    deskhand people remove U0123456789
    """  # noqa: D301 — \b keeps click from rewrapping
    asyncio.run(_remove(member))


@people.command()
@click.argument("member", type=_MemberId())
@click.option("--until", required=True, help="The first day back, such as 2026-12-01.")
@click.option("--deputy", type=_MemberId(), help="The member who is called instead.")
def away(member: str, until: str, deputy: str | None) -> None:
    """Have the desk not call MEMBER until that day, which begins in their own time zone.

    It changes nothing of what they may do.

    \b
    deskhand people away U0123456789 --until 2026-12-01
    deskhand people away U0123456789 --until 2026-12-01 --deputy U0456789012
    """  # noqa: D301 — \b keeps click from rewrapping
    asyncio.run(_away(member, until, deputy))


@people.command()
@click.argument("member", type=_MemberId())
def back(member: str) -> None:
    """Have the desk call MEMBER again.

    \b
    deskhand people back U0123456789
    """  # noqa: D301 — \b keeps click from rewrapping
    asyncio.run(_back(member))


def _money(limit: str | None, currency: str | None) -> Money | None:
    from domain.money import is_currency, parse_amount

    if limit is None and currency is None:
        return None
    if currency is None:
        raise click.UsageError("--limit needs its currency: add --currency USD, or another one.")
    if limit is None:
        raise click.UsageError(
            "--currency belongs to a limit: add --limit 500.00, or leave it out."
        )
    if not is_currency(currency.upper()):
        raise click.UsageError(
            f"“{currency[:40]}” is not a currency. Use the three letters of ISO 4217, such as USD."
        )
    return parse_amount(limit, currency.upper())


async def _list() -> None:
    from bot.cli.desk import desk, utc_now
    from bot.cli.table import echo_table
    from bot.config import Config
    from domain.people import absent, everyone

    async with desk() as console, console.read() as session:
        found = await everyone(session)
        away = {one.member_id: _absence(one) for one in await absent(session, utc_now())}
    rows = [
        (one.member_id, one.role or "", _limits(one), away.get(one.member_id, ""), one.name or "")
        for one in found
    ]
    rows += [
        (member, "admin", "", away.get(member, ""), "by DESKHAND_ADMINS")
        for member in Config.load().admins
    ]
    if rows:
        echo_table(("MEMBER", "ROLE", "LIMITS", "AWAY", "NAME"), rows)
    else:
        click.echo(
            "Nobody has a role yet. Give one with `deskhand people set U0123456789 admin`, or "
            "name the first admins in DESKHAND_ADMINS."
        )


def _limits(person: Person) -> str:
    from domain.money import Money

    return ", ".join(str(Money(limit.amount, limit.currency)) for limit in person.limits)


def _absence(person: Person) -> str:
    from domain.people import day_in

    until = day_in(person.away_until, person.tz) if person.away_until else ""
    return f"until {until}" + (f", {person.deputy} is called" if person.deputy else "")


async def _away(member: str, until: str, deputy: str | None) -> None:
    from bot.cli.desk import desk
    from bot.config import Config
    from domain.people import at_desk, first_day_back, go_away

    admins = Config.load().admins
    async with desk() as console, console.write() as work:
        absentee = await at_desk(work.session, member, admins=admins)
        if absentee.role is None:
            raise _no_role(member)
        await go_away(work, member, first_day_back(until, absentee.tz), deputy)
        stand_in = deputy and await at_desk(work.session, deputy, admins=admins)
    instead = f"{deputy} is" if deputy else "Nobody is"
    click.echo(f"{member} is away until {until}. {instead} called instead.")
    lacks = stand_in.can_not_do_for(absentee) if stand_in else []
    if lacks:
        click.echo(
            f"{deputy}'s role does not let them {' or '.join(lacks)}, which {member} is called "
            "for. Name somebody else, or give them a role with `deskhand people set`.",
            err=True,
        )


async def _back(member: str) -> None:
    from bot.cli.desk import desk
    from domain.people import come_back

    async with desk() as console, console.write() as work:
        await come_back(work, member)
    click.echo(f"{member} is called again.")


async def _set(member: str, role: str, limit: Money | None) -> None:
    from bot.cli.desk import desk
    from domain.people import set_role

    async with desk() as console, console.write() as work:
        await set_role(work, member, role, limit)
    click.echo(f"{member} is {role} now" + (f", with a limit of {limit}." if limit else "."))


def _no_role(member: str) -> click.ClickException:
    return click.ClickException(f"{member} has no role here. `deskhand people` shows who has one.")


async def _remove(member: str) -> None:
    from bot.cli.desk import desk
    from domain.people import everyone, set_role

    async with desk() as console, console.write() as work:
        if member not in {one.member_id for one in await everyone(work.session)}:
            raise _no_role(member)
        await set_role(work, member, None)
    click.echo(f"{member} has no role any more.")
