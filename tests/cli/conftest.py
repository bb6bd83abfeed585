"""The command line, called in this process, in a folder and an environment of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


Deskhand = Callable[..., Said]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, with nothing of ours in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(
            ("SLACK_", "DESKHAND_", "DATABASE_", "EASYPOST_", "STRIPE_", "SHOPIFY_", "AMAZON_")
        ):
            monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def bare(folder: Path) -> Deskhand:
    """`deskhand …` where nothing is configured; keywords are environment variables."""
    del folder

    def run(*args: str, **environment: str) -> Said:
        result = CliRunner().invoke(main, args, env=environment, prog_name="deskhand")
        assert "Traceback" not in result.output
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def deskhand(bare: Deskhand, sqlite_url: str) -> Deskhand:
    """`deskhand …` on a migrated, empty SQLite file."""

    def run(*args: str, **environment: str) -> Said:
        return bare(*args, **{"DATABASE_URL": sqlite_url, **environment})

    return run


@pytest.fixture
def deskhand_on_both(bare: Deskhand, database_url: str) -> Deskhand:
    """`deskhand …` on a migrated, empty database: the test runs on both kinds."""

    def run(*args: str, **environment: str) -> Said:
        return bare(*args, **{"DATABASE_URL": database_url, **environment})

    return run
