"""A return from the request to the shelf and the refund."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain import links
from domain.errors import (
    AlreadyDecided,
    MoreThanRefundable,
    NoRole,
    ReasonNeeded,
    RecordNotFound,
    RoleNeeded,
    WrongState,
)
from domain.events import Kind
from domain.links import Linked
from domain.orders.model import State as OrderState
from domain.refunds import paying
from domain.refunds import service as refunds
from domain.refunds.model import Reason as RefundReason
from domain.refunds.model import State as RefundState
from domain.returns import clocks, inspection, policy, queries, service
from domain.returns.inspection import Finding
from domain.returns.model import LAPSED, TRANSITIONS, Disposal, Reason, State, Verdict
from domain.returns.queries import Waiting
from domain.returns.service import Ask
from tests.domain.desk import (
    ADMIN,
    AGENT,
    APPROVER,
    FINANCE,
    MUG,
    NOBODY,
    OTHER_AGENT,
    PAID,
    WAREHOUSE,
    Desk,
    usd,
)
from tests.domain.returning import Returning, returning


@pytest.fixture
async def shop(desk: Desk) -> Returning:
    """An order of two mugs and a pot that has arrived."""
    return await returning(desk)


async def test_a_return_goes_from_the_request_to_the_shelf_and_the_refund(shop: Returning) -> None:
    return_id = await shop.ask({shop.mug: 2, shop.pot: 1}, note="Marge says both are cracked")
    asked = (await shop.card(return_id)).rma
    assert (asked.name, asked.state, asked.requested_by) == (
        f"RMA-{return_id}",
        State.REQUESTED,
        AGENT.member_id,
    )
    assert asked.answer_by == shop.desk.now + timedelta(hours=48)
    await shop.do("authorise", return_id, by=OTHER_AGENT)
    await shop.do("receive", return_id, by=WAREHOUSE)
    assert (await shop.inspect(return_id)).state is State.ACCEPTED
    refund = await shop.refund(return_id)
    assert (refund.reason, refund.money) == (RefundReason.RETURNED, usd(2400 + 3600))
    assert await shop.state(return_id) is State.ACCEPTED
    assert (await shop.dispose(return_id)).state is State.CLOSED
    told = [one.kind for one in await shop.desk.events() if one.kind.startswith("Return")]
    assert told == [
        "ReturnRequested",
        "ReturnAuthorised",
        "ReturnReceived",
        "ReturnInspected",
        "ReturnRefundAsked",
        "ReturnRestocked",
        "ReturnRestocked",
        "ReturnClosed",
    ]
    assert "Marge" not in str([(one.why, one.data) for one in await shop.desk.events()])


async def test_nothing_moves_along_an_arrow_that_the_table_does_not_have() -> None:
    assert set(TRANSITIONS) == set(State)
    ends = {state for state in State if not TRANSITIONS[state]}
    assert ends == {State.DECLINED, State.WITHDRAWN, State.CLOSED}
    assert all(State.CLOSED not in TRANSITIONS[state] for state in LAPSED)


@pytest.mark.parametrize("state", [OrderState.PENDING, OrderState.PACKED, OrderState.CANCELLED])
async def test_only_what_was_shipped_comes_back(desk: Desk, state: OrderState) -> None:
    shop = await returning(desk, state=state, parcels=())
    with pytest.raises(policy.NotReturnable, match=f"Order 1001 is {state}, so nothing"):
        await shop.ask()


@pytest.mark.parametrize("quantity", [3, -1, 10**12])
async def test_no_more_comes_back_than_was_bought(shop: Returning, quantity: int) -> None:
    with pytest.raises(policy.TooMany, match="Alpine mug is more than the 2 that can") as no:
        await shop.ask({shop.mug: quantity})
    assert no.value.field == f"line:{shop.mug}"
    assert await shop.desk.events(Kind.RETURN_REQUESTED) == []


async def test_what_other_returns_have_can_not_come_back_again(shop: Returning) -> None:
    first = await shop.ask({shop.mug: 1})
    await shop.ask({shop.mug: 1})
    with pytest.raises(policy.TooMany, match="more than the 0"):
        await shop.ask({shop.mug: 1})
    assert [line.returnable_quantity for line in (await shop.desk.card()).lines] == [0, 1]
    await shop.do("decline", first, "Too late")
    await shop.ask({shop.mug: 1})


async def test_what_was_rejected_or_never_came_may_be_asked_for_again(shop: Returning) -> None:
    short = await shop.until(State.RECEIVED, {shop.mug: 2})
    await shop.inspect(short, received=1)
    assert (await shop.desk.card()).lines[0].returnable_quantity == 1
    rejected = await shop.until(State.RECEIVED, {shop.pot: 1})
    await shop.inspect(rejected, Verdict.REJECT)
    assert await shop.state(rejected) is State.REJECTED
    await shop.ask({shop.mug: 1, shop.pot: 1})


async def test_a_request_names_lines_of_this_order_and_says_why(shop: Returning) -> None:
    await shop.desk.order(number="1002")
    other = (await shop.desk.card("1002")).lines[0].id
    with pytest.raises(RecordNotFound, match="This order line"):
        await shop.ask({other: 1})
    for lines in ({}, {shop.mug: 0}):
        with pytest.raises(policy.NothingChosen):
            await shop.ask(lines)
    with pytest.raises(service.TooManyLines, match="up to 30 lines"):
        await shop.ask(dict.fromkeys(range(1, 40), 1))
    wanted = Ask(Reason.OTHER, " ", {shop.mug: 1})
    with pytest.raises(ReasonNeeded):
        async with shop.desk.work() as work:
            await service.request(work, AGENT, shop.order_id, wanted)


async def test_each_does_what_their_role_covers(shop: Returning) -> None:
    for stranger in (WAREHOUSE, FINANCE):
        with pytest.raises(RoleNeeded, match="To work on returns you need to be admin, agent or"):
            await shop.ask(by=stranger)
    with pytest.raises(NoRole):
        await shop.ask(by=NOBODY)
    return_id = await shop.until(State.AUTHORISED)
    with pytest.raises(RoleNeeded, match="To receive returns"):
        await shop.do("receive", return_id, by=FINANCE)
    await shop.do("receive", return_id, by=WAREHOUSE)
    await shop.inspect(return_id)
    with pytest.raises(RoleNeeded, match="To ask for a refund"):
        async with shop.desk.work() as work:
            await inspection.refund(work, WAREHOUSE, return_id)


async def test_an_answer_is_given_once_and_says_who_was_first(shop: Returning) -> None:
    return_id = await shop.ask()
    await shop.do("authorise", return_id, by=OTHER_AGENT)
    for verb, more in (("authorise", ()), ("decline", ("Too late",))):
        with pytest.raises(AlreadyDecided, match="was already authorised by @U0AGENT2"):
            await shop.do(verb, return_id, *more)
    with pytest.raises(WrongState, match="is authorised, so it can't be inspected"):
        await shop.inspect(return_id)


async def test_declining_and_withdrawing_take_a_reason_and_free_the_lines(shop: Returning) -> None:
    for verb, state in (("decline", State.DECLINED), ("withdraw", State.WITHDRAWN)):
        return_id = await shop.ask({shop.mug: 2})
        with pytest.raises(ReasonNeeded):
            await shop.do(verb, return_id, " ")
        ended = await shop.do(verb, return_id, "Bought a year ago ")
        assert (ended.state, ended.ending, ended.ended_by) == (
            state,
            "Bought a year ago",
            AGENT.member_id,
        )
        assert ended.warning_due_at is None
        with pytest.raises(WrongState, match="It is closed"):
            await shop.do("receive", return_id)


async def test_lines_add_up_to_the_state_of_the_return(shop: Returning) -> None:
    return_id = await shop.until(State.RECEIVED, {shop.mug: 2, shop.pot: 1})
    mug, pot = (view.id for view in (await shop.card(return_id)).lines)
    look = Finding(1, Verdict.NEEDS_A_LOOK, "Smells of smoke")
    found = await shop.do("inspect", return_id, {mug: Finding(2, Verdict.ACCEPT), pot: look})
    assert found.state is State.NEEDS_A_LOOK
    reject = Finding(1, Verdict.REJECT, "It was used")
    again = await shop.do("inspect", return_id, {mug: Finding(1, Verdict.ACCEPT), pot: reject})
    assert again.state is State.ACCEPTED
    [*_, event] = await shop.desk.events(Kind.RETURN_INSPECTED)
    assert [event.data[key] for key in ("accept", "reject", "needs_a_look", "missing")] == [
        1,
        1,
        0,
        1,
    ]
    assert "smoke" not in str(event.data)
    assert (await shop.refund(return_id)).money == usd(1200)


async def test_of_what_did_not_arrive_nothing_is_accepted(shop: Returning) -> None:
    return_id = await shop.until(State.RECEIVED)
    empty = await shop.inspect(return_id, received=0)
    assert (empty.state, empty.lines[0].verdict, empty.accepted) == (State.REJECTED, None, [])
    assert (await shop.do("close", return_id, "An empty box")).state is State.CLOSED


async def test_an_inspection_that_makes_no_sense_changes_nothing(shop: Returning) -> None:
    return_id = await shop.until(State.RECEIVED)
    [line] = (await shop.card(return_id)).lines
    for findings, error, field in (
        ({line.id: Finding(2, Verdict.ACCEPT)}, policy.MoreThanAuthorised, "received"),
        ({line.id: Finding(-1, Verdict.ACCEPT)}, policy.MoreThanAuthorised, "received"),
        ({line.id: Finding(1)}, policy.VerdictNeeded, "verdict"),
        ({line.id: Finding(1, Verdict.REJECT, " ")}, ReasonNeeded, "note"),
        ({}, policy.VerdictNeeded, "verdict"),
    ):
        with pytest.raises(error) as no:
            await shop.do("inspect", return_id, findings)
        assert no.value.field == f"{field}:{line.id}"
    with pytest.raises(RecordNotFound, match="This return line"):
        await shop.do("inspect", return_id, {404: Finding(1, Verdict.ACCEPT)})
    assert await shop.state(return_id) is State.RECEIVED


async def test_the_refund_is_of_what_was_accepted_and_needs_its_approvers(shop: Returning) -> None:
    return_id = await shop.until(State.ACCEPTED, {shop.mug: 2})
    refund = await shop.refund(return_id)
    assert refund.state is RefundState.AWAITING_APPROVAL
    card = await shop.card(return_id)
    assert card.links == [Linked("refund", refund.id)]
    assert (card.refund and card.refund.id, card.is_refunded) == (refund.id, True)
    with pytest.raises(inspection.NothingToRefund, match=f"has refund R-{refund.id} already"):
        await shop.refund(return_id)
    assert (await shop.desk.approve(refund.id, APPROVER)).state is RefundState.APPROVED


async def test_a_refund_that_came_to_nothing_can_be_asked_for_again(shop: Returning) -> None:
    return_id = await shop.until(State.ACCEPTED)
    await shop.dispose(return_id)
    declined = await shop.refund(return_id)
    assert await shop.state(return_id) is State.CLOSED
    async with shop.desk.work(APPROVER.member_id) as work:
        await refunds.decline(work, APPROVER, declined.id, "Which mug?")
    assert (await shop.card(return_id)).may_be_refunded
    again = await shop.refund(return_id)
    card = await shop.card(return_id)
    assert (card.refund and card.refund.id, card.may_be_refunded) == (again.id, False)


async def test_what_was_refunded_before_is_not_refunded_again(shop: Returning) -> None:
    await shop.desk.request(shop.order_id, refunds.Ask(RefundReason.DAMAGED, lines={shop.mug: 1}))
    both = await shop.until(State.ACCEPTED, {shop.mug: 2})
    assert (await shop.card(both)).lines[0].to_refund == 1
    assert (await shop.refund(both)).money == usd(1200)
    await shop.desk.request(shop.order_id, refunds.Ask(RefundReason.LATE, lines={shop.pot: 1}))
    pot = await shop.until(State.ACCEPTED, {shop.pot: 1})
    with pytest.raises(inspection.NothingToRefund, match="is refunded already"):
        await shop.refund(pot)


async def test_a_refund_of_a_return_is_within_what_was_paid(desk: Desk) -> None:
    shop = await returning(desk, captured=1000)
    return_id = await shop.until(State.ACCEPTED)
    with pytest.raises(MoreThanRefundable):
        await shop.refund(return_id)
    assert await desk.events(Kind.RETURN_REFUND_ASKED) == []


async def test_lines_without_a_price_are_refunded_by_a_sum(desk: Desk) -> None:
    shop = await returning(desk, lines=(MUG.__class__(1, "MUG-1", "Alpine mug"),))
    return_id = await shop.until(State.ACCEPTED)
    with pytest.raises(inspection.AmountNeeded) as no:
        await shop.refund(return_id)
    assert no.value.field == "amount"
    async with desk.work() as work:
        made = await inspection.refund(work, AGENT, return_id, amount=usd(900), note="As agreed")
    assert (made.money, made.note) == (usd(900), "As agreed")


async def test_stock_can_be_counted_from_what_was_restocked(shop: Returning) -> None:
    return_id = await shop.until(State.ACCEPTED, {shop.mug: 2, shop.pot: 1})
    mug, pot = (view.id for view in (await shop.card(return_id)).lines)
    with pytest.raises(policy.NothingChosen):
        await shop.do("dispose", return_id, {})
    await shop.do("dispose", return_id, {mug: Disposal.RESTOCKED}, by=WAREHOUSE)
    with pytest.raises(inspection.AlreadyDisposed, match="Nothing was changed"):
        await shop.do("dispose", return_id, {pot: Disposal.RESTOCKED, mug: Disposal.RESTOCKED})
    with pytest.raises(inspection.NotDisposed):
        await shop.do("close", return_id, "Exchanged")
    await shop.do("dispose", return_id, {pot: Disposal.WRITTEN_OFF}, by=WAREHOUSE)
    [restocked] = await shop.desk.events(Kind.RETURN_RESTOCKED)
    [written_off] = await shop.desk.events(Kind.RETURN_WRITTEN_OFF)
    assert (restocked.data["sku"], restocked.data["quantity"]) == ("MUG-1", 2)
    assert (written_off.data["sku"], written_off.data["quantity"]) == ("POT-1", 1)
    held = (await shop.card(return_id)).rma.lines[0]
    assert (held.disposal, held.disposed_by) == (Disposal.RESTOCKED, WAREHOUSE.member_id)
    assert await shop.state(return_id) is State.ACCEPTED
    assert (await shop.do("close", return_id, "Exchanged")).ending == "Exchanged"


async def test_a_rejected_line_is_not_put_on_the_shelf(shop: Returning) -> None:
    return_id = await shop.until(State.RECEIVED, {shop.mug: 1, shop.pot: 1})
    mug, pot = (view.id for view in (await shop.card(return_id)).lines)
    used = Finding(1, Verdict.REJECT, "Used")
    await shop.do("inspect", return_id, {mug: Finding(1, Verdict.ACCEPT), pot: used})
    with pytest.raises(RecordNotFound, match="This return line"):
        await shop.do("dispose", return_id, {pot: Disposal.RESTOCKED})


async def test_a_request_is_reminded_of_once_before_its_answer_is_late(shop: Returning) -> None:
    return_id = await shop.ask()
    assert await shop.desk.later(hours=35).sweep(clocks.sweep_warnings) == 0
    assert await shop.desk.later(hours=36).sweep(clocks.sweep_warnings) == 1
    assert await shop.desk.later(hours=99).sweep(clocks.sweep_warnings) == 0
    [reminded] = await shop.desk.events(Kind.RETURN_REMINDED)
    assert (reminded.subject_id, reminded.actor) == (return_id, "clock")
    other = await shop.ask()
    await shop.do("authorise", other)
    assert await shop.desk.later(hours=48).sweep(clocks.sweep_warnings) == 0


async def test_somebody_is_called_when_a_refund_is_overdue(shop: Returning) -> None:
    """The desk's day is a Tuesday, so two business days end on Thursday."""
    await shop.desk.setting("return.overdue", "U0LEAD S0LEADS")
    return_id = await shop.until(State.ACCEPTED)
    assert (await shop.card(return_id)).rma.refund_by == shop.desk.now + timedelta(days=2)
    half, over = shop.desk.later(days=1), shop.desk.later(days=2)
    assert await half.sweep(clocks.sweep_warnings) == 1
    assert await half.sweep(clocks.sweep_overdue) == 0
    assert [await over.sweep(clocks.sweep_overdue) for _ in range(2)] == [1, 0]
    [overdue] = await shop.desk.events(Kind.RETURN_OVERDUE)
    assert overdue.data["called"] == ["U0LEAD", "S0LEADS"]


