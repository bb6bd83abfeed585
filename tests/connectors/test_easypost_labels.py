"""Labels at EasyPost: what they cost, and that each is bought once whatever happens."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer

from bot.connectors.easypost_labels import EasyPostLabels
from domain.money import Money
from domain.shipping.labels import (
    Address,
    Label,
    LabelRefused,
    LabelsBusy,
    LabelUnknown,
    Package,
    Quote,
)
from tests.connectors.easypost_emulator import KEY, Emulator

SENDER = Address("Alder & Finch", "5 Mill Lane", "Portland", "97201", "US", "OR")
BUYER = Address("Marge Bouvier", "742 Evergreen Terrace\nBack door", "Springfield", "97475", "US")
Shop = tuple[Emulator, EasyPostLabels]


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    emulator = Emulator()
    async with TestServer(emulator.application()) as server:
        yield emulator, EasyPostLabels(KEY, str(server.make_url("/v2/")), patience=1)


async def quoted(labels: EasyPostLabels) -> Quote:
    return await labels.quote("parcel-7", SENDER, BUYER, Package(454, length=254))


async def test_a_label_is_quoted_bought_and_given_back(shop: Shop) -> None:
    emulator, labels = shop
    quote = await quoted(labels)
    assert [(rate.carrier, str(rate.cost), rate.days) for rate in quote.rates] == [
        ("UPS", "6.10 USD", None),
        ("USPS", "7.58 USD", 2),
    ]
    assert emulator.shipments["shp_1"]["parcel"] == {"weight": 16.0, "length": 10.0}
    assert emulator.shipments["shp_1"]["to_address"]["street2"] == "Back door"

    label = await labels.buy(quote.reference, "rate_2")
    url = "https://easypost-files.example/label.png"
    assert label == Label("UPS", "1Zshp_1", url, Money(610, "USD"))
    for _ in range(2):
        await labels.void(quote.reference)
    assert emulator.shipments["shp_1"]["refund_status"] == "submitted"


@pytest.mark.parametrize(
    "mishap", ["silent after", 500, "SHIPMENT.POSTAGE.TIMED_OUT", "SHIPMENT.PURCHASE.IN_PROGRESS"]
)
async def test_a_label_whose_answer_is_lost_is_never_bought_twice(
    shop: Shop, mishap: str | int
) -> None:
    emulator, labels = shop
    emulator.mishaps = ["silent after"]
    with pytest.raises(LabelUnknown):
        await quoted(labels)
    quote = await quoted(labels)
    emulator.mishaps = [mishap]
    with pytest.raises(LabelUnknown):
        await labels.buy(quote.reference, "rate_1")
    for _ in range(2):
        label = await labels.buy(quote.reference, "rate_1")
    assert label == await labels.find(quote.reference)
    assert (len(emulator.shipments), emulator.spent) == (1, 7.58)


@pytest.mark.parametrize(
    ("mishap", "words"),
    [
        (401, "no longer active"),
        (402, "Insufficient funds"),
        ("ADDRESS.VERIFY.FAILURE", "sells no label for this parcel: The carrier says no."),
    ],
)
async def test_what_easypost_will_not_sell_is_said_in_its_words(
    shop: Shop, mishap: str | int, words: str
) -> None:
    emulator, labels = shop
    quote = await quoted(labels)
    emulator.mishaps = [mishap]
    with pytest.raises(LabelRefused, match=words):
        await labels.buy(quote.reference, "rate_1")
    assert await labels.find(quote.reference) is None
    assert emulator.spent == 0


async def test_a_busy_easypost_is_waited_for_and_a_used_label_is_kept(shop: Shop) -> None:
    emulator, labels = shop
    emulator.mishaps = [429]
    with pytest.raises(LabelsBusy):
        await quoted(labels)
    quote = await quoted(labels)
    await labels.buy(quote.reference, "rate_1")
    emulator.takes_back = False
    with pytest.raises(LabelRefused, match="does not take the label back"):
        await labels.void(quote.reference)
