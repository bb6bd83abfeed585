"""Every setting of a merchant: what it means, how it is read, and what holds until it is set."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from domain.errors import UnknownSetting
from domain.money import Money
from domain.payouts import fees
from domain.shipping import statuses

#: No rule confirms orders.
OFF = "off"

ROLES = ("agent", "approver", "warehouse", "finance", "admin")


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
