"""A label is bought in Slack: the parcel leaves, and who asked gets label and number."""

from __future__ import annotations

from bot.local.world import SENDER
from domain import merchants
from domain.orders.model import State
from tests.scenarios.conftest import OFFICE, WES, Node, Shop, an_order, buttons, text_of


async def _told(shop: Shop, holds: str) -> Node:
    """Wait for what Wes is told in person."""

    def told() -> Node | None:
        found = [one for one in shop.slack.messages(WES) if holds in text_of(one)]
        return found[-1] if found else None

    return await shop.slack.until(told, 20)  # type: ignore[return-value]


async def test_a_label_is_bought_and_sent_to_who_asked(shop: Shop) -> None:
    street = {"ship_to_name": "Maria García", "ship_to_street": "Calle Mayor 1"}
    await shop.import_order(an_order("2001", State.CONFIRMED, **street))
    await shop.import_order(an_order("2002", State.CONFIRMED))
    assert "order.label" not in buttons(await shop.type(WES, "/order 2001"))
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=WES) as work:
        for name, value in SENDER.items():
            await merchants.change_setting(work, f"shipping.sender_{name}", value)

    assert "order.label" in buttons(await shop.type(WES, "/order 2002"))
    await shop.slack.click(WES, "order.label", channel=OFFICE)
    await shop.slack.submit(WES, {})
    form = shop.slack.modal(WES)
    assert form is not None
    assert "Order 2002 has no whole address" in text_of(form)

    await shop.type(WES, "/order 2001")
    await shop.slack.click(WES, "order.label", channel=OFFICE)
    await shop.slack.submit(WES, {"weight": "750"})
    told = await _told(shop, "The label of order 2001 is bought")
    assert "UPS PRACTICE000001 · $6.10" in text_of(told)
    assert "Maria" not in text_of(told)
    order = await shop.type(WES, "/order 2001")
    assert "Order 2001 · Shipped" in text_of(order)
    assert "PRACTICE000001" in text_of(order)

    assert "label.void" in buttons(told)
    assert "label.void" in buttons(await shop.type(WES, "/shipping 2001"))
    await shop.slack.click(WES, "label.void", channel=OFFICE)
    back = await _told(shop, "The label of order 2001 is given back, and its parcel is cancelled")
    assert "Don’t use the label any more" in text_of(back)
    order = await shop.type(WES, "/order 2001")
    assert "Order 2001 · Packed" in text_of(order)
    assert "order.label" in buttons(order)
    assert "label.void" not in buttons(await shop.type(WES, "/shipping 2001"))
