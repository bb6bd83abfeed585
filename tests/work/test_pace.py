"""Requests that have to wait for a partner's limit come back one by one."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.work.pace import Pace
from domain.rates import Limit
from domain.sources import SourceBusy
from domain.store import Store

LIMIT = Limit("partner.ask", rate=2, burst=3)


async def test_a_crowd_is_let_in_at_the_partners_rate_and_asks_the_database_once_a_turn(
    store: Store, merchant: int, now: datetime
) -> None:
    del merchant
    moment = now
    pace = Pace(store, lambda: moment)
    waiting, draws = [now] * 20, 0
    entered: list[datetime] = []
    while waiting:
        moment = min(waiting)
        waiting.remove(moment)
        draws += 1
        try:
            await pace.enter(LIMIT)
            entered.append(moment)
        except SourceBusy as busy:
            waiting.append(moment + busy.after)
    assert entered[: LIMIT.burst] == [now] * LIMIT.burst
    assert [at - now for at in entered[LIMIT.burst :]] == [
        timedelta(seconds=turn / LIMIT.rate) for turn in range(1, 18)
    ]
    assert draws == 20 + 17
