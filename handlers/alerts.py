"""Which event is posted where: the one place where facts become jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from domain import cards
from domain.events import Event, Kind
from domain.jobs import NewJob
from domain.links import Linked
from domain.orders.model import UNSHIPPED
from domain.refunds.model import State as RefundState

_Rule = Callable[[Event], Iterator[NewJob]]
#: Messages that count along, whose number nobody reads so fast: how long they wait for more.
_PACES = {"storm": timedelta(seconds=3), "arrival": timedelta(seconds=2)}


async def route(session: AsyncSession, events: Sequence[Event]) -> list[NewJob]:
    """Return the jobs that stored events call for.

    Each key is made of the event's id, so that an event calls for each job once.
    """
    return await cards.worth_doing(session, [job for one in events for job in called_for(one)])


def called_for(event: Event) -> Iterator[NewJob]:
    """Return the jobs that one event calls for, also those nobody would see anything of."""
    for rule in _RULES.get(Kind(event.kind), ()):
        yield from rule(event)


def _post(concept: str, template: str) -> _Rule:
    """Post a new card of the event's subject in the concept's channel."""

    def rule(event: Event) -> Iterator[NewJob]:
        yield NewJob(
            key=f"post:{event.id}",
            kind="post",
            payload={
                "concept": concept,
                "template": template,
                "subject": event.subject,
                "id": event.subject_id,
            },
            lane=concept,
        )

    return rule


def _refresh(concept: str) -> _Rule:
    """Bring every posted copy of the event's subject up to date."""

    def rule(event: Event) -> Iterator[NewJob]:
        subject = Linked(event.subject, event.subject_id)
        yield _redraw(event, f"refresh:{event.id}", concept, subject)

    return rule


def _redraw(event: Event, key: str, concept: str, record: Linked) -> NewJob:
    """Bring a record's cards up to date, once for all that happens to it until then."""
    pace = _PACES.get(record.subject)
    return NewJob(
        key=key,
        kind="refresh",
        payload={"subject": record.subject, "id": record.id},
        lane=concept,
        due_at=event.at + pace if pace else None,
        waits_as=f"refresh:{record.subject}:{record.id}",
    )


def _alone(rule: _Rule) -> _Rule:
    """Follow the rule unless a storm's message speaks for the event."""

    def alone(event: Event) -> Iterator[NewJob]:
        if event.data.get("storm_id") is None:
            yield from rule(event)

    return alone


def _post_once(concept: str, template: str) -> _Rule:
    """Post the event's subject once, however many events there are of it: they count in it."""

    def rule(event: Event) -> Iterator[NewJob]:
        for job in _post(concept, template)(event):
            yield replace(job, key=f"{event.subject}:{event.subject_id}")

    return rule


def _redraw_arrival(event: Event) -> Iterator[NewJob]:
    """Bring the message of new orders up to date at once: somebody looks at it."""
    if arrival_id := event.data.get("arrival_id"):
        arrival = Linked("arrival", arrival_id)
        now = _redraw(event, f"refresh:arrival:{event.id}", "orders", arrival)
        yield replace(now, due_at=None, waits_as=None)


def _recount(event: Event) -> Iterator[NewJob]:
    """Count along with a burst of new orders, or with what their sources do with them."""
    own = event.subject_id if event.subject == "arrival" else None
    if arrival_id := event.data.get("arrival_id", own):
        arrival = Linked("arrival", arrival_id)
        yield _redraw(event, f"refresh:arrival:{event.id}", "orders", arrival)


def _reply(concept: str, template: str) -> _Rule:
    """Say in the thread of the subject's card what happened."""

    def rule(event: Event) -> Iterator[NewJob]:
        subject = Linked(event.subject, event.subject_id)
        yield _in_thread(event, f"reply:{event.id}", concept, template, subject)

    return rule


def _in_thread(event: Event, key: str, concept: str, template: str, record: Linked) -> NewJob:
    return NewJob(
        key=key,
        kind="reply",
        payload={
            "concept": concept,
            "template": template,
            "subject": record.subject,
            "id": record.id,
            "event_id": event.id,
        },
        lane=concept,
    )


def _to_buyer(rule: _Rule) -> _Rule:
    """Follow the rule unless the event is about a parcel that comes back."""

    def to_buyer(event: Event) -> Iterator[NewJob]:
        if "return_id" not in event.data:
            yield from rule(event)

    return to_buyer


def _of_return(rule: _Rule) -> _Rule:
    """Follow the rule for the return that the event's parcel brings back, if it does."""

    def of_return(event: Event) -> Iterator[NewJob]:
        if "return_id" in event.data:
            record = {"subject": "return", "id": event.data["return_id"]}
            for job in rule(event):
                again = job.waits_as and f"refresh:return:{record['id']}"
                payload = job.payload | record
                yield replace(job, key=f"{job.key}:return", payload=payload, waits_as=again)

    return of_return


