"""The warehouse: from confirmed over the pick list and the box to two parcels, in Slack."""

from __future__ import annotations

from typing import Any

import aiohttp

from bot.http.pages import Links
from domain.inventory.model import Item
from domain.inventory.service import adjust
from domain.orders.model import State
from domain.people import Member
from tests.scenarios.conftest import OFFICE, SHIPPING, WES, Node, Shop, an_order, buttons, text_of


async def _stock(shop: Shop, **on_hand: int) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor="import") as work:
        for at, (sku, count) in enumerate(on_hand.items()):
            work.session.add(
                Item(key=sku.lower(), sku=sku, on_hand=count, reserved=0, location=f"A-{at}")
            )


def _fields(shop: Shop, name: str) -> list[str]:
    form = shop.slack.modal(WES)
    assert form is not None
    ids = (str(block.get("block_id")) for block in form["blocks"])
    return [one for one in ids if one.startswith(f"{name}:")]


async def _answer(shop: Shop, doing: Any) -> Node:
    """Do something; returns what only Wes sees then."""
    before = len(shop.slack.ephemerals(WES))
    await doing
    return await shop.slack.until(  # type: ignore[return-value]
        lambda: (shop.slack.ephemerals(WES)[before:] or [None])[0], 20
    )


def _urls(message: Node) -> list[str]:
    found = [element for block in message["blocks"] for element in block.get("elements", ())]
    return [element["url"] for element in found if "url" in element]


async def _click(shop: Shop, action: str, **where: Any) -> None:
    await shop.slack.click(WES, action, **{"channel": OFFICE} | where)


async def _pages_open_by_their_links_alone(shop: Shop, mine: Node) -> None:
    printed, slips = _urls(mine)
    async with aiohttp.ClientSession() as browser:
        async with browser.get(printed) as page:
            body = await page.text()
            assert (page.status, page.headers["Cache-Control"]) == (200, "no-store")
            assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "A-0" in body
        assert "Maria" not in body
        async with browser.get(slips) as page:
            body = await page.text()
        assert "Maria &lt;García&gt;\nCalle Mayor 1\n2º B\n46001 Valencia" in body
        for url, status in (
            (slips.replace("/picklists/1/", "/picklists/2/"), 403),
            (slips.split("?")[0], 403),
            (f"{slips}é", 403),
            (printed.replace("?", "/slips?"), 403),
        ):
            async with browser.get(url) as page:
                assert page.status == status
                assert "Maria" not in await page.text()
        old = Links("signing", shop.site.address).sign(
            "/picklists/1/slips", shop.merchant_id, shop.now().replace(year=2020)
        )
        async with browser.get(old) as page:
            assert (page.status, "Maria" in await page.text()) == (410, False)


async def test_an_order_leaves_in_two_parcels_after_a_piece_was_missing(shop: Shop) -> None:
    await _stock(shop, MUG=3, KETTLE=1)
    address = {"ship_to_name": "Maria <García>", "ship_to_street": "Calle Mayor 1\n2º B"}
    await shop.import_order(an_order("2001", State.CONFIRMED, **address))
    mine = await shop.type(WES, "/shipping pick")
    assert "Pick list PL-1" in text_of(mine)
    assert "3 × Enamel mug" in text_of(mine)
    posted = await shop.card(SHIPPING, "PL-1")
    assert "pick.print" in buttons(posted)
    assert "Nothing waits to be picked" in text_of(await shop.type(WES, "/shipping pick"))

    await _pages_open_by_their_links_alone(shop, mine)
    await shop.slack.click(WES, "pick.missing", channel=SHIPPING)
    mugs, kettle = _fields(shop, "found")
    told = await _answer(shop, shop.slack.submit(WES, {mugs: "2", kettle: "1"}))
    assert "1 waits for stock" in text_of(told)
    walked = await shop.card(SHIPPING, "is picked")
    assert "1 piece was missing" in text_of(walked)

    await _click(shop, "order.pack", channel=SHIPPING)
    mug, _ = _fields(shop, "line")
    refused = await shop.slack.submit(WES, {mug: "1"})
    assert "Put the rest in" in refused["errors"]["problem"]
    packed = await _answer(shop, shop.slack.submit(WES, {mug: "2"}))
    assert "order.ship" in buttons(packed)

    await _click(shop, "order.ship", channel=SHIPPING)
    refused = await shop.slack.submit(WES, {"carrier": "UPS", "number": "1Z43"})
    assert "number of another parcel" in refused["errors"]["number"]
    left = await _answer(shop, shop.slack.submit(WES, {"carrier": "UPS", "number": "1z 2001"}))
    assert "UPS 1Z2001 has left" in text_of(left)
    assert "3 of 4 shipped" in text_of(left)
    order = text_of(await shop.type(WES, "/order 2001"))
    assert "Order 2001 · Packed, 3 of 4 shipped" in order

    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=WES) as work:
        await adjust(work, Member(WES, "warehouse"), "MUG", 1, "found behind the shelf")
    await shop.type(WES, "/shipping pick 2001")
    await _click(shop, "pick.all")
    await _click(shop, "order.pack")
    await _answer(shop, shop.slack.submit(WES, {}))
    await _click(shop, "order.ship")
    await _answer(shop, shop.slack.submit(WES, {"carrier": "DHL", "number": "JJD2001"}))
    order = text_of(await shop.type(WES, "/order 2001"))
    assert "Order 2001 · Shipped" in order
    assert "JJD2001" in order
