"""New orders, from the message that announces them to the line that says who confirmed them."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

from domain import merchants
from domain.orders.intake import LineDraft, OrderDraft
from domain.orders.model import State
from domain.orders.service import receive
from tests.scenarios.conftest import (
    ADA,
    ANA,
    BEN,
    OFFICE,
    ORDERS,
    WES,
    Shop,
    an_order,
    buttons,
    text_of,
)


async def sell(shop: Shop, *orders: OrderDraft) -> None:
    """Have orders come in from a marketplace."""
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor="shopify") as work:
        await receive(work, orders, source="shopify", announce=True)


def a_new_order(number: str, state: State = State.CONFIRMED, **facts: object) -> OrderDraft:
    return an_order(number, state, **facts)


async def test_one_order_is_announced_in_full_and_confirmed_at_once(shop: Shop) -> None:
    await sell(shop, a_new_order("2001", lines=(LineDraft(1, "<!channel>", "*Mug* <@U0EVE>"),)))
    card = await shop.card(ORDERS, "New order 2001")
    assert {"order.confirm", "order.show"} <= buttons(card)
    said = json.dumps(card, ensure_ascii=False)
    for secret in ("Maria", "maria@example.com", "Valencia", "46001", "<!channel>", "<@U0EVE>"):
        assert secret not in said
    await asyncio.gather(
        *(shop.slack.click(one, "order.confirm", channel=ORDERS) for one in (ANA, BEN, WES))
    )
    done = await shop.card(ORDERS, "confirmed by")
    assert not buttons(done)
    late = [text_of(one) for who in (ANA, BEN, WES) for one in shop.slack.ephemerals(who, ORDERS)]
    assert len(late) == 2
    assert all("already confirmed by" in told for told in late)


async def test_an_order_that_needs_a_look_asks_for_a_reason(shop: Shop) -> None:
    await sell(shop, a_new_order("2001", ship_to_country=None))
    await shop.card(ORDERS, "needs a look")
    await shop.slack.click(WES, "order.confirm", channel=ORDERS)
    form = shop.slack.modal(WES)
    assert form is not None
    assert "The address has no country" in text_of(form)
    await shop.slack.submit(WES, {"reason": "The buyer told us by mail"})
    done = text_of(await shop.card(ORDERS, "confirmed by"))
    assert f"<@{WES}>" in done
    assert "The buyer told us by mail" in done


async def test_a_burst_is_one_message_and_the_fine_ones_go_at_once(shop: Shop) -> None:
    await sell(shop, a_new_order("2001"), a_new_order("2002", ship_to_city=None))
    await shop.card(ORDERS, "2 new orders")
    await sell(shop, a_new_order("2003"))
    card = await shop.card(ORDERS, "3 new orders")
    assert "2 are fine" in text_of(card)
    assert "The address has no city" in text_of(card)
    await shop.slack.click(ANA, "arrival.confirm", channel=ORDERS)
    card = await shop.card(ORDERS, f"2 confirmed by <@{ANA}>")
    assert "arrival.confirm" not in buttons(card)
    pending = text_of(await shop.type(ANA, "/order pending"))
    assert "1 order waits for confirmation" in pending
    assert "2002" in pending
    assert "Orders to confirm" in text_of(await shop.type(ANA, "/deskhand status"))
    await sell(shop, a_new_order("2002", state=State.CANCELLED))
    assert not buttons(await shop.card(ORDERS, "1 cancelled or shipped elsewhere"))


async def test_the_rule_says_what_it_confirmed(shop: Shop) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=ADA) as work:
        await merchants.change_setting(work, "order.auto_confirm", "clean")
    await sell(shop, a_new_order("2001"), a_new_order("2002", ship_by=shop.now() - timedelta(1)))
    await shop.site.clock.tick(shop.now())
    card = await shop.card(ORDERS, "1 confirmed by rule")
    assert "Its ship-by passed 1 day ago" in text_of(card)
    await shop.slack.click(ANA, "order.show", channel=ORDERS)
    own = await shop.slack.until(lambda: shop.slack.ephemerals(ANA, ORDERS))
    assert "Its ship-by passed 1 day ago" in text_of(own[-1])
    assert "order.confirm" in buttons(own[-1])
    assert OFFICE not in json.dumps(own)
