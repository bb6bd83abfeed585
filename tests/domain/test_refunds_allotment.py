"""What each line gets back of a refund: all of it, to the last unit, and no line more than it cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.money import Money
from domain.refunds.allotment import Allotted, Room, Unallottable, allot
from domain.refunds.model import PartKind
from domain.refunds.payment import Portion


def room(item: str | None = "111", price: int = 1_000, shipping: int = 0) -> Room:
    return Room(item, price, shipping)


def portion(kind: PartKind, minor: int, item: str | None = None) -> Portion:
    return Portion(kind, Money(minor, "USD"), item, 1 if item else None)


def lump(minor: int) -> list[Portion]:
    return [portion(PartKind.AMOUNT, minor)]


ROOMS = some.lists(
    some.tuples(some.integers(0, 10_000), some.integers(0, 2_000)), min_size=1, max_size=8
).map(lambda costs: [Room(f"i{n}", price, ship) for n, (price, ship) in enumerate(costs)])


@given(ROOMS, some.integers(1, 100_000), some.integers(0, 20_000))
def test_what_is_allotted_adds_up_and_no_line_gets_more_than_it_cost(
    rooms: list[Room], amount: int, shipping: int
) -> None:
    portions = [*lump(amount), portion(PartKind.SHIPPING, shipping)]
    left = sum(one.price + one.shipping for one in rooms)
    try:
        given_back = allot(portions, rooms, "USD")
    except Unallottable:
        assert amount + shipping > left or shipping > sum(one.shipping for one in rooms)
        return
    assert sum(one.price + one.shipping for one in given_back) == amount + shipping
    cost = {one.item: one for one in rooms}
    assert len({one.item for one in given_back}) == len(given_back)
    for one in given_back:
        assert 0 <= one.price <= cost[one.item].price
        assert 0 <= one.shipping <= cost[one.item].shipping
        assert one.price + one.shipping > 0


def test_one_line_takes_it_all_where_one_can() -> None:
    rooms = [room("111", 500), room("222", 3_000)]
    assert allot(lump(1_200), rooms, "USD") == [Allotted("222", 1_200)]


def test_each_portion_goes_where_it_is_for() -> None:
    rooms = [room("111", 1_000), room("222", 3_000, 500)]
    portions = [
        portion(PartKind.ITEM, 1_000, "111"),
        portion(PartKind.SHIPPING, 500),
        portion(PartKind.GOODWILL, 200),
    ]
    assert allot(portions, rooms, "USD") == [Allotted("111", 1_000), Allotted("222", 200, 500)]


def test_a_lump_takes_shipping_when_the_prices_are_used_up() -> None:
    assert allot(lump(1_300), [room("111", 1_000, 400)], "USD") == [Allotted("111", 1_000, 300)]


@pytest.mark.parametrize(
    ("portions", "rooms", "words"),
    [
        (lump(100), [room(None)], "does not have the sales channel's own ids of its items"),
        (lump(100), [], "does not have the sales channel's own ids of its items"),
        ([portion(PartKind.ITEM, 100)], [room()], "own ids of its items"),
        (lump(1_080), [room()], "10.80 USD is more than the 10.00 USD that is left of what its"),
        ([portion(PartKind.SHIPPING, 100)], [room()], "1.00 USD is more than the 0.00 USD that"),
    ],
)
def test_what_does_not_fit_says_why(portions: list[Portion], rooms: list[Room], words: str) -> None:
    with pytest.raises(Unallottable, match=words):
        allot(portions, rooms, "USD")
