from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import (
    AboveLimit,
    AlreadyDecided,
    CurrencyMismatch,
    DeskhandError,
    MalformedAmount,
    MoreThanRefundable,
    NoRole,
    NotRefundable,
    OwnRequest,
    ReasonNeeded,
    RecordNotFound,
    RoleNeeded,
    WrongState,
)
from domain.events import Kind
from domain.money import Money
from domain.orders.model import State as OrderState
from domain.people import Member
from domain.refunds import by_hand, paying, queries, service
from domain.refunds.model import HOLDING, TRANSITIONS, PartKind, Reason, Refund, State
from domain.refunds.payment import ByHand
from domain.store import Work
from tests.domain.desk import (
    ADMIN,
    AGENT,
    APPROVER,
    FINANCE,
    MUG,
    NOBODY,
    OTHER_APPROVER,
    PAID,
    REFUSED,
    WAREHOUSE,
    Desk,
    asking,
    usd,
)


@pytest.fixture
async def order_id(desk: Desk) -> int:
    """Two mugs at 12.00 and a pot at 36.00, paid with 60.00 USD."""
    return await desk.order()


async def _line_ids(desk: Desk) -> list[int]:
    return [line.id for line in (await desk.card()).lines]


async def test_a_sum_is_asked_for_and_waits_for_one_approver(desk: Desk, order_id: int) -> None:
    refund = await desk.request(order_id, asking(1000, note="Dented"))
    assert (refund.state, refund.money) == (State.AWAITING_APPROVAL, usd(1000))
    assert (refund.approvers_needed, refund.explanation) == (1, "needs one approver")
    assert [(part.kind, part.amount) for part in refund.parts] == [(PartKind.AMOUNT, 1000)]
    assert (refund.requested_by, refund.requested_at) == (AGENT.member_id, desk.now)
    assert refund.expires_due_at == desk.now + timedelta(hours=72)
    asked = (await desk.events(Kind.REFUND_REQUESTED))[0]
    assert (asked.actor, asked.why, asked.at) == (AGENT.member_id, "Dented", desk.now)
    assert asked.data == {
        "state": "awaiting_approval",
        "amount": 1000,
        "currency": "USD",
        "policy": "needs one approver",
        "policy_version": 1,
        "reason": "damaged",
    }


async def test_lines_shipping_and_goodwill_add_up(desk: Desk, order_id: int) -> None:
    mug, pot = await _line_ids(desk)
    ask = service.Ask(
        Reason.WRONG_ITEM, lines={mug: 2, pot: 0}, shipping=usd(490), goodwill=usd(100)
    )
    refund = await desk.request(order_id, ask)
    assert refund.money == usd(2400 + 490 + 100)
    assert [(part.kind, part.line_id, part.quantity, part.amount) for part in refund.parts] == [
        (PartKind.ITEM, mug, 2, 2400),
        (PartKind.SHIPPING, None, None, 490),
        (PartKind.GOODWILL, None, None, 100),
    ]
    async with desk.look() as session:
        card = await queries.card(session, refund.id)
    assert [view.title for view in card.parts] == ["Alpine mug", None, None]
    assert card.order.number == "1001"


async def test_a_second_partial_refund_of_a_line_takes_what_is_left(
    desk: Desk, order_id: int
) -> None:
    mug, _ = await _line_ids(desk)
    one_mug = service.Ask(Reason.DAMAGED, lines={mug: 1})
    await desk.settle(await desk.paying(order_id, 1), PAID)
    await desk.request(order_id, one_mug)
    assert (await desk.request(order_id, one_mug)).amount == 1200
    assert (await desk.card()).lines[0].refundable_quantity == 0
    with pytest.raises(service.QuantityExceeded, match="1 × Alpine mug is more than the 0") as no:
        await desk.request(order_id, one_mug)
    assert no.value.field == "lines"


