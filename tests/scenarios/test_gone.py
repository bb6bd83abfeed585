"""Channels and cards that are gone from Slack, and people who left: the desk goes on."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain import jobs, merchants
from domain.jobs import Job
from domain.refunds.model import Refund, State
from tests.scenarios.conftest import (
    ADA,
    ANA,
    BEN,
    COMPLAINTS,
    OFFICE,
    REFUNDS,
    Node,
    Shop,
    buttons,
    text_of,
)


async def _asked(shop: Shop) -> Node:
    await shop.type(ANA, "/refund 1042 12.50 lid cracked")
    card = await shop.card(REFUNDS, "needs approval")
    await shop.quiet()
    return card


async def _choose(shop: Shop, **channels: str) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=ADA) as work:
        for concept, channel in channels.items():
            await merchants.change_setting(work, f"channel.{concept}", channel)


async def _dead(shop: Shop) -> list[Job]:
    await shop.quiet()
    async with shop.site.store.read(shop.merchant_id) as session:
        return list(await jobs.dead(session))


def _delete(shop: Shop, channel: str, card: Node) -> None:
    conversation = shop.slack.workspace.conversations[channel]
    shop.slack.workspace.remove(conversation, conversation.messages[card["ts"]])


async def test_an_escalation_reaches_people_though_somebody_deleted_the_card(shop: Shop) -> None:
    await shop.type(ANA, "/complaint 1042 the kettle leaks")
    card = await shop.card(COMPLAINTS, "the kettle leaks")
    await shop.quiet()
    _delete(shop, COMPLAINTS, card)
    await shop.slack.command(ANA, "/complaint 1043 it never arrived", OFFICE)
    await shop.card(COMPLAINTS, "it never arrived")
    await shop.later(hours=25)
    again = await shop.card(COMPLAINTS, "the kettle leaks", count=2)
    await shop.slack.until(lambda: shop.slack.thread(COMPLAINTS, again["ts"])[1:], 20)
    note = shop.slack.thread(COMPLAINTS, again["ts"])[1]
    assert "level 1" in text_of(note).casefold()
    assert "complaint.acknowledge" in buttons(again)
    assert await _dead(shop) == []


@pytest.mark.parametrize("loss", ["archived", "removed", "deleted"])
async def test_a_refund_whose_channel_is_lost_is_decided_in_the_next_one(
    shop: Shop, loss: str
) -> None:
    await _asked(shop)
    lost = shop.slack.workspace.conversations[REFUNDS]
    if loss == "deleted":
        del shop.slack.workspace.conversations[REFUNDS]
    lost.is_archived = loss == "archived"
    lost.is_private = loss == "removed"
    lost.members.discard(shop.slack.workspace.app.user_id)
    await shop.later(hours=5)
    [parked] = await _dead(shop)
    assert "/deskhand settings" in (parked.last_error or "")

    await _choose(shop, refunds=OFFICE)
    card = await shop.card(OFFICE, "needs approval")
    await shop.slack.until(lambda: shop.slack.thread(OFFICE, card["ts"])[1:], 20)
    await shop.slack.click(BEN, "refund.approve", channel=OFFICE)
    await shop.slack.until(lambda: "is paid" in text_of(shop.slack.messages(OFFICE)[-1]), 20)
    assert await _dead(shop) == []
    assert len(shop.ledger.entries) == 1


async def test_a_channel_nobody_invited_deskhand_to_is_said_wherever_an_admin_looks(
    shop: Shop,
) -> None:
    closed = shop.slack.workspace.conversations[REFUNDS]
    closed.is_private = True
    closed.members.discard(shop.slack.workspace.app.user_id)
    assert "needs approval" in text_of(await shop.type(ANA, "/refund 1042 12.50 lid cracked"))
    [parked] = await _dead(shop)
    sentence = "or Deskhand may not see it. Invite it there with"
    assert sentence in (parked.last_error or "")
    shop.slack.open_home(ADA)
    assert sentence in text_of(await shop.slack.until(lambda: shop.slack.home(ADA)) or {})
    status = text_of(await shop.type(ADA, "/deskhand status"))
    assert "1 job has failed for good" in status
    assert sentence in status

    closed.members.add(shop.slack.workspace.app.user_id)
    await shop.slack.click(ADA, "desk.retry")
    await shop.card(REFUNDS, "needs approval")
    assert await _dead(shop) == []


async def test_who_is_called_and_left_keeps_nothing_from_being_posted(shop: Shop) -> None:
    async with shop.site.store.write(shop.merchant_id, now=shop.now(), actor=ADA) as work:
        await merchants.change_setting(work, "refund.approvers", f"U0GONE {BEN}")
        await merchants.change_setting(work, "complaint.level_1", "U0GONE")
    card = await _asked(shop)
    await shop.type(ANA, "/complaint 1042 the kettle leaks")
    case = await shop.card(COMPLAINTS, "the kettle leaks")
    await shop.later(hours=5)
    await shop.later(hours=20)
    await shop.quiet()
    reminder = shop.slack.thread(REFUNDS, card["ts"])[1]
    assert f"<@U0GONE>, <@{BEN}>, this refund of $12.50 still needs a decision" in text_of(reminder)
    assert "<@U0GONE>" in text_of(shop.slack.thread(COMPLAINTS, case["ts"])[1])
    assert await _dead(shop) == []


async def test_an_approver_who_was_never_looked_up_decides_all_the_same(shop: Shop) -> None:
    card = await _asked(shop)
    shop.slack.fail("users.info", error="user_not_visible")
    await shop.slack.click(ADA, "refund.approve", channel=REFUNDS, ts=card["ts"])
    await shop.card(REFUNDS, "is paid")
    async with shop.site.store.read(shop.merchant_id) as session:
        assert await session.scalar(select(Refund.state)) is State.SUCCEEDED
    assert await _dead(shop) == []
