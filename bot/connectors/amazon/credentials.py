"""Where Amazon is, and what opens it, from the configuration."""

from __future__ import annotations

from sp_api.base import Marketplaces

from bot.config import Config
from bot.connectors.amazon.client import Credentials
from domain.errors import DeskhandError


class UnknownMarketplace(DeskhandError):
    """No marketplace of Amazon's has this id."""

    def __init__(self, marketplace: str) -> None:
        super().__init__(
            f"AMAZON_MARKETPLACE is “{marketplace[:40]}”, which is no marketplace's id. Take one "
            "like ATVPDKIKX0DER from https://developer-docs.amazon.com/sp-api/docs/marketplace-ids."
        )


def credentials(config: Config) -> Credentials | None:
    """Return what the configuration says of Amazon, None if it says nothing.

    Raises:
        UnknownMarketplace: and there is no address of Amazon's API given for it either.
    """
    secret, token = config.amazon_client_secret, config.amazon_refresh_token
    if not (config.amazon_client_id and secret and token and config.amazon_marketplace):
        return None
    marketplace = config.amazon_marketplace
    return Credentials(
        client_id=config.amazon_client_id,
        client_secret=secret.get_secret_value(),
        refresh_token=token.get_secret_value(),
        marketplace=marketplace,
        api_url=config.amazon_api_url or _address(marketplace),
        auth_url=config.amazon_auth_url,
    )


def _address(marketplace: str) -> str:
    """Return the address of the region that a marketplace is in."""
    for one in Marketplaces:
        if one.marketplace_id == marketplace:
            return str(one.endpoint)
    raise UnknownMarketplace(marketplace)
