"""Who works at the desk, what their role lets them do, and how much they may approve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.definitions import ROLES
from domain.errors import Conflict, Invalid, NoRole, RoleNeeded, UnknownSetting, either
from domain.events import Kind
from domain.merchants import settings
from domain.money import Money
from domain.store import Work
from domain.tables import Base, Id, Owned, upsert


class Can(StrEnum):
    """What a role may cover; the value completes the sentence “To … you need to be …”."""

    LOOK = "look up orders"
    REQUEST_REFUND = "ask for a refund"
    DECIDE_REFUND = "decide refunds"
    PAY_REFUND = "mark a refund as paid or failed"
    REPORT = "read reports"
    COMPLAIN = "work on complaints"
    SHIP = "work on parcels"
    RETURN = "work on returns"
    RECEIVE = "receive returns"
    STOCK = "work on stock"
    SETTLE = "change settings"


_ROLES_THAT = {
    Can.LOOK: {"agent", "approver", "warehouse", "finance", "admin"},
    Can.REQUEST_REFUND: {"agent", "approver", "finance", "admin"},
    Can.DECIDE_REFUND: {"approver", "admin"},
    Can.PAY_REFUND: {"finance", "admin"},
    # Who decides, who pays, and who answers for it: a report also says who decided how many.
    Can.REPORT: {"approver", "finance", "admin"},
    Can.COMPLAIN: {"agent", "approver", "admin"},
    Can.SHIP: {"agent", "approver", "warehouse", "admin"},
    Can.RETURN: {"agent", "approver", "admin"},
    Can.RECEIVE: {"agent", "approver", "warehouse", "admin"},
    Can.STOCK: {"agent", "approver", "warehouse", "admin"},
    Can.SETTLE: {"admin"},
}


#: What the desk calls people for; somebody's deputy should be able to do it, too.
_CALLED_FOR = (Can.DECIDE_REFUND, Can.COMPLAIN, Can.SHIP)


class CantBeAway(Invalid):
    """An absence that nobody could make sense of."""

    def __init__(self, why: str, field: str = "until") -> None:
        super().__init__(why)
        self.field = field


class CantOwn(Invalid):
    """What is given to somebody can't be given to this person."""

    field = "owner"


class OwnerAway(Conflict):
    """Nobody would look at it before they are back; names who stands in."""

    def __init__(self, owner: str, until: datetime, deputy: str | None) -> None:
        instead = f"Choose @{deputy}, who stands in, or" if deputy else "Nobody stands in: choose"
        super().__init__(f"@{owner} is away until {until:%Y-%m-%d}. {instead} somebody else.")


class Person(Owned, Base):
    """A workspace member with a role; `locale` and `tz` as the workspace tells them."""

    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("merchant_id", "member_id"),)

    member_id: Mapped[str]
    role: Mapped[str | None]
    name: Mapped[str | None]
    locale: Mapped[str | None]
    tz: Mapped[str | None]
    #: Until then nobody counts on them; `deputy` is the member who is called instead.
    away_until: Mapped[datetime | None]
    deputy: Mapped[str | None]
    limits: Mapped[list[Limit]] = relationship(
        lazy="joined", cascade="all, delete-orphan", order_by="Limit.currency"
    )


class Limit(Owned, Base):
    """The most that an approver may approve in one currency, in minor units."""

    __tablename__ = "limits"
    __table_args__ = (UniqueConstraint("person_id", "currency"),)

    person_id: Mapped[int] = mapped_column(Id, ForeignKey("people.id", ondelete="CASCADE"))
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(Id)


