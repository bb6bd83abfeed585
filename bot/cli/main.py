"""The `deskhand` command, its sub-commands, and the one place where errors become sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from bot.cli.audit import audit
from bot.cli.importing import import_orders
from bot.cli.jobs import jobs
from bot.cli.people import people
from bot.cli.running import demo, doctor, manifest, migrate, serve
from bot.cli.settings import settings
from domain.errors import DeskhandError, Invalid


class _Told(click.ClickException):
    """An error in the words to show; exit code 1, the command failed."""

    def show(self, file: Any = None) -> None:
        """Print the sentence and nothing else."""
        click.echo(self.message, file=file, err=True)


class _ToldMisuse(_Told):
    """The same where what was typed can't be used; exit code 2."""

    exit_code = 2


class _Boundary(click.Group):
    """A group whose commands fail with a sentence on stderr, never with a traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options before the command."""
        with _sentences(debug=False):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _sentences(debug=ctx.params["debug"]):
            return super().invoke(ctx)


@contextmanager
def _sentences(*, debug: bool) -> Iterator[None]:
    try:
        yield
    except NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "deskhand"
        raise _ToldMisuse(f"{error.format_message()} See `{where} --help`.") from None
    except Invalid as error:
        raise _ToldMisuse(str(error)) from None
    except DeskhandError as error:
        raise _Told(str(error)) from None
    except click.ClickException as error:
        raise _Told(error.format_message()) from None
    except (click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:
        if debug:
            raise
        _unexpected(error)


def _unexpected(error: Exception) -> NoReturn:
    said = (str(error).splitlines() or [""])[0]
    raise _Told(
        f"Something went wrong that Deskhand did not expect ({type(error).__name__}: {said[:200]}). "
        "Run it again as `deskhand --debug …` to see where."
    ) from error


@click.group(cls=_Boundary, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="deskhand", message="deskhand %(version)s")
@click.option(
    "--debug",
    is_flag=True,
    envvar="DESKHAND_DEBUG",
    help="Show where an unexpected error came from (also DESKHAND_DEBUG=1).",
)
def main(*, debug: bool) -> None:
    """The service desk of an online seller, inside Slack.

    \b
    Try it without any account:    deskhand demo
    Set it up for a workspace:     deskhand manifest, then deskhand doctor
    Bring your orders:             deskhand import orders.csv
    Say who may do what:           deskhand people set U0123456789 approver
    Run it:                        deskhand serve

    Everything is configured by environment variables or a .env file: see .env.example.
    """  # noqa: D301 — \b keeps click from rewrapping
    del debug


for _command in (
    demo,
    serve,
    import_orders,
    migrate,
    doctor,
    manifest,
    people,
    settings,
    jobs,
    audit,
):
    main.add_command(_command)
