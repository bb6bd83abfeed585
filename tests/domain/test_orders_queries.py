from __future__ import annotations

from datetime import timedelta

import pytest

from domain.errors import OrderNotFound, RecordNotFound
from domain.orders import queries
from domain.orders.intake import LineDraft
from domain.orders.model import Order, State
from domain.refunds import paying
from domain.refunds import service as refunds
from domain.refunds.model import Reason
from domain.refunds.model import State as RefundState
from domain.refunds.payment import Outcome, Result
from domain.shipping.model import ParcelState, Trouble
from tests.domain.desk import (
    APPROVER,
    TRACKING,
    Desk,
    asking,
    draft,
    parcel,
    statements,
    usd,
)


async def _busy_order(desk: Desk) -> int:
    """An order with two parcels, four refunds, a case, and more scans than a card shows."""
    order_id = await desk.order(
        placed_at=desk.now - timedelta(days=9),
        deliver_by=desk.now - timedelta(days=2),
        parcels=(parcel(), parcel("BB2")),
    )
    mug = (await desk.card()).lines[0].id
    for hour in range(8):
        await desk.scan(
            ParcelState.IN_TRANSIT, at=desk.now - timedelta(hours=8 - hour), place=f"Stop {hour}"
        )
    await desk.scan(ParcelState.DELIVERY_FAILED, "BB2", description="Nobody in")
    paid = await desk.paying(order_id, 500)
    async with desk.work("stripe") as work:
        await paying.settle(work, paid, Outcome(Result.SUCCEEDED, "re_1"))
    await desk.request(order_id, refunds.Ask(Reason.DAMAGED, lines={mug: 1}))
    declined = (await desk.request(order_id, 700)).id
    async with desk.work(APPROVER.member_id) as work:
        await refunds.decline(work, APPROVER, declined, "Not broken")
    await desk.request(order_id, asking(1))
    await desk.complain(order_id)
    return order_id


async def test_a_card_with_all_that_surrounds_it_is_one_query(desk: Desk) -> None:
    order_id = await _busy_order(desk)
    with statements(desk.store) as seen:
        card = await desk.card("1001")
    assert len(seen) == 1
    assert (card.id, card.state) == (order_id, State.SHIPPED)
    assert [(one.title, one.quantity) for one in card.lines] == [("Alpine mug", 2), ("Tea pot", 1)]
    assert (card.lines[0].unit_price, card.lines[0].shipping_price) == (usd(1200), usd(490))
    assert [one.refundable_quantity for one in card.lines] == [1, 1]
    assert [(one.tracking_number, one.trouble) for one in card.parcels] == [
        (TRACKING, None),
        ("BB2", Trouble.DELIVERY_FAILED),
    ]
    assert [scan.place for scan in card.parcels[0].scans] == [f"Stop {7 - n}" for n in range(6)]
    assert card.parcels[0].scans[0].at == desk.now - timedelta(hours=1)
    assert card.parcels[1].scans[0].description == "Nobody in"
    assert [one.state for one in card.refunds] == [
        RefundState.SUCCEEDED,
        RefundState.AWAITING_APPROVAL,
        RefundState.DECLINED,
        RefundState.AWAITING_APPROVAL,
    ]
    assert [one.text for one in card.complaints] == ["Arrived broken"]
    assert (len(card.history), card.history[0].kind) == (8, "ComplaintOpened")
    assert card.history[0].at == desk.now


async def test_refundable_is_captured_less_what_is_pending_or_paid(desk: Desk) -> None:
    await _busy_order(desk)
    card = await desk.card()
    assert (card.captured, card.held, card.refunded) == (usd(6000), usd(1701), usd(500))
    assert card.refundable == usd(4299)


async def test_a_bare_order_has_empty_surroundings(desk: Desk) -> None:
    await desk.receive(draft(lines=()))
    card = await desk.card()
    assert (card.lines, card.parcels, card.refunds, card.complaints) == ((), (), (), ())
    assert card.refundable == usd(6000)


async def test_odd_text_comes_through_a_card_unchanged(desk: Desk) -> None:
    odd = """<!channel> "it's" \\ \n\t % _ {{ 7 }} 🫖 '); DROP TABLE orders; --"""
    await desk.receive(draft(buyer_name=odd, lines=(LineDraft(1, title=odd),)))
    card = await desk.card()
    assert (card.buyer_name, card.lines[0].title) == (odd, odd)


@pytest.mark.parametrize("days", [-3, 0, 4])
async def test_days_late_are_counted_from_the_promise(desk: Desk, days: int) -> None:
    await desk.receive(
        draft(deliver_by=desk.now, delivered_at=desk.now + timedelta(days=days, hours=1))
    )
    assert (await desk.card()).days_late == days


