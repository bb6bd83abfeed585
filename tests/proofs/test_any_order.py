"""Refunds in any order, by anybody, with anything going wrong: paid exactly once.

Each run plays the same examples. To explore others, with shrinking, for as long as you like::

    DESKHAND_PROOF_EXAMPLES=2000 .venv/bin/python -m pytest -n 0 --timeout 0 \
        tests/proofs/test_any_order.py --hypothesis-seed=random
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
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
    max_examples=_EXPLORED or 6,
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


def _often(*acts: tuple[int, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Choose among acts, each as often as its figure says."""
    return st.sampled_from([act for times, act in acts for _ in range(times)]).flatmap(
        lambda act: act
    )


#: What people, partners, the clock and workers do: several of these may happen at once.
_ACTS = _often(
    (4, _act("request", st.sampled_from(ASKERS), st.sampled_from(ORDERS), _AMOUNTS)),
    (6, _act("approve", st.sampled_from(DECIDERS), _NUMBERS)),
    (1, _act("decline", st.sampled_from(DECIDERS), _NUMBERS)),
    (1, _act("withdraw", _NUMBERS)),
    (2, _act("mark_paid", _NUMBERS)),
    (5, _act("work_off", _WORKERS)),
    (2, _act("cut", _WORKERS, st.integers(1, 60))),
    (4, _act("deliver", st.integers(0, 30), st.sampled_from([1, 1, 5]))),
    (1, _act("expire")),
    (3, _act("edit", st.just("A"), st.sampled_from([0, 2_000, 6_000, CAPTURED]))),
    (1, _act("edit", st.sampled_from("CD"))),
    (1, _act("move", st.sampled_from(["pi_B", "pi_B2"]))),
)
#: What happens around the desk, between the steps.
_CIRCUMSTANCES = _often(
    (3, _act("let_time_pass", st.sampled_from([5, 61, 121, 121]))),
    (2, _act("let_days_pass")),
    (5, _act("plan", st.lists(st.sampled_from(MISHAPS), min_size=1, max_size=4))),
    (2, _act("hush", st.integers(1, 3))),
    (3, _act("decide", _NUMBERS, st.sampled_from(["succeeded", "failed"]))),
    (2, _act("refund_elsewhere", _AMOUNTS)),
    (2, _act("catch_up")),
    (2, _act("release")),
    (2, _act("restart", st.sampled_from([True, True, False]))),
    (1, _act("revive")),
    (
        2,
        _act(
            "employ",
            st.sampled_from(DECIDERS),
            st.sampled_from([None, "agent", "approver", "approver", "admin"]),
            st.sampled_from([None, 1_000, 5_000]),
        ),
    ),
    (1, _act("cancel")),
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

    @rule(act=_CIRCUMSTANCES)
    def things_change(self, act: tuple[Any, ...]) -> None:
        self._do(act)

    @rule(
        who=st.sampled_from(ASKERS),
        order=st.sampled_from(ORDERS),
        amount=_AMOUNTS,
        by=st.lists(st.sampled_from(DECIDERS), min_size=1, max_size=2),
    )
    def a_request_that_is_decided(self, who: str, order: str, amount: int, by: list[str]) -> None:
        self._do(("request", who, order, amount))
        self._do(*(("approve", one, 0) for one in by))

    @rule(order=st.sampled_from(ORDERS), amounts=st.lists(_AMOUNTS, min_size=2, max_size=6))
    def everybody_asks_for_the_same_money(self, order: str, amounts: list[int]) -> None:
        self._do(*(("request", ASKERS[one % 2], order, sum_) for one, sum_ in enumerate(amounts)))

    @rule(order=st.sampled_from(ORDERS), mishap=st.sampled_from(MISHAPS), days=st.booleans())
    def a_payment_goes_wrong_and_is_tried_again(self, order: str, mishap: str, days: bool) -> None:
        self._do(("request", "U0ANA", order, 1_500))
        self._do(("approve", "U0ADA", 0), ("plan", [mishap]))
        self._do(("work_off", 0))
        self._do(("let_days_pass",) if days else ("let_time_pass", 121))
        self._do(("work_off", 1))

    @rule(captured=st.sampled_from([0, 1_000, 2_000]))
    def an_order_is_edited_before_its_refund_is_paid(self, captured: int) -> None:
        self._do(("request", "U0ANA", "A", 1_500))
        self._do(("approve", "U0ADA", 0))
        self._do(("edit", "A", captured))
        self._do(("work_off", 0))
        self._do(("edit", "A", CAPTURED))

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
