"""Amounts and times in the words of the person who reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, get_currency_precision

from domain.money import Money, exponent
from templates.text import clean, escape, isolate

Style = Literal["datetime", "date", "time"]

#: Slack's date tokens; it puts them in each viewer's own zone and clock
#: (https://docs.slack.dev/messaging/formatting-message-text#date-formatting).
_TOKENS: Final[dict[Style, str]] = {
    "datetime": "{date_short_pretty} at {time}",
    "date": "{date_short_pretty}",
    "time": "{time}",
}
#: Slack draws no token for a time outside 1970-2099, so its fallback is written instead.
_LAST_TOKEN = 4_102_444_800


@dataclass(frozen=True, slots=True)
class Reader:
    """The person or channel that will read a message.

    `locale` as Slack or CLDR writes it (`en-US`, `pt_BR`), `tz` an IANA zone; either may be
    unknown here, then American English and UTC stand in.
    """

    locale: str = "en_US"
    tz: str = "UTC"
    member_id: str | None = None


@lru_cache(maxsize=256)
def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en", "US")


@lru_cache(maxsize=1024)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def amount(money: Money, reader: Reader) -> str:
    """Return the amount with its currency, e.g. `$12.50` or `12,50 €`."""
    locale = _locale(reader.locale)
    digits = exponent(money.currency)
    if digits == get_currency_precision(money.currency):
        text = format_currency(money.decimal, money.currency, locale=locale)
    else:
        # CLDR rounds some currencies (IQD, UGX) to other digits than ISO 4217 gives them;
        # an amount is never shown rounded.
        pattern = "#,##0" + (f".{'0' * digits}" if digits else "")
        text = f"{format_decimal(money.decimal, pattern, locale)} {money.currency}"
    return clean(text)


def day(value: date, reader: Reader) -> str:
    """Return a calendar day, e.g. `Nov 24, 2026`; it belongs to no time zone."""
    return clean(format_date(value, locale=_locale(reader.locale)))


def moment(at: datetime, style: Style, reader: Reader) -> str:
    """Return an aware time in the reader's zone, which is named beside the hour."""
    locale = _locale(reader.locale)
    try:
        local = at.astimezone(_zone(reader.tz))
    except OverflowError:
        local = at.astimezone(UTC)
    hour = f"{format_time(local, 'short', locale=locale)} {local.tzname()}"
    if style == "time":
        text = hour
    elif style == "date":
        text = format_date(local, locale=locale)
    else:
        text = f"{format_date(local, locale=locale)}, {hour}"
    return clean(text)


def moment_token(at: datetime, style: Style, reader: Reader) -> str:
    """Return Slack's `<!date^…|…>` for the time, with `moment` for where it can't be drawn."""
    fallback = isolate(escape(moment(at, style, reader)))
    seconds = int(at.timestamp())
    if not 0 <= seconds < _LAST_TOKEN:
        return fallback
    return f"<!date^{seconds}^{_TOKENS[style]}|{fallback}>"