async def test_a_refund_that_is_paid_is_not_overdue(shop: Returning) -> None:
    return_id = await shop.until(State.ACCEPTED)
    refund = await shop.refund(return_id)
    await shop.desk.approve(refund.id)
    async with shop.desk.work("worker") as work:
        await paying.submit(work, refund.id, "stripe")
    await shop.desk.settle(refund.id, PAID)
    assert await shop.desk.later(days=9).sweep(clocks.sweep_warnings) == 1
    assert await shop.desk.later(days=9).sweep(clocks.sweep_overdue) == 1
    assert await shop.desk.events(Kind.RETURN_REMINDED) == []
    assert await shop.desk.events(Kind.RETURN_OVERDUE) == []
    assert (await shop.card(return_id)).is_paid


async def test_what_never_comes_expires_and_may_come_after_all(shop: Returning) -> None:
    return_id = await shop.until(State.AUTHORISED, {shop.mug: 2})
    late = shop.later(days=30)
    assert await shop.desk.later(days=29).sweep(clocks.sweep_expired) == 0
    assert await late.desk.sweep(clocks.sweep_expired) == 1
    assert await shop.state(return_id) is State.EXPIRED
    other = await late.ask({shop.mug: 1})
    with pytest.raises(policy.TooMany, match="more than the 1 that can still come back"):
        await late.do("receive", return_id)
    await late.do("withdraw", other, "It is in the other one")
    assert (await late.do("receive", return_id)).state is State.RECEIVED


