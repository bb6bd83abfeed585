"""A marketplace pays other than it should, and finance hears of it once."""

from __future__ import annotations

from domain import merchants
from domain.money import Money
from domain.orders.model import State
from domain.payouts.model import LineDraft, LineKind, Origin, SettlementDraft
from domain.payouts.service import take_in
from tests.scenarios.conftest import ANA, FAY, OFFICE, Shop, an_order, buttons, text_of


async def pay(shop: Shop, reference: str, **amounts: int) -> None:
    """Import a settlement that ended yesterday, and let the clock compare it."""
    ended_at = shop.now()
    settlement = SettlementDraft("practice", reference, Origin.REPORT, "USD", ended_at)
    lines = [
        LineDraft(f"{reference}-{order}", LineKind.SALE, "Sale", Money(minor, "USD"), payment)
        for order, minor in amounts.items()
        for payment in [f"pay-{order.removeprefix('order_')}"]
    ]
    async with shop.site.store.write(shop.merchant_id, now=ended_at, actor="import") as work:
        await take_in(work, settlement, lines)
    await shop.later(minutes=1)


async def test_a_settlement_that_differs_is_one_message_until_it_agrees(shop: Shop) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor="console") as work:
        await merchants.change_setting(work, "channel.reports", OFFICE)
    await pay(shop, "S-1", order_1042=9000, order_1099=2500)

    card = await shop.card(OFFICE, "Practice settlement S-1 has 2 differences")
    said = text_of(card)
    assert "*Order 1042* · $90.00 paid, $100.00 expected" in said
    assert "*1 order* that nobody here knows · $25.00 paid: `pay-1099`" in said
    assert buttons(card) == {"order.show"}
    assert "Maria" not in str(card)

    await shop.import_order(
        an_order("1099", State.SHIPPED, captured=2500, total=2500, payment_reference="pay-1099")
    )
    await pay(shop, "S-2", order_1042=1000)
    await shop.later(days=1, hours=1)
    card = await shop.card(OFFICE, "settlement S-1 agrees")
    assert buttons(card) == set()
    assert len(shop.slack.messages(OFFICE)) == 1

    report = await shop.type(FAY, "/report payouts 7")
    said = text_of(report)
    assert "*Payouts of the last 7 days* · $125.00, no differences" in said
    assert "What Practice kept is not checked: set `payout.fees`" in said
    await shop.slack.click(FAY, "report.share", channel=OFFICE)
    shared = await shop.card(OFFICE, "Payouts of the last 7 days", count=2)
    assert f"Shared by <@{FAY}>" in text_of(shared)
    assert "To read reports you need to be" in text_of(await shop.type(ANA, "/report payouts"))
