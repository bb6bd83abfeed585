"""Forms: opening, filling, correcting, stacking, closing; and the Home tab."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.local import NotDone
from tests.local.desk import (
    AMOUNT,
    AMY,
    BEN,
    GENERAL,
    REASON,
    Desk,
    actions,
    button,
    field,
    modal,
    plain,
    section,
)


def opens(desk: Desk, view: dict[str, Any]) -> None:
    @desk.bolt.command("/refund")
    async def refund(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        await desk.web.views_open(trigger_id=body["trigger_id"], view=view)


async def open_form(desk: Desk, *blocks: dict[str, Any], **more: Any) -> None:
    opens(desk, modal(*blocks, **more))
    await desk.slack.command(AMY, "/refund 1042", GENERAL)


async def test_a_form_is_filled_in_and_submitted(desk: Desk) -> None:
    seen: list[dict[str, Any]] = []

    @desk.bolt.view("refund")
    async def submitted(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        seen.append(body)

    await open_form(desk, AMOUNT, REASON, actions(button("refund.max")), private_metadata="1042")
    answer = await desk.slack.submit(AMY, {"amount_input": "12.50", "reason": "late"})

    assert answer == {"response_action": "none"}
    assert desk.slack.modal(AMY) is None
    (body,) = seen
    assert body["type"] == "view_submission"
    view = body["view"]
    assert view["private_metadata"] == "1042"
    assert view["root_view_id"] == view["id"]
    assert view["previous_view_id"] is None
    assert view["state"]["values"] == {
        "amount": {"amount_input": {"type": "plain_text_input", "value": "12.50"}},
        "reason": {
            "reason_input": {
                "type": "static_select",
                "selected_option": REASON["element"]["options"][1],
            }
        },
    }


async def test_slack_itself_asks_for_what_is_required(desk: Desk) -> None:
    await open_form(desk, AMOUNT, REASON)
    answer = await desk.slack.submit(AMY)
    assert answer["errors"] == {"amount": "Please complete this required field."}
    assert not [one for one in desk.slack.traffic.entries if "view_submission" in one["what"]]


async def test_the_app_finds_an_error_and_the_form_stays_with_what_was_entered(
    desk: Desk,
) -> None:
    @desk.bolt.view("refund")
    async def submitted(ack: Any, view: dict[str, Any]) -> None:
        if view["state"]["values"]["amount"]["amount_input"]["value"] == "999":
            await ack(response_action="errors", errors={"amount": "Only 40.00 is left"})
        else:
            await ack()

    await open_form(desk, AMOUNT)
    answer = await desk.slack.submit(AMY, {"amount": "999"})
    assert answer == {"response_action": "errors", "errors": {"amount": "Only 40.00 is left"}}
    view = desk.slack.modal(AMY)
    assert view is not None
    assert view["state"]["values"]["amount"]["amount_input"]["value"] == "999"
    assert (await desk.slack.submit(AMY, {"amount": "40"}))["response_action"] == "none"
    assert desk.slack.modal(AMY) is None


async def test_an_error_for_a_block_that_is_not_there_is_refused(desk: Desk) -> None:
    @desk.bolt.view("refund")
    async def submitted(ack: Any) -> None:
        await ack(response_action="errors", errors={"amout": "Typo"})

    await open_form(desk, AMOUNT)
    with pytest.raises(NotDone, match="no input block has the block_id amout"):
        await desk.slack.submit(AMY, {"amount": "1"})


async def test_forms_push_update_and_clear(desk: Desk) -> None:
    step = iter(
        [
            {"response_action": "push", "view": modal(AMOUNT, title=plain("Second"))},
            {"response_action": "update", "view": modal(section("Sure?"), title=plain("Third"))},
            {"response_action": "clear"},
        ]
    )

    @desk.bolt.view("refund")
    async def submitted(ack: Any) -> None:
        await ack(**next(step))

    await open_form(desk, AMOUNT)
    await desk.slack.submit(AMY, {"amount": "1"})
    stack = desk.slack.views.stack(AMY)
    assert [view["title"]["text"] for view in stack] == ["Refund", "Second"]
    assert stack[1]["previous_view_id"] == stack[0]["id"]
    assert stack[1]["root_view_id"] == stack[0]["id"]

    second = stack[1]["id"]
    await desk.slack.submit(AMY, {"amount": "2"})
    stack = desk.slack.views.stack(AMY)
    assert [view["title"]["text"] for view in stack] == ["Refund", "Third"]
    assert stack[1]["id"] == second

    await desk.slack.submit(AMY)
    assert desk.slack.views.stack(AMY) == []


async def test_a_stack_is_three_views_high(desk: Desk) -> None:
    @desk.bolt.action("more")
    async def more(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        view = modal(actions(button("more")))
        await desk.web.views_push(trigger_id=body["trigger_id"], view=view)

    await open_form(desk, actions(button("more")))
    await desk.slack.click(AMY, "more")
    await desk.slack.click(AMY, "more")
    assert len(desk.slack.views.stack(AMY)) == 3

    trigger = desk.slack.tickets.trigger(AMY)
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        await desk.web.views_push(trigger_id=trigger, view=modal(section("Four")))


async def test_a_trigger_lasts_three_seconds_and_opens_one_view(desk: Desk) -> None:
    view = modal(section("Hi"))
    trigger = desk.slack.tickets.trigger(AMY)
    await desk.web.views_open(trigger_id=trigger, view=view)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await desk.web.views_open(trigger_id=trigger, view=view)

    late = desk.slack.tickets.trigger(AMY)
    desk.clock.now += 3.1
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await desk.web.views_open(trigger_id=late, view=view)
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await desk.web.views_open(trigger_id="12345.98765.abcd", view=view)


async def test_a_click_in_a_form_updates_it_and_keeps_what_was_entered(desk: Desk) -> None:
    @desk.bolt.action("refund.max")
    async def fill(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        view = body["view"]
        await desk.web.views_update(
            view_id=view["id"], hash=view["hash"], view=modal(AMOUNT, section("At most 40.00"))
        )

    await open_form(desk, AMOUNT, actions(button("refund.max")))
    before = desk.slack.modal(AMY)
    assert before is not None
    old_hash = before["hash"]
    desk.slack.views.enter(
        before, {"amount": {"amount_input": {"type": "plain_text_input", "value": "5"}}}
    )
    await desk.slack.click(AMY, "refund.max")

    view = desk.slack.modal(AMY)
    assert view is not None
    assert view["blocks"][1]["text"]["text"] == "At most 40.00"
    assert view["state"]["values"]["amount"]["amount_input"]["value"] == "5"
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await desk.web.views_update(view_id=view["id"], hash=old_hash, view=modal(AMOUNT))
    with pytest.raises(SlackApiError, match="not_found"):
        await desk.web.views_update(view_id="V0GONE", view=modal(AMOUNT))


async def test_the_app_hears_of_a_closed_form_if_it_asked_to(desk: Desk) -> None:
    closed: list[dict[str, Any]] = []

    @desk.bolt.view_closed("refund")
    async def left(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        closed.append(body)

    await open_form(desk, AMOUNT, notify_on_close=True)
    await desk.slack.close_modal(AMY)
    assert desk.slack.modal(AMY) is None
    assert closed[0]["is_cleared"] is False
    assert closed[0]["view"]["callback_id"] == "refund"


async def test_a_form_over_slacks_limits_is_refused_with_pointers(desk: Desk) -> None:
    view = modal(AMOUNT, title=plain("A title that is longer than Slack takes"))
    with pytest.raises(SlackApiError) as refusal:
        await desk.web.views_open(trigger_id=desk.slack.tickets.trigger(AMY), view=view)
    assert refusal.value.response["error"] == "invalid_arguments"
    assert refusal.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    ]


async def test_a_menu_asks_the_app_for_its_options(desk: Desk) -> None:
    @desk.bolt.options("order_input")
    async def suggest(ack: Any, payload: dict[str, Any]) -> None:
        await ack(options=[{"text": plain(f"Order {payload['value']}"), "value": "1042"}])

    element = {"type": "external_select", "action_id": "order_input", "min_query_length": 1}
    await open_form(desk, field("order", element))
    offered = await desk.slack.suggest(AMY, "order_input", "104")
    assert offered == {"options": [{"text": plain("Order 104"), "value": "1042"}]}


async def test_home_is_published_when_it_is_opened(desk: Desk) -> None:
    @desk.bolt.event("app_home_opened")
    async def opened(event: dict[str, Any]) -> None:
        view = {"type": "home", "blocks": [section(f"Hi <@{event['user']}>")]}
        await desk.web.views_publish(user_id=event["user"], view=view)

    desk.slack.open_home(BEN)
    home = await desk.slack.until(lambda: desk.slack.home(BEN))
    assert home is not None
    assert home["blocks"][0]["text"]["text"] == f"Hi <@{BEN}>"
    assert desk.slack.home(AMY) is None
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await desk.web.views_publish(
            user_id=BEN, hash="old", view={"type": "home", "blocks": [section("x")]}
        )
    await desk.slack.settled()


async def test_buttons_on_home_carry_the_view(desk: Desk) -> None:
    seen: list[dict[str, Any]] = []

    @desk.bolt.action("jobs.retry")
    async def retry(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        seen.append(body)

    view = {"type": "home", "blocks": [actions(button("jobs.retry", "9"))]}
    await desk.web.views_publish(user_id=AMY, view=view)
    await desk.slack.click(AMY, "jobs.retry")
    assert seen[0]["container"]["type"] == "view"
    assert seen[0]["view"]["type"] == "home"
    assert "response_url" not in seen[0]