@dataclass(frozen=True, slots=True)
class Member:
    """Whoever acts, as the use cases see them; `limits` are minor units by currency."""

    member_id: str
    role: str | None
    limits: dict[str, int] = field(default_factory=dict)
    locale: str | None = None
    tz: str | None = None
    known: bool = True
    admins: tuple[str, ...] = ()
    away_until: datetime | None = None
    deputy: str | None = None

    def with_default(self, role: str | None) -> Member:
        """Give someone without a role the desk's default one, if it has any."""
        return replace(self, role=role, admins=()) if self.role is None and role else self

    def may(self, can: Can) -> bool:
        """Tell whether the role covers it."""
        return self.role in _ROLES_THAT[can]

    def must(self, can: Can) -> None:
        """Raise `NoRole` or `RoleNeeded` unless the role covers it."""
        if self.role is None:
            raise NoRole(self.admins)
        if not self.may(can):
            raise RoleNeeded(can, _ROLES_THAT[can])

    def must_take_on(self, can: Can) -> None:
        """Raise `CantOwn` unless there is somebody whose role covers what they are given."""
        if not self.member_id:
            raise CantOwn("Say who takes it.")
        if not self.may(can):
            raise CantOwn(
                f"To {can} they need to be {either(roles_that(can))}. Choose somebody else, or ask "
                "an admin to give them a role."
            )

    def is_away(self, now: datetime) -> bool:
        """Tell whether somebody else is called instead, which changes nothing they may do."""
        return self.away_until is not None and self.away_until > now

    def can_not_do_for(self, other: Member) -> list[Can]:
        """Return what the desk calls the other one for, and this one's role does not cover."""
        return [can for can in _CALLED_FOR if other.may(can) and not self.may(can)]

    def limit(self, currency: str) -> Money | None:
        """Return the most this person may approve in the currency, None where none is set."""
        amount = self.limits.get(currency)
        return None if amount is None else Money(amount, currency)


def roles_that(can: Can) -> list[str]:
    """Return the roles that cover it."""
    return sorted(_ROLES_THAT[can])


async def at_desk(session: AsyncSession, member_id: str, *, admins: Sequence[str] = ()) -> Member:
    """Return who this is, with the desk's default role where nobody gave them one."""
    found = await member(session, member_id, admins=admins)
    if found.role is None:
        found = found.with_default((await settings(session))["people.default_role"])
    return found


async def member(
    session: AsyncSession,
    member_id: str,
    *,
    admins: Sequence[str] = (),
) -> Member:
    """Return who this is; `admins` are administrators by configuration.

    Someone without a role is told whom to ask, so their `admins` are looked up too.
    """
    person = await _find(session, member_id)
    role = "admin" if member_id in admins else person.role if person else None
    if role is None:
        found = await session.scalars(select(Person.member_id).where(Person.role == "admin"))
        admins = [*admins, *(one for one in found if one not in admins)]
    return Member(
        member_id=member_id,
        role=role,
        limits={limit.currency: limit.amount for limit in person.limits} if person else {},
        locale=person.locale if person else None,
        tz=person.tz if person else None,
        known=person is not None and person.tz is not None,
        admins=tuple(admins) if role is None else (),
        away_until=person.away_until if person else None,
        deputy=person.deputy if person else None,
    )


async def set_role(
    work: Work, member_id: str, role: str | None, limit: Money | None = None
) -> Person:
    """Give a member a role, or take it away, and a limit where one is given.

    Raises:
        UnknownSetting: there is no such role, or a limit for someone who approves nothing.
    """
    if role is not None and role not in ROLES:
        raise UnknownSetting(f"“{role[:40]}” is not a role. Roles are {', '.join(ROLES)}.")
    if limit and role not in _ROLES_THAT[Can.DECIDE_REFUND]:
        raise UnknownSetting("Only an approver or admin has a limit.")
    person = await _person(work, member_id)
    person.role = role
    if limit:
        current = next((one for one in person.limits if one.currency == limit.currency), None)
        if current:
            current.amount = limit.minor
        else:
            person.limits.append(
                Limit(merchant_id=work.merchant_id, currency=limit.currency, amount=limit.minor)
            )
    await work.session.flush()
    work.record(
        Kind.PERSON_CHANGED,
        person,
        order_id=None,
        member=member_id,
        role=role,
        limit=[limit.minor, limit.currency] if limit else None,
    )
    return person


async def learn(work: Work, member_id: str, *, name: str, locale: str | None, tz: str) -> None:
    """Keep what the workspace says of a member, so that their answers read as they do."""
    person = await _person(work, member_id)
    person.name, person.locale, person.tz = name, locale, tz


