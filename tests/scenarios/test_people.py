"""Out of office: who says so, who is called instead, and coming back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain import merchants, people
from domain.people import Person
from tests.scenarios.conftest import (
    ADA,
    ANA,
    BEN,
    EVE,
    OFFICE,
    REFUNDS,
    WES,
    Shop,
    buttons,
    text_of,
)


async def absent(shop: Shop) -> dict[str, str | None]:
    """Who is away, and their deputies."""
    async with shop.site.store.read(shop.merchant_id) as session:
        found = await people.absent(session, shop.now())
    return {one.member_id: one.deputy for one in found}


def a_day(shop: Shop) -> str:
    """The first day back, next week."""
    return (shop.now() + timedelta(days=7)).date().isoformat()


async def test_somebody_is_away_from_a_command_and_back_from_the_home_tab(shop: Shop) -> None:
    said = text_of(await shop.type(BEN, f"/deskhand away {a_day(shop)}"))
    assert "You are away until" in said
    assert "nobody is called instead" in said
    assert await absent(shop) == {BEN: None}
    shop.slack.open_home(BEN)
    home = await shop.slack.until(lambda: shop.slack.home(BEN))
    assert "You are away until" in text_of(home)
    await shop.slack.click(BEN, "person.back")
    home = await shop.slack.until(
        lambda: (view := shop.slack.home(BEN)) and "away" not in text_of(view) and view
    )
    assert "person.back" not in buttons(home)
    assert await absent(shop) == {}
    assert "You are back" in text_of(await shop.type(BEN, "/deskhand back"))


@pytest.mark.parametrize("mention", [f"<@{ADA}|ada>", ADA, f"@{ADA}"])
async def test_a_deputy_is_named_by_mention_or_id(shop: Shop, mention: str) -> None:
    said = text_of(await shop.type(BEN, f"/deskhand away {a_day(shop)} {mention}"))
    assert f"<@{ADA}> is called instead" in said
    assert "role" not in said
    assert await absent(shop) == {BEN: ADA}


async def test_a_bare_name_opens_the_form_which_knows_the_day(shop: Shop) -> None:
    day = a_day(shop)
    await shop.slack.command(BEN, f"/deskhand away {day} @wes", OFFICE)
    form = shop.slack.modal(BEN)
    assert form is not None
    assert form["blocks"][0]["element"]["initial_date"] == day
    await shop.slack.submit(BEN, {"until": day, "deputy": WES})
    answer = await shop.slack.until(lambda: shop.slack.ephemerals(BEN))
    assert f"<@{WES}>’s role does not let them decide refunds or work on complaints" in text_of(
        answer[-1]
    )
    assert await absent(shop) == {BEN: WES}


async def test_the_form_says_at_the_field_what_makes_no_sense(shop: Shop) -> None:
    await shop.slack.command(BEN, "/deskhand away", OFFICE)
    answer = await shop.slack.submit(BEN, {"until": "2020-01-01"})
    assert "over already" in answer["errors"]["until"]
    answer = await shop.slack.submit(BEN, {"until": a_day(shop), "deputy": BEN})
    assert "Nobody stands in for themselves" in answer["errors"]["deputy"]
    assert await absent(shop) == {}
    for line, sentence in (
        ("/deskhand away tomorrow", "“tomorrow” is not a day"),
        ("/deskhand away 2020-01-01", "over already"),
        ("/deskhand away @ada 2026-12-01", "“@ada” is not a day"),
    ):
        assert sentence in text_of(await shop.type(BEN, line)), line
    assert "no role" in text_of(await shop.type(EVE, f"/deskhand away {a_day(shop)}"))


async def test_a_deputy_is_reminded_and_who_is_away_may_still_decide(shop: Shop) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=ADA) as work:
        await merchants.change_setting(work, "refund.approvers", BEN)
    await shop.type(BEN, f"/deskhand away {a_day(shop)} {ADA}")
    await shop.type(ANA, "/refund 1042 12.50 lid cracked")
    card = await shop.card(REFUNDS)
    await shop.later(hours=4)
    thread = await shop.slack.until(lambda: shop.slack.thread(REFUNDS, card["ts"])[1:], 20)
    assert f"<@{ADA}>, this refund of $12.50 still needs a decision" in text_of(thread[0])
    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS, ts=card["ts"])
    assert f"approved by <@{BEN}>" in text_of(await shop.card(REFUNDS, "paid"))


async def test_the_first_day_back_begins_where_somebody_lives(shop: Shop) -> None:
    await shop.type(BEN, "/deskhand help")
    await shop.quiet()
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=ADA) as work:
        await people.learn(work, BEN, name="Ben", locale=None, tz="Asia/Tokyo")
    day = a_day(shop)
    await shop.type(BEN, f"/deskhand away {day}")
    async with shop.site.store.read(shop.merchant_id) as session:
        [person] = await people.absent(session, shop.now())
    assert isinstance(person, Person)
    assert person.away_until == people.first_day_back(day, "Asia/Tokyo")
