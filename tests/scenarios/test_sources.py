"""A source that is not read any more, as people hear of it."""

from __future__ import annotations

from domain import sources
from domain.sources import Page
from tests.scenarios.conftest import ANA, ORDERS, Shop, text_of


async def test_a_stale_source_shows_where_people_look_and_is_said_to_be_back(shop: Shop) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor="clock") as work:
        await sources.connect(work, ["shopify"])
        [source] = await sources.every(work.session)
        await sources.failed(work, source.id, "Shopify gives no answer.")
    await shop.later(hours=3)
    card = await shop.card(ORDERS, "Shopify’s orders")
    assert "Shopify gives no answer." in text_of(card)
    status = text_of(await shop.type(ANA, "/deskhand status"))
    assert "1 source is not read" in status
    await shop.quiet()
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor="shopify") as work:
        await sources.take_in(work, source.id, Page((), {"at": 1}, more=False))
    await shop.card(ORDERS, "are read again")
    assert len(shop.slack.messages(ORDERS)) == 1
    assert "Everything works" in text_of(await shop.type(ANA, "/deskhand status"))
