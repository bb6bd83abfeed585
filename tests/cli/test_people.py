"""`deskhand people`."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Deskhand


def test_somebody_is_given_a_role_and_a_limit(deskhand_on_both: Deskhand) -> None:
    said = deskhand_on_both(
        "people", "set", "U0123", "approver", "--limit", "500.00", "--currency", "USD"
    )
    assert (said.code, said.out) == (0, "U0123 is approver now, with a limit of 500.00 USD.\n")
    deskhand_on_both("people", "set", "U0123", "approver", "--limit", "450", "--currency", "eur")
    deskhand_on_both("people", "set", "U0999", "agent")
    lines = deskhand_on_both("people").out.splitlines()
    assert [line.split(maxsplit=2) for line in lines] == [
        ["MEMBER", "ROLE", "LIMITS                  AWAY  NAME"],
        ["U0999", "agent"],
        ["U0123", "approver", "450.00 EUR, 500.00 USD"],
    ]


def test_a_role_is_taken_away_and_both_stand_in_the_log(deskhand: Deskhand) -> None:
    deskhand("people", "set", "U0123", "agent")
    assert deskhand("people", "remove", "U0123").code == 0
    assert "Nobody has a role yet" in deskhand("people", "list").out
    log = deskhand("audit").out.splitlines()
    assert [line.split()[2:4] for line in log[1:]] == [["console", "PersonChanged"]] * 2


def test_somebody_is_away_with_a_deputy_and_back(deskhand_on_both: Deskhand) -> None:
    deskhand_on_both("people", "set", "U0123", "approver")
    deskhand_on_both("people", "set", "U0456", "admin")
    said = deskhand_on_both("people", "away", "U0123", "--until", "9000-12-01")
    assert said.out == "U0123 is away until 9000-12-01. Nobody is called instead.\n"
    said = deskhand_on_both("people", "away", "U0123", "--until", "9000-12-02", "--deputy", "U0456")
    assert (said.out, said.err) == (
        "U0123 is away until 9000-12-02. U0456 is called instead.\n",
        "",
    )
    assert "until 9000-12-02, U0456 is called" in deskhand_on_both("people").out
    assert deskhand_on_both("people", "back", "U0123").out == "U0123 is called again.\n"
    assert "until" not in deskhand_on_both("people").out


def test_a_deputy_who_can_not_do_the_same_is_warned_of(deskhand: Deskhand) -> None:
    deskhand("people", "set", "U0456", "agent")
    said = deskhand(
        *("people", "away", "U0BOSS", "--until", "9000-12-01", "--deputy", "U0456"),
        DESKHAND_ADMINS="U0BOSS",
    )
    assert said.code == 0
    assert "U0456's role does not let them decide refunds, which U0BOSS is called for." in said.err
    shown = deskhand("people", DESKHAND_ADMINS="U0BOSS").out
    assert "until 9000-12-01, U0456 is called" in shown


def test_admins_by_configuration_are_shown(deskhand: Deskhand) -> None:
    shown = deskhand("people", DESKHAND_ADMINS="U0BOSS").out
    assert shown.splitlines()[1].split() == ["U0BOSS", "admin", "by", "DESKHAND_ADMINS"]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["set", "U0123", "boss"], "“boss” is not a role. Roles are agent, approver,"),
        (["set", "bob", "agent"], "“bob” is not a member id like U0123456789"),
        (["set", "U0123"], "Missing argument 'ROLE'"),
        (["set", "U0123", "approver", "--limit", "5"], "--limit needs its currency"),
        (["set", "U0123", "approver", "--currency", "USD"], "--currency belongs to a limit"),
        (
            ["set", "U0123", "approver", "--limit", "5", "--currency", "dollars"],
            "“dollars” is not a currency",
        ),
        (
            ["set", "U0123", "approver", "--limit", "1.2.3", "--currency", "USD"],
            "“1.2.3” can't be used as an amount: it is not a number like 12.50.",
        ),
        (
            ["set", "U0123", "approver", "--limit", "0.005", "--currency", "USD"],
            "USD has 2 digits after the point",
        ),
        (
            ["set", "U0123", "approver", "--limit", "-5", "--currency", "USD"],
            "it must be more than zero",
        ),
        (
            ["set", "U0123", "agent", "--limit", "5", "--currency", "USD"],
            "Only an approver or admin has a limit.",
        ),
        (["away", "U0123"], "Missing option '--until'"),
        (["away", "U0123", "--until", "9000-12-01", "--deputy", "bob"], "“bob” is not a member id"),
        (["frobnicate"], "No such command 'frobnicate'. See `deskhand people --help`."),
    ],
)
def test_what_can_not_be_used_is_said_in_one_line(
    deskhand: Deskhand, args: list[str], sentence: str
) -> None:
    said = deskhand("people", *args)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert "Nobody has a role yet" in deskhand("people").out


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--until", "tomorrow"], "“tomorrow” is not a day. Give the first day back, such as"),
        (["--until", "2020-01-01"], "That time is over already."),
        (["--until", "9000-01-01", "--deputy", "U0123"], "Nobody stands in for themselves."),
    ],
)
def test_an_absence_that_makes_no_sense_is_refused(
    deskhand: Deskhand, args: list[str], sentence: str
) -> None:
    deskhand("people", "set", "U0123", "agent")
    said = deskhand("people", "away", "U0123", *args)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err


def test_somebody_without_a_role_can_not_be_away(deskhand: Deskhand) -> None:
    said = deskhand("people", "away", "U0123", "--until", "9000-01-01")
    assert (said.code, said.out) == (1, "")
    assert "U0123 has no role here." in said.err


def test_removing_somebody_without_a_role_fails(deskhand: Deskhand) -> None:
    said = deskhand("people", "remove", "U0123")
    assert said.code == 1
    assert said.err == "U0123 has no role here. `deskhand people` shows who has one.\n"
