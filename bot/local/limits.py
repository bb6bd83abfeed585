"""Slack's limits for blocks and views, as data.

Figures: https://docs.slack.dev/reference/block-kit (blocks, elements, composition objects),
https://docs.slack.dev/reference/views and https://docs.slack.dev/reference/methods/chat.postMessage,
November 2026. They are kept apart from the ones the app's templates go by, so that a slip in
one shows in the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Surface = Literal["message", "modal", "home"]

#: Most blocks of a surface.
BLOCKS: Final[Mapping[str, int]] = {"message": 50, "modal": 100, "home": 100}
#: Characters of `text`: Slack cuts what is posted, and refuses an update or a whisper.
POSTED_TEXT: Final = 40_000
UPDATED_TEXT: Final = 4_000
#: Characters in all blocks of a posted message together; not documented, found by its users
#: (https://github.com/slackapi/bolt-js/issues/2509).
BLOCKS_TEXT: Final = 13_200
#: Characters in all markdown blocks of a message together.
MARKDOWN_TEXT: Final = 12_000
#: Bytes of a view as JSON.
VIEW_SIZE: Final = 250_000
#: Attachments of a message.
ATTACHMENTS: Final = 100
#: Blocks of a kind that one message takes.
OF_A_KIND: Final[Mapping[str, int]] = {"table": 1, "data_visualization": 2}
#: Blocks that a surface refuses.
UNSUPPORTED: Final[Mapping[str, frozenset[str]]] = {
    "message": frozenset({"alert"}),
    "modal": frozenset(
        {
            "table",
            "data_table",
            "data_visualization",
            "markdown",
            "carousel",
            "container",
            "plan",
            "task_card",
        }
    ),
    "home": frozenset({"alert", "table", "data_table", "markdown", "plan", "task_card"}),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of object must be like.

    `needed`: keys it can't be without; `any_of`: keys of which it needs one.
    `texts`: longest text of a text object (or of each of a list), `plain` names those that must
    be plain_text. `strings`: longest string. `items`: fewest and most of a list.
    `holds`: kinds of object allowed under a key. `choices`: allowed strings. `urls`: addresses.
    `fields`: every key there is besides type and block_id, None where any is let through.
    """

    needed: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    texts: Mapping[str, int] = field(default_factory=dict)
    plain: tuple[str, ...] = ()
    strings: Mapping[str, int] = field(default_factory=dict)
    items: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    holds: Mapping[str, frozenset[str]] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    urls: tuple[str, ...] = ()
    fields: frozenset[str] | None = None