@pytest.mark.parametrize("quantity", [3, -1, 10**12])
async def test_a_line_is_refunded_no_more_often_than_bought(
    desk: Desk, order_id: int, quantity: int
) -> None:
    mug, _ = await _line_ids(desk)
    with pytest.raises(service.QuantityExceeded, match="than the 2 that can still be refunded"):
        await desk.request(order_id, service.Ask(Reason.DAMAGED, lines={mug: quantity}))


@pytest.mark.usefixtures("order_id")
async def test_a_line_of_another_order_is_not_on_this_one(desk: Desk) -> None:
    mug, _ = await _line_ids(desk)
    other = await desk.order(number="1002")
    with pytest.raises(RecordNotFound, match="This order line"):
        await desk.request(other, service.Ask(Reason.DAMAGED, lines={mug: 1}))
    assert await desk.events(Kind.REFUND_REQUESTED) == []


async def test_a_line_without_a_price_needs_an_amount(desk: Desk) -> None:
    order_id = await desk.order(lines=(replace(MUG, unit_price=None),))
    (mug,) = await _line_ids(desk)
    with pytest.raises(MalformedAmount, match="give an amount instead of a quantity"):
        await desk.request(order_id, service.Ask(Reason.DAMAGED, lines={mug: 1}))
    assert (await desk.request(order_id, 1200)).amount == 1200


