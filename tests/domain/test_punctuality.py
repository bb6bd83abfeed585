"""How many parcels arrived by their promise."""

from __future__ import annotations

from datetime import timedelta

from domain.orders.model import State
from domain.shipping import punctuality
from domain.shipping.model import ParcelState
from domain.shipping.punctuality import Punctuality
from tests.domain.desk import Desk, parcel

DAY = timedelta(days=1)


async def test_parcels_are_counted_by_carrier_and_channel(desk: Desk) -> None:
    told = (  # days since the delivery, and from the promise to it; who brought it, sold where
        (1, 2, "UPS", "amazon"),
        (2, -1, "UPS", "web"),
        (3, 0, "DHL", "amazon"),
        (40, 5, "DHL", "amazon"),
        (4, None, "DHL", "web"),
    )
    for number, (days, late, carrier, channel) in enumerate(told):
        at = desk.now - days * DAY
        await desk.order(
            number=str(number),
            channel=channel,
            state=State.DELIVERED,
            deliver_by=None if late is None else at - late * DAY,
            delivered_at=at,
            parcels=(
                parcel(
                    f"1Z{number}", carrier=carrier, state=ParcelState.DELIVERED, delivered_at=at
                ),
            ),
        )
    await desk.order(
        number="late", state=State.SHIPPED, deliver_by=desk.now - DAY, parcels=(parcel(),)
    )

    async with desk.look() as session:
        found = await punctuality.report(session, desk.now, 30)

    assert found.total == Punctuality(None, 3, 1)
    assert found.carriers == (Punctuality("UPS", 2, 1), Punctuality("DHL", 1, 0))
    assert found.channels == (Punctuality("amazon", 2, 1), Punctuality("web", 1, 0))
    assert (found.total.late_share, found.overdue) == (1 / 3, 1)


async def test_a_desk_that_delivered_nothing_is_late_with_nothing(desk: Desk) -> None:
    async with desk.look() as session:
        found = await punctuality.report(session, desk.now, 30)
    assert (found.total, found.total.late_share) == (Punctuality(None, 0, 0), 0.0)
