"""Nonsense behind `/refund`: a sentence for who typed it, and nothing kept."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from domain.merchants import Merchant
from domain.orders.service import receive
from domain.refunds.model import Refund
from tests.scenarios.conftest import ANA, OFFICE, REFUNDS, Shop, an_order, text_of


async def _kept(shop: Shop) -> int:
    async with shop.site.store.read(shop.merchant_id) as session:
        return await session.scalar(select(func.count()).select_from(Refund)) or 0


async def test_what_is_no_amount_is_said_to_be_none_and_nothing_is_kept(shop: Shop) -> None:
    for typed, sentence in (
        ("-5", "“-5” can't be used as an amount: it must be more than zero."),
        ("0", "it must be more than zero"),
        ("0,00", "it must be more than zero"),
        ("1e9", "“1e9” can't be used as an amount: it is not a number like 12.50."),
        ("0x10", "it is not a number like 12.50"),
        ("5%", "it is not a number like 12.50"),
        ("1,000.00", "it is not a number like 12.50"),
        ("12,505", "USD has 2 digits after the point"),
        ("5 EUR", "This order is in USD, not EUR. Give the amount in USD."),
        ("£5", "This order is in USD"),
        ("9999999999", "At most 100.00 USD can be refunded."),
        ("9" * 2_900, "it is too large to be meant"),
    ):
        answer = text_of(await shop.type(ANA, f"/refund 1042 {typed} lid cracked"))
        assert sentence in answer, typed
        assert len(answer) < 400
    assert shop.slack.modal(ANA) is None
    assert await _kept(shop) == 0
    await shop.quiet()
    assert shop.slack.messages(REFUNDS) == []


async def test_a_comma_is_read_as_a_point(shop: Shop) -> None:
    assert "$12.50" in text_of(await shop.type(ANA, "/refund 1042 12,50 lid cracked"))
    assert "$12.50" in text_of(await shop.card(REFUNDS))


@pytest.mark.parametrize("number", ["🙂", "<!channel>", "x" * 3_000, "';--", "%"])
async def test_what_is_no_order_is_named_as_it_was_typed_and_calls_nobody(
    shop: Shop, number: str
) -> None:
    answer = text_of(await shop.type(ANA, f"/refund {number} 5 late"))
    assert "There is no order" in answer
    assert "<!channel>" not in answer
    assert len(answer) < 400
    assert await _kept(shop) == 0


async def test_an_order_of_another_merchant_is_neither_found_nor_hinted_at(shop: Shop) -> None:
    async with shop.site.store.across(write=True) as session:
        other = Merchant(team_id="T0OTHER", name="Other", created_at=shop.now())
        session.add(other)
        await session.flush()
    async with shop.site.store.write(other.id, now=shop.now(), actor="import") as work:
        await receive(work, [an_order("7042"), an_order("7043")], source="test")
    for number in ("7042", "704"):
        answer = text_of(await shop.type(ANA, f"/refund {number} 5 late"))
        assert f"There is no order {number}. " in answer
        assert "7043" not in answer
    assert await _kept(shop) == 0


@pytest.mark.parametrize("reason", ["late", "🙂", "x" * 5_000, "nowhere to be found"])
async def test_without_an_amount_the_form_opens_with_what_was_typed(
    shop: Shop, reason: str
) -> None:
    await shop.slack.command(ANA, f"/refund 1042 {reason}", OFFICE)
    form = shop.slack.modal(ANA)
    assert form is not None
    assert reason[:100] in str(form)
    assert await _kept(shop) == 0


async def test_a_reason_may_say_anything_and_calls_nobody(shop: Shop) -> None:
    for reason in ("<!channel> <@U0BEN> & *bold*", "🙂", "lid " + "x" * 3_000):
        assert "needs approval" in text_of(await shop.type(ANA, f"/refund 1042 1 {reason}"))
    await shop.quiet()
    called, smiled, long = (text_of(card) for card in shop.slack.messages(REFUNDS))
    assert "&lt;!channel&gt; &lt;@U0BEN&gt; &amp;" in called
    assert "<!channel>" not in called
    assert "🙂" in smiled
    assert "…" in long
    assert len(long) < 2_000
    async with shop.site.store.read(shop.merchant_id) as session:
        kept = await session.scalar(select(Refund.note).order_by(Refund.id.desc()).limit(1))
    assert kept == "lid " + "x" * 3_000


async def test_a_character_that_no_database_keeps_is_left_out(shop: Shop) -> None:
    await shop.type(ANA, "/refund 10\x0042 1 lid\x00 cracked")
    assert "> lid cracked" in text_of(await shop.card(REFUNDS))
    await shop.slack.command(ANA, "/refund 1042 2", OFFICE)
    await shop.slack.submit(ANA, {"reason": "other", "note": "the box\x00 too"})
    assert "> the box too" in text_of(await shop.card(REFUNDS, count=2))
