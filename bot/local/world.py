"""The demo's world: a made-up shop, its people, its orders, and its parcels on the move.

Nothing in it is real. Buyers' addresses are at example.com, which is reserved for that.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.inventory.intake import ItemDraft
from domain.money import Money
from domain.orders.intake import LineDraft, OrderDraft, ParcelDraft
from domain.orders.model import State
from domain.payouts import fees
from domain.payouts.model import LineDraft as PayoutLine
from domain.payouts.model import LineKind, Origin, SettlementDraft
from domain.shipping.model import ParcelState

SHOP = "Alder & Finch"
NOTICE = "Practice desk: a made-up shop on this machine. No money moves, no buyer exists."


@dataclass(frozen=True, slots=True)
class Colleague:
    """One of the demo's people; `limit` is what an approver may approve, in USD."""

    member_id: str
    name: str
    role: str
    title: str
    color: str
    tz: str = "America/New_York"
    locale: str = "en-US"
    limit: str | None = None


PEOPLE = (
    Colleague("U01ANA", "Ana Ruiz", "agent", "Customer service", "c2410c"),
    Colleague(
        "U02BEN", "Ben Okafor", "approver", "Team lead, customer service", "1d4ed8", limit="250.00"
    ),
    Colleague("U03WES", "Wes Tanaka", "warehouse", "Warehouse", "15803d"),
    Colleague(
        "U04FAY",
        "Faye Lindqvist",
        "finance",
        "Finance",
        "7e22ce",
        tz="Europe/Stockholm",
        locale="sv-SE",
    ),
    Colleague("U05ADA", "Ada Novak", "admin", "Runs the shop", "be123c"),
)
ANA, BEN, WES, FAYE, ADA = (one.member_id for one in PEOPLE)

#: Channel ids by name, with what they are for.
CHANNELS = {
    "customer-service": ("C0SERVICE", "Where the day's questions come in"),
    "orders": ("C0ORDERS", "What has just been sold"),
    "refunds": ("C0REFUNDS", "Refunds that wait for a decision"),
    "complaints": ("C0COMPLAINTS", "A case is a thread"),
    "shipping": ("C0SHIPPING", "The few parcels that need a person"),
    "reports": ("C0REPORTS", "What was paid out, and what was not"),
    "warehouse": ("C0WAREHOUSE", "What is in stock, and what has to leave today"),
}
#: Where each concept is posted.
POSTED = {
    "orders": "orders",
    "refunds": "refunds",
    "complaints": "complaints",
    "shipping": "shipping",
    "stock": "warehouse",
    "reports": "reports",
}

TRIES = (
    ("/order 1042", "look up an order that came late"),
    ("/refund 1042 12.50 lid cracked in transit", "ask for a refund, then approve it as Ben"),
    ("/complaint 1042 the lid is cracked", "open a case and take it from there"),
    ("/stock", "what is low; count an item, or adjust it"),
    ("/shipping pick", "as Wes: what has to leave first; then pack and ship it"),
)

#: Refunds that wait for somebody when the demo opens: order, amount in USD, note.
REFUNDS = (("1031", "18.00", "two of the towels came stained"),)
#: Cases that are open when the demo opens: order, what the buyer says. The last one escalated.
COMPLAINTS = (
    ("1025", "The kettle's handle gets too hot to hold, and nobody answered my first message."),
    ("1032", "I was charged twice for one casserole. Please look into it today."),
)

#: Returns that are under way when the demo opens: order, how many of its first line, why.
RETURNS = (("1024", 1, "Two scales came, the buyer meant to order one"),)

#: Where its parcels come from, for labels.
SENDER = {
    "name": SHOP,
    "street": "5 Mill Lane",
    "city": "Portland",
    "region": "OR",
    "postcode": "97201",
    "country": "US",
    "phone": "503 555 0100",
}
#: What Amazon keeps of an order, and by how much it paid one order short, in cents.
FEES = "amazon 15% + 0.30 USD"
_PAID_SHORT = {"1042": 1240}

_GOODS = (
    ("MUG-ALP-GRN", "Alpine enamel mug, green", 1200),
    ("KTL-GSN-1L", "Gooseneck kettle, 1 l", 6490),
    ("DRP-V60-02", "Ceramic coffee dripper, size 2", 2450),
    ("FLT-V60-100", "Paper filters, 100 pack", 790),
    ("GRD-HND-STL", "Hand grinder, steel burrs", 8900),
    ("CNF-OAK-L", "Oak serving board, large", 4200),
    ("KNF-PET-11", "Petty knife, 11 cm", 7350),
    ("TWL-LIN-2", "Linen tea towels, set of two", 2600),
    ("POT-CST-24", "Cast-iron casserole, 24 cm", 12900),
    ("SCL-KIT-01", "Kitchen scale, 0.1 g", 3950),
    ("JAR-FER-3L", "Fermenting jar with weight, 3 l", 3480),
    ("LMP-TBL-BRS", "Brass table lamp", 14800),
)
#: How many of each lie on the shelf, and the re-order point.
_ON_HAND = (64, 9, 31, 240, 14, 12, 7, 38, 5, 16, 22, 3)


