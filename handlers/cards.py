"""How a record is drawn, whoever posts it: one template, one way to read its record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain import sources
from domain.complaints import queries as complaints
from domain.errors import Overtaken
from domain.events import Event, Kind
from domain.fulfilment import labels, voiding
from domain.fulfilment import queries as fulfilment
from domain.inventory import queries as inventory
from domain.orders import arrivals
from domain.payouts import queries as payouts
from domain.refunds import queries as refunds
from domain.refunds import reconciliation
from domain.refunds.model import State
from domain.returns import queries as returns
from domain.shipping import queries as shipping
from domain.shipping import reshipping, storms
from domain.shipping.alert import AlertState
from templates import Reader, render

#: What each posted template calls its record, and how that is read.
_RECORDS: dict[str, tuple[str, Any]] = {
    "refunds/approval": ("card", refunds.card),
    "refunds/note": ("card", refunds.card),
    "refunds/told": ("card", refunds.card),
    "refunds/reconciliation": ("card", reconciliation.card),
    "complaints/case": ("card", complaints.card),
    "complaints/note": ("card", complaints.card),
    "returns/card": ("card", returns.card),
    "returns/note": ("card", returns.card),
    "returns/told": ("card", returns.card),
    "inventory/watch": ("card", inventory.watch_card),
    "payouts/settlement": ("card", payouts.card),
    "fulfilment/pick_list": ("card", fulfilment.card),
    "fulfilment/label_told": ("card", labels.card),
    "fulfilment/label_unheard": ("card", labels.card),
    "fulfilment/void_told": ("card", voiding.card),
    "sources/source": ("source", sources.card),
    "shipping/alert": ("card", shipping.card),
    "shipping/note": ("card", shipping.alert),
    "shipping/told": ("card", shipping.alert),
    "shipping/reship": ("card", reshipping.card),
    "shipping/storm": ("card", storms.card),
    "shipping/storm_note": ("card", storms.card),
    "shipping/ship_by": ("card", shipping.ship_by),
}
#: Records of which it depends on the moment what is to be said.
_TIMED: dict[str, tuple[str, Any]] = {"orders/arrival": ("card", arrivals.card)}
#: What is left of a card once the same record got a newer one.
_GOES_ON = {"shipping/alert": "shipping/alert_past", "sources/source": "sources/source_past"}
#: What calls for somebody to take an alert in hand.
_CALLS = (Kind.ALERT_REMINDED, Kind.ALERT_ESCALATED, Kind.ALERT_WOKEN)


async def draw(
    session: AsyncSession,
    template: str,
    record_id: int,
    *,
    reader: Reader,
    now: datetime,
    event_id: int | None = None,
    is_latest: bool = True,
) -> dict[str, Any]:
    """Render a record as it stands now; a note in a thread is about one event of it.

    Of several cards of one record, only the latest says more than where it goes on.

    Raises:
        RecordNotFound, OrderNotFound: it is gone.
        Overtaken: nobody needs to hear of it any more.
    """
    if template in _TIMED:
        name, read = _TIMED[template]
        values = {name: await read(session, record_id, now), "now": now}
    else:
        name, read = _RECORDS[template]
        values = {name: await read(session, record_id), "now": now}
    if template == "fulfilment/pick_list":
        values["pages"] = None
    if not is_latest and template in _GOES_ON:
        template = _GOES_ON[template]
    if template == "refunds/note" and values[name].refund.state is not State.AWAITING_APPROVAL:
        raise Overtaken
    if event_id is not None:
        values["event"] = event = await session.get_one(Event, event_id)
        if event.kind in _CALLS and values[name].alert.state is not AlertState.OPEN:
            raise Overtaken
        if event.kind == Kind.STORM_ESCALATED and values[name].storm.owner:
            raise Overtaken
    return render(template, reader, **values)