async def test_what_can_not_be_given_back_is_refused_and_leaves_nothing(
    desk: Desk, order_id: int
) -> None:
    less_than_nothing = service.Ask(Reason.DAMAGED, shipping=usd(500), goodwill=usd(-100))
    refused: tuple[tuple[service.Ask, type[DeskhandError]], ...] = (
        (service.Ask(Reason.DAMAGED), MalformedAmount),
        (asking(0), MalformedAmount),
        (asking(-500), MalformedAmount),
        (less_than_nothing, MalformedAmount),
        (asking(500, goodwill=usd(100)), service.SumAndParts),
        (asking(500, lines={1: 1}), service.SumAndParts),
        (asking(0, amount=Money(500, "EUR")), CurrencyMismatch),
        (asking(500, reason=Reason.OTHER), ReasonNeeded),
        (asking(500, reason=Reason.OTHER, note="  "), ReasonNeeded),
        (asking(6001), MoreThanRefundable),
    )
    for ask, error in refused:
        with pytest.raises(error):
            await desk.request(order_id, ask)
    assert (await desk.card()).refunds == ()
    assert await desk.events(Kind.REFUND_REQUESTED) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"state": OrderState.CANCELLED}, "is cancelled, so there is nothing to refund"),
        ({"captured": None}, "is unknown, so a refund can't be checked"),
        ({"captured": 0}, "Nothing was paid for order 1001 yet"),
    ],
)
async def test_an_order_without_a_payment_has_nothing_to_refund(
    desk: Desk, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(NotRefundable, match=says):
        await desk.request(await desk.order(**changes), 100)


async def test_pending_and_paid_refunds_both_count(desk: Desk, order_id: int) -> None:
    await desk.settle(await desk.paying(order_id, 2500), PAID)
    await desk.request(order_id, 3000)
    with pytest.raises(MoreThanRefundable, match=r"6\.00 USD is more .* At most 5\.00 USD can"):
        await desk.request(order_id, 600)
    await desk.request(order_id, 500)
    with pytest.raises(MoreThanRefundable, match="Nothing is left to be refunded"):
        await desk.request(order_id, 1)


async def _decline(desk: Desk, refund_id: int) -> None:
    async with desk.work(APPROVER.member_id) as work:
        await service.decline(work, APPROVER, refund_id, "Not broken")


async def _withdraw(desk: Desk, refund_id: int) -> None:
    async with desk.work(AGENT.member_id) as work:
        await service.withdraw(work, AGENT, refund_id)


async def _expire(desk: Desk, refund_id: int) -> None:
    del refund_id
    assert await desk.later(hours=72).sweep(service.sweep_expired) == 1


async def _fail(desk: Desk, refund_id: int) -> None:
    await desk.approve(refund_id)
    async with desk.work("worker") as work:
        await paying.submit(work, refund_id, "stripe")
    await desk.settle(refund_id, REFUSED)


async def _bounce(desk: Desk, refund_id: int) -> None:
    await desk.approve(refund_id)
    async with desk.work("worker") as work:
        await paying.submit(work, refund_id, "stripe")
    await desk.settle(refund_id, PAID)
    await desk.settle(refund_id, REFUSED)


@pytest.mark.parametrize("end", [_decline, _withdraw, _expire, _fail, _bounce])
async def test_what_does_not_reach_the_buyer_can_be_asked_for_again(
    desk: Desk, order_id: int, end: Callable[[Desk, int], Awaitable[None]]
) -> None:
    mug, pot = await _line_ids(desk)
    everything = service.Ask(Reason.DAMAGED, lines={mug: 2, pot: 1})
    refund = await desk.request(order_id, everything)
    with pytest.raises(service.QuantityExceeded):
        await desk.request(order_id, everything)
    await end(desk, refund.id)
    assert (await desk.refund(refund.id)).state not in HOLDING
    assert (await desk.request(order_id, everything)).amount == 6000


async def test_an_approval_by_somebody_else_approves(desk: Desk, order_id: int) -> None:
    asked = await desk.request(order_id, 1000)
    later = desk.later(hours=1)
    refund = await later.approve(asked.id)
    assert (refund.state, refund.decided_by) == (State.APPROVED, APPROVER.member_id)
    assert (refund.decided_at, refund.expires_due_at) == (later.now, None)
    assert await desk.later(days=9).sweep(service.sweep_expired) == 0


async def test_nobody_decides_their_own_request(desk: Desk, order_id: int) -> None:
    refund = await desk.request(order_id, 1000, APPROVER)
    with pytest.raises(OwnRequest, match="somebody else has to decide it"):
        await desk.approve(refund.id, APPROVER)
    with pytest.raises(OwnRequest):
        await _decline(desk, refund.id)
    assert (await desk.approve(refund.id, OTHER_APPROVER)).state is State.APPROVED


@pytest.mark.parametrize("member", [AGENT, WAREHOUSE, FINANCE])
async def test_deciding_needs_the_role(desk: Desk, order_id: int, member: Member) -> None:
    refund = await desk.request(order_id, 1000, ADMIN)
    with pytest.raises(RoleNeeded, match="To decide refunds you need to be admin or approver"):
        await desk.approve(refund.id, member)
    with pytest.raises(RoleNeeded):
        async with desk.work(member.member_id) as work:
            await service.decline(work, member, refund.id, "No")


async def test_whoever_has_no_role_is_told_whom_to_ask(desk: Desk, order_id: int) -> None:
    with pytest.raises(NoRole, match="Ask @U0ADMIN to give you one"):
        await desk.request(order_id, 100, NOBODY)
    with pytest.raises(RoleNeeded, match="To ask for a refund"):
        await desk.request(order_id, 100, WAREHOUSE)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({}, None),
        ({"USD": 1000}, None),
        ({"USD": 999}, "10.00 USD is above your limit of 9.99 USD"),
        ({"EUR": 9999}, "10.00 USD is in a currency you have no limit for"),
    ],
)
async def test_an_approver_keeps_to_their_limit_in_the_currency(
    desk: Desk, order_id: int, limits: dict[str, int], says: str | None
) -> None:
    refund = await desk.request(order_id, 1000)
    member = Member("U0LIMITED", "approver", limits)
    if says is None:
        assert (await desk.approve(refund.id, member)).state is State.APPROVED
    else:
        with pytest.raises(AboveLimit, match=says):
            await desk.approve(refund.id, member)