async def test_what_waits_is_counted_by_what_it_waits_for(shop: Returning) -> None:
    await shop.ask({shop.pot: 1})
    await shop.until(State.RECEIVED)
    await shop.until(State.ACCEPTED)
    async with shop.desk.look() as session:
        waiting = await queries.waiting(session)
    assert (waiting, waiting.total) == (Waiting(1, 1, 1), 3)


async def test_a_return_belongs_to_the_case_that_it_answers(shop: Returning) -> None:
    case = await shop.desk.complain(shop.order_id)
    async with shop.desk.work(AGENT.member_id) as work:
        rma = await service.request(
            work,
            AGENT,
            shop.order_id,
            Ask(Reason.DAMAGED, None, {shop.mug: 1}),
            about=[Linked("complaint", case)],
        )
    assert (await shop.card(rma.id)).links == [Linked("complaint", case)]


async def test_an_orders_card_lists_its_returns_and_not_their_reminders(shop: Returning) -> None:
    return_id = await shop.ask()
    await shop.desk.later(hours=40).sweep(clocks.sweep_warnings)
    card = await shop.desk.card()
    assert [(one.name, one.state) for one in card.returns] == [
        (f"RMA-{return_id}", State.REQUESTED)
    ]
    assert card.history[0].kind == "ReturnRequested"


