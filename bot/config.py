"""What the environment says, read once and never changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.errors import DeskhandError, either
from domain.store import StoreUnavailable, parse_url

_APP_PAGES = "https://api.slack.com/apps"
_WHERE = {
    "SLACK_BOT_TOKEN": f"“OAuth & Permissions” of your app at {_APP_PAGES}",
    "SLACK_SIGNING_SECRET": f"“Basic Information” of your app at {_APP_PAGES}",
}
#: Tokens that are easily taken for a bot's, by how they start.
_OTHER_TOKENS = {
    "xapp-": "an app-level token, which belongs in SLACK_APP_TOKEN",
    "xoxp-": "a user token",
    "xoxe-": "a refresh token",
}


_AMAZON_LACKS = (
    "Amazon is connected by four variables, and without {} it can't be. Set all of AMAZON_CLIENT_ID, "
    "AMAZON_CLIENT_SECRET, AMAZON_REFRESH_TOKEN and AMAZON_MARKETPLACE, or none."
)


class Misconfigured(DeskhandError):
    """The environment can't be used; `problems` holds one sentence for each variable."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def _database_url(url: str) -> str:
    try:
        parse_url(url)
    except StoreUnavailable as error:
        raise ValueError(str(error)) from None
    return url


def _base_url(url: str) -> str:
    """Check a partner's base address, and end it with a slash so that paths can be added."""
    if not re.match(r"https?://[^/\s]+", url):
        raise ValueError("must be an address that starts with https:// or http://.")
    return url.rstrip("/") + "/"