def _keys(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SELECTS = _keys("static_select external_select users_select conversations_select channels_select")
_MULTI_SELECTS = frozenset(f"multi_{kind}" for kind in _SELECTS)
_PICKERS = _keys("datepicker timepicker")
_CHOICES = _keys("checkboxes radio_buttons")
_IN_SECTION = (
    _keys("button overflow image workflow_button") | _SELECTS | _MULTI_SELECTS | _PICKERS | _CHOICES
)
_IN_ACTIONS = (
    _keys("button overflow workflow_button datetimepicker rich_text_input")
    | _SELECTS
    | _MULTI_SELECTS
    | _PICKERS
    | _CHOICES
)
_IN_INPUT = (
    _keys(
        "plain_text_input email_text_input url_text_input number_input rich_text_input "
        "datetimepicker file_input"
    )
    | _SELECTS
    | _MULTI_SELECTS
    | _PICKERS
    | _CHOICES
)
_IN_CONTAINER = _keys("actions context divider header image rich_text section card table")

BLOCK_RULES: Final[Mapping[str, Rule]] = {
    "actions": Rule(
        needed=("elements",),
        items={"elements": (1, 25)},
        holds={"elements": _IN_ACTIONS},
        fields=_keys("elements"),
    ),
    "alert": Rule(needed=("text",), texts={"text": 200}),
    "card": Rule(
        any_of=("hero_image", "title", "actions", "body"),
        texts={"title": 150, "subtitle": 150, "body": 200, "subtext": 200},
        items={"actions": (1, 3)},
        holds={"actions": _keys("button")},
    ),
    "carousel": Rule(
        needed=("elements",), items={"elements": (1, 10)}, holds={"elements": _keys("card")}
    ),
    "container": Rule(
        needed=("child_blocks",),
        texts={"title": 150, "subtitle": 150},
        items={"child_blocks": (1, 10)},
        holds={"child_blocks": _IN_CONTAINER},
    ),
    "context": Rule(
        needed=("elements",),
        items={"elements": (1, 10)},
        holds={"elements": _keys("image plain_text mrkdwn")},
        fields=_keys("elements"),
    ),
    "context_actions": Rule(
        needed=("elements",),
        items={"elements": (1, 5)},
        holds={"elements": _keys("feedback_buttons icon_button")},
    ),
    "data_table": Rule(needed=("rows",), items={"rows": (2, 201)}),
    "data_visualization": Rule(needed=("title", "chart"), strings={"title": 50}),
    "divider": Rule(fields=frozenset()),
    "file": Rule(needed=("external_id", "source")),
    "header": Rule(
        needed=("text",), texts={"text": 150}, plain=("text",), fields=_keys("text level")
    ),
    "image": Rule(
        needed=("alt_text",),
        any_of=("image_url", "slack_file"),
        texts={"title": 2000},
        plain=("title",),
        strings={"alt_text": 2000, "image_url": 3000},
        urls=("image_url",),
        fields=_keys(
            "image_url slack_file alt_text title image_width image_height image_bytes fallback"
        ),
    ),
    "input": Rule(
        needed=("label", "element"),
        texts={"label": 2000, "hint": 2000},
        plain=("label", "hint"),
        holds={"element": _IN_INPUT},
        fields=_keys("label element dispatch_action hint optional"),
    ),
    "markdown": Rule(needed=("text",), strings={"text": 12_000}),
    "plan": Rule(needed=("title",)),
    "rich_text": Rule(needed=("elements",), fields=_keys("elements")),
    "section": Rule(
        any_of=("text", "fields"),
        texts={"text": 3000, "fields": 2000},
        items={"fields": (1, 10)},
        holds={"accessory": _IN_SECTION},
        fields=_keys("text fields accessory expand"),
    ),
    "table": Rule(needed=("rows",), items={"rows": (1, 100), "column_settings": (0, 20)}),
    "task_card": Rule(needed=("task_id", "title")),
    "video": Rule(
        needed=("alt_text", "title", "thumbnail_url", "video_url"),
        texts={"title": 200, "description": 200},
        strings={"alt_text": 200, "author_name": 50, "provider_name": 50},
        urls=("thumbnail_url", "video_url"),
    ),
}

_STYLES = ("primary", "danger")
_MENU_KEYS = "action_id placeholder confirm focus_on_load"


def _menu(keys: str, **rule: object) -> Rule:
    return Rule(
        texts={"placeholder": 150},
        plain=("placeholder",),
        fields=_keys(f"{_MENU_KEYS} {keys}"),
        **rule,  # type: ignore[arg-type]
    )


def _text_input(keys: str, **rule: object) -> Rule:
    return _menu(f"initial_value dispatch_action_config {keys}", **rule)


_OPTIONS: Final = {"options": (1, 100), "option_groups": (1, 100)}
_STATIC: Final = {"any_of": ("options", "option_groups"), "items": _OPTIONS}
_OF_CONVERSATIONS = "default_to_current_conversation filter response_url_enabled"

ELEMENT_RULES: Final[Mapping[str, Rule]] = {
    "button": Rule(
        needed=("text",),
        texts={"text": 75},
        plain=("text",),
        strings={"value": 2000, "url": 3000, "accessibility_label": 75},
        choices={"style": _STYLES},
        urls=("url",),
        fields=_keys("action_id text value url style confirm accessibility_label"),
    ),
    "workflow_button": Rule(needed=("text", "workflow"), texts={"text": 75}, plain=("text",)),
    "icon_button": Rule(needed=("icon", "text"), items={"visible_to_user_ids": (0, 10)}),
    "feedback_buttons": Rule(needed=("positive_button", "negative_button")),
    "overflow": Rule(
        needed=("options",),
        items={"options": (1, 5)},
        fields=_keys("action_id options confirm"),
    ),
    "image": Rule(
        needed=("alt_text",),
        any_of=("image_url", "slack_file"),
        strings={"alt_text": 2000, "image_url": 3000},
        urls=("image_url",),
    ),
    "checkboxes": Rule(
        needed=("options",),
        items={"options": (1, 10)},
        fields=_keys("action_id options initial_options confirm focus_on_load"),
    ),
    "radio_buttons": Rule(
        needed=("options",),
        items={"options": (1, 10)},
        fields=_keys("action_id options initial_option confirm focus_on_load"),
    ),
    "static_select": _menu("options option_groups initial_option", **_STATIC),
    "multi_static_select": _menu(
        "options option_groups initial_options max_selected_items", **_STATIC
    ),
    "external_select": _menu("initial_option min_query_length"),
    "multi_external_select": _menu("initial_options min_query_length max_selected_items"),
    "users_select": _menu("initial_user"),
    "multi_users_select": _menu("initial_users max_selected_items"),
    "conversations_select": _menu(f"initial_conversation {_OF_CONVERSATIONS}"),
    "multi_conversations_select": _menu(
        f"initial_conversations max_selected_items {_OF_CONVERSATIONS}"
    ),
    "channels_select": _menu("initial_channel response_url_enabled"),
    "multi_channels_select": _menu("initial_channels max_selected_items"),
    "datepicker": _menu("initial_date"),
    "timepicker": _menu("initial_time timezone"),
    "datetimepicker": _menu("initial_date_time"),
    "plain_text_input": _text_input("multiline min_length max_length"),
    "email_text_input": _text_input(""),
    "url_text_input": _text_input(""),
    "number_input": _text_input(
        "is_decimal_allowed min_value max_value", needed=("is_decimal_allowed",)
    ),
    "rich_text_input": Rule(),
    "file_input": Rule(),
}

TEXT_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "plain_text": _keys("text emoji"),
    "mrkdwn": _keys("text verbatim"),
}
OPTION_RULE: Final = Rule(
    needed=("text", "value"),
    texts={"text": 75, "description": 75},
    strings={"value": 150, "url": 3000},
    fields=_keys("text value description url"),
)
GROUP_RULE: Final = Rule(
    needed=("label", "options"),
    texts={"label": 75},
    plain=("label",),
    items={"options": (1, 100)},
    fields=_keys("label options"),
)
CONFIRM_RULE: Final = Rule(
    needed=("title", "text", "confirm", "deny"),
    texts={"title": 100, "text": 300, "confirm": 30, "deny": 30},
    plain=("title", "confirm", "deny"),
    choices={"style": _STYLES},
    fields=_keys("title text confirm deny style"),
)
#: Most cells of a table's row.
TABLE_COLUMNS: Final = 20
#: https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
_PLOT: Final = Rule(needed=("series", "axis_config"), items={"series": (1, 6)})
CHART_RULES: Final[Mapping[str, Rule]] = {
    "pie": Rule(needed=("segments",), items={"segments": (1, 6)}),
    "bar": _PLOT,
    "area": _PLOT,
    "line": _PLOT,
}
SEGMENT_RULE: Final = Rule(
    needed=("label", "value"), strings={"label": 20}, fields=_keys("label value")
)
SERIES_RULE: Final = Rule(needed=("name", "data"), strings={"name": 20}, items={"data": (1, 20)})
AXIS_RULE: Final = Rule(
    needed=("categories",),
    strings={"categories": 20, "x_label": 50, "y_label": 50},
    items={"categories": (1, 20)},
)
_VIEW_STRINGS: Final = {"private_metadata": 3000, "callback_id": 255, "external_id": 255}
VIEW_RULES: Final[Mapping[str, Rule]] = {
    "modal": Rule(
        needed=("title", "blocks"),
        texts={"title": 24, "submit": 24, "close": 24},
        plain=("title", "submit", "close"),
        strings=_VIEW_STRINGS,
        items={"blocks": (1, 100)},
        fields=_keys(
            "title blocks submit close private_metadata callback_id external_id clear_on_close "
            "notify_on_close submit_disabled"
        ),
    ),
    "home": Rule(
        needed=("blocks",),
        strings=_VIEW_STRINGS,
        items={"blocks": (1, 100)},
        fields=_keys("blocks private_metadata callback_id external_id title close submit"),
    ),
}
#: Longest of every id an app gives.
ID: Final = 255
