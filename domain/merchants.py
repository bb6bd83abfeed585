"""The merchant (a workspace) and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from sqlalchemy import UniqueConstraint, select
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain import jobs
from domain.definitions import DEFINITIONS
from domain.errors import DeskhandError, UnknownSetting
from domain.events import Kind
from domain.money import Money, exponent
from domain.store import Work
from domain.tables import Base, Id, Json, Owned, upsert


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


def unset_channels(settings: Settings) -> tuple[str, ...]:
    """Return the channel settings without which alerts reach nobody."""
    channels = (key for key in DEFINITIONS if key.startswith("channel."))
    own = (key for key in channels if key.removeprefix("channel.") not in _LIKE)
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
