"""What most tests need: a database, a merchant, a moment."""

from __future__ import annotations

import os
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain import merchants
from domain.store import Store

pytest_plugins = ["tests.databases"]


#: Rooms whose tests tell whole stories, and take the longest.
_STORIES = ("tests/scenarios/", "tests/connectors/")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tell each story on one kind of database, half of them on either; explorers on both.

    What differs between the two, locks and transactions, is what tests/domain is about.
    """
    if "DESKHAND_PROOF_EXAMPLES" in os.environ:
        return
    other = [item for item in items if _is_told_elsewhere(item)]
    if other:
        config.hook.pytest_deselected(items=other)
        items[:] = [item for item in items if item not in set(other)]


def _is_told_elsewhere(item: pytest.Item) -> bool:
    if not item.nodeid.startswith(_STORIES) or not isinstance(item, pytest.Function):
        return False
    told = (
        {"sqlite": 0, "postgresql": 1}.get(item.callspec.params.get("database_url", ""))
        if hasattr(item, "callspec")
        else None
    )
    return told is not None and told != zlib.crc32(item.originalname.encode()) % 2


def pytest_xdist_auto_num_workers() -> int:
    """Run more test processes than processors: many wait for Slack's pace, not for one."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture
def now() -> datetime:
    """The moment at which most tests happen: a Tuesday morning."""
    return datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture
async def merchant(store: Store, now: datetime) -> int:
    """The id of the merchant that the test is about."""
    async with store.across(write=True) as session:
        return (await merchants.sole(session, now)).id


@pytest.fixture
def shared() -> Path:
    """A folder of public real inputs beside the project; a test that needs it is skipped without."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of real inputs is not there")
    return folder.parent
