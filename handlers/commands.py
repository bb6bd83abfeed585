"""What the app listens to: the one table that help, the manifest and the tests read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command; `examples` are (what to type, what it does)."""

    name: str
    description: str
    usage_hint: str
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A shortcut on a message; the name is what its menu shows (at most 24 characters)."""

    callback_id: str
    name: str
    description: str


COMMANDS = (
    Command(
        "/order",
        "Look up an order",
        "NUMBER | find TEXT | pending",
        (
            ("/order 1042", "the order's card: state, money, promise, parcels, history"),
            ("/order find garcia", "orders by buyer, e-mail, SKU, tracking number or city"),
            ("/order pending", "orders that wait for confirmation, and what was found"),
        ),
    ),
    Command(
        "/refund",
        "Ask for a refund",
        "ORDER [AMOUNT] [REASON]",
        (
            ("/refund 1042 12.50 damaged in transit", "asks the approvers at once"),
            ("/refund 1042", "opens the form: lines, quantities, shipping, goodwill"),
        ),
    ),
    Command(
        "/complaint",
        "Open a complaint",
        "ORDER [TEXT]",
        (
            ("/complaint 1042 the lid is cracked", "opens a case in the complaints channel"),
            ("/complaint 1042", "opens the form; escalate, snooze, merge, resolve on its card"),
        ),
    ),
    Command(
        "/shipping",
        "Where an order's parcels are",
        "ORDER | late | pick",
        (
            ("/shipping 1042", "every parcel of the order, scan by scan"),
            ("/shipping late", "parcels past their promise or in trouble, and who has them"),
            ("/shipping pick", "a pick list of the most urgent orders; then pack and ship them"),
        ),
    ),
    Command(
        "/stock",
        "What is in stock",
        "[SKU | low]",
        (
            ("/stock", "what is low, oversold or on back-order"),
            ("/stock AM-1", "an item: on hand, reserved, who waits; count, adjust, edit it"),
            ("/stock AM-1 count 12 shelf recount", "says how many there are, and why"),
            ("/stock AM-1 +5 delivery 7781", "adds or takes away so many"),
        ),
    ),
    Command(
        "/report",
        "What some days came to",
        "NAME [DAYS]",
        (
            ("/report refunds 7", "the last 7 days, or 30: how many, how much, and what waits"),
            ("/report payouts", "what was paid out, and where it is not what it should be"),
            ("/report delivery", "how many parcels arrived by their promise, and how many late"),
            (
                "/report carriers",
                "the last 90 days by carrier: on time, lost, damaged, days on the way",
            ),
            ("/report packing", "what goes wrong when orders are packed, and where they wait"),
        ),
    ),
    Command(
        "/return",
        "Take an order back",
        "ORDER [NOTE] | RMA-NUMBER",
        (
            ("/return 1042", "opens the form: which lines, how many, and why"),
            ("/return RMA-12", "where a return stands, and what is next"),
        ),
    ),
    Command(
        "/deskhand",
        "Help, settings and status of the desk",
        "[help | settings | status | away [DAY] | back]",
        (
            ("/deskhand help", "what the desk can do"),
            ("/deskhand settings", "channels, limits and clocks (admins)"),
            ("/deskhand status", "what waits for somebody, and what went wrong"),
            ("/deskhand away", "out of office: until when, and who is called instead"),
            ("/deskhand back", "back in the office"),
        ),
    ),
)

SHORTCUTS = (
    Shortcut("complaint.message", "Open a complaint", "Open a complaint from this message"),
)

#: What the app hears of; messages, for what is said in a case's thread.
EVENTS = ("app_home_opened", "message.channels", "message.groups")

#: Which Web API methods need which scope: the app asks for no more than it uses. Hearing
#: messages takes the scopes of reading them.
SCOPES = {
    "commands": ("slash commands and shortcuts",),
    "chat:write": ("chat.postMessage", "chat.update"),
    "channels:history": ("conversations.history", "conversations.replies"),
    "groups:history": ("conversations.history", "conversations.replies"),
    "channels:read": ("conversations.info",),
    "groups:read": ("conversations.info",),
    "im:history": ("conversations.history",),
    "im:write": ("conversations.open",),
    "users:read": ("users.info",),
}


def command(name: str) -> Command:
    """Return the command of this name."""
    return next(one for one in COMMANDS if one.name == name)
