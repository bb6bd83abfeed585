"""What comes too late, or to nobody: said in clear words, and nothing is lost by it."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from domain import jobs, merchants, people
from domain.jobs import Job
from domain.money import Money
from domain.orders.model import State as OrderState
from domain.orders.service import receive
from domain.people import Member
from domain.refunds import service
from domain.refunds.model import Refund, State
from domain.refunds.payment import Instruction, Outcome, OutcomeUnknown, Result
from tests.scenarios.conftest import (
    ADA,
    ANA,
    BEN,
    OFFICE,
    REFUNDS,
    Node,
    Shop,
    an_order,
    buttons,
    text_of,
)


async def _asked(shop: Shop) -> Node:
    """Have Ana ask for a refund; returns its card as it was then."""
    await shop.type(ANA, "/refund 1042 12.50 lid cracked")
    return copy.deepcopy(await shop.card(REFUNDS, "needs approval"))


async def _refund(shop: Shop) -> Refund:
    async with shop.site.store.read(shop.merchant_id) as session:
        return await session.get_one(Refund, 1)


async def _click_old(shop: Shop, who: str, card: Node, action_id: str) -> str:
    """Click in a card as it was, as a screen shows that was not brought up to date; the answer."""
    client = shop.slack.client
    conversation = client.conversation(who, REFUNDS)
    elements = (one for block in card["blocks"] for one in block.get("elements", ()))
    button = next(one for one in elements if one.get("action_id") == action_id)
    seen = len(shop.slack.ephemerals(who, REFUNDS))
    payload = client.payloads.message_click(
        who,
        conversation,
        message=card,
        action={**button, "type": "button"},
        state={},
        trigger_id=client.tickets.trigger(who),
        response_url=client.address(client.tickets.response_url(REFUNDS, who, card["ts"])),
    )
    await client.deliver(f"block_actions {action_id}", payload)
    answer = await shop.slack.until(lambda: shop.slack.ephemerals(who, REFUNDS)[seen:])
    return text_of(answer[-1])


async def _paid(shop: Shop) -> None:
    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)


async def _failed(shop: Shop) -> None:
    async def refuse(_: Instruction) -> Outcome:
        return Outcome(Result.FAILED, failure="The card is closed")

    shop.ledger.refund = refuse  # type: ignore[method-assign]
    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)


async def _unknown(shop: Shop) -> None:
    async def fall_silent(_: Instruction) -> Outcome:
        raise OutcomeUnknown("It did not answer.")

    shop.ledger.refund = fall_silent  # type: ignore[method-assign]
    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)


async def _declined(shop: Shop) -> None:
    await shop.slack.click(BEN, "refund.decline", channel=REFUNDS)
    await shop.slack.submit(BEN, {"reason": "the buyer kept it"})


async def _withdrawn(shop: Shop) -> None:
    await shop.slack.click(ANA, "refund.withdraw", channel=OFFICE)


async def _expired(shop: Shop) -> None:
    await shop.later(hours=73)


@pytest.mark.parametrize(
    ("end", "state", "sentence"),
    [
        (_paid, State.SUCCEEDED, f"was already approved by <@{BEN}>, and is paid. Nothing was"),
        (_failed, State.FAILED, f"was already approved by <@{BEN}>, and failed since. Nothing"),
        (_unknown, State.UNKNOWN, f"approved by <@{BEN}>, and may or may not be paid. Nothing"),
        (_declined, State.DECLINED, f"Refund R-1 was already declined by <@{BEN}>"),
        (_withdrawn, State.WITHDRAWN, f"Refund R-1 was already withdrawn by <@{ANA}>"),
        (_expired, State.EXPIRED, "Refund R-1 has expired already. Nothing was changed."),
    ],
)
async def test_a_decision_that_comes_too_late_is_told_what_became_of_it(
    shop: Shop, end: Callable[[Shop], Awaitable[None]], state: State, sentence: str
) -> None:
    card = await _asked(shop)
    await end(shop)
    await _until(shop, state)
    assert sentence in await _click_old(shop, ADA, card, "refund.approve")
    # Nobody is asked for a reason that would come too late.
    assert sentence in await _click_old(shop, ADA, card, "refund.decline")
    assert shop.slack.modal(ADA) is None
    assert (await _refund(shop)).state is state
    await shop.slack.until(lambda: "refund.decline" not in buttons(shop.slack.messages(REFUNDS)[0]))


async def test_a_form_that_was_overtaken_by_another_decision_says_so(shop: Shop) -> None:
    await _asked(shop)
    await shop.slack.click(ADA, "refund.decline", channel=REFUNDS)
    await _paid(shop)
    await _until(shop, State.SUCCEEDED)
    await shop.slack.submit(ADA, {"reason": "it was late"})
    assert f"was already approved by <@{BEN}>, and is paid" in text_of(shop.slack.modal(ADA) or {})
    assert (await _refund(shop)).state is State.SUCCEEDED
    assert len(shop.ledger.entries) == 1


async def test_who_may_not_decline_is_told_before_being_asked_why(shop: Shop) -> None:
    await shop.type(BEN, "/refund 1042 12.50 lid cracked")
    card = copy.deepcopy(await shop.card(REFUNDS, "needs approval"))
    assert "somebody else has to decide" in await _click_old(shop, BEN, card, "refund.decline")
    assert "admin or approver" in await _click_old(shop, ANA, card, "refund.decline")
    assert shop.slack.modal(BEN) is shop.slack.modal(ANA) is None
    assert (await _refund(shop)).state is State.AWAITING_APPROVAL


async def test_who_lost_the_role_or_the_limit_leaves_it_to_another_approver(shop: Shop) -> None:
    card = await _asked(shop)
    for limit, sentence in ((Money(1000, "USD"), "above your limit of 10.00 USD"), (None, "role")):
        async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=ADA) as work:
            await people.set_role(work, BEN, "approver" if limit else None, limit)
        assert sentence in await _click_old(shop, BEN, card, "refund.approve")
        assert (await _refund(shop)).state is State.AWAITING_APPROVAL
    await shop.slack.click(ADA, "refund.approve", channel=REFUNDS)
    await _until(shop, State.SUCCEEDED)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ({"captured": 1_000}, "At most 10.00 USD can be refunded"),
        ({"state": OrderState.CANCELLED}, "Order 1044 is cancelled"),
    ],
)
async def test_an_order_that_is_edited_before_the_payment_stops_it_and_everyone_hears(
    shop: Shop, edit: dict[str, Any], sentence: str
) -> None:
    await shop.import_order(an_order("1044", OrderState.CONFIRMED))
    await shop.type(ANA, "/refund 1044 12.50 lid cracked")
    await shop.card(REFUNDS, "needs approval")
    await shop.quiet()
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=BEN) as work:
        await service.approve(work, Member(BEN, "approver"), 1)
        await receive(
            work, [an_order("1044", **{"state": OrderState.CONFIRMED, **edit})], source="test"
        )
    card = await shop.card(REFUNDS, "failed, no money moved")
    told = await shop.slack.until(lambda: shop.slack.messages(ANA))
    assert sentence in text_of(card)
    assert sentence in text_of(told[-1])
    assert shop.ledger.entries == {}


async def test_an_order_that_was_edited_meanwhile_is_not_refunded_beyond_what_was_paid(
    shop: Shop,
) -> None:
    await _asked(shop)
    await shop.import_order(an_order("1042", captured=1_000))
    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)
    said = await shop.slack.until(lambda: shop.slack.ephemerals(BEN, REFUNDS))
    assert "Decline refund R-1, and have the right amount asked for anew." in text_of(said[-1])
    await shop.slack.click(BEN, "refund.decline", channel=REFUNDS)
    await shop.slack.submit(BEN, {"reason": "the order was changed"})
    await shop.card(REFUNDS, "the order was changed")
    assert "$10.00" in text_of(await shop.type(ANA, "/refund 1042 10.00 lid cracked"))


async def test_a_channel_that_is_gone_parks_the_card_until_there_is_another(shop: Shop) -> None:
    gone = shop.slack.workspace.conversations.pop(REFUNDS)
    answer = await shop.type(ANA, "/refund 1042 12.50 lid cracked")
    assert "needs approval" in text_of(answer)
    [parked] = await _until_dead(shop)
    assert "choose another channel with `/deskhand settings`" in (parked.last_error or "")
    assert "thing went wrong" in text_of(await _home(shop))
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=ADA) as work:
        await merchants.change_setting(work, "channel.refunds", OFFICE)
    await shop.card(OFFICE, "needs approval")
    await shop.slack.click(BEN, "refund.approve", channel=OFFICE)
    await shop.card(OFFICE, "is paid")
    assert gone.messages == {}


async def test_a_card_in_a_channel_that_was_archived_is_decided_on_as_it_stands(shop: Shop) -> None:
    await _asked(shop)
    await shop.quiet()
    shop.slack.workspace.conversations[REFUNDS].is_archived = True
    await shop.slack.click(BEN, "refund.approve", channel=REFUNDS)
    await _until(shop, State.SUCCEEDED)
    told = await shop.slack.until(lambda: shop.slack.messages(ANA))
    assert "is paid" in text_of(told[-1])


async def test_a_card_that_somebody_deleted_comes_back_with_its_next_word(shop: Shop) -> None:
    card = await _asked(shop)
    await shop.quiet()
    _delete(shop, card)
    await shop.later(hours=5)
    again = await shop.card(REFUNDS, "needs approval")
    assert again["ts"] != card["ts"]
    await shop.slack.until(lambda: shop.slack.thread(REFUNDS, again["ts"])[1:], 20)
    await _paid(shop)
    await shop.card(REFUNDS, "is paid")
    assert await _dead(shop) == []


async def test_a_card_that_somebody_deleted_keeps_nothing_from_going_on(shop: Shop) -> None:
    card = await _asked(shop)
    await shop.quiet()
    _delete(shop, card)
    await _withdrawn(shop)
    await _until(shop, State.WITHDRAWN)
    await shop.quiet()
    assert await _dead(shop) == []
    assert shop.slack.messages(REFUNDS) == []


async def test_who_left_is_not_told_and_their_refund_goes_on(shop: Shop) -> None:
    await _asked(shop)
    await shop.quiet()
    del shop.slack.workspace.people[ANA]
    await _paid(shop)
    await shop.card(REFUNDS, "is paid")
    await shop.quiet()
    assert await _dead(shop) == []
    assert len(shop.ledger.entries) == 1


def _delete(shop: Shop, card: Node) -> None:
    conversation = shop.slack.workspace.conversations[REFUNDS]
    shop.slack.workspace.remove(conversation, conversation.messages[card["ts"]])


async def _until(shop: Shop, state: State) -> None:
    """Wait until the refund stands there."""
    async with asyncio.timeout(20):
        while (await _refund(shop)).state is not state:  # noqa: ASYNC110 — nothing sets an event
            await asyncio.sleep(0.02)


async def _dead(shop: Shop) -> list[Job]:
    async with shop.site.store.read(shop.merchant_id) as session:
        return list(await jobs.dead(session))


async def _until_dead(shop: Shop) -> list[Job]:
    await shop.quiet()
    return await _dead(shop)


async def _home(shop: Shop) -> Node:
    shop.slack.open_home(ADA)
    return await shop.slack.until(lambda: shop.slack.home(ADA)) or {}
