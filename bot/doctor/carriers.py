"""Whether the partner that tracks parcels lets the desk in, and can be heard."""

from __future__ import annotations

from bot.config import Config
from bot.connectors.easypost_api import EasyPost
from bot.doctor.findings import Finding, Findings, Mark
from domain.shipping.tracker import TrackerBusy, TrackerRefused, TrackerSilent


async def carriers(config: Config) -> Findings:
    """Check EasyPost, where it is configured."""
    if config.easypost_api_key is None:
        return
    partner = EasyPost(config.easypost_api_key.get_secret_value(), config.easypost_api_url)
    try:
        await partner.check()
    except TrackerRefused as error:
        yield Finding(Mark.BAD, str(error))
    except TrackerSilent:
        yield Finding(
            Mark.BAD,
            "EasyPost gives no answer. Check the network, the proxy, and EASYPOST_API_URL.",
        )
    except TrackerBusy:
        yield Finding(Mark.OPEN, "EasyPost takes EASYPOST_API_KEY, and asks to wait.")
    else:
        yield Finding(Mark.GOOD, "EasyPost takes EASYPOST_API_KEY.")
    if config.easypost_webhook_secret is None:
        yield Finding(
            Mark.OPEN,
            "EASYPOST_WEBHOOK_SECRET is not set, so what happens to parcels after EasyPost was "
            "asked to track them is not heard of. Add a webhook for /webhooks/easypost there.",
        )
