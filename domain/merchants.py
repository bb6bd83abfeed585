"""The merchant (a workspace) and its settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from sqlalchemy import UniqueConstraint, select
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain import jobs
from domain.errors import DeskhandError, UnknownSetting
from domain.events import Kind
from domain.money import Money, exponent
from domain.payouts import fees
from domain.shipping import statuses
from domain.store import Work
from domain.tables import Base, Id, Json, Owned, upsert

#: No rule confirms orders.
OFF = "off"

ROLES = ("agent", "approver", "warehouse", "finance", "admin")


class WrongWorkspace(DeskhandError):
    """The desk belongs to another workspace already."""

    def __init__(self) -> None:
        super().__init__(
            "This Deskhand serves another workspace. Install it here with its own bot token."
        )


class Merchant(Base):
    """A seller; bound to its workspace's id on first contact.

    `policy_version` counts the changes of what its refunds are judged by, from 1.
    """

    __tablename__ = "merchants"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    team_id: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    policy_version: Mapped[int] = mapped_column(default=1)


class Setting(Owned, Base):
    """One setting of a merchant, as JSON."""

    __tablename__ = "settings"
    __table_args__ = (UniqueConstraint("merchant_id", "key"),)

    key: Mapped[str]
    value: Mapped[Any] = mapped_column(Json)


async def sole(session: AsyncSession, now: datetime) -> Merchant:
    """Return the one merchant there is with a single bot token, made when missing."""
    first = select(Merchant).order_by(Merchant.id).limit(1)
    merchant = await session.scalar(first)
    if merchant is None:
        await _keep_others_out(session)
        merchant = await session.scalar(first)
    if merchant is None:
        merchant = Merchant(team_id=None, name="", created_at=now)
        session.add(merchant)
        await session.flush()
    return merchant


async def bind(session: AsyncSession, team_id: str, name: str, now: datetime) -> Merchant:
    """Tie the sole merchant to its workspace on first contact.

    Raises:
        WrongWorkspace: it is tied to another one.
    """
    merchant = await sole(session, now)
    if merchant.team_id is None:
        await session.refresh(merchant, with_for_update=True)
    if merchant.team_id is None:
        merchant.team_id = team_id
        merchant.name = name
    elif merchant.team_id != team_id:
        raise WrongWorkspace
    return merchant


async def _keep_others_out(session: AsyncSession) -> None:
    """Let no other replica make a merchant meanwhile; SQLite has one writer as it is."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(sql("LOCK TABLE merchants IN SHARE ROW EXCLUSIVE MODE"))


def _channel(text: str) -> str:
    found = re.fullmatch(r"(?:<#)?([CG][A-Z0-9]{2,})(?:\|[^>]*)?>?", text.strip())
    if not found:
        raise UnknownSetting(
            f"“{text[:40]}” is not a channel's id, which looks like C0123456789. It stands at "
            "the bottom of the channel's details."
        )
    return found[1]


def _amounts(text: str) -> dict[str, str]:
    """Read `20.00`, `20.00 USD` or `20.00 USD, 18.00 EUR` into amounts by currency or `*`."""
    amounts: dict[str, str] = {}
    for part in re.split(r",\s+|;", text):
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(?:\s*([A-Z]{3}))?", part.strip().upper())
        if not found or (found[2] or "*") in amounts:
            # 20,00 may mean twenty or two thousand: a limit is too dear for a guess.
            raise UnknownSetting(
                f"“{text[:40]}” is not an amount like 20.00 USD, or several of them, with a "
                "point before the cents and a comma and a space in between."
            )
        amounts[found[2] or "*"] = str(Money.of(found[1], found[2] or "USD").decimal)
    return amounts


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,4}", text.strip()) or not least <= int(text) <= most:
            raise UnknownSetting(f"“{text[:40]}” is not a whole number from {least} to {most}.")
        return int(text)

    return read


def _callable(text: str) -> list[str]:
    """Read members and user groups, by id or as Slack writes a mention of them."""
    parts = text.replace(",", " ").split()
    found = [_CALLED.fullmatch(part) for part in parts]
    if not 0 < len(parts) <= _MOST_CALLED or not all(found):
        raise UnknownSetting(
            f"“{text[:40]}” does not say who is called. Give up to {_MOST_CALLED} members' or "
            "user groups' ids, like U0123456789 S0123456789. A member's stands in their profile's "
            "menu, a group's in its own."
        )
    return list(dict.fromkeys(one["id"] for one in found if one))


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.strip().lower() not in words:
            raise UnknownSetting(f"“{text[:40]}” is not one of {', '.join(words)}.")
        return text.strip().lower()

    return read


