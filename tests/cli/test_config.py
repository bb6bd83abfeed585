"""The environment: what is read, and what is said of it when it can't be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from bot.config import Config, Misconfigured


@pytest.fixture(autouse=True)
def _nothing_configured(folder: Path) -> None:
    """Run where the environment is empty."""


def test_nothing_needs_to_be_set() -> None:
    config = Config.load()
    assert config.database_url == "sqlite+aiosqlite:///deskhand.db"
    assert (config.host, config.port, config.admins) == ("127.0.0.1", 3000, ())
    assert config.slack_api_url == "https://slack.com/api/"
    assert not config.socket_mode


def test_the_environment_goes_before_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text(
        "DESKHAND_PORT=4000\nDESKHAND_HOST=0.0.0.0\nDESKHAND_ADMINS=U012, W345,\nOTHER=1\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("DESKHAND_PORT", "5000")
    config = Config.load()
    assert (config.host, config.port, config.admins) == ("0.0.0.0", 5000, ("U012", "W345"))


def test_an_empty_variable_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKHAND_PORT", "")
    monkeypatch.setenv("SLACK_APP_TOKEN", "")
    config = Config.load()
    assert config.port == 3000
    assert not config.socket_mode


def test_a_base_address_ends_with_one_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:3000/api")
    monkeypatch.setenv("EASYPOST_API_URL", "http://127.0.0.1:3001//")
    config = Config.load()
    assert config.slack_api_url == "http://127.0.0.1:3000/api/"
    assert config.easypost_api_url == "http://127.0.0.1:3001/"


def test_secrets_are_never_printed() -> None:
    config = Config(
        slack_bot_token=SecretStr("xoxb-hidden"), database_url="postgresql://me:hidden@db/desk"
    )
    assert "hidden" not in repr(config)
    assert "hidden" not in str(config)


def test_a_configuration_does_not_change() -> None:
    with pytest.raises(ValidationError):
        Config().port = 1


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "deskhand.db", "DATABASE_URL is not a database address. Use sqlite+"),
        ("DATABASE_URL", "mysql://db/desk", "DATABASE_URL names mysql; Deskhand keeps its data"),
        ("DESKHAND_PORT", "http", "DESKHAND_PORT must be a port: a whole number from 1 to 65535"),
        ("DESKHAND_PORT", "70000", "DESKHAND_PORT must be a port"),
        ("DESKHAND_ADMINS", "U012,bob", "DESKHAND_ADMINS names “bob”, which is not a member id"),
        ("SLACK_API_URL", "slack.com/api", "SLACK_API_URL must be an address that starts with"),
        ("SHOPIFY_SHOP", "example.com", "SHOPIFY_SHOP must be the shop's own address at Shopify"),
        ("SHOPIFY_ACCESS_TOKEN", "shpat_1", "SHOPIFY_ACCESS_TOKEN is of no use without SHOPIFY_S"),
    ],
)
def test_a_wrong_variable_is_named_with_what_it_takes(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as caught:
        Config.load()
    (problem,) = caught.value.problems
    assert problem.startswith(sentence)


def test_an_app_at_shopify_has_a_shop_and_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPIFY_CLIENT_ID", "c1")
    for name, value in (("SHOPIFY_SHOP", " a-1.myshopify.com"), ("SHOPIFY_CLIENT_SECRET", "s1")):
        with pytest.raises(Misconfigured, match=f"CLIENT_ID is of no use without {name}. Set"):
            Config.load()
        monkeypatch.setenv(name, value)
    assert Config.load().shopify_shop == "a-1.myshopify.com"
    monkeypatch.setenv("SHOPIFY_SHOP", "a/1")
    with pytest.raises(Misconfigured) as caught:
        Config.load()
    assert len(caught.value.problems) == 1


def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://db/desk")
    monkeypatch.setenv("DESKHAND_PORT", "http")
    with pytest.raises(Misconfigured) as caught:
        Config.load()
    assert len(caught.value.problems) == 2


def test_over_http_a_token_and_a_signing_secret_are_needed() -> None:
    with pytest.raises(Misconfigured) as caught:
        Config().require_slack()
    token, secret = caught.value.problems
    assert token.startswith("SLACK_BOT_TOKEN is missing. Copy it from “OAuth & Permissions”")
    assert secret.startswith("SLACK_SIGNING_SECRET is missing. Copy it from “Basic Information”")
    Config(slack_bot_token=SecretStr("xoxb-1"), slack_signing_secret=SecretStr("s")).require_slack()


def test_over_socket_mode_the_app_token_stands_in_for_the_signing_secret() -> None:
    Config(slack_bot_token=SecretStr("xoxb-1"), slack_app_token=SecretStr("xapp-1")).require_slack()


@pytest.mark.parametrize(
    ("bot", "app", "sentence"),
    [
        ("xapp-1", "xapp-1", "SLACK_BOT_TOKEN holds an app-level token"),
        ("xoxp-1", "xapp-1", "SLACK_BOT_TOKEN holds a user token."),
        ("xoxb-1", "xoxb-1", "SLACK_APP_TOKEN is not an app-level token"),
    ],
)
def test_tokens_in_the_wrong_place_are_recognised(bot: str, app: str, sentence: str) -> None:
    config = Config(slack_bot_token=SecretStr(bot), slack_app_token=SecretStr(app))
    with pytest.raises(Misconfigured) as caught:
        config.require_slack()
    (problem,) = caught.value.problems
    assert problem.startswith(sentence)
    assert bot not in problem.split()


def test_the_example_names_every_variable_and_can_be_used_as_it_is(folder: Path) -> None:
    example = Path(__file__).parents[2] / ".env.example"
    said = example.read_text(encoding="utf-8")
    named = set(re.findall(r"^#?([A-Z_]+)=", said, re.MULTILINE))
    assert named == _variables()
    (folder / ".env").write_text(re.sub(r"(?m)^#(?=[A-Z_]+=)", "", said), encoding="utf-8")
    used = Config.load()
    (folder / ".env").unlink()
    assert used == Config(admins=("U0123456789",))


def test_the_documentation_names_every_variable() -> None:
    page = Path(__file__).parents[2] / "docs" / "configuration.md"
    named = re.findall(r"`([A-Z_]+)`", page.read_text(encoding="utf-8"))
    assert [name for name in _variables() if name not in named] == []


def _variables() -> set[str]:
    known = {str(field.validation_alias or name).upper() for name, field in _fields()}
    return known | {"DESKHAND_DEBUG"}


def _fields() -> list[tuple[str, FieldInfo]]:
    return list(Config.model_fields.items())


def test_amazon_is_connected_by_all_four_variables_or_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Config.load().amazon_lacks == []
    for name in ("AMAZON_CLIENT_ID", "AMAZON_REFRESH_TOKEN"):
        monkeypatch.setenv(name, "x")
    with pytest.raises(
        Misconfigured, match="without AMAZON_CLIENT_SECRET or AMAZON_MARKETPLACE it can't be"
    ):
        Config.load()
    for name in ("AMAZON_CLIENT_SECRET", "AMAZON_MARKETPLACE"):
        monkeypatch.setenv(name, "x")
    assert Config.load().amazon_lacks == []
