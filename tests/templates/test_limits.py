"""Whatever is put into a message or view, Slack takes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from templates import charts
from templates.limits import EXACT, LIMITS, TooLong, fit
from templates.problems import problems
from templates.text import cut, length


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "x") -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(text)}


def option(text: str, value: str) -> dict[str, Any]:
    return {"text": plain(text), "value": value}


def button(action_id: str = "a.b", **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Go"), "action_id": action_id, **more}


def message(*blocks: dict[str, Any], text: str = "x") -> dict[str, Any]:
    return {"text": text, "blocks": list(blocks)}


def modal(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "modal", "title": plain("Edit"), "submit": plain("Save"), "blocks": [*blocks]}


def fitted(*blocks: dict[str, Any]) -> list[dict[str, Any]]:
    result = fit(message(*blocks))
    assert problems(result) == []
    return result["blocks"]


def last_line(blocks: list[dict[str, Any]]) -> str:
    return blocks[-1]["elements"][0]["text"]


def pie(count: int) -> dict[str, Any]:
    segments = [{"label": f"s{n}", "value": n} for n in range(count)]
    return {
        "type": "data_visualization",
        "title": "P",
        "chart": {"type": "pie", "segments": segments},
    }


def bars(categories: list[str], series: int = 1) -> dict[str, Any]:
    data = [{"label": label, "value": n} for n, label in enumerate(categories)]
    chart = {
        "type": "bar",
        "series": [{"name": "units", "data": data}] * series,
        "axis_config": {"categories": categories, "x_label": "x" * 80},
    }
    return {"type": "data_visualization", "title": "B" * 90, "chart": chart}


def table(rows: int, columns: int, cell: str = "x") -> dict[str, Any]:
    row = [{"type": "raw_text", "text": cell}] * columns
    settings = [{"align": "left"}] * columns
    return {"type": "table", "rows": [row] * rows, "column_settings": settings}


def test_what_fits_is_left_alone() -> None:
    payload = message(section(), {"type": "actions", "elements": [button(value="1")]})
    assert fit(payload) == payload
    assert problems(payload) == []


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("x" * 2990 + "&amp;" * 10, "&amp;…"),
        ("x" * 2990 + "<https://example.com|a link>", "x…"),
        ("x" * 2990 + "<!date^1795521600^{date}|long ago>", "x…"),
        ("😀" * 3000, "😀…"),
        ("\u2068" + "א" * 4000 + "\u2069", "א…\u2069"),
    ],
)
def test_a_cut_leaves_nothing_half(text: str, tail: str) -> None:
    (block,) = fitted(section(text))
    assert block["text"]["text"].endswith(tail)
    assert 2900 < length(block["text"]["text"]) <= 3000


def test_a_cut_does_not_take_a_family_apart() -> None:
    assert cut("ab👩‍👩‍👧", 6) in {"ab…", "ab👩…"}


def test_plain_text_may_hold_what_looks_like_a_token() -> None:
    (block,) = fitted({"type": "header", "text": plain("a < " + "b" * 200)})
    assert length(block["text"]["text"]) > 140


def test_the_text_of_a_message_is_cut_as_mrkdwn() -> None:
    payload = fit(message(text="x" * 2994 + "<@U123> and more"))
    assert payload["text"] == "x" * 2994 + "…"


def test_nothing_empty_is_sent() -> None:
    payload = fit(
        message(
            section(""),
            {"type": "header", "text": plain("")},
            {"type": "section", "fields": [mrkdwn("")]},
            {"type": "context", "elements": [mrkdwn("")]},
            {"type": "actions", "elements": []},
            {"type": "actions", "elements": [button(value="", text=plain(""))]},
            text="",
        )
    )
    assert problems(payload) == []
    assert payload["text"] == "—"
    (actions,) = payload["blocks"]
    assert actions["elements"] == [button(text=plain("—"))]


def test_an_empty_view_says_so() -> None:
    home = fit({"type": "home", "blocks": []})
    assert problems(home) == []
    assert last_line(home["blocks"]) == "Nothing to show."


def test_a_modal_takes_a_hundred_blocks() -> None:
    view = fit(modal(*[section()] * 200))
    assert problems(view) == []
    assert len(view["blocks"]) == 100
    assert last_line(view["blocks"]) == "Not shown: 101 blocks."


def test_one_block_too_many_is_counted_with_the_one_that_made_room() -> None:
    blocks = fitted(*[section()] * 51)
    assert len(blocks) == 50
    assert last_line(blocks) == "Not shown: 2 blocks."


def test_surplus_choices_are_counted() -> None:
    options = [option(f"o{n}", str(n)) for n in range(120)]
    element = {"type": "static_select", "action_id": "a", "options": options}
    element["initial_option"] = options[110]
    view = fit(modal({"type": "input", "block_id": "a", "label": plain("A"), "element": element}))
    assert problems(view) == []
    assert len(view["blocks"][0]["element"]["options"]) == 100
    assert "initial_option" not in view["blocks"][0]["element"]
    assert last_line(view["blocks"]) == "Not shown: 20 choices."


def test_a_menu_without_choices_is_left_out() -> None:
    element = {"type": "static_select", "action_id": "a", "options": []}
    view = fit(modal({"type": "input", "label": plain("A"), "element": element}))
    assert problems(view) == []
    assert last_line(view["blocks"]) == "Nothing to show."


@pytest.mark.parametrize("key", ["block_id", "action_id", "value"])
def test_ids_and_values_are_refused_rather_than_cut(key: str) -> None:
    block = {"type": "actions", "elements": [button()], "block_id": "b"}
    holder = block if key == "block_id" else block["elements"][0]
    holder[key] = "x" * 2001
    with pytest.raises(TooLong, match=f"{key} of .* has 2001 characters"):
        fit(message(block))


def test_addresses_that_slack_refuses_are_left_out() -> None:
    for address in ("https://a.example/" + "x" * 3000, "javascript:alert(1)", "not an address"):
        (block,) = fitted({"type": "actions", "elements": [button(url=address)]})
        assert "url" not in block["elements"][0]
    image = {"type": "image", "image_url": "file:///etc/passwd", "alt_text": "x"}
    assert fitted(image) == []


def test_small_slices_of_a_pie_become_one() -> None:
    (block,) = fitted(pie(10))
    segments = block["chart"]["segments"]
    assert len(segments) == charts.SEGMENTS
    assert segments[-1] == {"label": "Other", "value": 1 + 2 + 3 + 4}


def test_a_pie_of_nothing_is_left_out() -> None:
    assert fitted(pie(1)) == []


def test_labels_that_a_cut_makes_alike_are_numbered() -> None:
    (block,) = fitted(bars([f"a very long label of number {n}" for n in range(12)]))
    categories = block["chart"]["axis_config"]["categories"]
    assert len(set(categories)) == 12
    assert [point["label"] for point in block["chart"]["series"][0]["data"]] == categories


def test_a_chart_says_what_it_does_not_show() -> None:
    blocks = fitted(bars([f"c{n}" for n in range(30)], series=8))
    assert last_line(blocks) == "Not shown: 2 series, 10 categories."


def test_a_table_says_what_it_does_not_show() -> None:
    assert last_line(fitted(table(300, 30))) == "Not shown: 200 rows, 10 columns."
    assert last_line(fitted(table(50, 2, "x" * 150))) == "Not shown: 17 rows."


def test_a_message_holds_one_table_and_two_charts() -> None:
    blocks = fitted(table(2, 2), table(2, 2), pie(3), pie(3), pie(3))
    assert last_line(blocks) == "Not shown: 2 blocks."


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (message(section("x" * 3001)), "3001 characters of 3000"),
        (message(section("")), "message.blocks[0].text is empty"),
        (message(*[section()] * 51), "message.blocks holds 51 of 50"),
        (message({"type": "actions", "elements": [button()] * 2}), "2 × a.b"),
        (message({"type": "actions", "elements": [button()] * 26}), "holds 26 of 25"),
        (message({"type": "actions", "elements": []}), "has no elements"),
        (message({"type": "section"}), "neither text nor fields"),
        (message({"type": "banner"}), "banner is not a block"),
        (message(section() | {"block_id": "b"}, section() | {"block_id": "b"}), "used 2 times"),
        (message(section("\ud800")), "can't be sent as JSON"),
        (message(pie(7)), "has 7 segments"),
        (message(bars(["a" * 21])), "can't have the label"),
        (message(table(2, 21)), "more than 20 columns"),
        (modal(table(2, 2)), "modal can't hold a table"),
        ({"blocks": []}, "message has no text"),
        ({"type": "modal", "blocks": [section()]}, "modal has no title"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_problems_are_named(payload: dict[str, Any], problem: str) -> None:
    assert any(problem in found for found in problems(payload)), problems(payload)


def test_the_table_of_limits_agrees_with_slacks_published_ones() -> None:
    source = Path(__file__).parents[3] / "shared" / "data" / "slack" / "limits.json"
    if not source.exists():
        pytest.skip("the published limits are not on this machine")
    published = json.loads(source.read_text())
    names = {"select": "static_select", "confirmation": "confirm", "view": "modal"}
    compared = 0
    for published_name, keys in published.items():
        ours = LIMITS.get(names.get(published_name, published_name))
        for key, limit in keys.items() if ours else ():
            figure = limit.get("max_length", limit.get("max_items"))
            mine = {**EXACT, **ours.text, **ours.exact, **ours.items}.get(key)
            if figure and mine is not None:
                assert mine == figure, (published_name, key)
                compared += 1
    assert compared > 25
