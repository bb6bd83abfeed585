"""The desk itself: help, Home, settings, status, and how errors reach people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from slack_bolt.async_app import AsyncApp

from domain import jobs, merchants, sources
from domain.complaints import queries as complaints
from domain.definitions import DEFINITIONS
from domain.errors import DeskhandError, Invalid
from domain.fulfilment import queries as fulfilment
from domain.orders import checks
from domain.people import Can
from domain.refunds import queries as refunds
from domain.refunds import reconciliation
from domain.returns import queries as returns
from domain.shipping import queries as shipping
from handlers import commands, people
from handlers.turn import Payload, Turn


class Incomplete(Invalid):
    """A command that lacks something, or says something else than it takes."""


def register(app: AsyncApp) -> None:
    """Listen to `/deskhand`, the Home tab, and the settings form."""
    app.command("/deskhand")(desk)
    app.event("app_home_opened")(open_home)
    app.action("desk.retry")(retry)
    app.action("person.back")(back)
    app.view("desk.settings")(save_settings)


async def desk(turn: Turn) -> None:
    """`/deskhand [help|settings|status|away|back]`."""
    match turn.words:
        case [] | ["help"]:
            await help_with(turn, None)
        case ["settings"]:
            await _settings_form(turn)
        case ["status"]:
            turn.member.must(Can.LOOK)
            await turn.answer("desk/status", **await _state(turn))
        case ["away", *words]:
            await people.away(turn, words)
        case ["back"]:
            await people.back(turn)
        case [word, *_]:
            raise Incomplete(
                f"/deskhand doesn't know “{word[:40]}”. It knows help, settings, status, away "
                "and back."
            )


async def help_with(turn: Turn, name: str | None) -> None:
    """Explain one command, or all of them, with examples."""
    known = (commands.command(name),) if name else commands.COMMANDS
    await turn.answer("desk/help", command=name, commands=known)


async def open_home(turn: Turn) -> None:
    """Show the Home tab: what waits for somebody, and what went wrong."""
    if turn.body["event"].get("tab") == "home":
        await publish_home(turn)


async def publish_home(turn: Turn) -> None:
    """Draw the Home tab of this person anew."""
    view = turn.render("desk/home", **await _state(turn))
    await turn.client.views_publish(user_id=turn.member.member_id, view=view)


async def retry(turn: Turn) -> None:
    """Give the parked jobs, or one of them, another try."""
    turn.member.must(Can.SETTLE)
    async with turn.write() as work:
        await jobs.revive(work.session, turn.now, int(turn.value) if turn.value else None)
        work.enqueued = True
    await turn.ack()
    await publish_home(turn)


async def back(turn: Turn) -> None:
    """Be called again, from the Home tab, which says so."""
    await people.come_back(turn)
    await turn.ack()
    await publish_home(turn)


async def save_settings(turn: Turn) -> None:
    """Keep what the settings form says; nothing is kept if one value can't be."""
    turn.member.must(Can.SETTLE)
    async with turn.write() as work:
        current = merchants.as_text(await merchants.settings(work.session))
        for key in DEFINITIONS:
            said = turn.field(key) or ""
            if said != current[key]:
                with at_field(key):
                    await (
                        merchants.change_setting(work, key, said)
                        if said
                        else merchants.unset(work, key)
                    )
    await turn.answer("desk/done", sentence="The settings are saved.")


@contextmanager
def at_field(block: str) -> Iterator[None]:
    """Say of an error in here that it belongs to this field of the form."""
    try:
        yield
    except DeskhandError as error:
        error.field = block
        raise


async def _settings_form(turn: Turn) -> None:
    turn.member.must(Can.SETTLE)
    async with turn.read() as session:
        values = merchants.as_text(await merchants.settings(session))
    await turn.form("desk/settings_form", keep={}, values=values, definitions=DEFINITIONS)


async def _state(turn: Turn) -> Payload:
    admin = turn.member.may(Can.SETTLE)
    async with turn.read() as session:
        settings = await merchants.settings(session)
        waiting, refunds_total = await refunds.waiting(session)
        unresolved, complaints_total = await complaints.unresolved(session)
        snoozed, snoozed_total = await complaints.snoozed(session)
        _, late_total = await shipping.late(session, turn.now)
        alerts, alerts_total = await shipping.in_hands_of(session, turn.member.member_id)
        known = await sources.every(session)
        return {
            "member": turn.member,
            "away": turn.member.is_away(turn.now),
            "now": turn.now,
            "pending_total": await checks.count(session),
            "refunds": waiting,
            "refunds_total": refunds_total,
            "complaints": unresolved,
            "complaints_total": complaints_total,
            "snoozed": snoozed,
            "snoozed_total": snoozed_total,
            "late_total": late_total,
            "alerts": alerts,
            "alerts_total": alerts_total,
            "warehouse": await fulfilment.waiting(session) if turn.member.may(Can.SHIP) else None,
            "reconciliations": await reconciliation.latest(session),
            "returns": await returns.waiting(session),
            "sources": known,
            "ill": [one for one in known if not one.is_well(turn.now)],
            "jobs": await jobs.counts(session),
            "dead": await jobs.dead(session) if admin else [],
            "missing": merchants.unset_channels(settings) if admin else (),
        }
