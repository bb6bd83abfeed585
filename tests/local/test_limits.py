"""What Slack refuses in blocks and views, and the words it uses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError

from bot.local.blocks import check_blocks, check_view, with_ids
from bot.local.limits import BLOCK_RULES, ELEMENT_RULES
from tests.local.desk import (
    AMY,
    GENERAL,
    Desk,
    actions,
    button,
    field,
    modal,
    option,
    plain,
    section,
)

HEADER = {"type": "header", "text": plain("x")}
CONFIRM = {"title": plain("Sure?"), "text": plain("Really"), "confirm": plain("Yes")}


def menu(kind: str, count: int, **more: Any) -> dict[str, Any]:
    options = [option(f"v{number}") for number in range(count)]
    return {"type": kind, "action_id": "pick", "options": options, **more}


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ({}, "missing required field: type [json-pointer:/blocks/0]"),
        ({"type": "heading"}, "unsupported type: heading [json-pointer:/blocks/0/type]"),
        (
            section("x" * 3001),
            "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        ),
        (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        (
            {"type": "section"},
            "missing required field: text or fields [json-pointer:/blocks/0]",
        ),
        (
            {"type": "section", "fields": [plain("x")] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        (
            {"type": "section", "fields": [plain("x" * 2001)]},
            "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
        ),
        (
            {"type": "header", "text": plain("x" * 151)},
            "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
            "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
        ),
        (
            {**HEADER, "colour": "red"},
            "invalid additional property: colour [json-pointer:/blocks/0]",
        ),
        (
            {"type": "context", "elements": [plain("x")] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            {"type": "actions", "elements": [button(f"a{n}") for n in range(26)]},
            "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            actions(button("a", label="x" * 76)),
            "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
        ),
        (
            actions(button("a", value="x" * 2001)),
            "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
        ),
        (
            actions(button("a" * 256)),
            "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
        ),
        (
            actions(button("a"), block_id="b" * 256),
            "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
        ),
        (
            actions(button("a"), button("a")),
            '`action_id` "a" already exists [json-pointer:/blocks/0/elements/1/action_id]',
        ),
        (
            actions({**button("a"), "style": "green"}),
            "must be a valid enum value: primary, danger [json-pointer:/blocks/0/elements/0/style]",
        ),
        (
            actions({**button("a"), "url": "not an address"}),
            "must be a valid url [json-pointer:/blocks/0/elements/0/url]",
        ),
        (
            actions({**button("a"), "confirm": CONFIRM}),
            "missing required field: deny [json-pointer:/blocks/0/elements/0/confirm]",
        ),
        (
            actions(menu("overflow", 6)),
            "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
        ),
        (
            actions(menu("radio_buttons", 11)),
            "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]",
        ),
        (
            actions(menu("static_select", 101)),
            "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
        ),
        (
            actions(menu("static_select", 1, initial_option=option("other"))),
            "initial option must be one of the options [json-pointer:/blocks/0/elements/0]",
        ),
        (
            actions({"type": "static_select", "options": [option("v" * 151, "Label")]}),
            "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
        ),
        (
            actions({"type": "static_select", "options": [option("v", "x" * 76)]}),
            (
                "must be less than 76 characters "
                "[json-pointer:/blocks/0/elements/0/options/0/text/text]"
            ),
        ),
        (
            actions({"type": "plain_text_input", "action_id": "a"}),
            "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
        ),
    ],
)
def test_a_faulty_block_is_named_with_a_pointer(block: dict[str, Any], problem: str) -> None:
    assert [str(one) for one in check_blocks([block], "message")] == [problem]


PIE = {"type": "pie", "segments": [{"label": "Late", "value": 3}, {"label": "Lost", "value": 1}]}
BARS = {
    "type": "bar",
    "series": [{"name": "Orders", "data": [{"label": "Mon", "value": 3}]}],
    "axis_config": {"categories": ["Mon"], "y_label": "Orders"},
}


@pytest.mark.parametrize(
    ("chart", "problem"),
    [
        (PIE, None),
        (BARS, None),
        ({"type": "radar"}, "unsupported type: radar [json-pointer:/blocks/0/chart/type]"),
        (
            {**PIE, "segments": [{"label": "x" * 21, "value": 1}]},
            "must be less than 21 characters [json-pointer:/blocks/0/chart/segments/0/label]",
        ),
        (
            {**PIE, "segments": [{"label": "None", "value": 0}]},
            "must be more than 0 [json-pointer:/blocks/0/chart/segments/0/value]",
        ),
        (
            {**BARS, "series": BARS["series"] * 7},
            "no more than 6 items allowed [json-pointer:/blocks/0/chart/series]",
        ),
        (
            {**BARS, "axis_config": {"categories": ["Tue"]}},
            (
                "labels must match the categories of axis_config "
                "[json-pointer:/blocks/0/chart/series/0/data]"
            ),
        ),
    ],
)
def test_charts_have_limits(chart: dict[str, Any], problem: str | None) -> None:
    block = {"type": "data_visualization", "title": "Parcels", "chart": chart}
    expected = [] if problem is None else [problem]
    assert [str(one) for one in check_blocks([block], "message")] == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "text",
                    "elements",
                    "element",
                    "accessory",
                    "options",
                    "option_groups",
                    "fields",
                    "rows",
                    "chart",
                    "segments",
                    "series",
                    "data",
                    "axis_config",
                    "initial_option",
                    "confirm",
                    "value",
                    "label",
                ]
            ),
            inner | st.sampled_from([*BLOCK_RULES, *ELEMENT_RULES, "plain_text", "pie", "bar"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_nothing_an_app_sends_breaks_the_check(anything: Any) -> None:
    check_blocks(anything, "message")
    check_blocks([anything], "modal")
    check_view(anything)


def test_a_message_takes_fifty_blocks_and_each_id_once() -> None:
    assert check_blocks([HEADER] * 50, "message") == []
    (problem,) = check_blocks([HEADER] * 51, "message")
    assert str(problem) == "no more than 50 items allowed [json-pointer:/blocks]"
    twins = [{**HEADER, "block_id": "b"}, {**HEADER, "block_id": "b"}]
    (problem,) = check_blocks(twins, "message")
    assert str(problem) == '`block_id` "b" already exists [json-pointer:/blocks/1/block_id]'


def test_an_emoji_counts_twice() -> None:
    assert check_blocks([{"type": "header", "text": plain("🧾" * 75)}], "message") == []
    assert check_blocks([{"type": "header", "text": plain("🧾" * 76)}], "message") != []


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        ({"type": "modal"}, "missing required field: title [json-pointer:/view]"),
        (modal(*[HEADER] * 101), "no more than 100 items allowed [json-pointer:/view/blocks]"),
        (
            modal(HEADER, private_metadata="x" * 3001),
            "must be less than 3001 characters [json-pointer:/view/private_metadata]",
        ),
        (
            modal(HEADER, submit=plain("x" * 25)),
            "must be less than 25 characters [json-pointer:/view/submit/text]",
        ),
        (
            modal({"type": "markdown", "text": "x"}),
            "unsupported type: markdown [json-pointer:/view/blocks/0/type]",
        ),
        (
            modal(field("a", {"type": "plain_text_input", "action_id": "a"}), submit=None),
            "must define `submit` to use an `input` block in modals [json-pointer:/view]",
        ),
        ({"type": "page"}, "unsupported type: page [json-pointer:/view/type]"),
    ],
)
def test_a_faulty_view_is_named_with_a_pointer(view: dict[str, Any], problem: str) -> None:
    assert problem in [str(one) for one in check_view(view)]


def test_slack_names_what_the_app_did_not() -> None:
    unnamed = button("")
    del unnamed["action_id"]
    (block,) = with_ids([{"type": "actions", "elements": [unnamed]}])
    assert block["block_id"]
    assert block["elements"][0]["action_id"]


async def test_refused_blocks_are_answered_as_slack_does(desk: Desk) -> None:
    with pytest.raises(SlackApiError) as refused:
        await desk.web.chat_postMessage(channel=GENERAL, text="x", blocks=[HEADER] * 51)
    answer = refused.value.response
    assert answer["error"] == "invalid_blocks"
    assert answer["errors"] == ["no more than 50 items allowed [json-pointer:/blocks]"]
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] no more than 50 items allowed [json-pointer:/blocks]"
    ]
    assert desk.slack.messages(GENERAL) == []


async def test_text_has_limits_of_its_own(desk: Desk) -> None:
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await desk.web.chat_postMessage(channel=GENERAL, text="x" * 40_001)
    with pytest.raises(SlackApiError, match="msg_blocks_too_long"):
        await desk.web.chat_postMessage(channel=GENERAL, text="x", blocks=[section("x" * 3000)] * 5)
    posted = await desk.web.chat_postMessage(channel=GENERAL, text="x" * 5_000)
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await desk.web.chat_update(channel=GENERAL, ts=posted["ts"], text="x" * 4_001)


async def test_a_huge_view_is_too_large(desk: Desk) -> None:
    view = modal(*[section("x" * 3000)] * 90)
    trigger = desk.slack.tickets.trigger(AMY)
    with pytest.raises(SlackApiError, match="view_too_large"):
        await desk.web.views_open(trigger_id=trigger, view=view)
    # A refused view doesn't use up the trigger.
    await desk.web.views_open(trigger_id=trigger, view=modal(HEADER))


async def test_blocks_can_be_validated_without_posting(desk: Desk) -> None:
    assert (await desk.web.blocks_validate(blocks=[HEADER]))["ok"] is True
    with pytest.raises(SlackApiError) as refused:
        await desk.web.blocks_validate(view=modal(HEADER, title=plain("x" * 25)))
    assert refused.value.response["error"] == "invalid_view"
    assert refused.value.response["errors"][0]["pointer"] == "/title/text"