@pytest.mark.parametrize("stored", ["#1001", "1001"])
async def test_a_number_is_known_with_and_without_its_hash(desk: Desk, stored: str) -> None:
    order_id = await desk.order(number=stored)
    for typed in ("#1001", "1001", " `1001` ", '"#1001"', "*1001*"):
        assert (await desk.card(typed)).id == order_id
        assert await desk.identify(typed) == order_id
        assert [one.id for one in (await desk.find(typed)).hits] == [order_id]


async def test_letters_of_a_number_may_be_small(desk: Desk) -> None:
    order_id = await desk.order(number="WEB-77X")
    assert await desk.identify("web-77x") == order_id
    async with desk.look() as session:
        assert (await queries.card_by_id(session, order_id)).number == "WEB-77X"


async def test_a_number_that_is_not_there_names_the_nearest(desk: Desk) -> None:
    numbers = ("114-3941689-8772232", "114-3941689-8772233", "114-5555555-0000001", "#1042", "ZZ")
    await desk.receive(*(draft(number) for number in numbers))
    with pytest.raises(OrderNotFound) as missed:
        await desk.card("114-3941689-8772234")
    assert set(missed.value.nearest[:2]) == {"114-3941689-8772232", "114-3941689-8772233"}
    assert "Did you mean" in str(missed.value)
    with pytest.raises(OrderNotFound) as missed:
        await desk.identify("1024")
    assert missed.value.nearest[0] == "#1042"


async def test_a_number_like_no_other_is_answered_in_a_short_sentence(desk: Desk) -> None:
    numbers = ("nothing like it", "", "%", "_", "#", "%%%%", "🫖", "x" * 3000)
    for number in numbers:
        with pytest.raises(OrderNotFound, match="Search by buyer") as missed:
            await desk.card(number)
        assert missed.value.nearest == ()
    await desk.receive(draft())
    for number in numbers:
        with pytest.raises(OrderNotFound) as missed:
            await desk.card(number)
        assert len(str(missed.value)) < 160


async def test_an_id_that_is_not_there_is_not_found(desk: Desk) -> None:
    async with desk.look() as session:
        with pytest.raises(OrderNotFound):
            await queries.card_by_id(session, 404)
    async with desk.work() as work:
        with pytest.raises(RecordNotFound, match=r"This order \(404\)"):
            await work.lock(Order, 404)


async def test_an_order_is_found_by_each_of_its_keys(desk: Desk) -> None:
    await desk.receive(
        draft("WEB-771", parcels=(parcel(),)),
        draft(
            "9",
            buyer_name="Ned Flanders",
            buyer_email="ned@example.com",
            ship_to_city="Capital City",
            lines=(LineDraft(1, "POT-1"),),
        ),
    )
    number = ("WEB-77", "web-77")
    buyer = ("marge", "MARGE BOU", "Bouvier", "MARGE@Example.com")
    goods = ("mug-1", "MUG-1", "1z999aa10123456784", "1Z 999 AA1 01 2345 6784")
    city = ("springf", "  Springfield ")
    for text in (*number, *buyer, *goods, *city):
        found = [one.number for one in (await desk.find(text)).hits]
        assert found == ["WEB-771"], text


async def test_names_are_folded_as_unicode_does(desk: Desk) -> None:
    await desk.receive(draft(buyer_name="Ärzte Straße"))
    for text in ("STRASSE", "straße", "ÄRZTE", "ärzte"):
        assert len((await desk.find(text)).hits) == 1


async def test_wildcards_and_emptiness_find_nothing(desk: Desk) -> None:
    await desk.receive(draft(), draft("1002"))
    for text in ("%", "_", "1%1", "M_rge", "/", "\\", "", "   ", '"', "#", "*"):
        assert (await desk.find(text)).hits == (), text


async def test_a_percent_sign_in_a_number_is_itself(desk: Desk) -> None:
    await desk.receive(draft("50%-1"), draft("50-1"))
    assert [one.number for one in (await desk.find("50%")).hits] == ["50%-1"]


async def test_pages_follow_each_other_latest_first_without_gaps(desk: Desk) -> None:
    dated = [draft(f"A{day}", placed_at=desk.now + timedelta(days=day)) for day in range(18)]
    await desk.receive(*dated, draft("undated"))
    pages = [await desk.find("bouvier", start) for start in (0, 8, 16)]
    assert [page.more for page in pages] == [True, True, False]
    assert [one.number for page in pages for one in page.hits] == [
        *(f"A{17 - day}" for day in range(18)),
        "undated",
    ]
    assert (pages[1].start, pages[1].text) == (8, "bouvier")