def _tell_about(event: Event) -> Iterator[NewJob]:
    """Show it on the cards of what it is about, too; a case hears of it in its thread."""
    for one in event.data.get("about", ()):
        name = f"{one['subject']}:{one['id']}:{event.id}"
        about = Linked(one["subject"], one["id"])
        yield _redraw(event, f"refresh:{name}", _CONCEPTS[about.subject], about)
        if one["subject"] == "complaint":
            case = Linked("complaint", one["id"])
            yield _in_thread(event, f"reply:{name}", "complaints", "complaints/note", case)


def _tell_requester(event: Event) -> Iterator[NewJob]:
    """Tell whoever asked for the refund what became of it, unless they said so themselves."""
    if event.data.get("requested_by") == event.actor:
        return
    yield NewJob(
        key=f"tell:{event.id}",
        kind="tell",
        payload={"template": "refunds/told", "subject": "refund", "id": event.subject_id},
    )


def _tell_of_return(event: Event) -> Iterator[NewJob]:
    """Tell whoever asked for the return that it was declined, unless they did so themselves."""
    if event.data["requested_by"] == event.actor:
        return
    yield NewJob(
        key=f"tell:{event.id}",
        kind="tell",
        payload={
            "template": "returns/told",
            "subject": "return",
            "id": event.subject_id,
            "member_id": event.data["requested_by"],
        },
    )


def _pay(event: Event) -> Iterator[NewJob]:
    """Move the money, once the last approval is there."""
    if event.data["state"] == RefundState.APPROVED:
        yield NewJob(
            key=f"pay:{event.subject_id}",
            kind="refund.pay",
            payload={"refund_id": event.subject_id},
        )


def _confirm_shipment(event: Event) -> Iterator[NewJob]:
    """Tell the order's marketplace that a parcel of it left, unless all in it is sent again."""
    if event.data.get("again") and event.data["again"] == event.data["quantity"]:
        return
    yield NewJob(
        key=f"confirm:{event.subject_id}",
        kind="shipment.confirm",
        payload={"parcel_id": event.subject_id},
        # A marketplace that hangs keeps one worker waiting, not all of them.
        lane=f"shipment.confirm:{event.data.get('channel')}",
    )


def _buy_label(event: Event) -> Iterator[NewJob]:
    """Buy the label that somebody asked for."""
    yield NewJob(
        key=f"label:{event.subject_id}",
        kind="label.buy",
        payload={"label_id": event.subject_id},
        # A partner that hangs keeps one worker waiting, not all of them.
        lane="labels",
    )


def _void_label(event: Event) -> Iterator[NewJob]:
    """Give the label back that somebody does not need."""
    yield NewJob(
        # One that was refused may be asked for again.
        key=f"void:{event.id}",
        kind="label.void",
        payload={"label_id": event.subject_id},
        lane="labels",
    )


def _tell_asker(template: str) -> _Rule:
    """Tell whoever asked something of a label what became of it."""

    def tell_asker(event: Event) -> Iterator[NewJob]:
        yield NewJob(
            key=f"tell:{event.id}",
            kind="tell",
            payload={
                "template": template,
                "subject": "label",
                "id": event.subject_id,
                "member_id": event.data["asked_by"],
            },
        )

    return tell_asker


def _carry(event: Event) -> Iterator[NewJob]:
    """Bring a batch of refunds to its provider, and look after it until it is over."""
    yield NewJob(
        key=f"batch:{event.subject_id}",
        kind="refund.batch",
        payload={"batch_id": event.subject_id},
    )


def _redraw_orders_alert(event: Event) -> Iterator[NewJob]:
    """A ship-by warning is about the order, and a parcel that leaves or is scanned answers it."""
    if event.order_id is not None and event.subject != "order":
        order = Linked("order", event.order_id)
        yield _redraw(event, f"refresh:order:{event.id}", "shipping", order)


def _ship_by_answered(event: Event) -> Iterator[NewJob]:
    """A source says that an order was shipped or cancelled, which answers its warning."""
    if event.data["was"] in UNSHIPPED and event.data["state"] not in UNSHIPPED:
        yield from _refresh("shipping")(event)


def _note_of_alert(event: Event) -> Iterator[NewJob]:
    """Say what became of an alert in the thread of the newest card of its parcel or order."""
    subject = Linked(event.subject, event.subject_id)
    job = _in_thread(event, f"reply:{event.id}", "shipping", "shipping/note", subject)
    told = {"record_id": event.data["alert_id"], "under": _ALERTS[event.subject]}
    yield replace(job, payload=job.payload | told)


