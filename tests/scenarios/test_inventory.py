"""Stock through Slack: looked up, counted, adjusted, described; what runs out is said once."""

from __future__ import annotations

from domain.inventory.model import Item, as_key
from domain.orders.intake import LineDraft
from domain.orders.model import State
from tests.scenarios.conftest import (
    ANA,
    FAY,
    OFFICE,
    SHIPPING,
    WES,
    Shop,
    an_order,
    buttons,
    text_of,
)


async def on_the_shelf(shop: Shop, sku: str, on_hand: int, low_at: int) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor="import") as work:
        work.session.add(Item(key=as_key(sku), sku=sku, on_hand=on_hand, reserved=0, low_at=low_at))


async def test_stock_runs_out_in_one_message_and_is_filled_again(shop: Shop) -> None:
    assert "No stock is kept here yet" in text_of(await shop.type(WES, "/stock"))
    await on_the_shelf(shop, "MUG-1", 3, 1)
    await on_the_shelf(shop, "POT-1", 9, 2)
    assert "Nothing is low" in text_of(await shop.type(ANA, "/stock low"))
    lines = (LineDraft(5, "MUG-1", "Alpine mug"),)
    await shop.import_order(an_order("1090", State.PENDING, lines=lines))
    await shop.type(WES, "/order 1090")
    await shop.slack.click(WES, "order.confirm", channel=OFFICE)
    card = await shop.card(SHIPPING, "1 item is low")
    assert "*MUG-1* · sold out" in text_of(card)

    shown = text_of(await shop.type(WES, "/stock mug-1"))
    assert "MUG-1 · sold out" in shown
    assert "Order *1090* waits for 2" in shown
    counted = text_of(await shop.type(WES, "/stock MUG-1 count 2 shelf recount"))
    assert "MUG-1 · 1 too few" in counted
    await shop.card(SHIPPING, "1 item is oversold")
    assert "Can’t be served as it stands: 1090" in text_of(shop.slack.messages(SHIPPING)[-1])

    filled = text_of(await shop.type(WES, "/stock MUG-1 +10 delivery 7781"))
    assert "MUG-1 · 7 left" in filled
    assert "+10: 12 on hand." in filled
    card = await shop.card(SHIPPING, "All items are in stock again")
    assert buttons(card) == set()
    assert len(shop.slack.messages(SHIPPING)) == 1


async def test_an_item_is_counted_and_described_by_form(shop: Shop) -> None:
    await on_the_shelf(shop, "MUG-1", 3, 1)
    card = await shop.type(WES, "/stock MUG-1")
    assert buttons(card) == {"stock.count", "stock.adjust", "stock.edit"}
    await shop.slack.click(WES, "stock.count", channel=OFFICE)
    await shop.slack.submit(WES, {"quantity": "7", "reason": "recount"})
    await shop.slack.until(
        lambda: "MUG-1 · 7 left" in text_of(shop.slack.ephemerals(WES)[-1]) or None, 10
    )
    await shop.slack.click(WES, "stock.edit", channel=OFFICE)
    await shop.slack.submit(WES, {"location": "A-03-2", "quantity": "2", "amount": "12.00 USD"})
    await shop.slack.until(lambda: "A-03-2" in text_of(shop.slack.ephemerals(WES)[-1]) or None, 10)
    assert "$12.00" in text_of(await shop.type(ANA, "/stock MUG-1"))


async def test_what_can_not_be_is_said(shop: Shop) -> None:
    await on_the_shelf(shop, "MUG-1", 3, 1)
    assert "There is no item CUP in stock" in text_of(await shop.type(WES, "/stock CUP"))
    assert "Only 3 of MUG-1" in text_of(await shop.type(WES, "/stock MUG-1 -4 broken"))
    assert "a reason is needed" in text_of(await shop.type(WES, "/stock MUG-1 count 4"))
    assert "0 is the least" in text_of(await shop.type(WES, "/stock MUG-1 count -4 typo"))
    assert "To work on stock you need" in text_of(await shop.type(FAY, "/stock MUG-1 +1 found"))
    assert buttons(await shop.type(FAY, "/stock MUG-1")) == set()