def stock() -> Iterator[ItemDraft]:
    """Give what lies on the shelf: plenty of most, and little of one or two."""
    for at, ((sku, title, price), on_hand) in enumerate(zip(_GOODS, _ON_HAND, strict=True)):
        yield ItemDraft(sku, on_hand, title, f"{'ABC'[at % 3]}-{at // 3 + 1:02}", 4, price, "USD")


_BUYERS = (
    ("Maria García", "Carrer de la Pau 14", "Valencia", "46001", "ES"),
    ("James Whitfield", "1220 SW Alder Street", "Portland", "97205", "US"),
    ("Chidi Eze", "908 Preston Street, Suite 3", "Houston", "77002", "US"),
    ("Lena Hoffmann", "Karl-Heine-Straße 41", "Leipzig", "04109", "DE"),
    ("Yuki Mori", "Shimogyo-ku, Shijo-dori 8", "Kyoto", "600-8001", "JP"),
    ("Siobhán O'Neill", "27 Dominick Street", "Galway", "H91 E2K3", "IE"),
    ("Tomás Oliveira", "Rua do Almada 310", "Porto", "4000-322", "PT"),
    ("Grace Kim", "1411 4th Avenue", "Seattle", "98101", "US"),
    ("Noah Williams", "1650 Larimer Street", "Denver", "80202", "US"),
    ("Amira Haddad", "18 rue d'Aubagne", "Marseille", "13001", "FR"),
    ("Ravi Patel", "9 Call Lane", "Leeds", "LS1 4DY", "GB"),
    ("Ingrid Solberg", "Strandgaten 5", "Bergen", "5003", "NO"),
    ("Olivia Brown", "604 Brazos Street", "Austin", "78701", "US"),
    ("Mateo Rossi", "Via Galliera 22", "Bologna", "40121", "IT"),
)
_CARRIERS = ("UPS", "USPS", "FedEx", "DHL")
_SALES_CHANNELS = ("amazon", "shopify", "amazon", "web")
_STATES = (
    *[State.PENDING] * 2,
    *[State.CONFIRMED] * 3,
    *[State.PICKING] * 2,
    *[State.PACKED] * 2,
    *[State.SHIPPED] * 8,
    *[State.DELIVERED] * 8,
    *[State.COMPLETED] * 12,
    *[State.CANCELLED] * 2,
)
_ON_THE_WAY = (ParcelState.PICKED_UP, ParcelState.IN_TRANSIT, ParcelState.OUT_FOR_DELIVERY)


def orders(now: datetime) -> Iterator[OrderDraft]:
    """Give the shop's orders, the same ones each time, told from this moment."""
    dice = random.Random(1042)  # noqa: S311 — a shop to look at, not a secret
    for position, state in enumerate(_STATES):
        yield _ordinary(dice, str(1000 + position), state, now)
    yield from _stories(now)


def settlement(now: datetime) -> tuple[SettlementDraft, list[PayoutLine]]:
    """Return what Amazon paid for the orders that arrived."""
    fee = fees.of([FEES], "amazon")
    lines = []
    for order in orders(now):
        if order.channel == "amazon" and order.delivered_at and order.captured and fee:
            paid = Money(order.captured, order.currency)
            kept = fee.on(paid).minor + _PAID_SHORT.get(order.number, 0)
            for kind, money in (
                (LineKind.SALE, paid),
                (LineKind.FEE, Money(-kept, order.currency)),
            ):
                key = f"{order.number}-{kind}"
                lines.append(PayoutLine(key, kind, kind.value, money, order.number, now))
    total = sum((line.money for line in lines), Money(0, "USD"))
    started_at, ended_at = now - timedelta(days=15), now - timedelta(days=1)
    draft = SettlementDraft(
        "amazon", "236628501", Origin.REPORT, "USD", ended_at, total, started_at, now
    )
    return draft, lines


def sold(number: int, now: datetime) -> OrderDraft:
    """Give an order that was placed just now; every fifth asks for more than there is."""
    dice = random.Random(number)  # noqa: S311 — a shop to look at, not a secret
    sku, title, price = dice.choice(_GOODS)
    many = 0 if number % 5 else 60
    return _order(
        str(number),
        State.CONFIRMED,
        now,
        (LineDraft(many or 1, sku, title, price),),
        buyer=dice.choice(_BUYERS),
        channel=dice.choice(_SALES_CHANNELS),
    )


def tracking(number: str) -> str:
    """Return the tracking number of an order's parcel."""
    return f"AF{number}0042US"


