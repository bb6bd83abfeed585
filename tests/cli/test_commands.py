"""The `deskhand` command as a whole: help, exit codes, and errors in one line."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import text, update

from bot import migrate
from bot.cli import main, running
from bot.http.server import listen
from domain import jobs, merchants
from domain.jobs import Job, NewJob, State
from domain.store import Store
from tests.cli.conftest import Deskhand

_COMMANDS = [
    "demo",
    "serve",
    "import",
    "migrate",
    "doctor",
    "manifest",
    "people",
    "settings",
    "jobs",
    "audit",
]


def _every_command() -> list[list[str]]:
    found: list[list[str]] = [[]]
    for name, command in main.commands.items():
        found.append([name])
        if isinstance(command, click.Group):
            found += [[name, sub] for sub in command.commands]
    return found


def test_the_commands_are_these() -> None:
    assert sorted(main.commands) == sorted(_COMMANDS)


@pytest.mark.parametrize("command", _every_command(), ids=" ".join)
def test_every_command_explains_itself(bare: Deskhand, command: list[str]) -> None:
    said = bare(*command, "--help", DATABASE_URL="nonsense")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"Usage: {' '.join(['deskhand', *command])}")
    if len(command) == 1 or command[1:] != ["list"]:
        assert re.search(r"^ +(Try it .+)?deskhand \w+", said.out, re.MULTILINE)


def test_the_version_is_that_of_the_package(bare: Deskhand) -> None:
    assert re.fullmatch(r"deskhand \d+\.\d+\.\d+\n", bare("--version").out)


def test_without_a_command_the_help_is_shown(bare: Deskhand) -> None:
    said = bare()
    assert said.code == 2
    assert said.err.startswith("Usage: deskhand")


@pytest.mark.parametrize("args", [["frobnicate"], ["--frobnicate"], ["serve", "--only", "both"]])
def test_misuse_is_said_in_one_line(bare: Deskhand, args: list[str]) -> None:
    said = bare(*args)
    assert (said.code, said.out) == (2, "")
    assert re.fullmatch(r".+ See `deskhand.* --help`\.\n", said.err)


def test_a_command_makes_the_tables_it_needs(bare: Deskhand, folder: Path) -> None:
    said = bare("people", "set", "U0123", "admin")
    assert (said.code, said.err) == (0, "")
    assert (folder / "deskhand.db").exists()
    assert "U0123" in bare("people").out


def test_migrate_says_from_where_to_where(bare: Deskhand) -> None:
    head = migrate.head()
    assert bare("migrate").out == f"The database went from empty to revision {head}.\n"
    assert bare("migrate").out == f"The database is up to date (revision {head}).\n"


def test_a_newer_database_is_left_alone(deskhand: Deskhand, sqlite_url: str) -> None:
    _execute(sqlite_url, "UPDATE alembic_version SET version_num = '9999'")
    for command in ("migrate", "people", "audit"):
        said = deskhand(command)
        assert said.code == 1
        assert said.err.startswith("The database was migrated by a newer Deskhand (revision 9999).")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://db/desk", "DATABASE_URL names mysql; Deskhand keeps its data in sqlite or post"),
        ("nonsense", "DATABASE_URL is not a database address."),
        ("sqlite:////no/such/desk.db", "DATABASE_URL names /no/such/desk.db, but there is no fold"),
        ("sqlite:///.", "DATABASE_URL names ., which can't be used: unable to open database file."),
        ("sqlite:///letter.txt", "DATABASE_URL names letter.txt, which can't be used: file is not"),
        ("postgresql://me:hidden@127.0.0.1:{closed}/desk", "The database at postgresql+asyncpg"),
    ],
)
@pytest.mark.parametrize("command", ["migrate", "people", "settings", "jobs", "audit"])
def test_a_database_that_is_not_there_is_said_in_one_line(
    bare: Deskhand, folder: Path, command: str, url: str, sentence: str
) -> None:
    (folder / "letter.txt").write_text("Dear Sir or Madam, " * 100, encoding="utf-8")
    said = bare(command, DATABASE_URL=url.format(closed=_closed_port()))
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(sentence)
    assert said.err.count("\n") == 1
    assert "hidden" not in said.err


def test_serve_says_what_is_missing(bare: Deskhand) -> None:
    said = bare("serve")
    assert (said.code, said.out) == (1, "")
    token, secret = said.err.splitlines()
    assert token.startswith("SLACK_BOT_TOKEN is missing. Copy it from")
    assert secret.startswith("SLACK_SIGNING_SECRET is missing. Copy it from")


def test_serve_says_that_its_port_is_taken(bare: Deskhand) -> None:
    with listen("127.0.0.1", 0) as holder:
        port = holder.getsockname()[1]
        said = bare(
            "serve",
            SLACK_BOT_TOKEN="xoxb-1",
            SLACK_SIGNING_SECRET="s",
            DESKHAND_PORT=str(port),
        )
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        f"Port {port} is taken. Stop what listens on 127.0.0.1:{port}, or set DESKHAND_PORT to "
        "another port.\n"
    )


def test_an_unexpected_error_is_one_line_and_debug_shows_where_it_came_from(
    bare: Deskhand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("nobody thought of this\nnor of that")

    monkeypatch.setattr(running, "_migrate", broken)
    said = bare("migrate")
    assert said.code == 1
    assert said.err == (
        "Something went wrong that Deskhand did not expect (ZeroDivisionError: nobody thought of "
        "this). Run it again as `deskhand --debug …` to see where.\n"
    )
    for args, environment in ((["--debug", "migrate"], {}), (["migrate"], {"DESKHAND_DEBUG": "1"})):
        result = CliRunner().invoke(main, args, env=environment)
        assert isinstance(result.exception, ZeroDivisionError)


def test_dead_jobs_are_shown_with_why_and_retried(
    deskhand_on_both: Deskhand, database_url: str
) -> None:
    ids = asyncio.run(_enqueue(database_url, dead=2))
    said = deskhand_on_both("jobs")
    assert said.out.startswith("1 ready, 0 running, 2 dead\n")
    assert re.search(rf"^{ids[0]} +post +8 +Slack said channel_not_found.$", said.out, re.MULTILINE)
    said = deskhand_on_both("jobs", "retry", str(ids[0]))
    assert (said.code, said.out) == (0, "1 job is ready to run again.\n")
    said = deskhand_on_both("jobs", "retry", str(ids[0]))
    assert (said.code, said.out) == (1, "")
    assert said.err == f"There is no dead job {ids[0]}. `deskhand jobs` shows which are.\n"
    assert deskhand_on_both("jobs", "retry", "--all").out == "1 job is ready to run again.\n"
    assert deskhand_on_both("jobs").out == "3 ready, 0 running, 0 dead\n"


@pytest.mark.parametrize("args", [[], ["1", "--all"], ["first"]])
def test_retry_wants_one_job_or_all(deskhand: Deskhand, args: list[str]) -> None:
    said = deskhand("jobs", "retry", *args)
    assert (said.code, said.out) == (2, "")
    assert said.err.count("\n") == 1


def test_the_audit_tells_who_did_what_and_why_latest_last(deskhand: Deskhand) -> None:
    assert deskhand("audit").out == "Nothing has happened yet.\n"
    deskhand("settings", "set", "complaint.levels", "2")
    deskhand("people", "set", "U0123", "agent")
    header, first, second = deskhand("audit").out.splitlines()
    assert header.split() == ["WHEN", "WHO", "WHAT", "ABOUT", "WHY"]
    assert "console  SettingChanged  setting 1  (key=complaint.levels value=2)" in first
    assert "console  PersonChanged   person 1   (member=U0123 role=agent)" in second
    _, latest = deskhand("audit", "--limit", "1").out.splitlines()
    assert latest.split() == second.split()


def test_the_audit_of_an_unknown_order_fails(deskhand: Deskhand) -> None:
    said = deskhand("audit", "--order", "1042")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("There is no order 1042.")


def test_the_manifest_is_json_for_the_address_given(bare: Deskhand) -> None:
    manifest = json.loads(bare("manifest", "--url", "https://desk.example.com").out)
    assert manifest["settings"]["socket_mode_enabled"] is False
    manifest = json.loads(bare("manifest").out)
    assert manifest["settings"]["socket_mode_enabled"] is True


@pytest.mark.parametrize(
    "args", [["--url", "http://desk.example.com"], ["--url", "https://a.example", "--socket"]]
)
def test_a_manifest_for_nowhere_is_misuse(bare: Deskhand, args: list[str]) -> None:
    said = bare("manifest", *args)
    assert (said.code, said.out) == (2, "")
    assert said.err.count("\n") == 1


def test_the_installed_command_fails_in_one_line_too(folder: Path) -> None:
    command = [str(Path(sys.executable).with_name("deskhand"))]
    environment = {"PATH": "", "DATABASE_URL": "nonsense"}
    shown = _run([*command, "--version"], folder, environment)
    assert (shown.returncode, shown.stderr) == (0, "")
    failed = _run([*command, "people"], folder, environment)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("DATABASE_URL is not a database address.")
    assert failed.stderr.count("\n") == 1


def test_help_loads_neither_database_nor_slack() -> None:
    heavy = "{'sqlalchemy', 'pydantic', 'aiohttp', 'slack_sdk', 'alembic'}"
    code = f"import sys, bot.cli; sys.exit(', '.join({heavy} & set(sys.modules)))"
    assert _run([sys.executable, "-c", code], Path.cwd(), {}).stderr.strip() == ""


def _run(
    command: list[str], folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: PLW1510 — the exit code is what is tested
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=30
    )


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _execute(url: str, statement: str) -> None:
    async def run() -> None:
        store = Store(url)
        async with store.engine.begin() as connection:
            await connection.execute(text(statement))
        await store.close()

    asyncio.run(run())


async def _enqueue(url: str, *, dead: int) -> list[int]:
    """Enqueue one job more than the dead ones; returns the ids of the latter."""
    now = datetime.now(UTC) + timedelta(hours=1)
    store = Store(url)
    async with store.across(write=True) as session:
        merchant = await merchants.sole(session, now)
        fresh = [NewJob(key=f"job:{number}", kind="post", due_at=now) for number in range(dead + 1)]
        await jobs.add(session, merchant.id, fresh, now)
        values: dict[str, Any] = {
            "state": State.DEAD,
            "finished_at": now,
            "attempts": 8,
            "last_error": "Slack said\nchannel_not_found.",
        }
        found = await session.scalars(
            update(Job).where(Job.key != f"job:{dead}").values(**values).returning(Job.id)
        )
        ids = sorted(found)
    await store.close()
    return ids