def _countries(text: str) -> list[str]:
    codes = text.upper().replace(",", " ").split()
    if not codes or not all(re.fullmatch(r"[A-Z]{2}", code) for code in codes):
        raise UnknownSetting(
            f"“{text[:40]}” does not name countries. Give their codes of two letters, like US CA."
        )
    return list(dict.fromkeys(codes))


def _country(text: str) -> str:
    codes = _countries(text)
    if len(codes) > 1:
        raise UnknownSetting(f"“{text[:40]}” names several countries. Give one, like US.")
    return codes[0]


def _line(text: str) -> str:
    line = " ".join(text.split())
    if not 0 < len(line) <= _LONGEST_LINE:
        raise UnknownSetting(
            f"“{line[:40]}” is no line of an address. Give 1 to {_LONGEST_LINE} letters."
        )
    return line


def _role(text: str) -> str:
    if text.strip() not in ROLES:
        raise UnknownSetting(f"“{text[:40]}” is not a role. Roles are {', '.join(ROLES)}.")
    return text.strip()


#: An id has a digit, which tells it from a word in capitals.
_CALLED = re.compile(
    r"(?:<@|<!subteam\^)?(?P<id>[UWS](?=[A-Z]*[0-9])[A-Z0-9]{2,30})(?:\|[^>\s]*)?>?"
)
#: More than this is a channel's worth of people, and no longer somebody's job.
_MOST_CALLED = 10
#: What carriers print of a line of an address at most.
_LONGEST_LINE = 60
#: Levels that have somebody of their own to call; those above call the last one's.
CALLED_LEVELS = 3


@dataclass(frozen=True, slots=True)
class Definition:
    """What a setting means, how it is read, and what holds until it is set."""

    meaning: str
    read: Callable[[str], Any]
    default: Any = None