async def test_returns_of_another_desk_are_none_of_ours(desk: Desk, other_desk: Desk) -> None:
    theirs = await returning(other_desk)
    return_id = await theirs.until(State.ACCEPTED)
    ours = await returning(desk, number="ours")
    for verb, values in (
        ("authorise", ()),
        ("decline", ("No",)),
        ("withdraw", ("No",)),
        ("receive", ()),
        ("inspect", ({},)),
        ("dispose", ({},)),
        ("close", ("No",)),
    ):
        with pytest.raises(RecordNotFound, match="This return"):
            await ours.do(verb, return_id, *values, by=ADMIN)
    for act in (ours.card(return_id), ours.refund(return_id), ours.track(return_id)):
        with pytest.raises(RecordNotFound, match="This return"):
            await act
    with pytest.raises(RecordNotFound, match="This order line"):
        await ours.ask({theirs.mug: 1})
    assert await desk.later(days=99).sweep(clocks.sweep_overdue) == 0


async def test_a_refund_of_a_return_shows_on_the_case_that_it_came_from(desk: Desk) -> None:
    shop = await returning(desk)
    case = await desk.case(await desk.complain(shop.order_id))
    return_id = await shop.until(State.ACCEPTED)
    async with desk.work() as work:
        await links.tie(work, case, [Linked("return", return_id)])
    refund = await shop.refund(return_id)
    async with desk.look() as session:
        assert [one.name for one in await links.of(session, "complaint", case.id)] == [
            f"R-{refund.id}",
            f"RMA-{return_id}",
        ]