async def test_a_small_refund_needs_no_approver(desk: Desk, order_id: int) -> None:
    await desk.setting("refund.auto_limit", "20.00 USD")
    refund = await desk.request(order_id, 2000)
    assert (refund.state, refund.decided_by) == (State.APPROVED, None)
    assert refund.explanation == "needs no approver: 20.00 USD is within 20.00 USD"
    assert [event.kind for event in await desk.events()][-2:] == [
        Kind.REFUND_REQUESTED,
        Kind.REFUND_APPROVED,
    ]
    assert (await desk.request(order_id, 2001)).state is State.AWAITING_APPROVAL


async def test_a_limit_for_any_currency_holds_for_yen_too(desk: Desk) -> None:
    await desk.setting("refund.auto_limit", "20.50")
    order_id = await desk.order(currency="JPY", captured=5000)
    small = await desk.request(order_id, asking(0, amount=Money(20, "JPY")))
    large = await desk.request(order_id, asking(0, amount=Money(21, "JPY")))
    assert (small.state, large.state) == (State.APPROVED, State.AWAITING_APPROVAL)


async def test_second_approver_is_needed_above_the_tier(desk: Desk, order_id: int) -> None:
    await desk.setting("refund.two_approvers_above", "10.00 USD")
    assert (await desk.request(order_id, 1000)).approvers_needed == 1
    refund = await desk.request(order_id, 1001)
    assert refund.explanation == "needs two approvers: 10.01 USD is above 10.00 USD"
    first = await desk.approve(refund.id)
    assert (first.state, first.decided_by) == (State.AWAITING_APPROVAL, None)
    with pytest.raises(AlreadyDecided, match="already approved by @U0APPROVER"):
        await desk.approve(refund.id, APPROVER)
    second = await desk.approve(refund.id, OTHER_APPROVER)
    assert (second.state, second.decided_by) == (State.APPROVED, OTHER_APPROVER.member_id)
    assert [one.member_id for one in second.approvals] == ["U0APPROVER", "U0APPROVER2"]
    assert [event.data["state"] for event in await desk.events(Kind.REFUND_APPROVED)] == [
        "awaiting_approval",
        "approved",
    ]


async def test_two_approvers_outweigh_the_auto_limit(desk: Desk, order_id: int) -> None:
    await desk.setting("refund.auto_limit", "50 USD")
    await desk.setting("refund.two_approvers_above", "10 USD")
    assert (await desk.request(order_id, 2000)).approvers_needed == 2


async def test_a_half_approved_refund_can_be_declined_or_expire(desk: Desk, order_id: int) -> None:
    await desk.setting("refund.two_approvers_above", "0 USD")
    one, two = [(await desk.request(order_id, 100)).id for _ in range(2)]
    await desk.approve(one, OTHER_APPROVER)
    await desk.approve(two, OTHER_APPROVER)
    await _decline(desk, one)
    await _expire(desk, two)
    assert [(await desk.refund(each)).state for each in (one, two)] == [
        State.DECLINED,
        State.EXPIRED,
    ]


async def test_a_refusal_needs_a_reason(desk: Desk, order_id: int) -> None:
    refund = await desk.request(order_id, 1000)
    with pytest.raises(ReasonNeeded, match="a reason is needed to decline a refund"):
        async with desk.work() as work:
            await service.decline(work, APPROVER, refund.id, " \t")
    await _decline(desk, refund.id)
    declined = await desk.refund(refund.id)
    assert (declined.state, declined.decision_note) == (State.DECLINED, "Not broken")
    event = (await desk.events(Kind.REFUND_DECLINED))[0]
    assert (event.actor, event.why) == (APPROVER.member_id, "Not broken")


async def test_only_who_asked_takes_it_back(desk: Desk, order_id: int) -> None:
    refund = await desk.request(order_id, 1000)
    with pytest.raises(RoleNeeded, match="you need to be the person who asked for it"):
        async with desk.work() as work:
            await service.withdraw(work, APPROVER, refund.id)
    await _withdraw(desk, refund.id)
    assert (await desk.refund(refund.id)).state is State.WITHDRAWN


