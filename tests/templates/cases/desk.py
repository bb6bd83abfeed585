"""The Home tab, the status, help and errors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain.definitions import DEFINITIONS
from domain.returns.queries import Waiting
from domain.shipping.model import Trouble
from handlers.commands import COMMANDS
from tests import samples
from tests.samples import NOW, OTHER_APPROVER, fulfilment
from tests.samples import alerts as made
from tests.templates.cases import sources

Values = dict[str, Any]


def cases() -> dict[str, Values]:
    """Return the values of each case by its name."""
    busy: Values = {
        "pending_total": 2,
        "refunds": [samples.refund()],
        "refunds_total": 1,
        "complaints": [samples.complaint()],
        "complaints_total": 1,
        "snoozed": [samples.snoozed_complaint(id=8)],
        "snoozed_total": 1,
        "now": NOW,
        "late_total": 3,
        "alerts": [made.card(), made.unshipped_card(made.snoozed(Trouble.SHIP_BY_NEAR))],
        "alerts_total": 6,
        "warehouse": fulfilment.waiting(),
        "reconciliations": [samples.reconciliation_card()],
        "sources": [],
        "ill": [],
        "returns": Waiting(2, 1, 1),
        "jobs": {"ready": 2, "dead": 1},
        "dead": [samples.job()],
        "member": samples.member(),
        "away": False,
        "missing": ("channel.refunds", "channel.shipping"),
    }
    quiet = busy | {
        "pending_total": 0,
        "refunds": [],
        "refunds_total": 0,
        "complaints": [],
        "complaints_total": 0,
        "snoozed": [],
        "snoozed_total": 0,
        "late_total": 0,
        "alerts": [],
        "alerts_total": 0,
        "warehouse": None,
        "reconciliations": [],
        "returns": Waiting(),
        "jobs": {},
        "dead": [],
        "missing": (),
    }
    return {
        "desk/help": {"command": None, "commands": COMMANDS},
        "desk/help@order": {"command": "/order", "commands": COMMANDS[:1]},
        "desk/error": {
            "sentence": "You have no role on this desk yet. Ask @U0ADMIN1 or see `/deskhand help`.",
            "lost": "Nothing was changed.",
        },
        "desk/error_modal": {"sentence": "You have no role on this desk yet. Ask @U0ADMIN1."},
        "desk/home": busy,
        "desk/home@quiet": quiet,
        "desk/home@away": quiet
        | {
            "away": True,
            "member": samples.member(away_until=NOW + timedelta(days=7), deputy=OTHER_APPROVER),
        },
        "desk/home@stranger": quiet | {"member": samples.member(None, limits={})},
        "desk/settings_form": {
            "values": {"channel.refunds": "C0REFUNDS", "refund.auto_limit": "20.00 USD"},
            "definitions": DEFINITIONS,
        },
        "desk/status": busy,
        "desk/status@quiet": quiet,
        "desk/done": {"sentence": "The settings are saved."},
        **sources.cases(quiet),
    }
