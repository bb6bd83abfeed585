"""Pick lists, and the forms of boxes and parcels."""

from __future__ import annotations

from typing import Any

from domain.fulfilment.policy import Step
from domain.orders.model import State
from domain.people import Can
from tests.samples import NOW, carriers, line_view, order_view, parcel_view
from tests.samples import fulfilment as samples


def cases() -> dict[str, dict[str, Any]]:
    """Return the values of each template, by its name and what it shows."""
    pages = {"list": "https://desk.example/picklists/3", "slips": "https://desk.example/slips/3"}
    over = tuple(
        samples.Stop("A-1", "AM-1", "Alpine mug", (samples.share(is_off=True),)) for _ in range(2)
    )
    ready = samples.order_card(lines=(samples.progress(to_ship=3),), problems=())
    fetched = samples.order_card(
        lines=tuple(samples.progress(id=line_id, to_pack=3) for line_id in (1, 2)), problems=()
    )
    gone = samples.order_card(
        state=State.SHIPPED, lines=(samples.progress(shipped=3),), problems=()
    )
    return {
        "fulfilment/pick_list": {"card": samples.pick_list_card(), "pages": None, "now": NOW},
        "fulfilment/pick_list@own": {"card": samples.pick_list_card(), "pages": pages, "now": NOW},
        "fulfilment/pick_list@walked": {"card": samples.walked(), "pages": None, "now": NOW},
        "fulfilment/pick_list@off": {
            "card": samples.pick_list_card(stops=over),
            "pages": pages,
            "now": NOW,
        },
        "fulfilment/packing": {"name": "PL-3", "orders": [ready, fetched, gone]},
        "fulfilment/packing@nothing": {"name": "PL-3", "orders": []},
        "fulfilment/order": {
            "order": samples.order_card(),
            "said": "packed",
            "step": Step.PACK,
            "labels": False,
        },
        "fulfilment/order@gone": {
            "order": gone,
            "said": "DHL JJD0001 has left",
            "step": None,
            "labels": True,
        },
        "orders/card@again": {
            "order": order_view(
                lines=(line_view(progress=samples.again()), line_view(id=2)),
                parcels=(parcel_view(), parcel_view(id=6, again=1)),
            ),
            "findings": (),
            "labels": False,
            "now": NOW,
            "personal": True,
            "may": set(Can),
            "share": True,
            "shared_by": None,
        },
        "fulfilment/order@again": {
            "order": samples.order_card(state=State.SHIPPED, lines=(samples.again(),), problems=()),
            "said": "packed",
            "step": Step.SHIP,
            "labels": False,
        },
        "fulfilment/order@ready": {
            "order": ready,
            "said": "packed",
            "step": Step.SHIP,
            "labels": True,
        },
        "fulfilment/label_form": {
            "order": ready,
            "scores": carriers.score_card().scores,
            "weight": 500,
            "heaviest": 70_000,
        },
        "fulfilment/label_form@bare": {
            "order": ready,
            "scores": (),
            "weight": 500,
            "heaviest": 70_000,
        },
        "fulfilment/label_told": {"card": samples.label_card(), "now": NOW},
        "fulfilment/label_told@left_over": {
            "card": samples.label_card(
                parcel_id=None, problem="Nothing of order 1042 is left to ship."
            ),
            "now": NOW,
        },
        "fulfilment/label_told@failed": {"card": samples.label_card(**samples.UNSOLD), "now": NOW},
        "fulfilment/label_unheard": {
            "card": samples.label_card(**samples.UNSOLD | {"state": "asked", "problem": None}),
            "now": NOW,
        },
        "fulfilment/label_unheard@voiding": {
            "card": samples.label_card(state="voiding"),
            "now": NOW,
        },
        "fulfilment/void_told": {"card": samples.void_card(), "now": NOW},
        "fulfilment/void_told@marketplace": {"card": samples.void_card("amazon"), "now": NOW},
        "fulfilment/void_told@cancelled": {"card": samples.void_card(wanted=False), "now": NOW},
        "fulfilment/void_told@scanned": {
            "card": samples.void_card(problem="The carrier scanned the parcel meanwhile."),
            "now": NOW,
        },
        "fulfilment/void_told@kept": {
            "card": samples.void_card(
                state="bought", problem="The carrier does not take the label back."
            ),
            "now": NOW,
        },
        "fulfilment/void_told@left_over": {
            "card": samples.void_card(state="bought", parcel_id=None, problem="It was used."),
            "now": NOW,
        },
        "fulfilment/missing_form": {"card": samples.pick_list_card()},
        "fulfilment/pack_form": {"order": fetched},
        "fulfilment/ship_form": {
            "order": ready,
            "scores": carriers.score_card().scores,
        },
        "fulfilment/ship_form@bare": {"order": gone, "scores": ()},
    }