def _ordinary(dice: random.Random, number: str, state: State, now: datetime) -> OrderDraft:
    days = {State.PENDING: 0.2, State.CONFIRMED: 0.6, State.PICKING: 1, State.PACKED: 1.2}
    age = days.get(state, {State.SHIPPED: 3.5, State.DELIVERED: 8}.get(state, 24))
    placed_at = now - timedelta(days=age * dice.uniform(0.6, 1.3), minutes=dice.randrange(60))
    lines = tuple(
        LineDraft(dice.choice((1, 1, 1, 2, 3)), sku, title, price)
        for sku, title, price in dice.sample(_GOODS, dice.choice((1, 1, 2, 3)))
    )
    return _order(
        number,
        state,
        placed_at,
        lines,
        buyer=dice.choice(_BUYERS),
        channel=dice.choice(_SALES_CHANNELS),
        carrier=dice.choice(_CARRIERS),
        parcel_state=dice.choice(_ON_THE_WAY),
    )


def _stories(now: datetime) -> Iterator[OrderDraft]:
    """Orders that something is the matter with, for each of the four jobs."""
    mug, kettle, dripper, _, grinder, *_, pot, _, jar, lamp = _good_lines()
    yield _order("1040", State.PENDING, now - timedelta(hours=2), (grinder,), buyer=_BUYERS[7])
    yield _order("1041", State.CANCELLED, now - timedelta(days=4), (lamp,), buyer=_BUYERS[8])
    yield _order(
        "1042",
        State.DELIVERED,
        now - timedelta(days=9),
        (LineDraft(2, *_GOODS[0]), kettle, jar),
        buyer=_BUYERS[0],
        channel="amazon",
        late=timedelta(days=3),
    )
    yield _order(
        "1043",
        State.SHIPPED,
        now - timedelta(days=4),
        (pot,),
        buyer=_BUYERS[1],
        carrier="FedEx",
        parcel_state=ParcelState.OUT_FOR_DELIVERY,
    )
    yield _order(
        "1044",
        State.SHIPPED,
        now - timedelta(days=4, hours=6),
        (dripper, mug),
        buyer=_BUYERS[9],
        carrier="DHL",
    )
    yield _order(
        "1045",
        State.CONFIRMED,
        now - timedelta(days=1, hours=21),
        (mug, grinder),
        buyer=_BUYERS[10],
    )
    yield _order(
        "1046", State.SHIPPED, now - timedelta(days=7), (lamp,), buyer=_BUYERS[11], carrier="USPS"
    )


def _good_lines() -> list[LineDraft]:
    return [LineDraft(1, sku, title, price) for sku, title, price in _GOODS]


def _order(
    number: str,
    state: State,
    placed_at: datetime,
    lines: tuple[LineDraft, ...],
    *,
    buyer: tuple[str, str, str, str, str],
    channel: str = "shopify",
    carrier: str = "UPS",
    parcel_state: ParcelState = ParcelState.IN_TRANSIT,
    late: timedelta = timedelta(),
) -> OrderDraft:
    name, street, city, postcode, country = buyer
    shipping = 590
    lines = (
        LineDraft(lines[0].quantity, lines[0].sku, lines[0].title, lines[0].unit_price, shipping),
        *lines[1:],
    )
    total = shipping + sum(line.quantity * (line.unit_price or 0) for line in lines)
    ship_by, deliver_by = placed_at + timedelta(days=2), placed_at + timedelta(days=5)
    gone = state in (State.SHIPPED, State.DELIVERED, State.COMPLETED)
    arrived = state in (State.DELIVERED, State.COMPLETED)
    shipped_at = placed_at + timedelta(days=1) if gone else None
    delivered_at = deliver_by + (late or timedelta(hours=-20)) if arrived else None
    parcel = ParcelDraft(
        carrier,
        tracking(number),
        ParcelState.DELIVERED if arrived else parcel_state,
        shipped_at,
        delivered_at,
        tuple((position, line.quantity) for position, line in enumerate(lines, 1)),
    )
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    local_part = plain.lower().replace(" ", ".").replace("'", "")
    return OrderDraft(
        number=number,
        channel=channel,
        state=state,
        currency="USD",
        lines=lines,
        parcels=(parcel,) if gone else (),
        captured=0 if state is State.PENDING else total,
        total=total,
        placed_at=placed_at,
        ship_by=ship_by,
        deliver_by=deliver_by,
        shipped_at=shipped_at,
        delivered_at=delivered_at,
        buyer_name=name,
        buyer_email=f"{local_part}@example.com",
        ship_to_name=name,
        ship_to_street=street,
        ship_to_city=city,
        ship_to_postcode=postcode,
        ship_to_country=country,
        payment_provider="practice",
        payment_reference=f"practice-{number}",
    )