async def go_away(work: Work, member_id: str, until: datetime, deputy: str | None) -> Person:
    """Say that a member is out of office until then, and who is called instead.

    Raises:
        CantBeAway: that time is over, or they would stand in for themselves.
    """
    if until <= work.now:
        raise CantBeAway("That time is over already. Give the first day back, such as 2026-12-01.")
    if deputy == member_id:
        raise CantBeAway(
            "Nobody stands in for themselves. Name somebody else, or nobody.", "deputy"
        )
    person = await _person(work, member_id)
    person.away_until, person.deputy = until, deputy
    await work.session.flush()
    work.record(
        Kind.PERSON_AWAY,
        person,
        order_id=None,
        member=member_id,
        until=until.isoformat(),
        deputy=deputy,
    )
    return person


async def come_back(work: Work, member_id: str) -> Person:
    """Say that a member can be called again; one who never was away stays as they are."""
    person = await _person(work, member_id)
    if person.away_until is not None:
        person.away_until = person.deputy = None
        work.record(Kind.PERSON_BACK, person, order_id=None, member=member_id)
    return person


async def on_duty(session: AsyncSession, called: Sequence[str], now: datetime) -> list[str]:
    """Return whom to call of members and user groups: for who is away, their deputy.

    A deputy who is away has one, too. Nobody is called twice, and groups are as they are. It
    is empty if everyone is away and nobody stands in: call somebody else then.
    """
    away = {one.member_id: one.deputy for one in await absent(session, now)}
    present = []
    for one in called:
        seen: set[str] = set()
        standing: str | None = one
        while standing in away and standing not in seen:
            seen.add(standing)
            standing = away[standing]
        if standing is not None and standing not in seen:
            present.append(standing)
    return list(dict.fromkeys(present))


async def absent(session: AsyncSession, now: datetime) -> Sequence[Person]:
    """Return who is away."""
    found = await session.scalars(
        select(Person).where(Person.away_until > now).order_by(Person.member_id)
    )
    return found.unique().all()


def first_day_back(text: str, tz: str | None) -> datetime:
    """Return when a day such as 2026-12-01 begins for somebody; in UTC if nobody knows where.

    Raises:
        CantBeAway: it is no day.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise CantBeAway(
            f"“{text[:40]}” is not a day. Give the first day back, such as 2026-12-01."
        ) from None
    return datetime(day.year, day.month, day.day, tzinfo=_zone(tz))


def day_in(moment: datetime, tz: str | None) -> date:
    """Return which day it is then for somebody; in UTC if nobody knows where."""
    return moment.astimezone(_zone(tz)).date()


def _zone(name: str | None) -> tzinfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


async def take_turns(work: Work, member_id: str) -> None:
    """Wait until nobody else works on what is counted for this member, and let others wait.

    The lock is on their row, which is made for those who have none.
    """
    await work.session.execute(
        upsert(work.session, Person)
        .values(merchant_id=work.merchant_id, member_id=member_id)
        .on_conflict_do_nothing(index_elements=["merchant_id", "member_id"])
    )
    await work.session.scalar(
        select(Person.id).where(Person.member_id == member_id).with_for_update()
    )


async def away_until(session: AsyncSession, member_id: str, now: datetime) -> datetime | None:
    """Return until when a member is away, None if they can be called."""
    return await session.scalar(
        select(Person.away_until).where(Person.member_id == member_id, Person.away_until > now)
    )


async def must_be_there(session: AsyncSession, member_id: str, now: datetime) -> None:
    """Raise `OwnerAway` for somebody who would not see what they are given."""
    if until := await away_until(session, member_id, now):
        standing = await on_duty(session, [member_id], now)
        raise OwnerAway(member_id, until, next(iter(standing), None))


async def everyone(session: AsyncSession) -> Sequence[Person]:
    """Return the people with a role, by role and member id."""
    found = await session.scalars(
        select(Person).where(Person.role.is_not(None)).order_by(Person.role, Person.member_id)
    )
    return found.unique().all()


async def _find(session: AsyncSession, member_id: str) -> Person | None:
    found = await session.scalars(select(Person).where(Person.member_id == member_id))
    return found.unique().one_or_none()


async def _person(work: Work, member_id: str) -> Person:
    person = await _find(work.session, member_id)
    if person is None:
        person = Person(member_id=member_id, limits=[])
        work.session.add(person)
    return person