def _post_surfaced(event: Event) -> Iterator[NewJob]:
    """Post a card of its own for an alert that a storm's message spoke for until now."""
    if event.data["surfaced"]:
        yield from _post("shipping", _ALERTS[event.subject])(event)


def _redraw_storm(event: Event) -> Iterator[NewJob]:
    """Show in a storm's message who has one of its alerts in hand."""
    if event.data["storm_id"] is not None:
        storm = Linked("storm", event.data["storm_id"])
        yield _redraw(event, f"refresh:storm:{event.id}", "shipping", storm)


def _post_reshipment(event: Event) -> Iterator[NewJob]:
    """Tell the warehouse what is to be sent again: the event itself says it."""
    for job in _post("shipping", "shipping/reship")(event):
        yield replace(job, payload=job.payload | {"subject": "event", "id": event.id})


def _redraw_reshipments(event: Event) -> Iterator[NewJob]:
    """Show on alerts, and where it was asked for, in which parcel something is sent again."""
    for one in event.data.get("answers", ()):
        for record in (Linked("event", one["event_id"]), Linked("parcel", one["parcel_id"])):
            if record.id is not None:
                name = f"refresh:{record.subject}:{record.id}:{event.id}"
                yield _redraw(event, name, "shipping", record)


def _of_source(follow: Callable[[str], _Rule]) -> _Rule:
    """Follow a rule where what the source brings is posted."""

    def of_source(event: Event) -> Iterator[NewJob]:
        yield from follow(_BROUGHT[event.data["brings"]])(event)

    return of_source


def _tell_owner(event: Event) -> Iterator[NewJob]:
    """Tell whoever was given an alert, unless they took it themselves."""
    if event.data["owner"] != event.actor:
        yield NewJob(
            key=f"tell:{event.id}",
            kind="tell",
            payload={
                "template": "shipping/told",
                "subject": "alert",
                "id": event.data["alert_id"],
                "member_id": event.data["owner"],
            },
        )


