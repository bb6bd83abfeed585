"""A pick list, and orders as the warehouse sees them."""

from __future__ import annotations

from typing import Any

from domain.fulfilment.label import Label, LabelState
from domain.fulfilment.labels import LabelCard
from domain.fulfilment.model import PickList, Problem
from domain.fulfilment.progress import Progress
from domain.fulfilment.queries import OrderCard, PickListCard, ProblemView, Share, Stop, Waiting
from domain.fulfilment.voiding import VoidCard
from domain.orders.model import State
from tests.samples import AGENT, NOW, ago


def share(number: str = "1042", quantity: int = 2, **changes: Any) -> Share:
    """Two for an order, which nobody has looked for yet."""
    values: dict[str, Any] = {
        "id": 7,
        "order_id": 42,
        "number": number,
        "quantity": quantity,
        "found": None,
        "is_off": False,
    }
    return Share(**values | changes)


def stops() -> tuple[Stop, ...]:
    """Three products at two places, and one that has none."""
    return (
        Stop("A-03-2", "AM-1", "Alpine mug", (share(), share("1045", 1, id=8, order_id=45))),
        Stop("A-03-2", "PT-9", "Tea pot", (share("1045", 1, id=9, order_id=45),)),
        Stop("B-01-1", "KT-2", None, (share("1041", 1, id=10, is_off=True), share(id=12))),
        Stop(None, None, None, (share("1042", 1, id=11),)),
    )


def pick_list(**changes: Any) -> PickList:
    """One that somebody is out with."""
    values: dict[str, Any] = {
        "id": 3,
        "merchant_id": 1,
        "asked_by": AGENT,
        "asked_at": ago(minutes=20),
        "ended_at": None,
    }
    return PickList(**values | changes)


def pick_list_card(what: PickList | None = None, **changes: Any) -> PickListCard:
    """All of it still wanted."""
    return PickListCard(what or pick_list(), **{"stops": stops()} | changes)


def walked() -> PickListCard:
    """One that was walked, and on which a piece was missing."""
    missing = Stop("A-03-2", "AM-1", "Alpine mug", (share(found=1), share("1045", 1, found=1)))
    return pick_list_card(pick_list(ended_at=NOW), stops=(missing,))


def progress(**changes: Any) -> Progress:
    """Three mugs, of which nobody has fetched any."""
    values: dict[str, Any] = {"id": 1, "sku": "AM-1", "title": "Alpine mug", "quantity": 3}
    return Progress(**values | changes)


def again() -> Progress:
    """Three mugs that left, and one of them that is sent again and packed already."""
    return progress(shipped=3, is_gone=True, again=1, to_ship=1)


def order_card(**changes: Any) -> OrderCard:
    """Partly shipped, packed, picked, and waiting."""
    values: dict[str, Any] = {
        "id": 42,
        "number": "1042",
        "state": State.PACKED,
        "lines": (
            progress(quantity=6, shipped=1, to_ship=2, to_pack=1, waiting=2),
            progress(id=2, sku="PT-9", title=None, listed=3),
        ),
        "problems": (
            ProblemView(Problem.DAMAGED, 1, "lid cracked"),
            ProblemView(Problem.WRONG_LABEL, 0, None),
        ),
    }
    return OrderCard(**values | changes)


def waiting() -> Waiting:
    """Orders to be picked, and a list that somebody is out with."""
    return Waiting(4, (pick_list(),))


#: What became of a label that the partner did not sell.
UNSOLD: dict[str, Any] = {
    "state": LabelState.FAILED,
    "quote": None,
    "rate": None,
    "carrier": None,
    "tracking_number": None,
    "url": None,
    "cost": None,
    "currency": None,
    "parcel_id": None,
    "problem": "EasyPost sells no label for this parcel: Insufficient funds.",
}


def label_card(**changes: Any) -> LabelCard:
    """One that was bought from whoever was cheapest, with which its parcel left."""
    values: dict[str, Any] = {
        "id": 5,
        "merchant_id": 1,
        "order_id": 42,
        "reference": "label-5",
        "state": LabelState.BOUGHT,
        "quantities": {"1": 3},
        "weight": 500,
        "wanted": None,
        "asked_by": AGENT,
        "asked_at": ago(minutes=1),
        "quote": "shp_1",
        "rate": "rate_2",
        "carrier": "UPS",
        "tracking_number": "1Z999",
        "url": "https://labels.example/5.png",
        "cost": 610,
        "currency": "USD",
        "parcel_id": 7,
        "problem": None,
        "ended_at": NOW,
    }
    return LabelCard(Label(**values | changes), "1042")


def void_card(told: str | None = None, *, wanted: bool = True, **changes: Any) -> VoidCard:
    """A label that the partner took back, with its parcel."""
    card = label_card(**{"state": LabelState.VOIDED, "voided_by": AGENT} | changes)
    return VoidCard(card.label, card.number, told, wanted)
