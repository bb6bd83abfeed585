from __future__ import annotations

from datetime import datetime

import pytest

from domain.store import Store
from tests.work.desk import Small


@pytest.fixture
def desk(store: Store, merchant: int, now: datetime) -> Small:
    """An empty desk on both kinds of database."""
    return Small(store, merchant, now)
