"""Refunds in any order, by anybody, with anything going wrong: paid exactly once.

Each run plays the same examples. To explore others, with shrinking, for as long as you like::

    DESKHAND_PROOF_EXAMPLES=2000 .venv/bin/python -m pytest -n 0 --timeout 0 \
        tests/proofs/test_any_order.py --hypothesis-seed=random
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from domain.store import Store
from tests.proofs.bank import MISHAPS
from tests.proofs.play import ASKERS, CAPTURED, DECIDERS, ORDERS, Play

_EXPLORED = int(os.environ.get("DESKHAND_PROOF_EXAMPLES", "0"))
_SETTINGS = settings(
    max_examples=_EXPLORED or 32,
    stateful_step_count=70,
    derandomize=not _EXPLORED,
    database=None,
    deadline=None,
    # To make a failing example small takes many more runs than a run of tests has time for.
    phases=[Phase.generate, Phase.shrink] if _EXPLORED else [Phase.generate],
    suppress_health_check=list(HealthCheck),
)

_NUMBERS = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5])
_AMOUNTS = st.sampled_from([100, 500, 501, 1_500, 2_000, 2_001, 3_000, 3_001, 9_000])
_WORKERS = st.integers(0, 1)


def _act(name: str, *facts: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(name), *facts)


_REQUEST = _act("request", st.sampled_from(ASKERS), st.sampled_from(ORDERS), _AMOUNTS)
_APPROVE = _act("approve", st.sampled_from(DECIDERS), _NUMBERS)
_WORK = _act("work_off", _WORKERS)
_DELIVER = _act("deliver", st.integers(0, 30), st.sampled_from([1, 1, 5]))
_ACTS = st.one_of(
    _REQUEST,
    _REQUEST,
    _REQUEST,
    _APPROVE,
    _APPROVE,
    _act("decline", st.sampled_from(DECIDERS), _NUMBERS),
    _act("withdraw", _NUMBERS),
    _act("mark_paid", _NUMBERS),
    _WORK,
    _WORK,
    _DELIVER,
    _DELIVER,
    _act("cut", _WORKERS, st.integers(1, 40)),
    _act("expire"),
    _act("edit", st.just("A"), st.sampled_from([0, 4_000, 8_000, CAPTURED])),
    _act("edit", st.sampled_from("BCD")),
)


class Refunds(RuleBasedStateMachine):
    """Whatever comes next."""

    def __init__(self, runner: asyncio.Runner, store: Store, count: Callable[[int], None]) -> None:
        super().__init__()
        self.runner = runner
        self.play = Play(store)
        self.count = count
        runner.run(self.play.open())

    @rule(act=_ACTS)
    def one_thing(self, act: tuple[Any, ...]) -> None:
        self._do(act)

    @rule(acts=st.lists(_ACTS, min_size=2, max_size=5))
    def several_at_once(self, acts: list[tuple[Any, ...]]) -> None:
        self._do(*acts)

    @rule(who=st.sampled_from(ASKERS), order=st.sampled_from(ORDERS), amount=_AMOUNTS)
    def a_request_that_is_approved(self, who: str, order: str, amount: int) -> None:
        self._do(("request", who, order, amount))
        self._do(("approve", "U0BEA", 0))
        self._do(("approve", "U0ADA", 0))

    @rule(mishaps=st.lists(st.sampled_from(MISHAPS), min_size=1, max_size=4))
    def the_bank_will_have_mishaps(self, mishaps: list[str]) -> None:
        self.play.bank.mishaps.extend(mishaps)

    @rule(times=st.integers(1, 3))
    def the_bank_will_not_say(self, times: int) -> None:
        self.play.bank.silent = times

    @rule(number=_NUMBERS, status=st.sampled_from(["succeeded", "failed"]))
    def the_bank_decides(self, number: int, status: str) -> None:
        self.play.bank.decide(number, status)

    @rule(amount=_AMOUNTS)
    def somebody_refunds_elsewhere(self, amount: int) -> None:
        self.play.bank.by_console("pi_C", amount)

    @rule()
    def the_bank_catches_up(self) -> None:
        self.play.bank.catch_up()

    @rule()
    def what_stalled_goes_on(self) -> None:
        self._do(("release",))

    @rule(span=st.sampled_from([{"seconds": 5}, {"seconds": 61}, {"seconds": 121}, {"hours": 73}]))
    def time_passes(self, span: dict[str, int]) -> None:
        self.play.now += timedelta(**span)
        if "hours" in span:
            self.play.bank.forget()

    @rule(connected=st.sampled_from([True, True, False]))
    def the_process_starts_again(self, connected: bool) -> None:
        self._do(("restart", connected))

    @rule()
    def dead_jobs_are_retried(self) -> None:
        self._do(("revive",))

    @rule(
        who=st.sampled_from(DECIDERS),
        role=st.sampled_from([None, "agent", "approver", "approver", "admin"]),
        limit=st.sampled_from([None, 1_000, 5_000]),
    )
    def somebody_gets_another_role(self, who: str, role: str | None, limit: int | None) -> None:
        self._do(("employ", who, role, limit))

    @rule(payment=st.sampled_from(["pi_B", "pi_B2"]))
    def an_order_is_moved_to_another_payment(self, payment: str) -> None:
        self._do(("move", payment))

    @rule()
    def an_order_is_cancelled(self) -> None:
        self._do(("cancel",))

    def teardown(self) -> None:
        self.runner.run(self.play.come_to_rest())
        self.count(self.play.steps)

    def _do(self, *acts: tuple[Any, ...]) -> None:
        self.runner.run(self._together(acts))

    async def _together(self, acts: tuple[tuple[Any, ...], ...]) -> None:
        await self.play.several([getattr(self.play, name)(*facts) for name, *facts in acts])


@pytest.mark.timeout(600)
def test_every_refund_is_paid_exactly_once_whatever_happens(
    database_url: str, record_property: Callable[[str, object], None]
) -> None:
    steps: list[int] = []
    with asyncio.Runner() as runner:
        store = runner.run(_open(database_url))
        try:
            run_state_machine_as_test(
                lambda: Refunds(runner, store, steps.append), settings=_SETTINGS
            )
        finally:
            runner.run(store.close())
    record_property("steps", sum(steps))
    assert sum(steps) > 1_000


async def _open(url: str) -> Store:
    return Store(url)
