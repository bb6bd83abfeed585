"""Both sides compared, through the real clients: what no webhook told, and what differs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot.work.clock import Clock
from bot.work.reconciling import Reconciling
from bot.work.worker import Worker
from domain.money import Money
from domain.refunds import reconciliation
from domain.refunds.differences import Mismatch
from domain.refunds.model import Refund, State
from domain.refunds.reconciliation import ReconciliationCard
from tests.connectors.conftest import ShopifyTill, Till
from tests.connectors.counter import Counter
from tests.work.desk import Small

_A_DAY = timedelta(days=1, hours=2)


async def _compared(desk: Small, provider: Any, now: datetime) -> ReconciliationCard:
    """Let the clock look, and the provider be asked; returns how that went."""
    handlers = Reconciling(desk.store, {provider.name: provider}, lambda: now).handlers()
    await Clock(desk.store, lambda: now).tick(now)
    await Worker(desk.store, handlers, lambda: now).work_off()
    async with desk.store.read(desk.merchant) as session:
        [one] = await reconciliation.latest(session)
    assert one.compared_at == now
    return one


async def _states(desk: Small) -> list[tuple[int, State]]:
    async with desk.store.read(desk.merchant) as session:
        found = await session.scalars(select(Refund).order_by(Refund.id))
        return [(refund.amount, refund.state) for refund in found]


async def test_stripe_tells_what_no_webhook_did(till: Till) -> None:
    till.stripe.deliver = None
    till.stripe.status = "pending"
    await till.approved(2_000)
    await till.work()
    till.stripe.refunds[0]["status"] = "succeeded"
    till.stripe.by_console(700)
    one = await _compared(till.desk, till.provider, till.now + _A_DAY)
    assert (one.counted, one.differing) == (2, 0)
    assert await _states(till.desk) == [(2_000, State.SUCCEEDED), (700, State.SUCCEEDED)]


async def test_a_refund_that_stripe_has_lost_is_a_difference(till: Till) -> None:
    await till.approved(2_000)
    await till.work()
    [lost] = till.stripe.refunds
    till.stripe.refunds.clear()
    one = await _compared(till.desk, till.provider, till.now + _A_DAY)
    assert [(found.kind, found.here) for found in one.differences] == [
        (Mismatch.MISSING, Money(2_000, "USD"))
    ]
    till.stripe.refunds.append(lost)
    one = await _compared(till.desk, till.provider, till.now + 2 * _A_DAY)
    assert one.differing == 0


async def test_shopify_tells_what_no_webhook_did(shop: ShopifyTill) -> None:
    shop.shopify.deliver = None
    await shop.approved(2_000)
    await shop.work()
    shop.shopify.by_admin("7.00")
    one = await _compared(shop.desk, shop.provider, shop.now + _A_DAY)
    assert (one.counted, one.differing) == (2, 0)
    assert await _states(shop.desk) == [(2_000, State.SUCCEEDED), (700, State.SUCCEEDED)]


async def test_amazon_agrees_whether_it_posted_a_refund_together_or_apart(counter: Counter) -> None:
    counter.amazon.by_item = True
    await counter.asked(await counter.order(), amount=Money(4_000, "USD"))
    await counter.work(rounds=20)
    assert await _states(counter.desk) == [(4_000, State.SUCCEEDED)]
    counter.amazon.by_console("7.00")
    one = await _compared(counter.desk, counter.provider, counter.now + _A_DAY)
    assert (one.counted, one.differing) == (3, 0)
    assert await _states(counter.desk) == [(4_000, State.SUCCEEDED), (700, State.SUCCEEDED)]


async def test_what_amazon_has_not_posted_for_days_is_no_difference_yet(counter: Counter) -> None:
    counter.amazon.prompt = False
    await counter.approved()
    await counter.work(rounds=6)
    one = await _compared(counter.desk, counter.provider, counter.now + _A_DAY)
    assert one.differing == 0
    assert await _states(counter.desk) == [(1_250, State.SUBMITTED)]