async def test_undecided_refunds_expire_oldest_first(desk: Desk, order_id: int) -> None:
    newer = await desk.later(hours=1).request(order_id, 100)
    older = await desk.request(order_id, 100)
    late = desk.later(hours=80)
    assert await late.sweep(service.sweep_expired, 1) == 1
    assert (await desk.refund(older.id)).state is State.EXPIRED
    assert (await desk.refund(newer.id)).state is State.AWAITING_APPROVAL
    assert [await late.sweep(service.sweep_expired) for _ in range(2)] == [1, 0]
    events = await desk.events(Kind.REFUND_EXPIRED)
    assert [(one.actor, one.why, one.at) for one in events] == [
        ("clock", "nobody decided in time", late.now)
    ] * 2


@pytest.mark.parametrize(
    ("end", "says"),
    [
        (_decline, "was already declined by @U0APPROVER. Nothing was changed."),
        (_withdraw, "was already withdrawn by @U0AGENT. Nothing was changed."),
        (_expire, "has expired already. Nothing was changed. Ask for it again"),
        (_fail, "was already approved by @U0APPROVER, and failed since. Nothing was changed."),
    ],
)
async def test_whoever_comes_late_learns_who_decided_what(
    desk: Desk, order_id: int, end: Callable[[Desk, int], Awaitable[None]], says: str
) -> None:
    refund = await desk.request(order_id, 1000)
    await end(desk, refund.id)
    with pytest.raises(AlreadyDecided, match=says):
        await desk.approve(refund.id, OTHER_APPROVER)
    with pytest.raises(AlreadyDecided, match=says):
        async with desk.work() as work:
            await service.decline(work, OTHER_APPROVER, refund.id, "Late")
    with pytest.raises(AlreadyDecided, match=says):
        await _withdraw(desk, refund.id)


async def test_what_waits_for_somebody_is_listed_oldest_first(desk: Desk, order_id: int) -> None:
    done = await desk.paying(order_id, 100)
    await desk.settle(done, PAID)
    undecided = (await desk.request(order_id, 100)).id
    unpaid = await desk.paying(order_id, 100, ByHand.name)
    async with desk.look() as session:
        refunds, total = await queries.waiting(session, most=1)
        assert ([one.id for one in refunds], total) == ([undecided], 2)
        refunds, total = await queries.waiting(session)
        assert ([one.id for one in refunds], total) == ([undecided, unpaid], 2)


async def test_a_refund_that_is_not_there_is_not_found(desk: Desk) -> None:
    attempts: tuple[Callable[[Work], Awaitable[object]], ...] = (
        lambda work: service.approve(work, APPROVER, 404),
        lambda work: service.decline(work, APPROVER, 404, "No"),
        lambda work: service.withdraw(work, AGENT, 404),
        lambda work: paying.submit(work, 404, "stripe"),
        lambda work: paying.settle(work, 404, PAID),
        lambda work: paying.lose_sight(work, 404, ""),
        lambda work: by_hand.mark_paid(work, FINANCE, 404, "WIRE-7"),
        lambda work: by_hand.mark_failed(work, FINANCE, 404, "Not there"),
        lambda work: queries.card(work.session, 404),
    )
    for attempt in attempts:
        with pytest.raises(RecordNotFound, match=r"This refund \(404\) is not on this desk"):
            async with desk.work() as work:
                await attempt(work)


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_a_refund_moves_as_its_table_says(before: State, after: State) -> None:
    refund = Refund(id=7, state=before)
    if after in TRANSITIONS[before]:
        refund.move(after)
        assert refund.state is after
    else:
        with pytest.raises((WrongState, AlreadyDecided)) as refused:
            refund.move(after)
        assert refund.state is before
        says = str(refused.value)
        assert says.startswith("Refund R-7 ")
        assert any(end in says for end in ("It can be ", "It is closed.", "Nothing was changed."))
        assert "_" not in says