DEFINITIONS = {
    **{
        f"channel.{concept}": Definition(f"where {what} are posted", _channel)
        for concept, what in {
            "orders": "new orders",
            "refunds": "refund approvals",
            "complaints": "complaints",
            "shipping": "parcels in trouble",
            "returns": "returns",
            "stock": "low stock and oversell risks",
            "reports": "reports and digests",
        }.items()
    },
    "order.auto_confirm": Definition(
        "which new orders are confirmed by themselves: off, or clean for those without findings",
        _one_of(OFF, "clean"),
        OFF,
    ),
    "order.auto_confirm_below": Definition(
        "orders above this amount are never confirmed by themselves", _amounts, {}
    ),
    "order.price_tolerance": Definition(
        "percent by which a price may be below its list price", _whole(0, 100), 10
    ),
    "order.most_units": Definition(
        "how many of one product are still a usual order", _whole(1, 9999), 20
    ),
    "order.most_value": Definition("up to which total an order is usual", _amounts, {}),
    "order.ship_to": Definition("countries that are shipped to, all if empty", _countries, []),
    "order.announce_minutes": Definition(
        "minutes for which new orders share one message", _whole(1, 240), 15
    ),
    "refund.auto_limit": Definition("refunds up to this amount need no approver", _amounts, {}),
    "refund.two_approvers_above": Definition(
        "refunds above this amount need two different approvers", _amounts, {}
    ),
    "refund.daily_cap": Definition(
        "what one person's refunds without an approver may add up to in 24 hours", _amounts, {}
    ),
    "refund.remind_after_hours": Definition(
        "hours until the approvers are reminded of a refund", _whole(1, 720), 4
    ),
    "refund.fallback_after_hours": Definition(
        "hours until a refund that nobody decided is passed on", _whole(1, 720), 24
    ),
    "refund.expires_after_hours": Definition(
        "hours until a refund that nobody decided expires", _whole(1, 720), 72
    ),
    "refund.approvers": Definition("who is mentioned in the reminder", _callable, []),
    "refund.fallback": Definition("who is called when nobody decided", _callable, []),
    "complaint.answer_within_hours": Definition(
        "hours until a complaint that nobody acknowledged escalates", _whole(1, 240), 24
    ),
    "complaint.resolve_within_hours": Definition(
        "hours until a complaint that is not resolved escalates", _whole(1, 720), 72
    ),
    "complaint.levels": Definition("how many levels a complaint can escalate", _whole(1, 5), 3),
    **{
        f"complaint.level_{level}": Definition(
            f"who is called when a complaint reaches level {level}", _callable, []
        )
        for level in range(1, CALLED_LEVELS + 1)
    },
    # What a buyer in the EU has, from delivery, to withdraw from a purchase at a distance: Directive
    # 2011/83/EU, Article 9, https://eur-lex.europa.eu/eli/dir/2011/83/oj
    "order.inspection_days": Definition(
        "days after delivery until an order with nothing open is completed", _whole(1, 120), 14
    ),
    "payout.fees": Definition("what each sales channel keeps of an order", fees.read, []),
    # What it comes to when a fee is rounded once an item, and not once an order.
    "payout.tolerance": Definition(
        "by how much a payout may differ from what was expected", _amounts, {"*": "0.05"}
    ),
    # Two weeks, as settlements usually span.
    "payout.due_days": Definition(
        "days after its completion by which an order is to be paid out", _whole(1, 90), 14
    ),
    "shipping.silent_after_days": Definition(
        "days without a scan after which a carrier counts as silent", _whole(1, 60), 5
    ),
    "shipping.carrier_statuses": Definition(
        "what the words of carriers without a partner mean", statuses.read, []
    ),
    "shipping.stuck_after_days": Definition(
        "days of scans in one place after which a parcel counts as stuck", _whole(1, 60), 3
    ),
    "shipping.alert_answer_within_hours": Definition(
        "hours until an alert that nobody took in hand is reminded of", _whole(1, 240), 4
    ),
    "shipping.escalate_to": Definition(
        "who is called when nobody took an alert in hand", _callable, []
    ),
    "shipping.valuable_above": Definition(
        "orders above this amount are claimed from the carrier first", _amounts, {"*": "100.00"}
    ),
    "shipping.ship_by_warning_hours": Definition(
        "hours before ship-by at which the warehouse is warned", _whole(1, 96), 6
    ),
    "shipping.pick_list_orders": Definition(
        "how many orders one pick list holds at most", _whole(1, 50), 20
    ),
    **{
        f"shipping.sender_{part}": Definition(f"the sender’s {what}, for labels", _line)
        for part, what in {
            "name": "name",
            "street": "street and number",
            "city": "city",
            "region": "state or region, where addresses have one",
            "postcode": "postcode",
            "phone": "phone number",
        }.items()
    },
    "shipping.sender_country": Definition("the sender’s country, for labels", _country),
    "shipping.parcel_weight_grams": Definition(
        "grams that a parcel usually weighs, for labels", _whole(1, 9999), 500
    ),
    "return.answer_within_hours": Definition(
        "hours within which a return request is to be answered", _whole(1, 240), 48
    ),
    "return.expires_after_days": Definition(
        "days until an authorised return that never came expires", _whole(1, 365), 30
    ),
    "return.refund_within_days": Definition(
        "business days within which a return that arrived is to be refunded", _whole(1, 30), 2
    ),
    "return.overdue": Definition(
        "who is called when the refund of a return is overdue", _callable, []
    ),
    "people.default_role": Definition("the role of people nobody gave one", _role),
}


#: The settings that make up the refund policy, whose changes are counted.
_POLICY = "refund."
#: Concepts that are posted where another one is, as long as they have no channel of their own.
_LIKE = {"returns": "refunds", "stock": "shipping", "reports": "refunds"}


@dataclass(frozen=True, slots=True)
class Settings:
    """A merchant's settings, with the defaults where nothing is set.

    `policy_version` is the number of the refund policy that they are.
    """

    values: dict[str, Any]
    policy_version: int = 1

    def __getitem__(self, key: str) -> Any:
        return self.values.get(key, DEFINITIONS[key].default)

    def channel(self, concept: str) -> str | None:
        """Return where a concept is posted: in its own channel, else where its like is."""
        own = self[f"channel.{concept}"]
        if own is None and concept in _LIKE:
            own = self[f"channel.{_LIKE[concept]}"]
        return own if own is None else str(own)

    def posted_in(self, channel: str) -> list[str]:
        """Return the concepts that are posted in this channel."""
        keys = (key for key in DEFINITIONS if key.startswith("channel."))
        concepts = (key.removeprefix("channel.") for key in keys)
        return [concept for concept in concepts if self.channel(concept) == channel]

    def amount(self, key: str, currency: str) -> Money | None:
        """Return the setting's amount in this currency, None where it has none.

        What was set for any currency is cut to the digits that this one has.
        """
        amounts = self[key]
        amount = amounts.get(currency, amounts.get("*"))
        if amount is None:
            return None
        digits = Decimal(1).scaleb(-exponent(currency))
        return Money.of(Decimal(amount).quantize(digits, ROUND_DOWN), currency)