def _member_ids(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    members = tuple(member.strip() for member in value.split(",") if member.strip())
    for member in members:
        if not re.fullmatch(r"[UW][A-Z0-9]{2,}", member):
            raise ValueError(
                f"names “{member[:40]}”, which is not a member id like U0123456789. "
                "Copy it from the member's profile in Slack, and separate several by commas."
            )
    return members


def _shop(domain: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*\.myshopify\.com", domain):
        raise ValueError(
            "must be the shop's own address at Shopify, such as example.myshopify.com."
        )
    return domain


def _queue(url: str) -> str:
    if not re.fullmatch(r"https?://[^/\s]+/\S+", url):
        raise ValueError(
            "must be the queue's address, such as "
            "https://sqs.eu-west-1.amazonaws.com/123456789012/orders."
        )
    return url


def revealed(secret: SecretStr | None) -> str | None:
    """Return what a secret is, None where none is set."""
    return secret.get_secret_value() if secret else None


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


BaseUrl = Annotated[str, BeforeValidator(_stripped), AfterValidator(_base_url)]
Secret = Annotated[SecretStr, BeforeValidator(_stripped)]


_QUEUE_ALONE = (
    "AMAZON_SQS_URL is of no use without AMAZON_CLIENT_ID and what goes with it: the queue tells "
    "that an order changed, and Amazon is asked how. Set them."
)


class Config(BaseSettings):
    """The environment, or `.env` where that has nothing to say.

    Empty variables count as missing. Secrets show as asterisks wherever they are printed.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_by_name=True,
        validate_by_alias=True,
    )

    #: Not shown: it may hold a password.
    database_url: Annotated[str, BeforeValidator(_stripped), AfterValidator(_database_url)] = Field(
        default="sqlite+aiosqlite:///deskhand.db", repr=False
    )
    #: This machine alone: whoever wants to be reached from outside says so.
    host: str = Field(default="127.0.0.1", validation_alias="DESKHAND_HOST")
    port: int = Field(default=3000, validation_alias="DESKHAND_PORT", ge=0, le=65535)
    #: Where people's browsers reach the desk; None where nobody said.
    public_url: BaseUrl | None = Field(default=None, validation_alias="DESKHAND_PUBLIC_URL")
    admins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_member_ids)] = Field(
        default=(), validation_alias="DESKHAND_ADMINS"
    )

    slack_bot_token: Secret | None = None
    slack_signing_secret: Secret | None = None
    slack_app_token: Secret | None = None
    slack_client_id: str | None = None
    slack_client_secret: Secret | None = None
    slack_api_url: BaseUrl = "https://slack.com/api/"

    stripe_api_key: Secret | None = None
    stripe_api_url: BaseUrl = "https://api.stripe.com/"
    stripe_webhook_secret: Secret | None = None
    amazon_client_id: str | None = None
    amazon_client_secret: Secret | None = None
    amazon_refresh_token: Secret | None = None
    amazon_marketplace: str | None = None
    #: By default that of the marketplace's region.
    amazon_api_url: BaseUrl | None = None
    amazon_auth_url: BaseUrl = "https://api.amazon.com/"
    #: The queue's own address, which also says where it is asked.
    amazon_sqs_url: Annotated[str, BeforeValidator(_stripped), AfterValidator(_queue)] | None = None
    #: Without them, what the machine has for AWS.
    amazon_sqs_key_id: str | None = None
    amazon_sqs_secret: Secret | None = None
    easypost_api_key: Secret | None = None
    easypost_api_url: BaseUrl = "https://api.easypost.com/v2/"
    easypost_webhook_secret: Secret | None = None
    carrier_webhook_secret: Secret | None = None
    shopify_shop: Annotated[str, BeforeValidator(_stripped), AfterValidator(_shop)] | None = None
    shopify_client_secret: Secret | None = None
    shopify_access_token: Secret | None = None
    shopify_client_id: str | None = None
    shopify_api_url: BaseUrl | None = None

    @field_validator("shopify_access_token", "shopify_client_id")
    @classmethod
    def _names_its_shop(cls, value: Any, info: ValidationInfo) -> Any:
        """Check that there is what a token or an app's id is of no use without."""
        needed = ["shopify_shop"]
        if info.field_name == "shopify_client_id":
            needed.append("shopify_client_secret")
        for name in needed:
            # One that is there and wrong is told of by itself.
            if value is not None and info.data.get(name, ...) is None:
                raise ValueError(f"is of no use without {name.upper()}. Set both.")
        return value

    @classmethod
    def load(cls) -> Self:
        """Read the environment and `.env`; raises `Misconfigured` with every problem at once."""
        try:
            config = cls()
        except ValidationError as error:
            raise Misconfigured([_sentence(problem) for problem in error.errors()]) from None
        if config.amazon_lacks:
            raise Misconfigured([_AMAZON_LACKS.format(either(config.amazon_lacks))])
        if config.amazon_sqs_url and config.amazon_client_id is None:
            raise Misconfigured([_QUEUE_ALONE])
        return config

    @property
    def socket_mode(self) -> bool:
        """Whether Slack is reached through an outgoing connection rather than called by it."""
        return self.slack_app_token is not None

    @property
    def amazon_lacks(self) -> Sequence[str]:
        """The variables that Amazon is still in want of; none if it is not to be connected."""
        needed = {
            "AMAZON_CLIENT_ID": self.amazon_client_id,
            "AMAZON_CLIENT_SECRET": self.amazon_client_secret,
            "AMAZON_REFRESH_TOKEN": self.amazon_refresh_token,
            "AMAZON_MARKETPLACE": self.amazon_marketplace,
        }
        missing = [name for name, value in needed.items() if value is None]
        return [] if len(missing) == len(needed) else missing

    def require_slack(self, *, signed: bool = True) -> None:
        """Raise `Misconfigured` unless there is what it takes to talk with a workspace.

        Requests over HTTP are `signed`; those over Socket Mode come by the app-level token,
        and a process that takes none needs neither.
        """
        needed = {"SLACK_BOT_TOKEN": self.slack_bot_token}
        if signed and not self.socket_mode:
            needed["SLACK_SIGNING_SECRET"] = self.slack_signing_secret
        problems = [
            f"{name} is missing. Copy it from {_WHERE[name]} into the environment or .env."
            for name, value in needed.items()
            if value is None
        ]
        if self.slack_bot_token:
            token = self.slack_bot_token.get_secret_value()
            problems += [
                f"SLACK_BOT_TOKEN holds {what}. Copy the bot's own, which starts with xoxb-, from "
                f"{_WHERE['SLACK_BOT_TOKEN']}."
                for start, what in _OTHER_TOKENS.items()
                if token.startswith(start) and not token.startswith("xoxe.xoxb-")
            ]
        if self.slack_app_token and not self.slack_app_token.get_secret_value().startswith("xapp-"):
            problems.append(
                "SLACK_APP_TOKEN is not an app-level token, which starts with xapp-. Make one "
                f"with connections:write under “Basic Information” of your app at {_APP_PAGES}, "
                "or leave it out to be called over HTTP."
            )
        if problems:
            raise Misconfigured(problems)


def _sentence(problem: Any) -> str:
    """Say in one sentence which variable is wrong, how, and what it takes."""
    name = str(problem["loc"][0]).upper()
    if name == "DESKHAND_PORT":
        return f"{name} must be a port: a whole number from 1 to 65535, such as 3000."
    reason = str(problem.get("ctx", {}).get("error", problem["msg"]))
    return reason if reason.startswith(name) else f"{name} {reason}"
