"""What the Home tab, the settings and errors show."""

from __future__ import annotations

import pytest

from domain.definitions import DEFINITIONS
from tests import samples
from tests.templates.blocks import buttons, first_line, inputs, whole
from tests.templates.cases import rendered


def test_the_settings_form_has_a_field_for_every_setting() -> None:
    form = rendered("desk/settings_form")
    assert inputs(form) == {
        key: "desk.channel" if key.startswith("channel.") else "desk.value" for key in DEFINITIONS
    }
    refunds = next(b for b in form["blocks"] if b.get("block_id") == "channel.refunds")
    assert refunds["element"]["initial_conversation"] == "C0REFUNDS"


def test_an_error_mentions_whom_to_ask_and_says_what_was_lost() -> None:
    error = rendered("desk/error")
    assert first_line(error).endswith("Ask <@U0ADMIN1> or see `/deskhand help`.")
    assert error["blocks"][-1]["elements"][0]["text"] == "Nothing was changed."
    assert "submit" not in rendered("desk/error_modal")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("<@U0ADMIN1>", "&lt;@U0ADMIN1&gt;"),
        ("@channel", "@channel"),
        ("@UPS", "@UPS"),
        ("me@U0ADMIN1", "me@U0ADMIN1"),
        ("`*x*`", "`*x*`"),
        ("*x*", "∗x∗"),  # noqa: RUF001 - a look-alike, on purpose
    ],
)
def test_a_sentence_marks_up_no_more_than_our_own(typed: str, shown: str) -> None:
    assert first_line(rendered("desk/done", sentence=f"No {typed} here")) == f"No {shown} here"


def test_home_shows_what_waits_and_lets_admins_retry() -> None:
    home = rendered("desk/home")
    heads = [b["text"]["text"] for b in home["blocks"] if b["type"] == "header"]
    assert heads == [
        "1 thing went wrong",
        "2 orders wait for confirmation",
        "6 parcels need you",
        "1 refund waits",
        "1 complaint is open",
        "1 complaint is snoozed",
        "4 returns wait",
        "4 orders wait to be picked",
        "3 orders are late",
    ]
    assert "desk.retry" in buttons(home)
    assert "up to $500.00" in whole(home)


def test_a_quiet_desk_says_so() -> None:
    assert first_line(rendered("desk/home@quiet")) == "All quiet"
    assert "Everything works" in first_line(rendered("desk/status@quiet"))


def test_home_shows_a_stranger_only_whom_to_ask() -> None:
    home = rendered("desk/home", member=samples.member(None, limits={}, admins=("U0ADMIN1",)))
    assert len(home["blocks"]) == 2
    assert "Ask <@U0ADMIN1> to give you one." in whole(home)
    assert "Ask an admin" in whole(rendered("desk/home@stranger"))
