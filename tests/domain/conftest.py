"""A desk, and a second one in the same database."""

from __future__ import annotations

from datetime import datetime

import pytest

from domain.merchants import Merchant
from domain.store import Store
from tests.domain.desk import Desk


@pytest.fixture
def desk(store: Store, merchant: int, now: datetime) -> Desk:
    """The desk that the test is about."""
    return Desk(store, merchant, now)


@pytest.fixture
async def other_desk(desk: Desk) -> Desk:
    """Another merchant's desk in the same database."""
    async with desk.store.across(write=True) as session:
        other = Merchant(team_id="T0OTHER", name="", created_at=desk.now)
        session.add(other)
        await session.flush()
        return Desk(desk.store, other.id, desk.now)
