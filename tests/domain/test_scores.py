"""How carriers did: on time, lost, damaged, and how long they take."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.orders.model import State
from domain.shipping.model import Mishap, Parcel, ParcelState, Trouble
from domain.shipping.scores import Score, carrier_name, scores
from tests.domain.desk import Desk, parcel

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("ups ", "UPS"),
        ("United  Parcel Service", "UPS"),
        ("Fed-Ex", "FedEx"),
        ("FEDEX", "FedEx"),
        ("dhl_express", "DHL Express"),
        ("Bob's bikes", "Bob's bikes"),
        (" ", None),
        (None, None),
    ],
)
def test_a_carrier_has_one_name_however_it_is_written(said: str | None, name: str | None) -> None:
    assert carrier_name(said) == name


async def test_carriers_are_scored_by_what_left_in_ninety_days(desk: Desk) -> None:
    told = (  # left so many days ago, took, promised after: days; who
        (10, 2, 3, "UPS"),
        (20, 4, 3, "ups "),
        (30, 3, None, "United Parcel Service"),
        (5, None, 1, "UPS"),
        (40, 1, 2, "DHL"),
        (95, 1, 2, "DHL"),
    )
    for number, (ago, took, promise, carrier) in enumerate(told):
        left = desk.now - ago * DAY
        arrived = left + took * DAY if took else None
        await desk.order(
            number=str(number),
            state=State.DELIVERED if took else State.SHIPPED,
            deliver_by=left + promise * DAY if promise else None,
            parcels=(
                parcel(
                    f"1Z{number}",
                    carrier=carrier,
                    shipped_at=left,
                    delivered_at=arrived,
                    state=ParcelState.DELIVERED if took else ParcelState.IN_TRANSIT,
                ),
            ),
        )
    await desk.scan(ParcelState.DELIVERY_FAILED, "1Z3", mishap=Mishap.LOST)

    async with desk.look() as session:
        assert await scores(session, desk.now) == [
            Score("UPS", 4, 3, 2, 0.5, lost=1, damaged=0, days=3.0),
            Score("DHL", 1, 1, 1, 1.0, lost=0, damaged=0, days=1.0),
        ]


async def test_what_was_lost_is_found_and_what_is_damaged_stays_so(desk: Desk) -> None:
    await desk.order(state=State.SHIPPED, parcels=(parcel("1Z"),))

    async def seen(minutes: int, state: ParcelState, mishap: Mishap | None = None) -> Parcel:
        await desk.later(minutes=minutes).scan(state, "1Z", mishap=mishap)
        [found] = await desk.parcels()
        return found

    failed = await seen(1, ParcelState.DELIVERY_FAILED)
    assert (failed.trouble, failed.mishap) == (Trouble.DELIVERY_FAILED, None)
    lost = await seen(2, ParcelState.DELIVERY_FAILED, Mishap.LOST)
    assert (lost.trouble, lost.mishap) == (Trouble.DELIVERY_FAILED, Mishap.LOST)
    # A second attempt that failed is no news; that it is lost is.
    assert len(await desk.events("ParcelTroubled")) == 2
    assert (await seen(3, ParcelState.IN_TRANSIT)).mishap is None
    await seen(4, ParcelState.DELIVERY_FAILED, Mishap.DAMAGED)
    assert (await seen(5, ParcelState.DELIVERED)).mishap is Mishap.DAMAGED
