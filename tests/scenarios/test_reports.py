"""What the refunds of some days came to, for who may know."""

from __future__ import annotations

from tests.scenarios.conftest import (
    ANA,
    BEN,
    FAY,
    OFFICE,
    REFUNDS,
    WES,
    Shop,
    an_order,
    buttons,
    text_of,
)


async def test_a_report_of_refunds_and_its_copy_in_the_channel(shop: Shop) -> None:
    await shop.type(ANA, "/refund 1042 12.50 damaged in transit")
    await shop.card(REFUNDS)
    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)
    await shop.card(REFUNDS, "paid")
    await shop.type(ANA, "/refund 1042 5.00 late")
    await shop.card(REFUNDS, "Late", count=2)

    report = await shop.type(FAY, "/report refunds")
    said = text_of(report)
    assert "2 asked for, 1 paid: $12.50" in said
    assert f"<@{BEN}> · 1" in said
    assert "1 refund waits" in said
    assert {"order.show", "report.share"} <= buttons(report)

    await shop.slack.click(FAY, "report.share", channel=OFFICE)
    shared = await shop.card(OFFICE, "Refunds of the last 30 days")
    assert f"Shared by <@{FAY}>" in text_of(shared)
    assert buttons(shared) == set()
    assert "Maria" not in str(shared)


async def test_a_report_is_not_for_everybody_and_says_what_it_takes(shop: Shop) -> None:
    for who, line, sentence in (
        (ANA, "/report refunds", "To read reports you need to be"),
        (BEN, "/report", "/report refunds 7"),
        (BEN, "/report help", "/report refunds 7"),
        (BEN, "/report sales", "There is no report “sales”"),
        (BEN, "/report refunds 0", "not a number of days from 1 to 92"),
        (BEN, "/report refunds 1000", "not a number of days from 1 to 92"),
        (BEN, "/report refunds -7", "not a number of days"),
        (BEN, "/report refunds \u0667", "not a number of days"),
        (BEN, "/report refunds 7 days", "Give one number of days"),
        (BEN, "/report refunds 7", "last 7 days* · none was asked for"),
        (BEN, "/report refunds 1", "Refunds of the last day"),
        (BEN, "/report sales", "`/report delivery`"),
        (BEN, "/report carriers", "Carriers in the last 90 days*"),
        (BEN, "/report delivery", "nothing with a promise was delivered"),
        (WES, "/report packing", "Packing in the last 30 days* · no problems"),
        (WES, "/report", "/report packing"),
        (WES, "/report delivery", "To read reports you need to be"),
        (FAY, "/report packing 7", "Packing in the last 7 days"),
    ):
        assert sentence in text_of(await shop.type(who, line)), line


async def test_finance_ends_a_refund_that_nobody_tells_of(shop: Shop) -> None:
    await shop.type(ANA, "/refund 1042 12.50 lid cracked")
    await shop.card(REFUNDS)
    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)
    await shop.card(REFUNDS, "paid")
    await shop.import_order(an_order("1050", payment_provider="manual"))
    await shop.type(ANA, "/refund 1050 20.00 lid cracked")
    await shop.card(REFUNDS, "1050", count=2)
    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)
    card = await shop.card(REFUNDS, "by hand", count=2)
    assert {"refund.paid", "refund.failed"} <= buttons(card)

    await shop.slack.click(BEN, "refund.failed", channel=REFUNDS)
    refusal = await shop.slack.until(lambda: shop.slack.ephemerals(BEN, REFUNDS))
    assert "you need to be admin or finance" in text_of(refusal[-1])
    await shop.slack.click(FAY, "refund.failed", channel=REFUNDS)
    empty = await shop.slack.submit(FAY, {"reason": " "})
    assert "a reason is needed" in empty["errors"]["reason"]
    await shop.slack.submit(FAY, {"reason": "The buyer's account is closed"})
    ended = await shop.card(REFUNDS, "account is closed", count=2)
    assert f"marked as failed by <@{FAY}>" in text_of(ended)
    assert buttons(ended) == set()
    told = await shop.slack.until(lambda: shop.slack.messages(ANA)[1:])
    assert "account is closed" in text_of(told[-1])


async def test_what_differs_is_one_message_that_shrinks_once_it_agrees(shop: Shop) -> None:
    await shop.type(ANA, "/refund 1042 12.50 lid cracked")
    await shop.card(REFUNDS)
    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)
    await shop.card(REFUNDS, "paid")
    [(key, entry)] = shop.ledger.entries.items()
    shop.ledger.entries.clear()
    await shop.later(days=1, hours=1)
    card = await shop.card(REFUNDS, "differ in 1 refund", count=2)
    assert "has no such refund" in text_of(card)
    assert buttons(card) == {"order.show"}
    assert "1 difference" in text_of(await shop.type(BEN, "/deskhand status"))
    assert "has no such refund" in text_of(await shop.type(BEN, "/report refunds"))

    shop.ledger.entries[key] = entry
    await shop.later(days=1)
    card = await shop.card(REFUNDS, "agree", count=2)
    assert buttons(card) == set()
    assert len(shop.slack.messages(REFUNDS)) == 2
