"""`deskhand jobs`: what is yet to be done, and what was given up."""
# ruff: noqa: PLC0415 — a command imports what it needs, so that --help answers at once

from __future__ import annotations

import asyncio

import click


@click.group(invoke_without_command=True)
@click.pass_context
def jobs(ctx: click.Context) -> None:
    """Show what the desk has yet to do, and what it gave up on.

    A job that keeps failing is parked as dead, and can be tried again.

    \b
    deskhand jobs
    deskhand jobs retry 42
    deskhand jobs retry --all
    """  # noqa: D301 — \b keeps click from rewrapping
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_)


@jobs.command("list")
def list_() -> None:
    """Show how many jobs there are in each state, and the dead ones with their last error."""
    asyncio.run(_list())


@jobs.command()
@click.argument("job", type=int, required=False, metavar="[ID]")
@click.option("--all", "everything", is_flag=True, help="Retry every dead job.")
def retry(job: int | None, *, everything: bool) -> None:
    """Give the dead job ID, or with --all each of them, a fresh set of attempts.

    \b
    deskhand jobs retry 42
    deskhand jobs retry --all
    """  # noqa: D301 — \b keeps click from rewrapping
    if (job is None) != everything:
        raise click.UsageError("Name one dead job by its ID, or give --all.")
    asyncio.run(_retry(job))


async def _list() -> None:
    from bot.cli.desk import desk
    from bot.cli.table import echo_table, one_line
    from domain import jobs as queue

    async with desk() as console, console.read() as session:
        counts = await queue.counts(session)
        dead = await queue.dead(session)
    shown = (queue.State.READY, queue.State.RUNNING, queue.State.DEAD)
    click.echo(", ".join(f"{counts.get(state, 0):,} {state}" for state in shown))
    if dead:
        click.echo("\nDead, latest first. `deskhand jobs retry ID` tries one again:")
        echo_table(
            ("ID", "KIND", "ATTEMPTS", "LAST ERROR"),
            [(str(job.id), job.kind, str(job.attempts), one_line(job.last_error)) for job in dead],
        )


async def _retry(job: int | None) -> None:
    from bot.cli.desk import desk, utc_now
    from domain import jobs as queue

    async with desk() as console, console.write() as work:
        revived = await queue.revive(work.session, utc_now(), job)
    if not revived and job is not None:
        raise click.ClickException(f"There is no dead job {job}. `deskhand jobs` shows which are.")
    click.echo(f"{revived:,} {'job is' if revived == 1 else 'jobs are'} ready to run again.")
