"""One or more ordinary renderings of every template; a template without any fails the tests.

A case is `name` or `name@variant`; its values are what handlers pass.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import templates
from templates import Reader, render
from tests.templates.cases import (
    alerts,
    carriers,
    complaints,
    desk,
    fulfilment,
    inventory,
    new_orders,
    orders,
    packing,
    payouts,
    people,
    refunds,
    returns,
    shipping,
)

Values = dict[str, Any]

_FOLDER = Path(templates.__file__).parent
NAMES = sorted(
    path.relative_to(_FOLDER).as_posix().removesuffix(".json.jinja")
    for path in _FOLDER.rglob("*.json.jinja")
)
CASES: dict[str, Values] = {
    **orders.cases(),
    **refunds.cases(),
    **fulfilment.cases(),
    **inventory.cases(),
    **payouts.cases(),
    **carriers.cases(),
    **packing.cases(),
    **complaints.cases(),
    **returns.cases(),
    **shipping.cases(),
    **alerts.cases(),
    **new_orders.cases(),
    **desk.cases(),
    **people.cases(),
}


def rendered(case: str, reader: Reader | None = None, **changes: object) -> dict[str, Any]:
    """Render a case, with some of its values changed."""
    return render(case.partition("@")[0], reader or Reader(), **CASES[case] | changes)