_note = _reply("complaints", "complaints/note")
_nudge = _reply("refunds", "refunds/note")
#: Where cards of a kind are posted.
_CONCEPTS = {
    "complaint": "complaints",
    "parcel": "shipping",
    "refund": "refunds",
    "return": "returns",
}
#: Where it is said how a source stands, by what it brings.
_BROUGHT = {"orders": "orders", "payouts": "reports"}
_CASE = (_refresh("complaints"), _note)
_RETURN_NOTE = _reply("returns", "returns/note")
_RETURN = (_refresh("returns"), _RETURN_NOTE)
_PARCEL = (_refresh("shipping"), _redraw_orders_alert, _of_return(_refresh("returns")))
#: What draws an alert, by what it is about.
_ALERTS = {"parcel": "shipping/alert", "order": "shipping/ship_by"}
_ALERT = (_refresh("shipping"), _redraw_storm)
_ALERT_TOLD = (*_ALERT, _alone(_note_of_alert))
_RULES: Mapping[Kind, tuple[_Rule, ...]] = {
    Kind.REFUND_REQUESTED: (_post("refunds", "refunds/approval"), _tell_about),
    Kind.REFUND_APPROVED: (_refresh("refunds"), _pay),
    Kind.REFUND_DECLINED: (_refresh("refunds"), _tell_requester),
    Kind.REFUND_WITHDRAWN: (_refresh("refunds"),),
    Kind.REFUND_EXPIRED: (_refresh("refunds"), _tell_requester),
    Kind.REFUND_REMINDED: (_nudge,),
    Kind.REFUND_PASSED_ON: (_nudge, _refresh("refunds")),
    Kind.REFUND_SUBMITTED: (_refresh("refunds"),),
    Kind.REFUND_SUCCEEDED: (_refresh("refunds"), _tell_requester),
    Kind.REFUND_FAILED: (_refresh("refunds"), _tell_requester),
    Kind.REFUND_UNKNOWN: (_refresh("refunds"),),
    Kind.BATCH_OPENED: (_carry,),
    Kind.REFUNDS_COMPARED: (_refresh("refunds"),),
    Kind.REFUNDS_DIFFER: (_post("refunds", "refunds/reconciliation"),),
    Kind.PAYOUTS_COMPARED: (_refresh("reports"),),
    Kind.PAYOUTS_DIFFER: (_post_once("reports", "payouts/settlement"), _refresh("reports")),
    Kind.COMPLAINT_OPENED: (_post("complaints", "complaints/case"), _tell_about),
    Kind.COMPLAINT_ACKNOWLEDGED: _CASE,
    Kind.COMPLAINT_HANDED_OVER: _CASE,
    Kind.COMPLAINT_WARNED: (_note,),
    Kind.COMPLAINT_ESCALATED: _CASE,
    Kind.COMPLAINT_RESOLVED: _CASE,
    Kind.COMPLAINT_OVERDUE: _CASE,
    Kind.COMPLAINT_SNOOZED: _CASE,
    Kind.COMPLAINT_WOKEN: _CASE,
    Kind.COMPLAINT_MERGED: (*_CASE, _tell_about),
    Kind.COMPLAINT_REOPENED: (*_CASE, _tell_about),
    Kind.RETURN_REQUESTED: (_post("returns", "returns/card"), _tell_about),
    Kind.RETURN_AUTHORISED: _RETURN,
    Kind.RETURN_DECLINED: (*_RETURN, _tell_of_return),
    Kind.RETURN_WITHDRAWN: _RETURN,
    Kind.RETURN_EXPIRED: _RETURN,
    Kind.RETURN_TRACKED: (_refresh("returns"),),
    Kind.RETURN_IN_TRANSIT: (_refresh("returns"),),
    Kind.RETURN_RECEIVED: _RETURN,
    Kind.RETURN_INSPECTED: _RETURN,
    Kind.RETURN_REMINDED: (_RETURN_NOTE,),
    Kind.RETURN_OVERDUE: _RETURN,
    Kind.RETURN_REFUND_ASKED: _RETURN,
    Kind.RETURN_RESTOCKED: (_refresh("returns"),),
    Kind.RETURN_WRITTEN_OFF: (_refresh("returns"),),
    Kind.RETURN_CLOSED: _RETURN,
    Kind.PARCEL_TROUBLED: (
        _to_buyer(_alone(_post("shipping", "shipping/alert"))),
        _of_return(_refresh("returns")),
        _of_return(_RETURN_NOTE),
    ),
    Kind.STOCK_WATCHED: (_post_once("stock", "inventory/watch"), _refresh("stock")),
    Kind.STORM_GREW: (_post_once("shipping", "shipping/storm"), _refresh("shipping")),
    Kind.STORM_TAKEN: (_refresh("shipping"),),
    Kind.STORM_ESCALATED: (_refresh("shipping"), _reply("shipping", "shipping/storm_note")),
    Kind.PICK_LIST_ASKED: (_post("stock", "fulfilment/pick_list"),),
    Kind.PICK_LIST_ENDED: (_refresh("stock"),),
    Kind.PARCEL_SHIPPED: (_confirm_shipment, _redraw_orders_alert, _redraw_reshipments),
    Kind.LABEL_ASKED: (_buy_label,),
    Kind.LABEL_BOUGHT: (_tell_asker("fulfilment/label_told"),),
    Kind.LABEL_FAILED: (_tell_asker("fulfilment/label_told"),),
    Kind.LABEL_UNHEARD: (_tell_asker("fulfilment/label_unheard"),),
    Kind.LABEL_VOID_ASKED: (_void_label,),
    Kind.LABEL_VOIDED: (_tell_asker("fulfilment/void_told"), _redraw_reshipments),
    Kind.LABEL_KEPT: (_tell_asker("fulfilment/void_told"),),
    Kind.ALERT_ACKNOWLEDGED: _ALERT,
    Kind.ALERT_ASSIGNED: (*_ALERT_TOLD, _tell_owner),
    Kind.ALERT_SNOOZED: _ALERT_TOLD,
    Kind.ALERT_WOKEN: (_post_surfaced, *_ALERT_TOLD),
    Kind.ALERT_REMINDED: (_alone(_note_of_alert),),
    Kind.ALERT_ESCALATED: _ALERT_TOLD,
    Kind.ALERT_RESOLVED: _ALERT_TOLD,
    # The card is brought up to date for what moved the parcel.
    Kind.ALERT_OVER: (_alone(_note_of_alert),),
    Kind.RESHIPMENT_ASKED: (_post_reshipment,),
    Kind.RESHIPMENT_CALLED_OFF: (_redraw_reshipments,),
    Kind.PARCEL_MOVED: _PARCEL,
    Kind.PARCEL_DELIVERED: _PARCEL,
    Kind.ORDERS_ARRIVED: (_post_once("orders", "orders/arrival"), _recount),
    Kind.ORDERS_CONFIRMED: (_recount,),
    Kind.ORDERS_RECHECKED: (_recount,),
    Kind.ORDER_CONFIRMED: (_redraw_arrival,),
    Kind.ORDER_CHANGED: (_ship_by_answered, _recount),
    Kind.SHIP_BY_NEAR: (_alone(_post("shipping", "shipping/ship_by")),),
    Kind.SOURCE_STALE: (_of_source(lambda concept: _post(concept, "sources/source")),),
    Kind.SOURCE_FRESH: (_of_source(_refresh),),
}
