"""What a template author may rely on, whatever the data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import DictLoader, TemplateAssertionError, UndefinedError

from domain.money import Money
from templates import Reader, Templates
from templates.engine import BrokenTemplate
from templates.problems import problems

READER = Reader()
BERLIN = Reader("de-DE", "Europe/Berlin")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

HOSTILE = [
    "<!channel>",
    "<@U123>",
    "<#C123|general>",
    "<https://evil.example|Refund>",
    '"},{"type":"divider"},{"x":"',
    "back\\slash\\",
    "\\u0041\\n",
    "two\nlines\r\nand\u2028more\u2029",
    "{{7*7}}{% raw %}",
    "x" * 10_000,
    "&" * 10_000,
    "😀" * 10_000,
    "שלום עולם",
    "\u202eevil\u202c\u2066",
    "",
    "   ",
    "👩‍👩‍👧‍👦" * 400,
    "\ud800",
    "\udfff\ud800",
    "nul\x00bell\x07",
    "\u2028",
    "\ufdd0line\ufdd1forged\ufdd2",
    "\ufdd0money\ufdd1boom\ufdd2",
    "*bold* _it_ ~st~ `code` ```block```",
    "> quoted",
    "null",
    "true",
]

EVERY_SLOT = """
{
  "text": "Note {{ value }} and {{ value|long(5000) }}",
  "blocks": [
    {{ header("About " ~ value) }}
    {{ section(value) }}
    {% call section(accessory=button(value, "note.open", value|string_of(900))) %}
      *{{ value }}* `{{ value }}` {{ "https://example.com"|link(value) }} {{ value|mention }}
      {{ value|quote }}
      {{ value|multiline(9000) }} {{ value|channel }} {{ value|link(value) }}
    {% endcall %}
    {{ fields([[value, value], ["Label", value]]) }}
    {% call actions() %}
      {{ button(value, "note.keep", ask=confirm(value, value, value, value), url=value) }}
      {{ menu("note.move", value, [option(value, "a", value), option("b", "b")]) }}
      {{ overflow("note.more", [option(value, "a")]) }}
    {% endcall %}
    {{ pie(value, [[value, 1], [value, 2]]) }}
    {{ chart("bar", value, [value, "b"], [[value, [1, 2]]], value, value) }}
    {{ table([value, "b"], [[value, 1], [value, 2]]) }}
    {{ context([value, value ~ value, value|long(4000)]) }}
  ]
}
"""
EVERY_INPUT = """
{
  "type": "modal",
  "callback_id": "note.edit",
  "private_metadata": "{{ {'note': value[:400]}|json }}",
  "title": {"type": "plain_text", "text": "{{ value }}"},
  "submit": {"type": "plain_text", "text": "Save {{ value }}"},
  "blocks": [
    {{ text_input("a", value, value, hint=value, placeholder=value, multiline=true) }}
    {{ number_input("b", value, 3, least=1, most="9.5", decimals=true) }}
    {{ select("c", value, [option(value, "1"), option("x", "2")], option(value, "1")) }}
    {{ radio("d", value, [option(value, "1")], optional=true) }}
    {{ checkboxes("e", value, [option(value, "1"), option(value, "2")], [option(value, "2")]) }}
    {{ search_input("f", value, placeholder=value) }}
    {{ date_input("g", value) }}
    {{ member_input("h", value, "U123") }}
    {{ channel_input("i", value, "C123", hint=value) }}
  ]
}
"""


def templates(source: str) -> Templates:
    made = Templates(DictLoader({"notes/card.json.jinja": source}))
    made._environment.filters["string_of"] = lambda value, limit: value[:limit] if value else "-"
    return made


def render(source: str, reader: Reader = READER, /, **values: object) -> dict[str, Any]:
    return templates(source).render("notes/card", reader, **values)


def shown(markup: str, reader: Reader = READER, /, **values: object) -> str:
    """Render one line of mrkdwn."""
    return render('{"text": "' + markup + '"}', reader, **values)["text"]


def labelled(markup: str, reader: Reader = READER, /, **values: object) -> str:
    """Render one line of plain text."""
    source = '{"text": "x", "blocks": [{% call header() %}' + markup + "{% endcall %}]}"
    return render(source, reader, **values)["blocks"][0]["text"]["text"]


MESSAGE = templates(EVERY_SLOT)
MODAL = templates(EVERY_INPUT)


def mrkdwn_of(node: Any, holder: str = "message") -> list[str]:
    """Every string that Slack would read as mrkdwn."""
    if isinstance(node, list):
        return [text for item in node for text in mrkdwn_of(item, "")]
    if not isinstance(node, dict):
        return []
    kind = node.get("type", holder)
    own = [node["text"]] if kind in {"message", "mrkdwn"} and "text" in node else []
    return own + [text for item in node.values() for text in mrkdwn_of(item, "")]


def assert_inert(payload: dict[str, Any], value: str) -> None:
    """No token stands in mrkdwn but those the template asked for by a filter."""
    for text in mrkdwn_of(payload):
        left = text.replace("<https://example.com|", "")
        if value.isalnum():
            left = left.replace(f"<@{value}>", "").replace(f"<#{value}>", "")
        assert "<!" not in left
        assert "<@" not in left
        assert "<#" not in left
        assert not any(
            "\ufdd0" <= char <= "\ufdef" or "\u202a" <= char <= "\u202e" for char in text
        )


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:30])
def test_hostile_text_is_inert_in_every_slot(value: str) -> None:
    message = MESSAGE.render("notes/card", READER, value=value)
    modal = MODAL.render("notes/card", READER, value=value)
    for payload in (message, modal):
        assert problems(payload) == []
        json.dumps(payload, ensure_ascii=False).encode("utf-8")
    assert_inert(message, value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.text(
        st.one_of(
            st.characters(),
            st.sampled_from(
                '<>&@!#|"\\*_~`{}%\n\r\x00\u202e\u2067\u05d0\u200d\ud83d\ufdd0\ufdd1\ufdd2'
            ),
        ),
        max_size=400,
    ),
    st.sampled_from([1, 1, 7, 40]),
)
def test_any_text_in_any_slot_keeps_the_limits_and_does_nothing(text: str, times: int) -> None:
    value = text * times
    message = MESSAGE.render("notes/card", READER, value=value)
    modal = MODAL.render("notes/card", BERLIN, value=value)
    assert problems(message) == []
    assert problems(modal) == []
    assert_inert(message, value)
    assert json.loads(json.dumps(message).encode("utf-8")) == message


@given(st.text(max_size=150).map(str.strip))
@settings(max_examples=50, deadline=None)
def test_ids_and_values_arrive_exactly(text: str) -> None:
    payload = render(
        '{"text": "x", "blocks": [{{ actions([button("Go", "note.go", value)]) }}]}', value=text
    )
    button = payload["blocks"][0]["elements"][0]
    assert button.get("value", "") == text.encode("utf-8", "surrogatepass").decode(
        "utf-8", "replace"
    ) or any("\ud800" <= char <= "\udfff" for char in text)


def test_a_card_reads_like_block_kit() -> None:
    payload = render(
        """
        {
          "text": "Order {{ number }}",
          "blocks": [
            {% call section() %}
              *Order `{{ number }}`* is "late"
            {% endcall %}
            {% for n in [1, 2] %}
              {{ divider() }}
            {% endfor %}
            {% if false %}{{ header("never") }}{% endif %}
            {"type": "divider"},
            {{ context(["Imported", number]) }}
          ]
        }
        """,
        number="SKU_1_A",
    )
    assert [block["type"] for block in payload["blocks"]] == [
        "section",
        "divider",
        "divider",
        "divider",
        "context",
    ]
    assert payload["blocks"][0]["text"] == {
        "type": "mrkdwn",
        "text": '*Order `SKU_1_A`* is "late"',
        "verbatim": True,
    }


@pytest.mark.parametrize(
    "list_of_blocks",
    ["{{ a }}{{ a }}", "{{ a }},{{ a }}", ",{{ a }},,{{ a }},", "{{ a }} , \n , {{ a }}\n,\n"],
)
def test_commas_may_be_missing_or_too_many(list_of_blocks: str) -> None:
    payload = render(
        '{% set a = divider() %}{"text": "a, b,, ]," "blocks": [' + list_of_blocks + "],}"
    )
    assert payload["text"] == "a, b,, ],"
    assert len(payload["blocks"]) == 2


def test_the_place_decides_how_a_value_is_escaped() -> None:
    payload = render(
        '{"text": "{{ name }}", "blocks": [{{ actions([button(name, "note.go", name)]) }}]}',
        name="<b> & *c*",
    )
    button = payload["blocks"][0]["elements"][0]
    assert payload["text"] == "&lt;b&gt; &amp; ∗c∗"  # noqa: RUF001 - look-alikes
    assert button["text"]["text"] == "<b> & *c*"
    assert button["value"] == "<b> & *c*"


def test_numbers_people_copy_stay_as_they_are() -> None:
    assert shown("{{ v }}", v="SKU_1_A") == "SKU_1_A"
    assert shown("{{ v }}", v="112-3456789-1234567") == "112-3456789-1234567"
    assert shown("`{{ v }}`", v="_sku_*") == "`_sku_*`"


def test_a_back_tick_does_not_leave_a_code_span() -> None:
    assert shown("`{{ v }}`", v="a`*b*").count("`") == 2


def test_formatting_in_a_name_does_not_format_the_card() -> None:
    line = shown("*Buyer* {{ v }}", v="*_~`x`~_*")
    assert line.startswith("*Buyer* ")
    assert not set("*_~`") & set(line.removeprefix("*Buyer* "))


def test_string_literals_are_values_and_captured_text_is_mrkdwn() -> None:
    payload = render(
        '{"text": "x", "blocks": [{{ section("*late*") }} {% call section() %}*late*{% endcall %}]}'
    )
    assert [block["text"]["text"] for block in payload["blocks"]] == ["∗late∗", "*late*"]  # noqa: RUF001


def test_a_right_to_left_name_does_not_reorder_its_line() -> None:
    assert shown("{{ v }} paid", v="\u202eאבג") == "\u2068אבג\u2069 paid"
    assert shown("{{ v }} paid", v="José") == "José paid"


def test_lines_collapse_unless_asked_for() -> None:
    assert shown("{{ v }}", v="a\n\n  b\t c\u2028d") == "a b c d"
    assert shown("{{ v|multiline }}", v="a\r\n\n\n\nb\u2028c") == "a\n\nb\nc"


def test_a_quote_begins_every_line() -> None:
    assert shown("{{ v|quote }}", v="one\n>two\n<!here>") == "> one\n> ›two\n> &lt;!here&gt;"  # noqa: RUF001
    assert labelled("{{ v|quote }}", v="one\ntwo") == "one\ntwo"


def test_long_values_end_in_an_ellipsis() -> None:
    assert shown("{{ v }}!", v="x" * 400).endswith("x…!")
    assert len(shown("{{ v }}", v="x" * 400)) <= 300
    assert len(shown("{{ v|long(350) }}", v="x" * 400)) > 340


def test_nothing_known_is_called_unknown() -> None:
    assert shown("{{ a }}, {{ a|date }}, {{ a|mention }}", a=None) == "unknown, unknown, unknown"


def test_none_is_refused_where_an_id_belongs() -> None:
    with pytest.raises(ValueError, match="None stands where"):
        render('{"text": "x", "blocks": [{"type": "divider", "block_id": "{{ id }}"}]}', id=None)


def test_money_is_written_for_the_reader() -> None:
    assert shown("{{ m }}", m=Money(123450, "USD")) == "$1,234.50"
    assert shown("{{ m }}", BERLIN, m=Money(123450, "EUR")) == "1.234,50 €"
    assert shown("{{ m }}", m=Money(500, "JPY")) == "¥500"
    assert shown("{{ m }}", m=Money(1234, "IQD")) == "1.234 IQD"
    assert shown("{{ m }}", Reader("xx-nonsense", "Mars/Olympus"), m=Money(-5, "USD")) == "-$0.05"


def test_times_are_drawn_by_slack_and_written_out_where_it_can_not() -> None:
    token = "<!date^1795521600^{date_short_pretty} at {time}|Nov 24, 2026, 12:00 PM UTC>"
    assert shown("{{ t }}", t=NOON) == token
    assert shown("{{ t|date }}", t=NOON) == "<!date^1795521600^{date_short_pretty}|Nov 24, 2026>"
    assert shown("{{ t|time }}", t=NOON) == "<!date^1795521600^{time}|12:00 PM UTC>"
    assert labelled("{{ t }}", BERLIN, t=NOON) == "24.11.2026, 13:00 CET"
    assert shown("{{ d }}", BERLIN, d=date(2026, 11, 24)) == "24.11.2026"


def test_times_at_the_ends_of_the_calendar_are_still_shown() -> None:
    for moment in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        assert "<!date" not in shown("{{ t }}", Reader(tz="Asia/Tokyo"), t=moment)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        shown("{{ t }}", t=NOON.replace(tzinfo=None))


def test_people_and_channels_are_mentioned_only_by_real_ids() -> None:
    assert shown("{{ v|mention }}", v="U123ABC") == "<@U123ABC>"
    assert shown("{{ v|channel }}", v="C123ABC") == "<#C123ABC>"
    assert shown("{{ v|mention }}", v="S0LEADS") == "<!subteam^S0LEADS>"
    assert shown("{{ v|mention }}", v="SHOPIFY") == "SHOPIFY"
    assert shown("{{ v|mention }}", v="U1> <!here>") == "U1&gt; &lt;!here&gt;"
    assert labelled("{{ v|mention }}", v="U123ABC") == "@U123ABC"


def test_links_lead_only_to_the_web() -> None:
    assert shown("{{ u|link(t) }}", u="https://a.example/?b=1&c", t="Track") == (
        "<https://a.example/?b=1&amp;c|Track>"
    )
    assert shown("{{ u|link(t) }}", u="javascript:alert(1)", t="Track") == "Track"
    assert shown("{{ u|link(t) }}", u="https://a.example|x>", t="<b>") == "&lt;b&gt;"
    assert labelled("{{ u|link(t) }}", u="https://a.example", t="Track") == "Track"
    assert shown("{{ u|link(t) }}", u=None, t="Track") == "Track"


def test_values_and_markup_join_without_losing_either() -> None:
    assert (
        shown("{{ 'By ' ~ ('U1'|mention) ~ ' & ' ~ name }}", name="<b>")
        == "By <@U1> &amp; &lt;b&gt;"
    )
    assert shown("{{ ('U1'|mention) + ' \\\\ ' + name }}", name='"') == '<@U1> \\ "'
    assert shown("{{ [1, 'a', 'U1'|mention]|join(', ') }}") == "1, a, <@U1>"
    assert shown("{{ 'Total ' ~ m }}", m=Money(100, "USD")) == "Total $1.00"


def test_words_and_counts() -> None:
    class State(StrEnum):
        AWAITING = "awaiting_approval"

    assert shown("{{ s|words }}", s=State.AWAITING) == "awaiting approval"
    assert shown("{{ s }}", s=State.AWAITING) == "awaiting_approval"
    assert shown("{{ s|words }}", s=None) == "unknown"
    assert shown("{{ 1|count('order', 'orders') }}, {{ 2|count('order', 'orders') }}") == (
        "1 order, 2 orders"
    )


def test_whole_values_are_written_as_json() -> None:
    payload = render(
        '{"text": "x", "blocks": [{"type": "section", "text": {{ t|tojson }}}, {{ more|tojson }}]}',
        t={"type": "mrkdwn", "text": "<!here>"},
        more={"type": "divider", "list": [1, Decimal("1.5"), None, True]},
    )
    assert payload["blocks"][0]["text"]["text"] == "&lt;!here&gt;"
    assert payload["blocks"][1]["list"] == [1, 1.5, True]


def test_metadata_survives_as_json() -> None:
    payload = render(
        '{"type": "home", "private_metadata": "{{ m|json }}", "blocks": []}',
        m={"order": 'a"\\b', "at": NOON},
    )
    assert json.loads(payload["private_metadata"]) == {"order": 'a"\\b', "at": str(NOON)}


def test_what_was_not_given_is_an_error() -> None:
    @dataclass
    class Card:
        number: str = "1"

    with pytest.raises(UndefinedError):
        shown("{{ missing }}")
    with pytest.raises(UndefinedError):
        shown("{{ card.missing }}", card=Card())
    assert shown("a{{ 'b' if false }}c") == "ac"


def test_what_would_break_the_escaping_does_not_exist() -> None:
    with pytest.raises(TemplateAssertionError, match="safe"):
        shown("{{ v|safe }}", v="<!here>")
    with pytest.raises(TypeError, match="takes a value"):
        shown("{{ ('U1'|mention)|long(3) }}")
    with pytest.raises(TypeError, match="has no text"):
        shown("{{ v }}", v=["<!here>"])


def test_a_broken_template_says_where() -> None:
    with pytest.raises(BrokenTemplate, match=r"notes/card is not JSON: .* near"):
        render('{"text": "x", "blocks": [}')
    with pytest.raises(BrokenTemplate, match="neither a message"):
        render("[]")


def test_a_value_can_not_take_the_name_of_a_macro() -> None:
    with pytest.raises(TypeError, match="can't be given table: macros"):
        shown("{{ table }}", table="x")


def test_two_hundred_orders_fit_and_say_what_is_missing() -> None:
    payload = render(
        """
        {"text": "Late", "blocks": [
          {% for n in range(200) %}{{ section("Order " ~ n) }}{% endfor %}
          {{ actions([button("All", "report.open")]) }}
          {{ context(["now"]) }}
        ]}
        """
    )
    assert problems(payload) == []
    assert len(payload["blocks"]) == 50
    assert [block["type"] for block in payload["blocks"][-3:]] == ["actions", "context", "context"]
    assert payload["blocks"][-1]["elements"][0]["text"] == "Not shown: 153 blocks."


def test_more_than_eight_facts_go_on_in_a_second_section() -> None:
    payload = render(
        '{"text": "x", "blocks": [{{ fields(pairs) }}]}', pairs=[[n, n] for n in range(10)]
    )
    assert [len(block["fields"]) for block in payload["blocks"]] == [8, 2]


def test_readers_do_not_see_each_others_locale() -> None:
    made = templates('{"text": "{{ m }}"}')
    money = Money(123450, "EUR")
    seen = [made.render("notes/card", who, m=money)["text"] for who in (READER, BERLIN, READER)]
    assert seen == ["€1,234.50", "1.234,50 €", "€1,234.50"]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(-(10**13), 10**13),
    st.sampled_from(["USD", "EUR", "JPY", "KWD", "XXX"]),
    st.sampled_from(["en_US", "de_DE", "ar_EG", "he_IL", "hi_IN", "pt-BR"]),
    st.datetimes(timezones=st.just(UTC)),
)
def test_any_amount_and_time_in_any_locale(
    minor: int, currency: str, locale: str, moment: datetime
) -> None:
    reader = Reader(locale, "America/Sao_Paulo")
    payload = render(
        '{"text": "{{ m }} {{ t }}", "blocks": [{{ fields([["A", m], ["B", t], ["C", d]]) }}]}',
        reader,
        m=Money(minor, currency),
        t=moment,
        d=moment.date(),
    )
    assert problems(payload) == []
