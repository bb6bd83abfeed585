"""What Stripe paid out, payout by payout."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from bot.connectors.stripe.payments import Stripe
from bot.connectors.stripe.payouts import Payouts
from bot.doctor.findings import Mark
from bot.doctor.sources import freshness
from domain.orders.model import State
from domain.payouts.differences import Difference
from domain.payouts.model import LineKind, PayoutLine, Settlement
from domain.payouts.policy import Mismatch
from domain.sources import Source, SourceSilent
from tests.connectors.conftest import Till
from tests.connectors.reading import read_on, rows


def payout(reference: str, amount: int, at: datetime, **changes: Any) -> dict[str, Any]:
    """A payout as Stripe lists it."""
    made = int(at.timestamp()) - 86_400
    return {
        "id": reference,
        "object": "payout",
        "amount": amount,
        "currency": "usd",
        "status": "paid",
        "automatic": True,
        "created": made,
        "arrival_date": made + 86_400,
        **changes,
    }


def moved(reference: str, kind: str, amount: int, fee: int, source: Any = None) -> dict[str, Any]:
    """A balance transaction of a payout."""
    return {
        "id": reference,
        "object": "balance_transaction",
        "type": kind,
        "amount": amount,
        "fee": fee,
        "net": amount - fee,
        "currency": "usd",
        "created": 1_795_000_000,
        "source": source,
    }


CHARGE = {"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}
REFUND = {"object": "refund", "id": "re_1", "payment_intent": None, "charge": "ch_2"}


async def read(till: Till, **later: float) -> Source:
    """Let time pass, and read the payouts to their end; returns how the source stands."""
    assert isinstance(till.provider, Stripe)
    return await read_on(till, Payouts(till.provider), **later)


async def test_payouts_are_read_whole_and_each_transaction_counts_once(till: Till) -> None:
    await till.desk.order(
        "1001",
        state=State.SHIPPED,
        captured=5_000,
        payment_provider="stripe",
        payment_reference="pi_1",
    )
    till.stripe.payouts = [
        payout("po_3", 1, till.now, status="failed"),
        payout("po_2", 4_000, till.now),
        payout("po_1", 4_055, till.now),
    ]
    till.stripe.paid_out = {
        "po_1": [
            moved("txn_0", "payout", -4_055, 0),
            moved("txn_1", "charge", 5_000, 175, CHARGE),
            moved("txn_2", "refund", -700, 0, REFUND),
            moved("txn_3", "stripe_fee", -70, 0),
        ],
        "po_2": [],
    }
    await read(till)
    await read(till, hours=7)

    lines = {one.key: one for one in await rows(till, PayoutLine)}
    assert {key: (one.kind, one.amount, one.payment) for key, one in lines.items()} == {
        "txn_1:amount": (LineKind.SALE, 5_000, "pi_1"),
        "txn_1:fee": (LineKind.FEE, -175, "pi_1"),
        "txn_2:amount": (LineKind.REFUND, -700, "ch_2"),
        "txn_3:amount": (LineKind.OTHER, -70, None),
    }
    told = {one.reference: one.differences for one in await rows(till, Settlement)}
    kinds = {name: [Difference.of(one).kind for one in some] for name, some in told.items()}
    # Of the second, no line could be had.
    assert kinds == {"po_1": [Mismatch.UNKNOWN_ORDER], "po_2": [Mismatch.TOTAL]}


@pytest.mark.parametrize("mishap", ["403", "500"])
async def test_a_key_that_may_not_see_payouts_is_no_failure_and_a_fault_is_tried_again(
    till: Till, mishap: str
) -> None:
    till.stripe.mishaps.append(mishap)
    if mishap == "500":
        with pytest.raises(SourceSilent, match="HTTP 500"):
            await read(till)
        return
    finding = freshness(await read(till), till.now)
    assert (finding.mark, await rows(till, Settlement)) == (Mark.OPEN, [])
    assert "payouts" in finding.sentence
