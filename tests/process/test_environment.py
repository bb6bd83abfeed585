"""An environment that can't work is refused in one line that says what to do."""

from __future__ import annotations

import asyncio

import pytest

from bot.http.server import listen
from tests.process.conftest import APP_TOKEN, Elsewhere, closed_port
from tests.process.run import Deskhand, Said, true

_SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}


async def test_an_environment_that_can_not_work_is_refused_with_what_to_do(bare: Deskhand) -> None:
    nowhere = f"postgresql://me:hidden@127.0.0.1:{closed_port()}/desk"
    cases: list[tuple[str, dict[str, str], int, str]] = [
        ("serve", {"SLACK_BOT_TOKEN": "xoxb-1"}, 1, "SLACK_SIGNING_SECRET is missing. Copy it"),
        ("serve", {"SLACK_SIGNING_SECRET": "s"}, 1, "SLACK_BOT_TOKEN is missing. Copy it"),
        ("serve", {**_SLACK, "DATABASE_URL": nowhere}, 1, "The database at postgresql"),
        ("serve", {**_SLACK, "DATABASE_URL": "sqlite:////no/desk.db"}, 1, "DATABASE_URL names /no"),
        ("serve", {**_SLACK, "DATABASE_URL": "nonsense"}, 1, "DATABASE_URL is not a database"),
        ("serve --only both", _SLACK, 2, "Invalid value for '--only'"),
    ]
    with listen("127.0.0.1", 0) as holder:
        port = str(holder.getsockname()[1])
        taken = f"Port {port} is taken. Stop what listens on 127.0.0.1:{port}, or set DESKHAND_PORT"
        cases += [
            ("serve", {**_SLACK, "DESKHAND_PORT": port}, 1, taken),
            ("demo", {"DESKHAND_PORT": port}, 1, taken),
        ]
        said = await asyncio.gather(
            *(bare(*command.split(), **environment) for command, environment, *_ in cases)
        )
    for (_, _, code, sentence), one in zip(cases, said, strict=True):
        _is_told(one, code, sentence)
    assert "hidden" not in str(said)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-other"}, "Slack refuses SLACK_BOT_TOKEN (invalid_auth). Copy"),
        ({"SLACK_APP_TOKEN": "xapp-other"}, "Slack refuses SLACK_APP_TOKEN (invalid_auth). Make"),
    ],
)
async def test_a_token_that_slack_refuses_stops_it(
    configured: Deskhand, opened: Elsewhere, environment: dict[str, str], sentence: str
) -> None:
    del opened
    _is_told(await configured("serve", **environment), 1, sentence)


async def test_a_slack_with_a_bad_moment_stops_nobody(
    configured: Deskhand, opened: Elsewhere
) -> None:
    opened.slack.fail("auth.test", "ratelimited")
    opened.slack.fail("apps.connections.open", "http_503")
    async with configured.start("serve", SLACK_APP_TOKEN=APP_TOKEN) as desk:
        await desk.address()
        await true(lambda: opened.slack.connected)
        said = await desk.stop(within=5)
    assert (said.code, said.err.count("\n")) == (0, 3), said.err


def _is_told(said: Said, code: int, sentence: str) -> None:
    assert (said.code, said.out) == (code, ""), said
    assert said.err.startswith(sentence), said.err
    assert said.err.count("\n") == 1, said.err
    assert "Traceback" not in said.err
