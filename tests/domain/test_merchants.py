from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from domain import merchants
from domain.definitions import DEFINITIONS
from domain.errors import Invalid, UnknownSetting
from domain.events import Kind
from domain.merchants import Merchant, Setting, Settings, WrongWorkspace
from domain.money import Money
from domain.store import Store
from tests.domain.desk import Desk, usd


async def _settings(desk: Desk) -> Settings:
    async with desk.look() as session:
        return await merchants.settings(session)


async def _bind(store: Store, team_id: str, now: datetime) -> int:
    async with store.across(write=True) as session:
        return (await merchants.bind(session, team_id, "Acme", now)).id


async def test_the_sole_merchant_is_made_once_and_bound_once(store: Store, now: datetime) -> None:
    async with store.across(write=True) as session:
        sole = await merchants.sole(session, now)
    assert sole.team_id is None
    assert await _bind(store, "T1", now) == sole.id
    assert await _bind(store, "T1", now) == sole.id
    with pytest.raises(WrongWorkspace, match="serves another workspace"):
        await _bind(store, "T2", now)
    async with store.across() as session:
        assert [one.name for one in await session.scalars(select(Merchant))] == ["Acme"]


async def test_first_contact_at_once_makes_one_merchant(store: Store, now: datetime) -> None:
    bound = await asyncio.gather(*(_bind(store, "T1", now) for _ in range(6)))
    assert len(set(bound)) == 1
    async with store.across() as session:
        assert len((await session.scalars(select(Merchant))).all()) == 1


async def test_two_workspaces_at_once_do_not_share_a_desk(store: Store, now: datetime) -> None:
    async with store.across(write=True) as session:
        await merchants.sole(session, now)
    answers = await asyncio.gather(
        *(_bind(store, f"T{number}", now) for number in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, WrongWorkspace) for one in answers) == 3


async def test_defaults_hold_until_something_is_set(desk: Desk) -> None:
    settings = await _settings(desk)
    assert settings["refund.expires_after_hours"] == 72
    assert settings["channel.refunds"] is None
    assert settings.amount("refund.auto_limit", "USD") is None
    assert merchants.unset_channels(settings) == (
        "channel.orders",
        "channel.refunds",
        "channel.complaints",
        "channel.shipping",
    )


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("channel.refunds", "C0123456789", "C0123456789"),
        ("channel.refunds", " <#C0123456789|refunds> ", "C0123456789"),
        ("channel.stock", "<#G0123>", "G0123"),
        ("refund.auto_limit", "20", {"*": "20.00"}),
        ("refund.auto_limit", "20.00 USD", {"USD": "20.00"}),
        ("refund.auto_limit", "20usd, 18.50 EUR", {"USD": "20.00", "EUR": "18.50"}),
        (
            "refund.auto_limit",
            "20.00, 3000 JPY; 15 EUR",
            {"*": "20.00", "JPY": "3000", "EUR": "15.00"},
        ),
        ("refund.two_approvers_above", "0 USD", {"USD": "0.00"}),
        ("refund.expires_after_hours", " 48 ", 48),
        ("complaint.levels", "5", 5),
        ("people.default_role", " agent", "agent"),
    ],
)
def test_a_setting_is_read_as_people_type_it_and_as_it_is_shown(
    key: str, typed: str, value: Any
) -> None:
    assert DEFINITIONS[key].read(typed) == value
    shown = merchants.as_text(Settings({key: value}))[key]
    assert DEFINITIONS[key].read(shown) == value


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("channel.refunds", "#refunds"),
        ("channel.refunds", "U0123456789"),
        ("channel.refunds", ""),
        ("refund.auto_limit", ""),
        ("refund.auto_limit", "USD"),
        ("refund.auto_limit", "lots"),
        ("refund.auto_limit", "20,00 USD"),
        ("refund.auto_limit", "1,000"),
        ("refund.auto_limit", "-5"),
        ("refund.auto_limit", "1e999999"),
        ("refund.auto_limit", "9" * 30),
        ("refund.auto_limit", "5.005 USD"),
        ("refund.auto_limit", "5 USD 6 EUR"),
        ("refund.auto_limit", "5 USD, 6 USD"),
        ("refund.expires_after_hours", "0"),
        ("refund.expires_after_hours", "721"),
        ("refund.expires_after_hours", "9" * 5000),
        ("refund.expires_after_hours", "1.5"),
        ("complaint.levels", "six"),
        ("complaint.level_1", ""),
        ("complaint.level_1", "@leads"),
        ("complaint.level_1", "SUPPORT"),
        ("complaint.level_1", "<!channel>"),
        ("complaint.level_1", "U0BEN C0123"),
        ("complaint.level_1", " ".join(f"U0{n}" for n in range(11))),
        ("people.default_role", "king"),
    ],
)
def test_what_a_setting_does_not_take_is_refused_in_a_sentence(key: str, typed: str) -> None:
    with pytest.raises(Invalid, match=r"\.$") as refused:
        DEFINITIONS[key].read(typed)
    assert len(str(refused.value)) < 250


async def test_a_refused_setting_changes_nothing(desk: Desk) -> None:
    for key, typed in (("complaint.levels", "six"), ("refund.auto_limit", "20,00")):
        with pytest.raises(Invalid):
            await desk.setting(key, typed)
    assert await desk.all(select(Setting)) == []
    assert await desk.events() == []


async def test_an_unknown_setting_names_those_there_are(desk: Desk) -> None:
    with pytest.raises(UnknownSetting, match=r"Settings are channel\.orders, "):
        await desk.setting("refund.limit", "5")
    with pytest.raises(UnknownSetting):
        async with desk.work() as work:
            await merchants.unset(work, "refund.limit")


async def test_a_setting_is_changed_and_unset_and_both_are_recorded(desk: Desk) -> None:
    await desk.setting("complaint.levels", "2")
    await desk.setting("complaint.levels", "4")
    async with desk.work("U0ADMIN") as work:
        await merchants.unset(work, "complaint.levels")
        await merchants.unset(work, "complaint.levels")
    assert (await _settings(desk))["complaint.levels"] == 3
    changes = await desk.events(Kind.SETTING_CHANGED)
    assert [one.data for one in changes] == [
        {"key": "complaint.levels", "value": value} for value in (2, 4, None)
    ]
    assert {one.actor for one in changes} == {"U0ADMIN"}


async def test_an_amount_of_one_currency_goes_before_that_of_any(desk: Desk) -> None:
    await desk.setting("refund.auto_limit", "20.50, 5 EUR")
    settings = await _settings(desk)
    assert settings.amount("refund.auto_limit", "USD") == usd(2050)
    assert settings.amount("refund.auto_limit", "EUR") == Money(500, "EUR")
    assert settings.amount("refund.auto_limit", "JPY") == Money(20, "JPY")
    assert settings.amount("refund.auto_limit", "KWD") == Money(20500, "KWD")


async def test_only_one_currency_set_says_nothing_of_others(desk: Desk) -> None:
    await desk.setting("refund.auto_limit", "5 EUR")
    assert (await _settings(desk)).amount("refund.auto_limit", "USD") is None


async def test_every_setting_has_a_text(desk: Desk) -> None:
    assert set(merchants.as_text(await _settings(desk))) == set(DEFINITIONS)
    assert merchants.as_text(await _settings(desk))["complaint.levels"] == "3"
    assert merchants.as_text(await _settings(desk))["refund.auto_limit"] == ""