async def settings(session: AsyncSession) -> Settings:
    """Read all of the merchant's settings, and the policy's version, in one query.

    Two would see two moments, and a refund be kept with a version it was not judged under.
    """
    rows = (
        await session.execute(
            select(Merchant.policy_version, Setting.key, Setting.value)
            .outerjoin(Setting, Setting.merchant_id == Merchant.id)
            .where(Merchant.id == session.info["merchant_id"])
        )
    ).all()
    values = {key: value for _, key, value in rows if key is not None}
    return Settings(values, rows[0].policy_version if rows else 1)


async def change_setting(work: Work, key: str, text: str) -> Any:
    """Set one setting from what a person typed; returns the value kept.

    Raises:
        UnknownSetting: there is no such setting, or it does not take this value.
    """
    if key not in DEFINITIONS:
        raise _no_such(key)
    value = DEFINITIONS[key].read(text)
    policy = await _policy_with(work, key)
    statement = upsert(work.session, Setting).values(
        merchant_id=work.merchant_id, key=key, value=value
    )
    setting_id = await work.session.scalar(
        statement.on_conflict_do_update(
            index_elements=["merchant_id", "key"], set_={"value": statement.excluded.value}
        ).returning(Setting.id)
    )
    row = await work.session.get_one(Setting, setting_id)
    work.record(Kind.SETTING_CHANGED, row, order_id=None, key=key, value=value, **_next(policy))
    if key.startswith("channel."):
        # What could not be posted for want of this channel is posted now.
        concept = key.removeprefix("channel.")
        for lane in (concept, *(one for one, like in _LIKE.items() if like == concept)):
            await jobs.revive(work.session, work.now, lane=lane)
    return value


async def unset(work: Work, key: str) -> None:
    """Go back to a setting's default; raises `UnknownSetting` if there is no such setting."""
    if key not in DEFINITIONS:
        raise _no_such(key)
    policy = await _policy_with(work, key)
    row = await work.session.scalar(select(Setting).where(Setting.key == key))
    if row is not None:
        work.record(Kind.SETTING_CHANGED, row, order_id=None, key=key, value=None, **_next(policy))
        await work.session.delete(row)


def as_text(settings: Settings) -> dict[str, str]:
    """Return each setting as a person would type it, empty where there is none."""
    return {key: _typed(settings[key]) for key in DEFINITIONS}


#: What is posted so far; the other channels wait for their alerts.
_POSTED = (
    "channel.orders",
    "channel.refunds",
    "channel.complaints",
    "channel.shipping",
    "channel.returns",
    "channel.stock",
    "channel.reports",
)


def in_use() -> dict[str, Definition]:
    """Return the settings that change something today, for a form."""
    return {
        key: definition
        for key, definition in DEFINITIONS.items()
        if key in _POSTED or not key.startswith("channel.")
    }


def unset_channels(settings: Settings) -> tuple[str, ...]:
    """Return the channel settings without which alerts reach nobody."""
    own = (key for key in _POSTED if key.removeprefix("channel.") not in _LIKE)
    return tuple(key for key in own if not settings[key])


async def _policy_with(work: Work, key: str) -> Merchant | None:
    """Return the merchant, whose policy changes with this setting, locked; None if it does not.

    Comes before the setting's own row is touched: whoever changes several then waits here, and
    never for somebody who waits for them. Rows that refer to the merchant can still be written.
    """
    if not key.startswith(_POLICY):
        return None
    return await work.session.scalar(
        select(Merchant)
        .where(Merchant.id == work.merchant_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def _next(policy: Merchant | None) -> dict[str, Any]:
    """Begin the policy's next version; returns what the event says of it."""
    if policy is None:
        return {}
    policy.policy_version += 1
    return {"policy_version": policy.policy_version}


def _typed(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(
            amount if currency == "*" else f"{amount} {currency}"
            for currency, amount in sorted(value.items())
        )
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else str(value)


def _no_such(key: str) -> UnknownSetting:
    return UnknownSetting(f"There is no setting {key[:60]}. Settings are {', '.join(DEFINITIONS)}.")
