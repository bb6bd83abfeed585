"""On PostgreSQL, merchants' rows are apart even for somebody who writes SQL by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from domain.merchants import Merchant
from domain.people import set_role
from domain.store import Store
from domain.tables import Base, Owned


@pytest.fixture
async def merchants(postgresql_url: str, now: datetime) -> AsyncIterator[tuple[Store, int, int]]:
    """A store with two merchants, each of whom has one person."""
    store = Store(postgresql_url)
    async with store.across(write=True) as session:
        both = [Merchant(team_id=team, name=team, created_at=now) for team in ("T1", "T2")]
        session.add_all(both)
        await session.flush()
    for merchant in both:
        async with store.write(merchant.id, now=now, actor="console") as work:
            await set_role(work, f"U0{merchant.team_id}", "agent")
    yield store, both[0].id, both[1].id
    await store.close()


async def test_sql_by_hand_sees_the_merchants_own_rows(
    merchants: tuple[Store, int, int],
) -> None:
    store, first, second = merchants
    for merchant_id, member in ((first, "U0T1"), (second, "U0T2")):
        async with store.read(merchant_id) as session:
            seen = await session.scalars(text("SELECT member_id FROM people"))
            assert seen.all() == [member]


async def test_sql_by_hand_changes_no_other_merchants_rows(
    merchants: tuple[Store, int, int], now: datetime
) -> None:
    store, first, second = merchants
    async with store.write(first, now=now, actor="console") as work:
        await work.session.execute(text("UPDATE people SET role = 'admin'"))
        await work.session.execute(text(f"DELETE FROM people WHERE merchant_id = {second}"))
    async with store.across() as session:
        found = await session.execute(text("SELECT member_id, role FROM people ORDER BY 1"))
        assert [tuple(row) for row in found] == [("U0T1", "admin"), ("U0T2", "agent")]


async def test_nobody_writes_a_row_for_another_merchant(
    merchants: tuple[Store, int, int], now: datetime
) -> None:
    store, first, second = merchants
    with pytest.raises(DBAPIError, match="row-level security"):
        async with store.write(first, now=now, actor="console") as work:
            await work.session.execute(
                text("INSERT INTO people (merchant_id, member_id) VALUES (:merchant, 'U0EVIL')"),
                {"merchant": second},
            )


async def test_a_session_that_names_no_merchant_sees_nothing(
    merchants: tuple[Store, int, int],
) -> None:
    store, first, _ = merchants
    async with store.read(first) as session:
        assert await session.scalar(text("SELECT count(*) FROM people")) == 1
    # The same pooled connection must not remember whom it worked for.
    async with store.engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM people")) == 0


async def test_whoever_works_for_all_sees_all(merchants: tuple[Store, int, int]) -> None:
    store, _, _ = merchants
    async with store.across() as session:
        assert await session.scalar(text("SELECT count(*) FROM people")) == 2


async def test_every_table_that_merchants_own_is_protected(postgresql_url: str) -> None:
    store = Store(postgresql_url)
    async with store.engine.connect() as connection:
        found = await connection.scalars(
            text(
                "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid "
                "WHERE relrowsecurity AND relforcerowsecurity"
            )
        )
    await store.close()
    owned = {
        mapper.local_table.name  # type: ignore[attr-defined]
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, Owned)
    }
    assert set(found) == owned
    assert len(owned) > 10
