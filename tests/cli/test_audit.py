"""`deskhand audit export` and `deskhand audit verify`."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.work.clock import Clock
from domain import merchants
from domain.events import Event, Kind
from domain.record import GENESIS
from domain.refunds import paying
from domain.refunds import service as refunds
from domain.refunds.model import Reason
from domain.store import Store
from tests.cli.conftest import Deskhand
from tests.domain.desk import AGENT, APPROVER, Desk, asking

DAY = timedelta(days=1)
COLUMNS = (
    "position,event_id,at,actor,kind,subject,subject_id,order_number,why,policy,policy_version,"
    "amount,currency,details,digest"
)
BUYER = {"buyer_name": "Zacharias Quetzal", "buyer_email": "quetzal@secret.example"}


@pytest.fixture
def month(database_url: str, now: datetime) -> str:
    """A database in which a refund was asked for, approved a day later, and not sealed the next."""

    async def happen() -> None:
        desk, store = await _desk(database_url, now)
        order_id = await desk.order(number="1042", **BUYER)
        ask = asking(1250, reason=Reason.OTHER, note="=1+1 “lid”, cracked\nand dented")
        refund = await desk.request(order_id, ask)
        async with store.write(desk.merchant_id, now=now + DAY, actor=APPROVER.member_id) as work:
            await refunds.approve(work, APPROVER, refund.id)
        await Clock(store, lambda: now).seal(now)
        async with store.write(desk.merchant_id, now=now + 2 * DAY, actor="worker") as work:
            await paying.submit(work, refund.id, "stripe")
        await store.close()

    asyncio.run(happen())
    return database_url


def test_the_export_says_who_decided_what_when_why_and_how_much(
    deskhand_on_both: Deskhand, month: str
) -> None:
    del month
    said = deskhand_on_both("audit", "export")
    assert said.code == 0
    assert said.out.splitlines()[0] == COLUMNS
    received, asked, approved, submitted = csv.DictReader(io.StringIO(said.out, newline=""))
    assert (received["actor"], received["amount"], received["why"]) == ("import", "", "")
    assert received["details"] == '{"source":"shopify"}'
    assert asked["at"] == "2026-11-24T09:30:00.000000+00:00"
    assert (asked["position"], asked["actor"], asked["kind"]) == (
        "2",
        AGENT.member_id,
        "RefundRequested",
    )
    # A spreadsheet must not take it for a formula.
    assert asked["why"] == "'=1+1 “lid”, cracked\nand dented"
    assert (asked["amount"], asked["currency"], asked["order_number"]) == ("12.50", "USD", "1042")
    assert (asked["policy"], asked["policy_version"]) == ("needs one approver", "1")
    assert approved["policy_version"] == "1"
    assert json.loads(asked["details"]) == {"state": "awaiting_approval", "reason": "other"}
    assert (approved["actor"], approved["kind"]) == (APPROVER.member_id, "RefundApproved")
    assert (submitted["position"], submitted["digest"]) == ("", "")
    assert said.err == (
        f"4 events exported. Keep elsewhere, for `audit verify --anchor`: {approved['digest']}\n"
    )


def test_nothing_of_the_buyer_is_exported(deskhand_on_both: Deskhand, month: str) -> None:
    del month
    for kind in ("csv", "jsonl"):
        out = deskhand_on_both("audit", "export", "--format", kind).out.casefold()
        assert "quetzal" not in out


def test_json_lines_hold_all_that_is_needed_to_check_the_chain(
    deskhand_on_both: Deskhand, month: str
) -> None:
    del month
    lines = deskhand_on_both("audit", "export", "--format", "jsonl").out.splitlines()
    *sealed, waiting = [json.loads(line) for line in lines]
    previous = GENESIS
    for line in sealed:
        digest = line.pop("digest")
        assert line.pop("order_number") == "1042"
        said = json.dumps(line, sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(f"{previous}\n{said}".encode()).hexdigest() == digest
        previous = digest
    assert (waiting["kind"], waiting["position"], waiting["digest"]) == (
        "RefundSubmitted",
        None,
        None,
    )
    assert sealed[1]["why"] == "=1+1 “lid”, cracked\nand dented"
    assert sealed[1]["data"]["amount"] == 1250


@pytest.mark.parametrize(
    ("days", "kinds"),
    [
        (("2026-11-24", "2026-11-24"), ["OrderReceived", "RefundRequested"]),
        (("2026-11-25", "2026-11-26"), ["RefundApproved", "RefundSubmitted"]),
        (("2026-11-25", None), ["RefundApproved", "RefundSubmitted"]),
        ((None, "2026-11-23"), []),
        (
            ("0001-01-01", "9999-12-31"),
            ["OrderReceived", "RefundRequested", "RefundApproved", "RefundSubmitted"],
        ),
    ],
)
def test_days_are_utc_and_both_are_included(
    deskhand_on_both: Deskhand, month: str, days: tuple[str | None, str | None], kinds: list[str]
) -> None:
    del month
    given = [
        part
        for option, day in zip(("--from", "--to"), days, strict=True)
        if day
        for part in (option, day)
    ]
    said = deskhand_on_both("audit", "export", *given)
    rows = list(csv.DictReader(io.StringIO(said.out, newline="")))
    assert said.code == 0
    assert [row["kind"] for row in rows] == kinds


def test_an_empty_export_is_a_header_alone(deskhand: Deskhand) -> None:
    said = deskhand("audit", "export")
    assert (said.code, said.out, said.err) == (0, f"{COLUMNS}\n", "0 events exported.\n")
    said = deskhand("audit", "export", "--format", "jsonl")
    assert (said.code, said.out, said.err) == (0, "", "0 events exported.\n")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["export", "--from", "yesterday"], "“yesterday” is not a date like 2026-11-30."),
        (["export", "--to", "2026-11-31"], "“2026-11-31” is not a date like 2026-11-30."),
        (["export", "--to", "30/11/2026"], "“30/11/2026” is not a date like 2026-11-30."),
        (
            ["export", "--from", "2026-11-30", "--to", "2026-11-01"],
            "--to 2026-11-01 is before --from 2026-11-30.",
        ),
        (["export", "--format", "xml"], "'xml' is not one of 'csv', 'jsonl'."),
        (["--order", "1042", "export"], "--order and --limit don't go with export."),
        (["--limit", "50", "verify"], "--order and --limit don't go with verify."),
        (["verify", "--anchor", "5f70"], "--anchor is a digest of 64 hexadecimal digits"),
    ],
)
def test_misuse_is_said_in_one_line(deskhand: Deskhand, args: list[str], sentence: str) -> None:
    said = deskhand("audit", *args)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
    assert said.err.count("\n") == 1


def test_a_file_is_written_in_full_or_left_as_it_was(
    deskhand_on_both: Deskhand, month: str, folder: Path
) -> None:
    said = deskhand_on_both("audit", "export", "--output", "november.csv")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("4 events exported. Keep elsewhere, ")
    written = (folder / "november.csv").read_bytes()
    assert written.decode().startswith(COLUMNS)
    if month.startswith("sqlite"):
        _execute(month, "UPDATE events SET data = '{' WHERE position = 3")
        said = deskhand_on_both("audit", "export", "--output", "november.csv")
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith("An event can't be read any more: it was changed.")
        assert (folder / "november.csv").read_bytes() == written
    assert [path.name for path in folder.glob("november*")] == ["november.csv"]


def test_a_file_that_cannot_be_written_is_said(deskhand: Deskhand) -> None:
    said = deskhand("audit", "export", "--output", "no/such/folder.csv")
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        "no/such/folder.csv can't be written: No such file or directory. Name another file with "
        "--output.\n"
    )


def test_a_reader_that_has_had_enough_is_no_error(sqlite_url: str, folder: Path) -> None:
    asyncio.run(_many(sqlite_url, 5_000))
    command = f"{Path(sys.executable).with_name('deskhand')} audit export | head -n 1"
    done = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "DATABASE_URL": sqlite_url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{COLUMNS}\n", "")


def test_a_long_record_is_exported_line_by_line(
    deskhand_on_both: Deskhand, database_url: str
) -> None:
    asyncio.run(_many(database_url, 5_001))
    said = deskhand_on_both("audit", "export", "--format", "jsonl")
    assert said.out.count("\n") == 5_001
    assert said.err.startswith("5,001 events exported.")


def test_an_unbroken_record_is_said_to_be_so(deskhand_on_both: Deskhand, month: str) -> None:
    del month
    said = deskhand_on_both("audit", "verify")
    assert (said.code, said.err) == (0, "")
    unbroken, keep, unsealed = said.out.splitlines()
    assert unbroken == "3 events, unbroken from 2026-11-24 09:30:00 to 2026-11-25 09:30:00 UTC."
    assert unsealed == (
        "1 event not sealed yet: `deskhand serve` seals what is new every few seconds."
    )
    anchor = keep.removeprefix("Keep elsewhere, for `audit verify --anchor`: ")
    assert deskhand_on_both("audit", "verify", "--anchor", anchor.upper()).code == 0


def test_nothing_sealed_is_no_error(deskhand: Deskhand) -> None:
    said = deskhand("audit", "verify")
    assert (said.code, said.out) == (0, "0 events: nothing is sealed yet.\n")


#: A dearer refund, an approval that nobody gave, and events that changed places.
_DEARER = "UPDATE events SET data = {changed} WHERE position = 2"
_INSERTED = (
    "INSERT INTO events (merchant_id, kind, at, actor, subject, subject_id, data, position, digest)"
    " SELECT merchant_id, 'RefundApproved', at, 'U0EVIL', 'refund', 7, data, 4, digest"
    " FROM events WHERE position = 3"
)
_SWAPPED = (
    "UPDATE events SET position = -2 WHERE position = 2",
    "UPDATE events SET position = 2 WHERE position = 3",
    "UPDATE events SET position = 3 WHERE position = -2",
)


@pytest.mark.parametrize(
    ("tampering", "sentence"),
    [
        (
            "UPDATE events SET actor = 'U0EVIL' WHERE position = 2",
            "Event 2 (RefundRequested of refund 1, 2026-11-24 09:30:00 UTC), at position 2, was changed after it was sealed.",
        ),
        (
            _DEARER,
            "Event 2 (RefundRequested of refund 1, 2026-11-24 09:30:00 UTC), at position 2, was changed after it was sealed.",
        ),
        (
            _INSERTED,
            "Event 5 (RefundApproved of refund 7, 2026-11-25 09:30:00 UTC), at position 4, was inserted: Deskhand did not seal it there.",
        ),
        (
            _SWAPPED,
            "Event 3 (RefundApproved of refund 1, 2026-11-25 09:30:00 UTC), at position 2, was inserted or moved there: Event 2 (RefundRequested of refund 1, 2026-11-24 09:30:00 UTC) is what fits in its place.",
        ),
        (
            "DELETE FROM events WHERE position = 2",
            "What was sealed at position 2 was removed: Event 3 (RefundApproved of refund 1, 2026-11-25 09:30:00 UTC) follows, at 3.",
        ),
        (
            "DELETE FROM events WHERE position = 3",
            "The newest events were removed: 3 were sealed, and the record ends at position 2.",
        ),
    ],
)
def test_a_tampered_record_fails_with_where_it_shows(
    deskhand_on_both: Deskhand, month: str, tampering: str | Sequence[str], sentence: str
) -> None:
    for statement in (tampering,) if isinstance(tampering, str) else tampering:
        changed = "REPLACE(CAST(data AS TEXT), '1250', '9950')"
        if not month.startswith("sqlite"):
            changed = f"CAST({changed} AS JSONB)"
        _execute(month, statement.format(changed=changed))
    said = deskhand_on_both("audit", "verify")
    assert (said.code, said.out) == (1, "")
    assert said.err == f"{sentence} Compare it with an earlier export or a backup.\n"


def test_an_anchor_that_is_not_in_the_record_fails(deskhand: Deskhand) -> None:
    said = deskhand("audit", "verify", "--anchor", "a" * 64)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"No event carries the digest {'a' * 64}: the record was rewritten")


async def _desk(url: str, now: datetime) -> tuple[Desk, Store]:
    store = Store(url)
    async with store.across(write=True) as session:
        merchant = await merchants.sole(session, now)
    return Desk(store, merchant.id, now), store


async def _many(url: str, count: int) -> None:
    desk, store = await _desk(url, datetime(2026, 11, 24, tzinfo=UTC))
    event: dict[str, Any] = {
        "kind": Kind.STORM_GREW,
        "at": desk.now,
        "actor": "clock",
        "subject": "storm",
        "subject_id": 1,
        "data": {"trouble": "delayed"},
    }
    async with desk.work("clock") as work:
        await work.insert(Event, [event] * count)
    await Clock(store, lambda: desk.now).seal(desk.now)
    await store.close()


def _execute(url: str, statement: str) -> None:
    async def run() -> None:
        store = Store(url)
        async with store.across(write=True) as session:
            await session.execute(text(statement))
        await store.close()

    asyncio.run(run())
