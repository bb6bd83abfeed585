"""A desk put together from its configuration pays at Amazon; and what opens Amazon at all."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from bot.config import Config
from bot.connectors.amazon.credentials import UnknownMarketplace, credentials
from bot.connectors.amazon.refunds import Amazon, AmazonRefused
from bot.partners import connected
from domain.jobs import State as JobState
from domain.refunds.model import State
from domain.refunds.payment import BatchProvider, ByHand, OutcomeUnknown, ProviderBusy
from tests.connectors import conftest
from tests.connectors.amazon_emulator import MARKETPLACE, ORDER
from tests.connectors.counter import Counter


def config(**changes: Any) -> Config:
    return Config(
        _env_file=None,  # type: ignore[call-arg]
        **{
            "amazon_client_id": "id",
            "amazon_client_secret": SecretStr("secret"),
            "amazon_refresh_token": SecretStr("token"),
            "amazon_marketplace": MARKETPLACE,
            **changes,
        },
    )


async def test_the_desk_is_connected_when_there_are_credentials() -> None:
    async with connected(config(stripe_api_key=SecretStr("sk"))) as found:
        assert [*found.providers] == ["stripe", "amazon"]
        assert isinstance(found.providers["amazon"], BatchProvider)
        assert not isinstance(found.providers["stripe"], BatchProvider)
    assert not isinstance(ByHand(), BatchProvider)
    async with connected(config(amazon_client_id=None)) as found:
        assert found.providers == {}


@pytest.mark.parametrize(
    ("marketplace", "address"),
    [
        (MARKETPLACE, "https://sellingpartnerapi-na.amazon.com"),
        ("A1PA6795UKMFR9", "https://sellingpartnerapi-eu.amazon.com"),
        ("A1VC38T7YXB528", "https://sellingpartnerapi-fe.amazon.com"),
    ],
)
def test_a_marketplace_says_where_amazons_api_is(marketplace: str, address: str) -> None:
    found = credentials(config(amazon_marketplace=marketplace))
    assert found is not None
    assert found.api_url == address


def test_a_marketplace_that_is_none_is_said_so_unless_an_address_is_given() -> None:
    with pytest.raises(UnknownMarketplace):
        credentials(config(amazon_marketplace="DE"))
    given = credentials(config(amazon_marketplace="DE", amazon_api_url="http://127.0.0.1:1/"))
    assert given is not None
    assert given.api_url == "http://127.0.0.1:1/"


async def test_what_the_environment_says_to_the_library_changes_nothing(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SP_API_DEFAULT_MARKETPLACE", "DE")
    monkeypatch.setenv("LWA_APP_ID", "other")
    provider = Amazon(conftest.credentials(counter.amazon.address))
    assert await provider.check() == [MARKETPLACE]
    await provider.close()


async def test_refused_credentials_fail_no_refund_and_are_no_secret(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    good = counter.provider
    counter.provider = Amazon(
        conftest.credentials(counter.amazon.address, refresh_token="Atzr|other")
    )
    counter.start()
    refund_id = await counter.approved()
    await counter.work(rounds=2)
    assert await counter.state(refund_id) is State.SUBMITTED
    [job] = await counter.open_jobs()
    assert job.state == JobState.READY
    assert (job.last_error or "").startswith("Amazon refuses the credentials (The grant is inval")
    assert "Atzr|other" not in caplog.text
    with pytest.raises(AmazonRefused):
        await counter.provider.check()
    await counter.provider.close()

    counter.provider = good
    counter.start()
    await counter.work(rounds=6, after=timedelta(minutes=15))
    assert await counter.state(refund_id) is State.SUCCEEDED
    assert len(counter.amazon.feeds) == 1


async def test_an_amazon_that_is_away_has_to_be_waited_for() -> None:
    provider = Amazon(conftest.credentials("http://127.0.0.1:1/"))
    with pytest.raises(ProviderBusy):
        await provider.send("amzn1.tortuga.1")
    await provider.close()


@pytest.mark.parametrize("answer", ["html", "500 before", "dropped before"])
async def test_a_feed_that_may_have_been_made_is_unknown(counter: Counter, answer: str) -> None:
    counter.amazon.documents["d"] = b""
    counter.amazon.mishaps["create"].append(answer)
    with pytest.raises(OutcomeUnknown):
        await counter.provider.send("d")


async def test_pages_of_finances_are_turned_at_amazons_pace(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.connectors.amazon.refunds._PAGE_PAUSE", 0)
    counter.amazon.page = 2
    started = counter.now
    made = [counter.amazon.by_console(f"{number}.00") for number in range(1, 6)]
    counter.now += timedelta(hours=1)
    counter.amazon.mishaps["finances"].extend(["", "429", "429"])
    found = [one async for one in counter.provider.refunds_since(started)]
    assert [one.reference for one in found] == made
    counter.amazon.mishaps["finances"].extend(["429"] * 9)
    with pytest.raises(ProviderBusy):
        _ = [one async for one in counter.provider.refunds_since(started, ORDER)]
