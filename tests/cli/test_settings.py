"""`deskhand settings`."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.definitions import DEFINITIONS
from tests.cli.conftest import Deskhand


def test_every_setting_is_shown_with_its_meaning_and_default(deskhand: Deskhand) -> None:
    lines = deskhand("settings").out.splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(DEFINITIONS)
    expiry = next(line for line in lines if line.startswith("refund.expires_after_hours"))
    assert expiry.split(maxsplit=3)[1:] == [
        "72",
        "(default)",
        "hours until a refund that nobody decided expires",
    ]


def test_every_setting_is_explained_under_its_whole_name() -> None:
    docs = Path(__file__).parents[2] / "docs"
    told = "".join(
        (docs / name).read_text(encoding="utf-8") for name in ("commands.md", "configuration.md")
    )
    assert [key for key in DEFINITIONS if f"`{key}`" not in told] == []


def test_a_setting_is_set_and_unset_again(deskhand_on_both: Deskhand) -> None:
    said = deskhand_on_both("settings", "set", "channel.refunds", "C0123456")
    assert (said.code, said.out) == (0, "channel.refunds is C0123456 now.\n")
    assert "C0123456  " in deskhand_on_both("settings", "list").out
    said = deskhand_on_both("settings", "unset", "channel.refunds")
    assert (said.code, said.out) == (0, "channel.refunds is back to its default: not set.\n")
    assert "C0123456" not in deskhand_on_both("settings").out


def test_amounts_in_several_currencies_need_no_quotes(deskhand: Deskhand) -> None:
    said = deskhand("settings", "set", "refund.auto_limit", "20.00", "USD,", "18", "EUR")
    assert said.out == "refund.auto_limit is 18.00 EUR, 20.00 USD now.\n"


def test_people_and_groups_to_call_are_named_by_id(deskhand: Deskhand) -> None:
    said = deskhand("settings", "set", "complaint.level_2", "<@U0BEN|ben>", "S0LEADS", "U0BEN")
    assert said.out == "complaint.level_2 is U0BEN, S0LEADS now.\n"
    again = deskhand("settings", "set", "complaint.level_2", "U0BEN, S0LEADS")
    assert again.out == said.out


def test_a_setting_goes_back_to_what_holds_by_default(deskhand: Deskhand) -> None:
    deskhand("settings", "set", "complaint.levels", "5")
    said = deskhand("settings", "unset", "complaint.levels")
    assert said.out == "complaint.levels is back to its default: 3.\n"


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["set", "refund.limit", "5"], "There is no setting refund.limit. Settings are channel."),
        (["unset", "refund.limit"], "There is no setting refund.limit."),
        (["set", "channel.refunds", "#refunds"], "“#refunds” is not a channel's id"),
        (["set", "refund.auto_limit", "lots"], "“lots” is not an amount like 20.00 USD"),
        (["set", "complaint.levels", "9"], "not a whole number from 1 to 5"),
        (["set", "people.default_role", "boss"], "“boss” is not a role"),
        (["set", "complaint.level_1", "the leads"], "“the leads” does not say who is called"),
        (["set", "complaint.levels"], "Missing argument 'VALUE...'"),
    ],
)
def test_what_can_not_be_used_is_said_in_one_line(
    deskhand: Deskhand, args: list[str], sentence: str
) -> None:
    said = deskhand("settings", *args)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
    assert said.err.count("\n") == 1
