"""Returns that several people work on at the same moment, on real databases."""

from __future__ import annotations

import asyncio

import pytest

from domain.errors import AlreadyDecided, WrongState
from domain.events import Kind
from domain.people import Member
from domain.refunds.model import Refund
from domain.returns import inspection, policy
from domain.returns.model import Disposal, Return, State
from domain.shipping.model import ParcelState
from tests.domain.desk import WAREHOUSE, Desk
from tests.domain.returning import BACK, Returning, returning


@pytest.fixture
async def shop(desk: Desk) -> Returning:
    """An order of two mugs and a pot that has arrived."""
    return await returning(desk)


async def test_20_requests_at_once_never_exceed_what_was_bought(shop: Returning) -> None:
    answers = await asyncio.gather(
        *(shop.ask({shop.mug: 1}) for _ in range(20)), return_exceptions=True
    )
    assert sum(isinstance(one, int) for one in answers) == 2
    assert sum(isinstance(one, policy.TooMany) for one in answers) == 18
    assert (await shop.desk.card()).lines[0].returnable_quantity == 0


async def test_of_answers_at_once_exactly_one_wins(shop: Returning) -> None:
    return_id = await shop.ask()
    answers = await asyncio.gather(
        *(shop.do("authorise", return_id, by=Member(f"U0{n}", "agent")) for n in range(4)),
        *(shop.do("decline", return_id, "No", by=Member(f"U1{n}", "agent")) for n in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Return) for one in answers) == 1
    assert sum(isinstance(one, AlreadyDecided) for one in answers) == 7


async def test_refunds_at_once_are_one_refund(shop: Returning) -> None:
    return_id = await shop.until(State.ACCEPTED, {shop.mug: 2})
    answers = await asyncio.gather(
        *(shop.refund(return_id) for _ in range(8)), return_exceptions=True
    )
    assert sum(isinstance(one, Refund) for one in answers) == 1
    assert sum(isinstance(one, inspection.NothingToRefund) for one in answers) == 7


async def test_goods_that_two_put_on_the_shelf_are_counted_once(shop: Returning) -> None:
    return_id = await shop.until(State.ACCEPTED, {shop.mug: 2})
    [line] = (await shop.card(return_id)).lines
    disposals = {line.id: Disposal.RESTOCKED}
    answers = await asyncio.gather(
        *(shop.do("dispose", return_id, disposals, by=WAREHOUSE) for _ in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Return) for one in answers) == 1
    assert sum(isinstance(one, inspection.AlreadyDisposed) for one in answers) == 5
    assert len(await shop.desk.events(Kind.RETURN_RESTOCKED)) == 1


async def test_a_carrier_and_people_at_the_door_at_once_bring_it_in_once(shop: Returning) -> None:
    return_id = await shop.until(State.AUTHORISED)
    await shop.track(return_id)
    answers = await asyncio.gather(
        *(shop.desk.scan(ParcelState.DELIVERED, BACK, reference=f"evt_{n}") for n in range(4)),
        *(shop.desk.scan(ParcelState.IN_TRANSIT, BACK, reference=f"mov_{n}") for n in range(4)),
        *(shop.do("receive", return_id, by=WAREHOUSE) for _ in range(4)),
        *(shop.desk.receive() for _ in range(2)),
        return_exceptions=True,
    )
    failed = [one for one in answers if isinstance(one, BaseException)]
    assert all(isinstance(one, WrongState) for one in failed)
    assert await shop.state(return_id) is State.RECEIVED
    assert len(await shop.desk.events(Kind.RETURN_RECEIVED)) == 1
